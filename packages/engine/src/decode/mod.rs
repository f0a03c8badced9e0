//! The decoding loop, its stop rules and its accounting (cn-1.md 7.3): one loop for the model, for
//! the vectors and for anything else that chooses tokens.

mod output;

pub use output::{OUTPUT_LIMIT, Output};

use crate::{JobError, Progress};
use antiphon_documents::Finish;
use std::ops::ControlFlow;

/// What chooses tokens: a model with its cache, or a list in a test.
pub trait Chooser {
    /// Chooses output token `index` from the logits of the last position and extends the trace.
    ///
    /// # Errors
    /// Whatever makes the job fail.
    fn choose(&mut self, index: u32) -> Result<u32, JobError>;

    /// Puts the token at the next position, so that there are new logits.
    ///
    /// # Errors
    /// Whatever makes the job fail.
    fn feed(&mut self, token: u32) -> Result<(), JobError>;
}

/// What ends the loop.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Ids of the prompt, control ids of the template included.
    pub prompt_tokens: u32,
    /// Most tokens of output, at least 1.
    pub max_output_tokens: u32,
    /// C of cn-1.md 7.3.
    pub context: u32,
    /// Stop strings.
    pub stop: &'a [String],
    /// Ids that end the answer.
    pub end: &'a [u32],
}

/// What the loop made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The answer file.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the output; an END token is not among them.
    pub token_ids: Vec<u32>,
    /// The END token, if one was chosen.
    pub end: Option<u32>,
}

/// Runs the loop to its end. `bytes` gives the bytes of output token `index` with an id; `report` is told
/// of each token and may break off the job.
///
/// # Errors
/// What the chooser fails with, a token without bytes table entry, or [`JobError::Cancelled`].
pub fn decode<'t>(
    chooser: &mut impl Chooser,
    limits: &Limits<'_>,
    bytes: impl Fn(u32, u32) -> Result<&'t [u8], JobError>,
    report: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Decoded, JobError> {
    let mut output = Output::new(limits.stop);
    let mut token_ids = Vec::new();
    let mut end = None;
    let mut finish = Finish::Length;
    for index in 0..limits.max_output_tokens {
        let token = chooser.choose(index)?;
        if limits.end.contains(&token) {
            (finish, end) = (Finish::Stop, Some(token));
            break;
        }
        token_ids.push(token);
        let bytes = bytes(index, token)?;
        let stopped = output.push(bytes);
        if report(Progress::Token {
            index,
            id: token,
            bytes,
        })
        .is_break()
        {
            return Err(JobError::Cancelled);
        }
        if stopped {
            finish = Finish::Stop;
            break;
        }
        let used = index.saturating_add(1);
        let full = limits.prompt_tokens.saturating_add(used) >= limits.context;
        if used == limits.max_output_tokens || full {
            break;
        }
        chooser.feed(token)?;
    }
    let (text, cut) = output.into_text();
    let finish = if cut { Finish::Length } else { finish };
    Ok(Decoded {
        text,
        finish,
        token_ids,
        end,
    })
}
