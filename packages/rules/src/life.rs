//! The life of a task (protocol, section 2): where it stands, what is due, what comes of it.
//!
//! Plain values in, the next state out. The contract stores these values as they are and adds
//! accounts, money and events; it takes no decision of its own.

mod due;
mod votes;

pub use due::{Due, Facts, due};
pub use votes::{Admission, NotNow, Votes};

use crate::rounds::quorum;
use crate::windows::{DrawWindow, Moment, last_height};

/// Status of a task that is not at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Places are vacant; their draw waits for its randomness.
    Drawing,
    /// Members bind themselves to ballots.
    Committing,
    /// Members open what they are bound to.
    Revealing,
    /// An outcome stands and can be appealed.
    Answered,
}

/// What a task is bound to since its post: read by the version of the parameters it records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Most draws of a round, whatever made the vacancies.
    pub max_draws: u32,
    /// How long round 0 may wait for its randomness.
    pub draw_window: DrawWindow,
    /// In blocks.
    pub commit_window: u64,
    /// In blocks.
    pub reveal_window: u64,
    /// In blocks.
    pub appeal_window: u64,
}

/// The randomness of a beacon round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Randomness {
    /// What draws.
    pub value: [u8; 32],
    /// The block that brought it: draw windows over by then were missed.
    pub published: Moment,
}

/// The outcome that stands until a later round decides another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    /// The round that decided it.
    pub round: u8,
    /// Its line in that round's tally.
    pub line: u8,
    /// Equal ballots behind it.
    pub votes: u8,
}

/// What happened in a round besides its votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Round {
    /// Block at which its present vacancies arose.
    pub opened: Moment,
    /// The beacon round that draws it; 0 when it waits for none.
    pub waits_for: u64,
    /// Draws made.
    pub draws: u8,
    /// It came to revealing: a commit without a reveal is withheld, not neutral.
    pub revealing: bool,
    /// The line of its tally that decided it, once it is over.
    pub decided: Option<u8>,
}

impl Round {
    /// A round begins: all of its places are vacant.
    #[must_use]
    pub const fn open(now: Moment, waits_for: u64) -> Self {
        Self {
            opened: now,
            waits_for,
            draws: 0,
            revealing: false,
            decided: None,
        }
    }

    /// A draw was made, whether it found enough members or not.
    #[must_use]
    pub const fn drawn(self) -> Self {
        Self {
            waits_for: 0,
            draws: self.draws.saturating_add(1),
            ..self
        }
    }

    /// Whether the round may be drawn again.
    #[must_use]
    pub fn draw_left(&self, terms: &Terms) -> bool {
        u32::from(self.draws) < terms.max_draws
    }

    /// New vacancies arose, or old ones stay: another draw is waited for.
    #[must_use]
    pub const fn wait(self, now: Moment, waits_for: u64) -> Self {
        Self {
            opened: now,
            waits_for,
            ..self
        }
    }

    /// The round ended in `status`, decided by a line of its tally or undecided: facts that no later
    /// round changes.
    #[must_use]
    pub const fn over(self, status: Status, decided: Option<u8>) -> Self {
        Self {
            waits_for: 0,
            revealing: matches!(status, Status::Revealing),
            decided,
            ..self
        }
    }
}

/// What comes after an undecided round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// What stood is answered again, with a new appeal window.
    Again,
    /// A larger round is drawn.
    Round(u8),
    /// The task ends: final and contested if an outcome stands, otherwise failed.
    End,
}

/// Status, round and window of a task that is not at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phase {
    /// Its status.
    pub status: Status,
    /// The current round.
    pub round: u8,
    /// Members the round should have: quorums are of this number.
    pub size: u8,
    /// Places filled.
    pub members: u8,
    /// Height of the transition into the status.
    pub entered: u64,
    /// Last height at which messages of the status are accepted; 0 while drawing.
    pub deadline: u64,
    /// A round after the standing one was undecided.
    pub contested: bool,
    /// What stands.
    pub standing: Option<Standing>,
}

impl Phase {
    /// A round of `size` places begins. What stood `before` it stands on, contested or not, until
    /// the round is decided.
    #[must_use]
    pub fn open(round: u8, size: u8, height: u64, before: Option<&Self>) -> Self {
        Self {
            status: Status::Drawing,
            round,
            size,
            members: 0,
            entered: height,
            deadline: 0,
            contested: before.is_some_and(|phase| phase.contested),
            standing: before.and_then(|phase| phase.standing),
        }
    }

    /// Enough places are filled: commits are taken, those of members already in are kept.
    #[must_use]
    pub const fn commit(self, members: u8, height: u64, terms: &Terms) -> Self {
        let next = Self { members, ..self };
        next.enter(Status::Committing, height, terms.commit_window)
    }

    /// Commits are over: what members are bound to is opened.
    #[must_use]
    pub const fn reveal(self, height: u64, terms: &Terms) -> Self {
        self.enter(Status::Revealing, height, terms.reveal_window)
    }

    /// Silent members lost their places: `members` stay, the others are drawn again.
    #[must_use]
    pub const fn redraw(self, members: u8, height: u64) -> Self {
        Self {
            status: Status::Drawing,
            members,
            entered: height,
            deadline: 0,
            ..self
        }
    }

    /// A quorum revealed one ballot: it stands, and nothing is contested any more.
    #[must_use]
    pub const fn decide(self, votes: &Votes) -> Self {
        Self {
            contested: false,
            standing: Some(Standing {
                round: self.round,
                line: votes.best_line,
                votes: votes.best,
            }),
            ..self
        }
    }

    /// The round ended without a quorum: what stands is contested.
    #[must_use]
    pub const fn undecided(self) -> Self {
        Self {
            contested: self.standing.is_some(),
            ..self
        }
    }

    /// What stands is answered: its appeal window begins.
    #[must_use]
    pub const fn answer(self, height: u64, terms: &Terms) -> Self {
        self.enter(Status::Answered, height, terms.appeal_window)
    }

    const fn enter(self, status: Status, height: u64, window: u64) -> Self {
        Self {
            status,
            entered: height,
            deadline: last_height(height, window),
            ..self
        }
    }

    /// Equal ballots that decide the round.
    #[must_use]
    pub fn quorum(&self) -> u32 {
        quorum(self.size.into())
    }

    /// Whether the window of the status is over at a height.
    #[must_use]
    pub const fn is_over(&self, height: u64) -> bool {
        height > self.deadline
    }

    /// The round after this one, if the task can have another.
    #[must_use]
    pub fn next_round(&self, rounds_possible: u8) -> Option<u8> {
        let next = self.round.checked_add(1)?;
        (next < rounds_possible).then_some(next)
    }

    /// What comes after this round was undecided.
    #[must_use]
    pub fn after_undecided(&self, rounds_possible: u8) -> After {
        match (self.standing, self.next_round(rounds_possible)) {
            (_, None) => After::End,
            (Some(_), Some(_)) => After::Again,
            (None, Some(next)) => After::Round(next),
        }
    }

    /// Whether an appeal is taken at a height, apart from whether a round is left.
    ///
    /// # Errors
    /// Nothing is answered, or its window is over.
    pub const fn admits_appeal(&self, height: u64) -> Result<(), NotNow> {
        match self.status {
            Status::Answered if self.is_over(height) => Err(NotNow::TooLate),
            Status::Answered => Ok(()),
            _ => Err(NotNow::TooEarly),
        }
    }
}
