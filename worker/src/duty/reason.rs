//! Why duties end early.

use serde::{Deserialize, Serialize};

/// Why a duty ended without a revealed ballot.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing of ours was on chain when the commit window closed.
    #[error("the commit window closed before the ballot was on chain")]
    CommitLate,
    /// The reveal did not get on chain in time: the lock is forfeited.
    #[error("the reveal window closed before the ballot was opened")]
    RevealLate,
    /// The round ended while we were in it: undecided in committing, or replaced.
    #[error("the round ended without us")]
    RoundOver,
    /// The engine crashed or was killed: no commit, never a guess.
    #[error("the answer could not be computed on this machine")]
    ComputeFailed,
    /// What the node says of the task does not hash to its digest: no commit.
    #[error("the task's data does not match its digest")]
    LyingTask,
    /// A model this worker does not serve.
    #[error("the task's model is not served here")]
    UnknownModel,
    /// The journal holds another ballot, or the disk refused.
    #[error("the journal refused the ballot")]
    JournalRefused,
    /// The chain holds a commitment that this worker cannot open.
    #[error("the commitment on chain is not the one of our ballot")]
    CommitmentDiffers,
    /// The process was told to stop before it had committed.
    #[error("the worker was stopping")]
    Draining,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::CommitLate,
        Self::RevealLate,
        Self::RoundOver,
        Self::ComputeFailed,
        Self::LyingTask,
        Self::UnknownModel,
        Self::JournalRefused,
        Self::CommitmentDiffers,
        Self::Draining,
    ];

    /// A stable name for logs and metrics, as it is written in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CommitLate => "commit_late",
            Self::RevealLate => "reveal_late",
            Self::RoundOver => "round_over",
            Self::ComputeFailed => "compute_failed",
            Self::LyingTask => "lying_task",
            Self::UnknownModel => "unknown_model",
            Self::JournalRefused => "journal_refused",
            Self::CommitmentDiffers => "commitment_differs",
            Self::Draining => "draining",
        }
    }
}
