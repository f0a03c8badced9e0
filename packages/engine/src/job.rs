//! A job, its result, and the errors that can end it.

use crate::template::Template;
use crate::tokenizer::TokenizerError;
use crate::trace::{Trace, TraceStart};
use antiphon_documents::{Finish, Message, Prompt, Sampling};
use antiphon_numerics::NumericError;
use std::ops::ControlFlow;

/// Most stop strings of a job (cn-1.md 7.3).
const STOP_LIMIT: usize = 8;

/// What is asked of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The prompt.
    pub input: Input,
    /// The template: it writes a conversation as ids, and names tokens that end the answer. With
    /// ids as input it only does the latter.
    pub template: Option<Template>,
    /// Sampling parameters.
    pub sampling: Sampling,
    /// Most tokens of output, at least 1.
    pub max_output_tokens: u32,
    /// Stop strings, at most 8, none empty.
    pub stop: Vec<String>,
    /// The job's limit of context, `context_tokens` of a manifest.
    pub context_tokens: Option<u32>,
}

/// The prompt of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Token ids; nothing is tokenised.
    Ids(Vec<u32>),
    /// A conversation, written by the job's template.
    Messages(Vec<Message>),
}

impl Job {
    /// The job of a prompt document under a model's template and context limit.
    #[must_use]
    pub fn from_prompt(prompt: &Prompt, template: Template, context_tokens: u32) -> Self {
        Self {
            input: Input::Messages(prompt.messages.clone()),
            template: Some(template),
            sampling: prompt.sampling,
            max_output_tokens: prompt.max_output_tokens,
            stop: prompt.stop.clone(),
            context_tokens: Some(context_tokens),
        }
    }

    /// Checks the ranges of cn-1.md 7.2 and 7.3; a prompt document's are narrower.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        let sampling = &self.sampling;
        in_range("temperature_milli", sampling.temperature_milli, 0, 10_000)?;
        in_range("top_p_milli", sampling.top_p_milli, 1, 1000)?;
        in_range("max_output_tokens", self.max_output_tokens, 1, u32::MAX)?;
        if self.stop.len() > STOP_LIMIT || self.stop.iter().any(String::is_empty) {
            return Err(JobError::Stop {
                got: self.stop.len(),
            });
        }
        Ok(())
    }
}

fn in_range(name: &'static str, got: u32, least: u32, most: u32) -> Result<(), JobError> {
    if (least..=most).contains(&got) {
        return Ok(());
    }
    Err(JobError::Parameter {
        name,
        got,
        least,
        most,
    })
}

/// Why a job gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The prompt has no token.
    #[error("the prompt has no token, wanted at least 1")]
    EmptyPrompt,
    /// The prompt leaves no room for an answer.
    #[error(
        "the prompt has {got} tokens, wanted fewer than the context of {context}: shorten the prompt"
    )]
    ContextOverflow {
        /// Prompt tokens.
        got: u64,
        /// C of cn-1.md 7.3.
        context: u32,
    },
    /// A prompt id that the vocabulary does not have.
    #[error("prompt token id {got} is not below the vocabulary size {size}")]
    TokenRange {
        /// The id.
        got: u32,
        /// Number of tokens.
        size: u32,
    },
    /// A parameter out of range.
    #[error("{name} is {got}, wanted {least} to {most}")]
    Parameter {
        /// Which.
        name: &'static str,
        /// The value given.
        got: u32,
        /// Least allowed.
        least: u32,
        /// Most allowed.
        most: u32,
    },
    /// Too many stop strings, or an empty one.
    #[error("got {got} stop strings, wanted at most 8, none of them empty")]
    Stop {
        /// How many were given.
        got: usize,
    },
    /// Roles that no template writes.
    #[error(
        "the roles of {count} messages are out of order: wanted an optional first system, then user and assistant in turn, user last (for raw: one user message)"
    )]
    Roles {
        /// Number of messages.
        count: usize,
    },
    /// NaN or infinity at a point of cn-1.md 1.3.
    #[error("{0}")]
    Numeric(NumericError),
    /// The input is a conversation but no template was named.
    #[error("a conversation needs a chat template: name one, or give token ids")]
    NoTemplate,
    /// The model lacks a token, or the tokenizer refused.
    #[error("{0}")]
    Tokenizer(#[from] TokenizerError),
    /// Another engine than CN-1 failed, or gave a logit that is NaN or infinite.
    #[error("{engine} gave no answer: {why}")]
    Engine {
        /// Its numerics.
        engine: &'static str,
        /// What it said.
        why: String,
    },
    /// The caller broke off.
    #[error("the job was broken off by its caller")]
    Cancelled,
}

impl JobError {
    /// Whether every honest worker gets the same error, so that it is voted `invalid`. The others
    /// are faults of the model or of this machine: no vote.
    #[must_use]
    pub const fn is_deterministic(&self) -> bool {
        match self {
            Self::EmptyPrompt
            | Self::ContextOverflow { .. }
            | Self::TokenRange { .. }
            | Self::Parameter { .. }
            | Self::Stop { .. }
            | Self::Roles { .. }
            | Self::Numeric(NumericError::NotFinite { .. }) => true,
            Self::Numeric(_)
            | Self::NoTemplate
            | Self::Tokenizer(_)
            | Self::Engine { .. }
            | Self::Cancelled => false,
        }
    }

    /// A short stable name, for machines.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::EmptyPrompt => "empty_prompt",
            Self::ContextOverflow { .. } => "context_overflow",
            Self::TokenRange { .. } => "token_range",
            Self::Parameter { .. } | Self::Stop { .. } => "range",
            Self::Roles { .. } => "messages",
            Self::Numeric(_) => "numeric",
            Self::NoTemplate => "no_template",
            Self::Tokenizer(_) => "tokenizer",
            Self::Engine { .. } => "engine",
            Self::Cancelled => "cancelled",
        }
    }
}

/// News of a running job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Prompt tokens worked through.
    Prefill {
        /// So far.
        done: u32,
        /// In all.
        total: u32,
    },
    /// One more token of output.
    Token {
        /// From 0.
        index: u32,
        /// The token.
        id: u32,
        /// What it stands for; possibly part of a character, possibly part of a stop string.
        bytes: &'a [u8],
    },
}

/// Told of progress; may break off.
pub type Report<'r> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'r;

/// Seconds that a job took; they never reach a ballot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seconds {
    /// Working through the prompt.
    pub prefill: f64,
    /// Choosing and feeding tokens.
    pub decode: f64,
}

/// The result of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Generation {
    /// Ids of the prompt.
    pub prompt_ids: Vec<u32>,
    /// Ids of the output; an END token is not among them.
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
    /// SHA-256 of the logits of each chosen token, the END token's included. Never published.
    pub logit_hashes: Vec<[u8; 32]>,
    /// Sampling parameters as given.
    pub sampling: Sampling,
    /// The limit as given.
    pub max_output_tokens: u32,
    /// How long it took.
    pub seconds: Seconds,
}

impl Generation {
    /// The chosen tokens in order, an END token included.
    pub fn chosen(&self) -> impl Iterator<Item = u32> {
        self.token_ids.iter().copied().chain(self.end)
    }

    /// The hash chain, bound to `nonce` (empty when a model runs alone).
    #[must_use]
    pub fn trace(&self, gguf_sha256: &[u8; 32], nonce: &[u8]) -> Trace {
        let start = TraceStart {
            gguf_sha256,
            sampling: &self.sampling,
            max_output_tokens: self.max_output_tokens,
            prompt_ids: &self.prompt_ids,
            nonce,
        };
        Trace::new(&start, self.chosen().zip(&self.logit_hashes))
    }
}
