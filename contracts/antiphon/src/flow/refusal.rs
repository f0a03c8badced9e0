//! Why a single vote is not accepted, without harm to the others of its message.

use antiphon_api::{MAX_VOTES_PER_MESSAGE, VoteRefused};
use antiphon_rules::life::NotNow;

use super::{OpenTask, open_task};
use crate::error::ContractError;
use crate::state::tasks;
use crate::turn::Turn;

/// Why one vote was refused. Nothing of it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The worker is not an address of this chain in its one spelling.
    BadAddress,
    /// No such task was posted.
    UnknownTask,
    /// The task is final or failed.
    TaskOver,
    /// Not the current round.
    WrongRound,
    /// The task is not what the voter believes it is.
    WrongDigest,
    /// The phase that takes such votes has not come.
    TooEarly,
    /// The phase that takes such votes is over.
    TooLate,
    /// The worker has no place in the round, or lost it.
    NotAMember,
    /// The member is bound already.
    AlreadyCommitted,
    /// The worker has no voter key on record.
    NoVoter,
    /// The signature is not the voter's over this vote, or not in its one form (low s).
    BadSignature,
    /// The member is not bound to anything.
    NotCommitted,
    /// The member's commitment is open already.
    AlreadyRevealed,
    /// No member can say this of the task: too many tokens, or a CID that is not of a raw block.
    BadBallot,
    /// Ballot and salt are not what the member is bound to.
    WrongOpening,
}

impl Refusal {
    /// The word in the event.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadAddress => "bad_address",
            Self::UnknownTask => "unknown_task",
            Self::TaskOver => "task_over",
            Self::WrongRound => "wrong_round",
            Self::WrongDigest => "wrong_digest",
            Self::TooEarly => "too_early",
            Self::TooLate => "too_late",
            Self::NotAMember => "not_a_member",
            Self::AlreadyCommitted => "already_committed",
            Self::NoVoter => "no_voter",
            Self::BadSignature => "bad_signature",
            Self::NotCommitted => "not_committed",
            Self::AlreadyRevealed => "already_revealed",
            Self::BadBallot => "bad_ballot",
            Self::WrongOpening => "wrong_opening",
        }
    }
}

impl From<NotNow> for Refusal {
    fn from(not_now: NotNow) -> Self {
        match not_now {
            NotNow::TooEarly => Self::TooEarly,
            NotNow::TooLate => Self::TooLate,
        }
    }
}

/// Why a vote stopped: refused alone, or the whole message fails.
pub(crate) enum Stop {
    Refused(Refusal),
    Failed(ContractError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ContractError> for Stop {
    fn from(error: ContractError) -> Self {
        Self::Failed(error)
    }
}

/// The judgement on one vote.
pub(crate) type Judged<T> = Result<T, Stop>;

/// Judges every item; a refused one leaves an event and nothing else.
pub(crate) fn judge_each<T>(
    turn: &mut Turn<'_>,
    items: &[T],
    task_of: impl Fn(&T) -> u64,
    mut one: impl FnMut(&mut Turn<'_>, &T) -> Judged<()>,
) -> Result<(), ContractError> {
    if !(1..=MAX_VOTES_PER_MESSAGE).contains(&items.len()) {
        return Err(ContractError::Batch {
            what: "votes",
            got: items.len(),
            least: 1,
            most: MAX_VOTES_PER_MESSAGE,
        });
    }
    for (index, item) in (0..).zip(items) {
        match one(turn, item) {
            Ok(()) => {}
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Refused(refusal)) => turn.emit(VoteRefused {
                task: task_of(item),
                item: index,
                code: refusal.code().to_owned(),
            }),
        }
    }
    Ok(())
}

/// The task of a vote, if `round` is its current one.
pub(crate) fn open_round(turn: &Turn<'_>, id: u64, round: u8) -> Judged<OpenTask> {
    let Some(open) = open_task(turn.storage, id)? else {
        return Err(match tasks::find(turn.storage, id)? {
            Some(_) => Refusal::TaskOver.into(),
            None => Refusal::UnknownTask.into(),
        });
    };
    match open.phase.round == round {
        true => Ok(open),
        false => Err(Refusal::WrongRound.into()),
    }
}
