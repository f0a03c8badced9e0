//! Votes of the current round: when they are taken, and what they count.

use super::{Phase, Status};

/// Votes of the current round, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Votes {
    /// Members bound to a ballot.
    pub committed: u8,
    /// Members that opened it.
    pub revealed: u8,
    /// Lines of the tally: different ballots.
    pub lines: u8,
    /// Most votes of a line that may decide the round.
    pub best: u8,
    /// Which line that is; only meaningful once `best` is a quorum, which one line alone can have.
    pub best_line: u8,
}

impl Votes {
    /// One more commit; none if that is more than a counter holds.
    #[must_use]
    pub fn commit(self) -> Option<Self> {
        let committed = self.committed.checked_add(1)?;
        Some(Self { committed, ..self })
    }

    /// One more reveal: with it `line` has `votes`. `may_decide` is [`crate::Outcome::can_decide`].
    /// None if that is more than a counter holds.
    #[must_use]
    pub fn reveal(self, line: u8, votes: u8, may_decide: bool) -> Option<Self> {
        let better = may_decide && votes > self.best;
        Some(Self {
            revealed: self.revealed.checked_add(1)?,
            lines: self.lines.max(line.checked_add(1)?),
            best: if better { votes } else { self.best },
            best_line: if better { line } else { self.best_line },
            ..self
        })
    }

    /// Whether every committed member revealed.
    #[must_use]
    pub const fn all_revealed(&self) -> bool {
        self.revealed >= self.committed
    }

    /// Whether every member in is bound, empty places apart: the round moves on by count.
    #[must_use]
    pub const fn all_committed(&self, phase: &Phase) -> bool {
        self.committed >= phase.members
    }

    /// Whether a quorum of the whole round revealed one ballot.
    #[must_use]
    pub fn decide(&self, phase: &Phase) -> bool {
        u32::from(self.best) >= phase.quorum()
    }
}

/// Why something is not taken at this height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// Its phase has not come.
    TooEarly,
    /// Its phase is over.
    TooLate,
}

/// How a reveal is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// As the task stands.
    Now,
    /// It moves the task to revealing by height: the commit window is over with a quorum of commits.
    Moves,
}

impl Phase {
    /// Whether a commit is taken at a height.
    ///
    /// # Errors
    /// Commits have not begun, or are over.
    pub const fn admits_commit(&self, height: u64) -> Result<(), NotNow> {
        match self.status {
            Status::Committing if !self.is_over(height) => Ok(()),
            Status::Drawing => Err(NotNow::TooEarly),
            _ => Err(NotNow::TooLate),
        }
    }

    /// Whether and how a reveal is taken at a height.
    ///
    /// # Errors
    /// Reveals have not begun, or are over.
    pub fn admits_reveal(&self, votes: &Votes, height: u64) -> Result<Admission, NotNow> {
        let over = self.is_over(height);
        let quorum = u32::from(votes.committed) >= self.quorum();
        match self.status {
            Status::Revealing if !over => Ok(Admission::Now),
            Status::Committing if over && quorum => Ok(Admission::Moves),
            Status::Drawing | Status::Committing => Err(NotNow::TooEarly),
            Status::Revealing | Status::Answered => Err(NotNow::TooLate),
        }
    }
}
