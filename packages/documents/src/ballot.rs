//! A ballot: what one member of a committee says about a task.

use antiphon_content::{Cid, Hex};
use serde::{Deserialize, Serialize};

/// Why generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// An END token or a stop string.
    Stop,
    /// The limit of output tokens, of the context, or of answer bytes.
    Length,
}

/// What a member says: an answer with its usage and trace, or that there is none to give.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ballot {
    /// The model's answer.
    Answer {
        /// The answer's raw block.
        cid: Cid,
        /// Why generation ended.
        finish: Finish,
        /// Tokens appended to the output.
        output_tokens: u32,
        /// Tokens of the prompt, control tokens of the template included.
        prompt_tokens: u32,
        /// The last link of the computation's hash chain, bound to task and round.
        trace: Hex<32>,
    },
    /// The prompt could not be fetched from any source.
    Unavailable {},
    /// The prompt is not valid for this task and model.
    Invalid {},
}

impl Ballot {
    /// Whether two ballots of different rounds or tasks say the same. Traces are bound to task and
    /// round (protocol, section 4), so they differ wherever ballots are compared across these.
    #[must_use]
    pub fn same_answer(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Answer {
                    cid,
                    finish,
                    output_tokens,
                    prompt_tokens,
                    trace: _,
                },
                Self::Answer {
                    cid: other_cid,
                    finish: other_finish,
                    output_tokens: other_output,
                    prompt_tokens: other_prompt,
                    trace: _,
                },
            ) => {
                (cid, finish, output_tokens, prompt_tokens)
                    == (other_cid, other_finish, other_output, other_prompt)
            }
            _ => self == other,
        }
    }
}
