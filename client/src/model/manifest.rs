//! `antiphon model manifest`: a model's golden answers, computed here, as its canonical manifest.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use antiphon_api::Hex;
use antiphon_content::unixfs::{HashedFile, hash_reader};
use antiphon_documents::{LONG_PROMPT_TOKENS, Manifest, Message, Prompt, Sampling, Weights};
use antiphon_engine::template::Template;
use antiphon_engine::{Engine, Job, Options, golden};

use crate::engine::EngineChoice;
use crate::error::ClientError;
use crate::infer::{KernelChoice, template_named};

/// Tokens of each golden answer: enough to run through the cache, few enough for a worker's start.
const GOLDEN_TOKENS: u32 = 16;

/// `antiphon model manifest`
#[derive(Clone, Debug, clap::Args)]
pub struct ManifestArgs {
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub gguf: PathBuf,
    /// The model's name: letters, digits, dot, underscore, hyphen
    #[arg(long)]
    pub name: String,
    /// Its licence, as SPDX
    #[arg(long)]
    pub license: String,
    /// Chat template
    #[arg(long, value_name = "NAME")]
    pub template: String,
    /// Where it comes from, for people
    #[arg(long)]
    pub source: String,
    /// Most tokens of prompt and answer together; the model's own limit, at most 2048, if absent
    #[arg(long, value_name = "N")]
    pub context_tokens: Option<u32>,
    /// Threads that compute; one per processor if absent
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Arithmetic: the manifest's numerics
    #[arg(long, value_enum, default_value_t)]
    pub engine: EngineChoice,
    /// Inner loops of cn-1
    #[arg(long, value_enum, default_value_t)]
    pub kernel: KernelChoice,
}

/// Computes the golden answers and writes the manifest; `told` hears of each step.
///
/// # Errors
/// A damaged model, or a name, licence or text that a manifest cannot hold.
pub fn make(args: &ManifestArgs, told: &mut dyn FnMut(&str)) -> Result<Manifest, ClientError> {
    let template = template_named(&args.template)?;
    let options = Options {
        kernel: args.kernel.kernel()?,
        ..Options::default()
    };
    let model = args.engine.load(&args.gguf, args.threads, options)?;
    let about = model.about();
    told("hashing the weights");
    let file = hash_file(&args.gguf)?;
    if file.sha256 != about.sha256 {
        return Err(ClientError::Engine(
            "the model file changed while it was read: try again".to_owned(),
        ));
    }
    let context = args
        .context_tokens
        .unwrap_or(2048)
        .min(about.context_length);
    told("computing three golden answers");
    let prompts = golden_prompts(&*model, template)?;
    let golden = golden::make(&*model, template, context, &prompts).map_err(engine)?;
    let manifest = Manifest {
        chat_template: template.to_string(),
        context_tokens: context,
        family: about.family.name().to_owned(),
        golden,
        license: args.license.clone(),
        name: args.name.clone(),
        numerics: about.numerics.to_owned(),
        source: args.source.clone(),
        weights: Weights {
            bytes: file.size,
            cid: file.root,
            sha256: Hex(file.sha256),
        },
    };
    manifest.check()?;
    Ok(manifest)
}

/// Names and hashes a file.
pub(super) fn hash_file(path: &Path) -> Result<HashedFile, ClientError> {
    let fault = |error: std::io::Error| ClientError::File {
        path: path.to_owned(),
        cause: error.to_string(),
    };
    let file = File::open(path).map_err(fault)?;
    hash_reader(BufReader::new(file)).map_err(fault)
}

/// One greedy, one sampled, one of many tokens.
fn golden_prompts(model: &dyn Engine, template: Template) -> Result<[Prompt; 3], ClientError> {
    let ask = |text: &str, sampling: Sampling| Prompt {
        messages: vec![Message::user(text)],
        max_output_tokens: GOLDEN_TOKENS,
        sampling,
        stop: Vec::new(),
    };
    let sampled = Sampling {
        temperature_milli: 800,
        top_k: 40,
        top_p_milli: 950,
        seed: 20_261_122,
    };
    Ok([
        ask("Why is the sky blue?", Sampling::GREEDY),
        ask("Write the first line of a poem about the sea.", sampled),
        long_prompt(model, template)?,
    ])
}

/// Just enough tokens: every worker computes it at its start.
fn long_prompt(model: &dyn Engine, template: Template) -> Result<Prompt, ClientError> {
    let mut text = "Which number comes next?".to_owned();
    // Each number is one token at least, so the loop ends in time.
    for number in 1..=LONG_PROMPT_TOKENS {
        text.push_str(&format!(" {number}"));
        let prompt = Prompt::greedy(vec![Message::user(text.as_str())], GOLDEN_TOKENS / 2);
        let job = Job::from_prompt(&prompt, template, u32::MAX);
        let ids = model.prompt_ids(&job).map_err(engine)?;
        if ids.len() >= LONG_PROMPT_TOKENS as usize {
            return Ok(prompt);
        }
    }
    Err(ClientError::Engine(format!(
        "the tokenizer makes fewer than {LONG_PROMPT_TOKENS} tokens of as many numbers: no golden case can be made"
    )))
}

fn engine(error: impl std::fmt::Display) -> ClientError {
    ClientError::Engine(error.to_string())
}
