//! The transactions of a task, as a receipt names them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a transaction did: the contract's event of this name is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Posted the task.
    TaskAdded,
    /// Gave a round its members.
    CommitteeDrawn,
    /// Bound at least one member to its ballot.
    VoteCommitted,
    /// Took the places of silent members.
    MembersReplaced,
    /// Opened at least one commitment.
    VoteRevealed,
    /// Ended a round without a quorum.
    RoundUndecided,
    /// Opened a larger round.
    RoundOpened,
    /// Opened a larger round by an appeal.
    TaskAppealed,
    /// Gave the task an outcome.
    TaskAnswered,
    /// Ended the task with its outcome.
    TaskFinalised,
    /// Ended the task without one.
    TaskFailed,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::TaskAdded,
        Self::CommitteeDrawn,
        Self::VoteCommitted,
        Self::MembersReplaced,
        Self::VoteRevealed,
        Self::RoundUndecided,
        Self::RoundOpened,
        Self::TaskAppealed,
        Self::TaskAnswered,
        Self::TaskFinalised,
        Self::TaskFailed,
    ];

    /// The event's name, without `wasm-`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TaskAdded => "task_added",
            Self::CommitteeDrawn => "committee_drawn",
            Self::VoteCommitted => "vote_committed",
            Self::MembersReplaced => "members_replaced",
            Self::VoteRevealed => "vote_revealed",
            Self::RoundUndecided => "round_undecided",
            Self::RoundOpened => "round_opened",
            Self::TaskAppealed => "task_appealed",
            Self::TaskAnswered => "task_answered",
            Self::TaskFinalised => "task_finalised",
            Self::TaskFailed => "task_failed",
        }
    }
}

/// A transaction's name: 64 upper-case hex digits, as nodes and explorers write it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TxHash(String);

impl FromStr for TxHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        match text.len() == 64 && text.bytes().all(is_hex) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "got {:?}, want a transaction's 64 upper-case hex digits",
                text.chars().take(80).collect::<String>()
            )),
        }
    }
}

impl TryFrom<String> for TxHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TxHash> for String {
    fn from(hash: TxHash) -> Self {
        hash.0
    }
}

impl fmt::Display for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A transaction of the task. One that did several things has an entry for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tx {
    /// Its name.
    pub hash: TxHash,
    /// Its block.
    pub height: u64,
    /// The block's time in Unix seconds, the fraction dropped.
    pub time: u64,
    /// What it did.
    pub what: What,
}
