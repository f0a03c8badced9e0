//! How a member's part in a task is judged: a pure function of the ballots (protocol, section 5).

use std::collections::BTreeMap;

use antiphon_documents::Ballot;
use antiphon_documents::digest::ballot_digest;

use crate::rounds::quorum;

/// What a ballot says, as far as judging needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// An answer, named by the digest of its ballot.
    Answer([u8; 32]),
    /// The prompt is not valid for this task and model.
    Invalid,
    /// The prompt could not be fetched.
    Unavailable,
}

impl Outcome {
    /// What a ballot says; equal for equal ballots only.
    #[must_use]
    pub fn of(ballot: &Ballot) -> Self {
        match ballot {
            Ballot::Answer { .. } => Self::Answer(ballot_digest(ballot)),
            Ballot::Invalid {} => Self::Invalid,
            Ballot::Unavailable {} => Self::Unavailable,
        }
    }

    /// Whether a quorum of such ballots decides a round.
    ///
    /// `Unavailable` decides round 0 of a task whose prompt is not carried, only: otherwise a
    /// requester could read round 0's answers, withhold the prompt and appeal.
    #[must_use]
    pub const fn can_decide(&self, round: u8, carried: bool) -> bool {
        match self {
            Self::Unavailable => round == 0 && !carried,
            Self::Answer(_) | Self::Invalid => true,
        }
    }
}

/// What a member did in its round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Committed and opened its commitment.
    Revealed(Outcome),
    /// Committed, and did not reveal in a revealing phase that came.
    Withheld,
    /// Committed in a round that never came to revealing.
    Committed,
    /// Did not commit in time.
    Silent,
}

impl Act {
    /// What a member of a round that is over did: whether it was bound to a ballot, what it revealed,
    /// whether the round came to revealing.
    #[must_use]
    pub const fn of(committed: bool, said: Option<Outcome>, revealing: bool) -> Self {
        match (said, committed) {
            (Some(said), _) => Self::Revealed(said),
            (None, true) if revealing => Self::Withheld,
            (None, true) => Self::Committed,
            (None, false) => Self::Silent,
        }
    }

    /// Whether the member did work that may be paid without an outcome.
    pub(crate) const fn is_reveal_of_work(self) -> bool {
        matches!(self, Self::Revealed(Outcome::Answer(_) | Outcome::Invalid))
    }
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an outcome.
    Final {
        /// What stands.
        outcome: Outcome,
        /// The last round that was decided.
        standing: u8,
        /// A round after the standing one was undecided.
        contested: bool,
    },
    /// No round was decided.
    Failed,
}

/// The judgement on one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conduct {
    /// Revealed the winning ballot: paid.
    Right,
    /// Revealed another one: the lock is forfeited.
    Wrong,
    /// Neither right nor wrong; paid g for work in an undecided round that was appealed for.
    Neutral,
    /// Committed and did not reveal: the lock is forfeited.
    Withheld,
    /// Did not commit in time: a miss.
    Silent,
    /// Said `unavailable`, and that is not the outcome.
    Unavailable,
    /// Revealed an answer or `invalid` in a task that failed: paid at most g.
    Revealer,
}

impl Conduct {
    /// Whether the lock is forfeited, if the meter lets it be.
    #[must_use]
    pub const fn forfeits(self) -> bool {
        matches!(self, Self::Wrong | Self::Withheld)
    }
}

/// Judges one member of `round`.
#[must_use]
pub fn judge(act: Act, round: u8, ending: &Ending) -> Conduct {
    let said = match act {
        Act::Withheld => return Conduct::Withheld,
        Act::Silent => return Conduct::Silent,
        Act::Committed => return Conduct::Neutral,
        Act::Revealed(said) => said,
    };
    match *ending {
        Ending::Failed if said == Outcome::Unavailable => Conduct::Unavailable,
        Ending::Failed => Conduct::Revealer,
        Ending::Final {
            outcome,
            standing,
            contested,
        } => judge_reveal(said, outcome, contested, round <= standing),
    }
}

fn judge_reveal(said: Outcome, outcome: Outcome, contested: bool, up_to_standing: bool) -> Conduct {
    if said == outcome && (up_to_standing || !contested) {
        return Conduct::Right;
    }
    if said == Outcome::Unavailable {
        return Conduct::Unavailable;
    }
    if contested || outcome == Outcome::Unavailable {
        Conduct::Neutral
    } else {
        Conduct::Wrong
    }
}

/// Whether the conduct is a miss: it costs the model's base and counts towards jail.
///
/// Silence always is; `unavailable` is against an answer or `invalid` that stands uncontested, and
/// in every ending if the task itself carried the prompt.
#[must_use]
pub fn is_miss(conduct: Conduct, ending: &Ending, carried: bool) -> bool {
    match conduct {
        Conduct::Silent => true,
        Conduct::Unavailable => carried || is_uncontested(ending),
        _ => false,
    }
}

const fn is_uncontested(ending: &Ending) -> bool {
    matches!(
        ending,
        Ending::Final {
            contested: false,
            ..
        }
    )
}

/// The outcome of a round of `size` places: what a quorum of the whole size revealed, if any.
#[must_use]
pub fn decide(acts: &[Act], size: u32, round: u8, carried: bool) -> Option<Outcome> {
    let mut tally: BTreeMap<Outcome, u32> = BTreeMap::new();
    for act in acts {
        if let Act::Revealed(said) = act {
            let votes = tally.entry(*said).or_default();
            *votes = votes.saturating_add(1);
        }
    }
    // More than half of one round: no two lines can have it.
    tally
        .into_iter()
        .find(|(said, votes)| *votes >= quorum(size) && said.can_decide(round, carried))
        .map(|(said, _)| said)
}
