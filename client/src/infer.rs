//! The engine alone: one prompt, one model file, no network.

use std::ops::ControlFlow;
use std::path::PathBuf;

use antiphon_api::Finish;
use antiphon_engine::template::Template;
use antiphon_engine::{Engine, Generation, Input, Job, Kernel, Options, Profile};
use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::engine::EngineChoice;
use crate::error::ClientError;
use crate::question::{SamplingFlags, prompt_from_file};

/// The template of `--text` and `--prompt` when none is named.
const DEFAULT_TEMPLATE: &str = "chatml-smollm2";

/// Which inner loops compute; all give the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KernelChoice {
    /// The reference
    Scalar,
    /// Vector code for any x86-64
    Sse2,
    /// Vector code for x86-64 with AVX2
    Avx2,
    /// Vector code for x86-64 with AVX-512
    Avx512,
    /// Vector code for aarch64
    Neon,
    /// The fastest of this processor
    #[default]
    Auto,
}

/// `antiphon infer`
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("input").required(true).args(["prompt", "text", "token_ids"])))]
pub struct InferArgs {
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub gguf: PathBuf,
    /// Canonical prompt document; it names its own sampling, limit and stop strings
    #[arg(long, value_name = "FILE")]
    pub prompt: Option<PathBuf>,
    /// One message of the user
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// Token ids, used as they are
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub token_ids: Vec<u32>,
    /// Chat template; with token ids it only names the tokens that end an answer
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    /// How tokens are chosen
    #[command(flatten)]
    pub sampling: SamplingFlags,
    /// Most tokens of prompt and answer together; the model's own limit if absent
    #[arg(long, value_name = "N")]
    pub context_tokens: Option<u32>,
    /// Threads that compute; one per processor if absent
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Adds the SHA-256 of the logits of each chosen token
    #[arg(long)]
    pub logit_hashes: bool,
    /// Arithmetic
    #[arg(long, value_enum, default_value_t)]
    pub engine: EngineChoice,
    /// Inner loops of cn-1
    #[arg(long, value_enum, default_value_t)]
    pub kernel: KernelChoice,
    /// Folder of repacked weights: made once, mapped, shared by processes; memory if absent
    #[arg(long, value_name = "FOLDER")]
    pub packed: Option<PathBuf>,
    /// Tell where the time of decoding goes, and how it compares with this machine's memory
    #[arg(long)]
    pub profile: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Seconds of each part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct InferSeconds {
    /// Reading, hashing and packing the model.
    pub load: f64,
    /// Working through the prompt.
    pub prefill: f64,
    /// Choosing tokens.
    pub decode: f64,
}

/// What `antiphon infer --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferReport {
    /// Ids of the prompt.
    pub prompt_ids: Vec<u32>,
    /// Ids of the output, END excluded.
    pub token_ids: Vec<u32>,
    /// The answer.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Number of prompt ids.
    pub prompt_tokens: u32,
    /// Number of output ids.
    pub output_tokens: u32,
    /// Start of the hash chain.
    pub trace_0: String,
    /// End of the hash chain.
    pub trace: String,
    /// One per chosen token, END included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logit_sha256: Option<Vec<String>>,
    /// The arithmetic that computed, as a manifest names it.
    pub numerics: &'static str,
    /// The inner loops that computed.
    pub kernel: String,
    /// How long it took.
    pub seconds: InferSeconds,
    /// Where the weights were.
    pub weights: String,
    /// With `--profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

impl KernelChoice {
    /// The engine's kernel; none for the fastest.
    ///
    /// # Errors
    /// This processor does not have its instructions.
    pub fn kernel(self) -> Result<Option<Kernel>, ClientError> {
        let kernel = match self {
            Self::Auto => return Ok(None),
            Self::Scalar => Kernel::Scalar,
            Self::Sse2 => Kernel::Sse2,
            Self::Avx2 => Kernel::Avx2,
            Self::Avx512 => Kernel::Avx512,
            Self::Neon => Kernel::Neon,
        };
        if kernel.available() {
            return Ok(Some(kernel));
        }
        Err(ClientError::Usage(format!(
            "this processor cannot run the kernel {}; use --kernel auto",
            kernel.name()
        )))
    }
}

/// Loads the model and answers.
///
/// # Errors
/// A damaged model, an invalid prompt, or numbers out of range.
pub fn infer(args: &InferArgs) -> Result<InferReport, ClientError> {
    let job = job_of(args)?;
    if args.engine == EngineChoice::Candle && args.packed.is_some() {
        return Err(ClientError::Usage(
            "candle keeps its weights in memory: leave --packed out".to_owned(),
        ));
    }
    let options = Options {
        packed: args.packed.clone(),
        profile: args.profile,
        kernel: args.kernel.kernel()?,
        ..Options::default()
    };
    let model = args.engine.load(&args.gguf, args.threads, options)?;
    let mut quiet = |_: antiphon_engine::Progress<'_>| ControlFlow::Continue(());
    let made = model
        .generate(&job, &mut quiet)
        .map_err(|error| ClientError::Engine(error.to_string()))?;
    Ok(report(args, &*model, &made))
}

fn job_of(args: &InferArgs) -> Result<Job, ClientError> {
    if let Some(path) = &args.prompt {
        if !args.sampling.is_empty() {
            return Err(ClientError::Usage(
                "a prompt document names its own sampling, limit and stop strings: leave these flags out, or use --text"
                    .to_owned(),
            ));
        }
        let prompt = prompt_from_file(path)?;
        let template = template_of(args)?.unwrap_or(default_template()?);
        let mut job = Job::from_prompt(&prompt, template, u32::MAX);
        job.context_tokens = args.context_tokens;
        return Ok(job);
    }
    let (input, template) = match &args.text {
        Some(text) => {
            let message = antiphon_documents::Message::user(text.as_str());
            let template = template_of(args)?.unwrap_or(default_template()?);
            (Input::Messages(vec![message]), Some(template))
        }
        None => (Input::Ids(args.token_ids.clone()), template_of(args)?),
    };
    Ok(Job {
        input,
        template,
        sampling: args.sampling.sampling(),
        max_output_tokens: args.sampling.max_output_tokens(),
        stop: args.sampling.stop.clone(),
        context_tokens: args.context_tokens,
    })
}

fn template_of(args: &InferArgs) -> Result<Option<Template>, ClientError> {
    args.template.as_deref().map(template_named).transpose()
}

/// A template by its name.
///
/// # Errors
/// The name is not known.
pub fn template_named(name: &str) -> Result<Template, ClientError> {
    name.parse()
        .map_err(|error: antiphon_engine::template::UnknownTemplate| {
            ClientError::Usage(error.to_string())
        })
}

fn default_template() -> Result<Template, ClientError> {
    template_named(DEFAULT_TEMPLATE)
}

fn report(args: &InferArgs, model: &dyn Engine, made: &Generation) -> InferReport {
    let about = model.about();
    let trace = made.trace(&about.sha256, &[]);
    let hashes = made.logit_hashes.iter().map(|hash| HEXLOWER.encode(hash));
    InferReport {
        prompt_ids: made.prompt_ids.clone(),
        token_ids: made.token_ids.clone(),
        text: made.text.clone(),
        finish: made.finish,
        prompt_tokens: made.prompt_tokens,
        output_tokens: made.output_tokens,
        trace_0: HEXLOWER.encode(&trace.trace_0),
        trace: HEXLOWER.encode(&trace.last()),
        logit_sha256: args.logit_hashes.then(|| hashes.collect()),
        numerics: about.numerics,
        kernel: about.kernel,
        seconds: InferSeconds {
            load: about.load_seconds,
            prefill: made.seconds.prefill,
            decode: made.seconds.decode,
        },
        weights: model.weights(),
        profile: model.profile(),
    }
}
