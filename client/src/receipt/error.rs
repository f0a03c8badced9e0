//! Why there is no receipt, or why one is not believed.

use antiphon_api::TaskStatus;

/// A failure of a receipt, in words that say what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// A receipt is of a task that can no longer change.
    #[error(
        "task {task} is not at its end yet (it is {status}): there is a receipt once it is final or failed. `antiphon task {task}` shows how far it is"
    )]
    Open {
        /// The task.
        task: u64,
        /// Where it stands.
        status: &'static str,
    },
    /// The node has no index, and no longer or not yet the blocks either.
    #[error(
        "the node does not have the blocks of task {task} (heights {from} to {to}): {said}. Name a node that keeps them with --rpc"
    )]
    History {
        /// The task.
        task: u64,
        /// Height of its first transaction.
        from: u64,
        /// Height of its last one.
        to: u64,
        /// What the node said.
        said: String,
    },
    /// What was collected contradicts itself.
    #[error(
        "what the node says of task {task} is not consistent: {check}: {detail}. Name another node with --rpc"
    )]
    Inconsistent {
        /// The task.
        task: u64,
        /// The check that does not hold.
        check: &'static str,
        /// What was found.
        detail: String,
    },
    /// Somebody relayed votes through a contract: salts and ballots are nowhere in its transactions.
    #[error(
        "task {task} has no receipt: its votes came through another contract, so no transaction shows them. The contract counted them all the same: `antiphon task {task}` shows how it ended"
    )]
    Relayed {
        /// The task.
        task: u64,
    },
    /// A check of a receipt does not hold.
    #[error("VERIFICATION FAILED: {check}: {detail}")]
    Failed {
        /// Its stable name.
        check: &'static str,
        /// What was found.
        detail: String,
    },
}

impl ReceiptError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Open { .. } | Self::Relayed { .. } => 5,
            Self::History { .. } => 3,
            Self::Inconsistent { .. } | Self::Failed { .. } => 6,
        }
    }
}

/// A status in a word, as in the contract's answers.
pub(super) const fn word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Drawing => "drawing",
        TaskStatus::Committing => "committing",
        TaskStatus::Revealing => "revealing",
        TaskStatus::Answered => "answered",
        TaskStatus::Final => "final",
        TaskStatus::Failed => "failed",
    }
}
