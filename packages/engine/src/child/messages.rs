//! What parent and child say to each other.

use crate::{Generation, Input, Job, Seconds};
use antiphon_content::Hex;
use antiphon_documents::{Finish, Prompt, Sampling};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One line from the parent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Chosen by the parent; every reply repeats it.
    pub id: u64,
    /// What to do.
    pub action: Action,
}

/// What a child can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Load a model; it takes the place of the one before.
    Load(LoadRequest),
    /// Known answers of kernels and RoPE.
    SelfTest(SelfTestRequest),
    /// Reproduce the golden answers of a manifest with the loaded model.
    Golden(GoldenRequest),
    /// Answer a job with the loaded model.
    Generate(GenerateRequest),
}

/// Which model to load, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadRequest {
    /// The GGUF file.
    pub path: PathBuf,
    /// The arithmetic, as the manifest names it.
    pub numerics: String,
    /// The hash the file must have; it is computed in any case.
    pub sha256: Option<Hex<32>>,
    /// Threads that compute.
    pub threads: usize,
    /// Folder of repacked weights; without it they are repacked into memory.
    #[serde(default)]
    pub packed: Option<PathBuf>,
    /// Most bytes of keys and values kept for jobs that begin alike; the engine's choice if absent.
    #[serde(default)]
    pub prefix_bytes: Option<usize>,
    /// Most jobs at once; the engine's choice if absent.
    #[serde(default)]
    pub jobs: Option<usize>,
}

/// No choice: the kernel this processor would use is tested, and the scalar reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTestRequest {}

/// A manifest whose golden answers to reproduce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenRequest {
    /// Its canonical text.
    pub manifest: String,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateRequest {
    /// The prompt.
    pub input: InputMsg,
    /// The chat template; with ids it only names tokens that end the answer.
    pub template: Option<String>,
    /// The manifest's `context_tokens`.
    pub context_tokens: Option<u32>,
}

/// The prompt of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InputMsg {
    /// The canonical text of a prompt document, which holds all parameters.
    Document(String),
    /// Token ids, with all parameters.
    Ids {
        /// The prompt.
        prompt_ids: Vec<u32>,
        /// Sampling parameters.
        sampling: SamplingMsg,
        /// Most tokens of output.
        max_output_tokens: u32,
        /// Stop strings.
        stop: Vec<String>,
    },
}

/// Sampling parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingMsg {
    /// Temperature in thousandths.
    pub temperature_milli: u32,
    /// 0 is off.
    pub top_k: u32,
    /// Share of the probability in thousandths.
    pub top_p_milli: u32,
    /// Seed.
    pub seed: u64,
}

/// One line from the child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The request's id; none if the line was no request.
    pub id: Option<u64>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request, or how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The model is loaded.
    Loaded(Loaded),
    /// The self test passed.
    SelfTested(SelfTested),
    /// All golden answers are reproduced.
    Golden(Reproduced),
    /// The job goes on; more replies follow.
    Progress(ProgressMsg),
    /// The job's result.
    Generated(Box<Generated>),
    /// The request failed; the child goes on.
    Failed(Failure),
}

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loaded {
    /// SHA-256 of the file, computed by the child.
    pub sha256: Hex<32>,
    /// Length of the file.
    pub bytes: u64,
    /// The arithmetic, as a manifest names it.
    pub numerics: String,
    /// Name of the kernel.
    pub kernel: String,
    /// Threads that compute.
    pub threads: usize,
    /// Longest context of the file, in tokens.
    pub context_length: u32,
    /// Bytes of keys and values that a job needs for each position.
    pub cache_bytes_per_token: u64,
    /// Seconds of loading.
    pub seconds: f64,
    /// Most jobs that are computed at once: further ones wait.
    pub jobs: usize,
    /// Where the weights are, in words.
    pub weights: String,
}

/// A passed self test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTested {
    /// Name of the kernel this processor uses.
    pub kernel: String,
}

/// Reproduced golden answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reproduced {
    /// Number of cases.
    pub cases: usize,
    /// Prompt tokens of all cases.
    pub prompt_tokens: u64,
    /// Output tokens of all cases.
    pub output_tokens: u64,
    /// Seconds spent on prompts and output.
    pub seconds: SecondsMsg,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgressMsg {
    /// Prompt tokens worked through.
    pub prompt_done: u32,
    /// Prompt tokens in all.
    pub prompt_tokens: u32,
    /// Output tokens so far.
    pub output_tokens: u32,
}

/// Seconds that a job took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondsMsg {
    /// Working through the prompt.
    pub prefill: f64,
    /// Choosing and feeding tokens.
    pub decode: f64,
}

/// A result; [`Generation`] on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// Ids of the prompt.
    pub prompt_ids: Vec<u32>,
    /// Ids of the output, an END token not among them.
    pub token_ids: Vec<u32>,
    /// The END token, if one was chosen.
    pub end: Option<u32>,
    /// The answer file.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Number of prompt ids.
    pub prompt_tokens: u32,
    /// Number of output ids.
    pub output_tokens: u32,
    /// SHA-256 of the logits of each chosen token.
    pub logit_hashes: Vec<Hex<32>>,
    /// Sampling parameters as given.
    pub sampling: SamplingMsg,
    /// The limit as given.
    pub max_output_tokens: u32,
    /// How long it took.
    pub seconds: SecondsMsg,
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// A stable name.
    pub kind: String,
    /// What was got, what was wanted, what to do.
    pub text: String,
    /// Whether every honest worker fails alike, so that the prompt is voted `invalid`.
    pub deterministic: bool,
}

impl From<Sampling> for SamplingMsg {
    fn from(from: Sampling) -> Self {
        let Sampling {
            temperature_milli,
            top_k,
            top_p_milli,
            seed,
        } = from;
        Self {
            temperature_milli,
            top_k,
            top_p_milli,
            seed,
        }
    }
}

impl From<SamplingMsg> for Sampling {
    fn from(from: SamplingMsg) -> Self {
        let SamplingMsg {
            temperature_milli,
            top_k,
            top_p_milli,
            seed,
        } = from;
        Self {
            temperature_milli,
            top_k,
            top_p_milli,
            seed,
        }
    }
}

impl From<Generation> for Generated {
    fn from(from: Generation) -> Self {
        Self {
            prompt_ids: from.prompt_ids,
            token_ids: from.token_ids,
            end: from.end,
            text: from.text,
            finish: from.finish,
            prompt_tokens: from.prompt_tokens,
            output_tokens: from.output_tokens,
            logit_hashes: from.logit_hashes.into_iter().map(Hex).collect(),
            sampling: from.sampling.into(),
            max_output_tokens: from.max_output_tokens,
            seconds: SecondsMsg {
                prefill: from.seconds.prefill,
                decode: from.seconds.decode,
            },
        }
    }
}

/// The parent chains the trace when it knows the round: [`Generation::trace`].
impl From<Generated> for Generation {
    fn from(from: Generated) -> Self {
        Self {
            prompt_ids: from.prompt_ids,
            token_ids: from.token_ids,
            end: from.end,
            text: from.text,
            finish: from.finish,
            prompt_tokens: from.prompt_tokens,
            output_tokens: from.output_tokens,
            logit_hashes: from.logit_hashes.into_iter().map(|hash| hash.0).collect(),
            sampling: from.sampling.into(),
            max_output_tokens: from.max_output_tokens,
            seconds: Seconds {
                prefill: from.seconds.prefill,
                decode: from.seconds.decode,
            },
        }
    }
}

impl GenerateRequest {
    /// The job, its document read and its template found.
    pub(super) fn job(self) -> Result<Job, Failure> {
        let template = match self.template {
            None => None,
            Some(name) => Some(name.parse().map_err(|e| Failure::local("template", &e))?),
        };
        let context_tokens = self.context_tokens;
        Ok(match self.input {
            InputMsg::Document(text) => {
                let Prompt {
                    messages,
                    max_output_tokens,
                    sampling,
                    stop,
                } = Prompt::read(text.as_bytes()).map_err(|fault| Failure {
                    kind: fault.reason().to_owned(),
                    text: fault.to_string(),
                    deterministic: true,
                })?;
                let input = Input::Messages(messages);
                Job {
                    input,
                    template,
                    sampling,
                    max_output_tokens,
                    stop,
                    context_tokens,
                }
            }
            InputMsg::Ids {
                prompt_ids,
                sampling,
                max_output_tokens,
                stop,
            } => {
                let (input, sampling) = (Input::Ids(prompt_ids), sampling.into());
                Job {
                    input,
                    template,
                    sampling,
                    max_output_tokens,
                    stop,
                    context_tokens,
                }
            }
        })
    }
}

impl Failure {
    /// A failure of this machine, this model or this parent: never voted.
    pub(super) fn local(kind: &str, error: &dyn std::fmt::Display) -> Self {
        Self {
            kind: kind.to_owned(),
            text: error.to_string(),
            deterministic: false,
        }
    }
}
