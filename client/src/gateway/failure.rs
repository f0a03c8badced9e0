//! Why there is no answer, in words that say what to do. Shared by all requests that wait for one task.

use antiphon_api::Ballot;

/// A line of a tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BallotVotes {
    /// What was said.
    pub ballot: Ballot,
    /// By how many.
    pub votes: u32,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The committee did not agree.
    #[error(
        "no quorum: fewer than {quorum} of {committee} workers gave the same answer (task {task}). \
         What was not paid for work is back in the balance; send the request again for a new committee"
    )]
    NoQuorum {
        /// The task.
        task: u64,
        /// Equal ballots that would have decided.
        quorum: u32,
        /// Members.
        committee: u32,
        /// Who said what.
        ballots: Vec<BallotVotes>,
    },
    /// The committee agreed that the prompt is not valid for the model.
    #[error(
        "the workers agree that this prompt is not valid for the model (task {task}): most likely it is longer \
         than the model's context. Shorten the conversation"
    )]
    Invalid {
        /// The task.
        task: u64,
    },
    /// The committee agreed that the prompt cannot be fetched.
    #[error(
        "the workers could not fetch the prompt (task {task}): those that held it went away. Send the request again"
    )]
    PromptGone {
        /// The task.
        task: u64,
    },
    /// An answer stands, and nobody gives its text.
    #[error(
        "task {task} is answered, but no worker gives the text now. Send the same request again in a moment: it costs nothing"
    )]
    TextGone {
        /// The task.
        task: u64,
    },
    /// An answer stands, and what came in its place has another hash.
    #[error(
        "VERIFICATION FAILED: a worker gave another text than the one agreed on (task {task}), and nobody gave the right \
         one. It is not shown. Send the same request again in a moment: it costs nothing"
    )]
    TextForged {
        /// The task.
        task: u64,
    },
    /// The payer lacks coins, a grant or a budget.
    #[error("{0}")]
    Funds(String),
    /// The request cannot be asked of this model.
    #[error("{message}")]
    Request {
        /// Why.
        message: String,
        /// The field that is wrong.
        param: Option<&'static str>,
    },
    /// There is no such task.
    #[error("there is no task {task} on this chain. Check the number")]
    NoTask {
        /// The number asked for.
        task: u64,
    },
    /// The task is not at its end.
    #[error(
        "task {task} can still be appealed or is not answered: its receipt is complete at its end. Ask for it again in a moment"
    )]
    NoReceiptYet {
        /// The task.
        task: u64,
    },
    /// Its votes are in no transaction's messages.
    #[error(
        "task {task} has no receipt: its votes came through another contract, so no transaction shows them. Asking again does not help"
    )]
    NoReceipt {
        /// The task.
        task: u64,
    },
    /// Too few workers, or none that takes the prompt.
    #[error("{0}")]
    NoWorkers(String),
    /// No chain node answers.
    #[error(
        "no chain node answers the gateway now. Nothing was paid for this request; try again in a moment"
    )]
    NodeDown,
    /// The chain or the contract refused for a reason that trying again does not cure.
    #[error("{0}")]
    Refused(String),
    /// The task is not at its end.
    #[error("{}", pending(*.task))]
    Pending {
        /// The task; none while its transaction is not in a block.
        task: Option<u64>,
    },
    /// The gateway does as much as it can.
    #[error("the gateway has too much to do. Try again in a moment")]
    Overloaded,
    /// The gateway's own disk or logic.
    #[error("the gateway could not do this: {0}. Its operator must look at it")]
    Internal(String),
}

fn pending(task: Option<u64>) -> String {
    let which = task.map_or_else(|| "the task".to_owned(), |task| format!("task {task}"));
    format!(
        "{which} is not answered yet and goes on. Send the same request again: it waits for the same task and is not charged again"
    )
}

impl Failure {
    /// The task it is about.
    #[must_use]
    pub const fn task(&self) -> Option<u64> {
        match self {
            Self::NoQuorum { task, .. }
            | Self::Invalid { task }
            | Self::PromptGone { task }
            | Self::TextGone { task }
            | Self::TextForged { task }
            | Self::NoTask { task }
            | Self::NoReceiptYet { task }
            | Self::NoReceipt { task } => Some(*task),
            Self::Pending { task } => *task,
            _ => None,
        }
    }

    /// Whether the same question needs a new task to be answered.
    #[must_use]
    pub const fn wants_new_task(&self) -> bool {
        matches!(self, Self::NoQuorum { .. } | Self::PromptGone { .. })
    }
}
