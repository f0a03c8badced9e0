//! Whether this machine computes what it would vote on, and how fast.

use std::fmt;
use std::path::{Path, PathBuf};

use antiphon_api::Cid;
use antiphon_candle::ENGINES;
use antiphon_documents::Manifest;
use antiphon_engine::{FileHash, Options, find, golden, self_tests};
use serde::Serialize;

use crate::config::Config;
use crate::home::Home;

/// A manifest and the weights it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPaths {
    /// The manifest's file.
    pub manifest: PathBuf,
    /// The GGUF file.
    pub weights: PathBuf,
}

/// What was tested.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelfTested {
    /// Everything passed.
    pub passed: bool,
    /// Every kernel of this processor.
    pub kernels: Vec<KernelTested>,
    /// Every model that was named.
    pub models: Vec<ModelTested>,
}

/// One kernel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelTested {
    /// Its name.
    pub kernel: &'static str,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelTested {
    /// The manifest's file.
    pub manifest: PathBuf,
    /// Golden answers reproduced.
    pub cases: usize,
    /// Time of a token of a prompt.
    pub milliseconds_per_prompt_token: f64,
    /// Time of a token of an answer.
    pub milliseconds_per_output_token: f64,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The models that a worker can compute: those it has in its home, and those whose manifest and
/// weights are both named in its configuration and not there yet.
#[must_use]
pub fn found(home: &Home, config: &Config) -> Vec<ModelPaths> {
    let mut all = kept(&home.models());
    let known: Vec<_> = all.iter().filter_map(|it| cid_of(&it.manifest)).collect();
    let named = config.models.iter().filter_map(|model| {
        Some(ModelPaths {
            manifest: model.manifest.clone()?,
            weights: model.import.clone()?,
        })
    });
    let new = |it: &ModelPaths| cid_of(&it.manifest).is_none_or(|cid| !known.contains(&cid));
    all.extend(named.filter(new));
    all
}

/// Each whole model of the store with each manifest that the worker put beside it, in order of their paths.
fn kept(folder: &Path) -> Vec<ModelPaths> {
    let list = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let of_model = |model: PathBuf| {
        let weights = model.join("weights");
        let manifests = list(&model).into_iter();
        let manifests = manifests.filter(|path| named_by_cid(path));
        let pair = |manifest| ModelPaths {
            manifest,
            weights: weights.clone(),
        };
        match weights.is_file() {
            true => manifests.map(pair).collect(),
            false => Vec::new(),
        }
    };
    list(folder).into_iter().flat_map(of_model).collect()
}

fn named_by_cid(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let stem = name.and_then(|name| name.strip_suffix(".json"));
    stem.is_some_and(|stem| stem.parse::<Cid>().is_ok())
}

fn cid_of(manifest: &Path) -> Option<Cid> {
    Some(Cid::of_raw(&std::fs::read(manifest).ok()?))
}

/// Tests every kernel of this processor, then the golden answers of these models.
#[must_use]
pub fn run(models: &[ModelPaths], threads: usize) -> SelfTested {
    let kernels: Vec<_> = self_tests()
        .into_iter()
        .map(|(kernel, result)| KernelTested {
            kernel: kernel.name(),
            error: result.err().map(|error| error.to_string()),
        })
        .collect();
    let models: Vec<_> = models.iter().map(|paths| model(paths, threads)).collect();
    let kernels_pass = kernels.iter().all(|test| test.error.is_none());
    SelfTested {
        passed: kernels_pass && models.iter().all(|test| test.error.is_none()),
        kernels,
        models,
    }
}

fn model(paths: &ModelPaths, threads: usize) -> ModelTested {
    let mut tested = ModelTested {
        manifest: paths.manifest.clone(),
        cases: 0,
        milliseconds_per_prompt_token: 0.0,
        milliseconds_per_output_token: 0.0,
        error: None,
    };
    match reproduce(&paths.manifest, &paths.weights, threads) {
        Ok(report) => {
            tested.cases = report.cases;
            tested.milliseconds_per_prompt_token =
                each(report.prefill_seconds, report.prompt_tokens);
            tested.milliseconds_per_output_token =
                each(report.decode_seconds, report.output_tokens);
        }
        Err(error) => tested.error = Some(error),
    }
    tested
}

fn reproduce(manifest: &Path, weights: &Path, threads: usize) -> Result<golden::Report, String> {
    let text = std::fs::read(manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
    let manifest = Manifest::parse(&text).map_err(|fault| fault.to_string())?;
    let fault = |error: antiphon_engine::LoadError| error.to_string();
    let engine = find(&ENGINES, &manifest.numerics).map_err(fault)?;
    let options = Options {
        threads: match engine.numerics == antiphon_candle::NUMERICS {
            // They are of the process; no answer depends on their number.
            true => antiphon_candle::threads(),
            false => threads,
        },
        hash: FileHash::Expect(manifest.weights.sha256.0),
        // Each case is computed whole.
        prefix_bytes: 0,
        ..Options::default()
    };
    let model = (engine.load)(weights, &options).map_err(fault)?;
    golden::check(&*model, &manifest).map_err(|error| error.to_string())
}

fn each(seconds: f64, tokens: u64) -> f64 {
    let tokens = u32::try_from(tokens).map_or(f64::INFINITY, f64::from);
    1e3 * seconds / tokens.max(1.0)
}

impl fmt::Display for SelfTested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.kernels.iter().map(|test| match &test.error {
            None => format!("kernel {} passes its known answers", test.kernel),
            Some(error) => format!("kernel {} FAILS: {error}", test.kernel),
        });
        let models = self.models.iter().map(|test| match &test.error {
            None => format!(
                "{} golden answers of {} reproduced; {:.1} ms a token of a prompt, {:.1} ms a token of an answer",
                test.cases,
                test.manifest.display(),
                test.milliseconds_per_prompt_token,
                test.milliseconds_per_output_token
            ),
            Some(error) => format!("{} FAILS: {error}", test.manifest.display()),
        });
        let none = self.models.is_empty().then(|| {
            "no model tested: none is in the home or configured with its manifest and import; name one with --manifest and --gguf"
                .to_owned()
        });
        let lines: Vec<_> = lines.chain(models).chain(none).collect();
        write!(f, "{}", lines.join("\n"))
    }
}
