//! The prompt: the document a requester wants answered (documents, prompt).

use antiphon_content::Cid;

use crate::json::{JsonError, Value};

mod draft;

pub(crate) use draft::Draft;

/// Largest prompt document, in bytes.
pub const MAX_PROMPT_BYTES: usize = 16_384;
/// Most messages of a prompt.
pub const MAX_MESSAGES: usize = 64;
/// Largest limit of output tokens.
pub const MAX_OUTPUT_TOKENS: u32 = 4_096;
/// Most stop strings.
pub const MAX_STOPS: usize = 4;
/// Longest stop string, in bytes.
pub const MAX_STOP_BYTES: usize = 64;

/// Containers open at once in a well-formed prompt: document, messages, one message, and one spare.
const MAX_DEPTH: u32 = 4;
const TAG: &str = "prompt/1";

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Instructions; first message only.
    System,
    /// The requester.
    User,
    /// The model, in an earlier turn.
    Assistant,
}

impl Role {
    /// The role's name in documents and chat templates.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::System, Self::User, Self::Assistant]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said: any text without NUL.
    pub content: String,
}

impl Message {
    /// A message of the user.
    #[must_use]
    pub fn user(content: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }
}

/// How tokens are chosen. All integers: a document holds no floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sampling {
    /// Temperature in 1/1000, 0–2000; 0 always takes the likeliest token.
    pub temperature_milli: u32,
    /// Only the k likeliest tokens are considered, 0–1000; 0 = off.
    pub top_k: u32,
    /// Only the likeliest tokens up to this probability in 1/1000, 1–1000.
    pub top_p_milli: u32,
    /// Of the pseudo-random choice.
    pub seed: u64,
}

impl Sampling {
    /// The one spelling of a greedy request.
    pub const GREEDY: Self = Self {
        temperature_milli: 0,
        top_k: 0,
        top_p_milli: 1_000,
        seed: 0,
    };
}

/// A prompt. Built by hand it may break rules: [`Prompt::check`] tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prompt {
    /// System (first only, optional), then user and assistant in turn, user last; 1–64.
    pub messages: Vec<Message>,
    /// Most tokens of the answer, 1–4096.
    pub max_output_tokens: u32,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Texts that end the answer where they occur in it; up to 4 of 1–64 bytes.
    pub stop: Vec<String>,
}

/// What a task says of its prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskTerms {
    /// Length of the document.
    pub prompt_bytes: u32,
    /// The document's `max_output_tokens`.
    pub max_output_tokens: u32,
}

/// The first check that a document fails, in the order of the checks.
///
/// Votes say only *invalid*; the reason is for people. Two more reasons need the model and are found
/// by the engine: `context_overflow` and `numeric`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptFault {
    /// The length is not the task's, or above the limit.
    #[error("size: got {got} bytes, want {want}, at most 16384; name the document's exact length")]
    Size {
        /// The document's length.
        got: usize,
        /// The task's `prompt_bytes`, or the limit.
        want: usize,
    },
    /// Not UTF-8, not JSON, too deep, or bytes after it.
    #[error("{0}; want one JSON document of the prompt format")]
    NotJson(#[from] JsonError),
    /// Another tag; a field missing, unknown, twice, or of a wrong type.
    #[error("not a prompt: {0}; want exactly the fields of prompt/1")]
    NotPrompt(String),
    /// A prompt, spelled in another way than the one that has its CID.
    #[error(
        "not canonical from byte {at} on; want sorted keys, no white space and the shortest escapes"
    )]
    NotCanonical {
        /// Where the canonical text differs first.
        at: usize,
    },
    /// Number, roles or content of messages.
    #[error("messages: {0}")]
    Messages(&'static str),
    /// A number, the seed or a stop string is out of range.
    #[error("range: {0}")]
    Range(&'static str),
    /// `max_output_tokens` is not the task's.
    #[error("task mismatch: got max_output_tokens {got}, want the task's {want}")]
    TaskMismatch {
        /// The document's.
        got: u32,
        /// The task's.
        want: u32,
    },
}

impl PromptFault {
    /// The name of the failed check.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Size { .. } => "size",
            Self::NotJson(_) => "not_json",
            Self::NotPrompt(_) => "not_prompt",
            Self::NotCanonical { .. } => "not_canonical",
            Self::Messages(_) => "messages",
            Self::Range(_) => "range",
            Self::TaskMismatch { .. } => "task_mismatch",
        }
    }
}

impl Prompt {
    /// A greedy request without stop strings.
    #[must_use]
    pub const fn greedy(messages: Vec<Message>, max_output_tokens: u32) -> Self {
        Self {
            messages,
            max_output_tokens,
            sampling: Sampling::GREEDY,
            stop: Vec::new(),
        }
    }

    /// Reads the prompt of a task: what every worker must judge alike.
    ///
    /// # Errors
    /// The first failing check.
    pub fn parse(bytes: &[u8], task: &TaskTerms) -> Result<Self, PromptFault> {
        let want = usize::try_from(task.prompt_bytes).unwrap_or(usize::MAX);
        if bytes.len() != want {
            return Err(PromptFault::Size {
                got: bytes.len(),
                want,
            });
        }
        let prompt = Self::read(bytes)?;
        if prompt.max_output_tokens != task.max_output_tokens {
            return Err(PromptFault::TaskMismatch {
                got: prompt.max_output_tokens,
                want: task.max_output_tokens,
            });
        }
        Ok(prompt)
    }

    /// Reads a prompt that belongs to no task yet.
    ///
    /// # Errors
    /// The first failing check.
    pub fn read(bytes: &[u8]) -> Result<Self, PromptFault> {
        check_size(bytes.len())?;
        let value = Value::parse(bytes, MAX_DEPTH)?;
        let canonical = value.to_canonical();
        let draft = Draft::of(value).map_err(PromptFault::NotPrompt)?;
        if let Some(at) = first_difference(canonical.as_bytes(), bytes) {
            return Err(PromptFault::NotCanonical { at });
        }
        draft.finish()
    }

    /// Checks a prompt that was built by hand.
    ///
    /// # Errors
    /// The check that its document would fail.
    pub fn check(&self) -> Result<(), PromptFault> {
        Self::read(self.to_canonical().as_bytes()).map(drop)
    }

    /// The document: its one spelling.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        self.to_value().to_canonical()
    }

    /// The identifier of the document's block.
    #[must_use]
    pub fn cid(&self) -> Cid {
        Cid::of_raw(self.to_canonical().as_bytes())
    }

    pub(crate) fn to_value(&self) -> Value {
        let message = |message: &Message| {
            Value::object([
                ("content", message.content.as_str().into()),
                ("role", message.role.as_str().into()),
            ])
        };
        let Sampling {
            temperature_milli,
            top_k,
            top_p_milli,
            seed,
        } = self.sampling;
        let sampling = Value::object([
            ("seed", seed.to_string().as_str().into()),
            ("temperature_milli", temperature_milli.into()),
            ("top_k", top_k.into()),
            ("top_p_milli", top_p_milli.into()),
        ]);
        let stop = self.stop.iter().map(|stop| stop.as_str().into());
        Value::object([
            ("antiphon", TAG.into()),
            ("max_output_tokens", self.max_output_tokens.into()),
            (
                "messages",
                Value::Array(self.messages.iter().map(message).collect()),
            ),
            ("sampling", sampling),
            ("stop", Value::Array(stop.collect())),
        ])
    }
}

fn check_size(got: usize) -> Result<(), PromptFault> {
    if got > MAX_PROMPT_BYTES {
        return Err(PromptFault::Size {
            got,
            want: MAX_PROMPT_BYTES,
        });
    }
    Ok(())
}

/// Where two texts differ first; `None` if they do not.
pub(crate) fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    if one == other {
        return None;
    }
    let shorter = one.len().min(other.len());
    let differs = one.iter().zip(other).position(|(a, b)| a != b);
    Some(differs.unwrap_or(shorter))
}
