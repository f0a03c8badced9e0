//! Votes of others, checked before they are held: whoever sends one, the vote proves itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use antiphon_api::{CommitItem, Hex, RevealItem, TaskStatus};

use super::desk::{Board, Desk, Half, Item, Seat};
use crate::duty::DutyKey;
use crate::vote::{commit_is_signed, reveal_opens};

/// A member of a round this worker is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The worker.
    pub worker: String,
    /// Its canonical address.
    pub canonical: Vec<u8>,
    /// Where it takes votes.
    pub endpoint: Option<String>,
    /// Its voter's key.
    pub voter: Option<Hex<33>>,
    /// On chain.
    pub commitment: Option<Hex<32>>,
    /// Its reveal is on chain.
    pub revealed: bool,
}

/// A round this worker is in, as the chain showed it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundBoard {
    /// Binds votes.
    pub task_digest: Hex<32>,
    /// Where the task stands.
    pub status: TaskStatus,
    /// Last height of the present phase.
    pub deadline: u64,
    /// By position.
    pub members: Vec<Member>,
}

impl RoundBoard {
    /// What the posting policy needs to know of this half; none outside its phase.
    #[must_use]
    pub fn half(&self, half: Half) -> Option<Board> {
        let seats = match (half, self.status) {
            (Half::Commit, TaskStatus::Committing) => self
                .members
                .iter()
                .map(|m| seat(m, m.commitment.is_some()))
                .collect(),
            (Half::Reveal, TaskStatus::Revealing) => self
                .members
                .iter()
                .filter(|m| m.commitment.is_some())
                .map(|m| seat(m, m.revealed))
                .collect(),
            _ => return None,
        };
        Some(Board {
            seats,
            deadline: self.deadline,
        })
    }

    fn member(&self, worker: &str) -> Option<&Member> {
        self.members.iter().find(|m| m.worker == worker)
    }
}

fn seat(member: &Member, on_chain: bool) -> Seat {
    Seat {
        worker: member.worker.clone(),
        endpoint: member.endpoint.clone(),
        on_chain,
    }
}

/// The answer to a vote handed over, and its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 202: held, and posted with the others.
    Taken,
    /// 409: not a round we are in (yet), not this phase (yet), or on chain already.
    NotNow(&'static str),
    /// 422: the vote does not prove itself.
    Bad(&'static str),
}

impl Verdict {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Taken => 202,
            Self::NotNow(_) => 409,
            Self::Bad(_) => 422,
        }
    }

    /// What to tell the sender.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::NotNow(reason) | Self::Bad(reason) => reason,
        }
    }
}

/// The desk and the boards it is judged by, shared between the block loop and the HTTP endpoint.
#[derive(Debug)]
pub struct Intake {
    inner: Mutex<Inner>,
}

/// What [`Intake`] guards.
#[derive(Debug)]
pub struct Inner {
    /// Votes at hand.
    pub desk: Desk,
    /// Rounds this worker is in.
    pub boards: BTreeMap<DutyKey, RoundBoard>,
}

impl Intake {
    /// Nothing at hand yet.
    #[must_use]
    pub fn new(me: String) -> Self {
        let inner = Inner {
            desk: Desk::new(me),
            boards: BTreeMap::new(),
        };
        Self {
            inner: Mutex::new(inner),
        }
    }

    /// The guarded parts. Never held across an await.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges a vote and keeps it if it proves itself.
    pub fn take(&self, item: Item) -> Verdict {
        let mut inner = self.lock();
        let Some(board) = inner.boards.get(&item.key()) else {
            return Verdict::NotNow(
                "this worker is not a member of that round, or has not seen it yet",
            );
        };
        let verdict = match &item {
            Item::Commit(commit) => judge_commit(board, commit),
            Item::Reveal(reveal) => judge_reveal(board, reveal),
        };
        if verdict == Verdict::Taken {
            inner.desk.put_other(item);
        }
        verdict
    }
}

fn judge_commit(board: &RoundBoard, item: &CommitItem) -> Verdict {
    let Some(member) = board.member(&item.worker) else {
        return Verdict::Bad("the vote's worker is not a member of that round");
    };
    if item.task_digest != board.task_digest {
        return Verdict::Bad("task_digest is not that of the task");
    }
    let Some(voter) = &member.voter else {
        return Verdict::NotNow("the member's voter key is not known here yet");
    };
    if !commit_is_signed(item, &member.canonical, voter) {
        return Verdict::Bad("the signature is not that of the member's voter key");
    }
    if board.status != TaskStatus::Committing {
        return Verdict::NotNow("the round is not in its commit window");
    }
    if member.commitment.is_some() {
        return Verdict::NotNow("the member's commit is on chain already");
    }
    Verdict::Taken
}

fn judge_reveal(board: &RoundBoard, item: &RevealItem) -> Verdict {
    let Some(member) = board.member(&item.worker) else {
        return Verdict::Bad("the vote's worker is not a member of that round");
    };
    if board.status != TaskStatus::Revealing {
        return Verdict::NotNow("the round is not in its reveal window");
    }
    let Some(commitment) = &member.commitment else {
        return Verdict::Bad("the member has not committed");
    };
    if !reveal_opens(item, &member.canonical, &board.task_digest, commitment) {
        return Verdict::Bad("ballot and salt do not open the member's commitment");
    }
    if member.revealed {
        return Verdict::NotNow("the member's reveal is on chain already");
    }
    Verdict::Taken
}
