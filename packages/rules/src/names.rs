//! What a ballot counts as when rounds are compared.
//!
//! Traces are bound to their round, so the same answer has another digest in each: in rounds before
//! the standing one it is named by the standing ballot. Where such a round decided for the answer
//! itself, only the very ballot that decided it is meant, for another trace there is a wrong one. A
//! ballot that equals the standing one byte by byte is that one in every round.

use antiphon_documents::Ballot;

use crate::Outcome;

/// Names the ballots of one round.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// What stands, if this round is before the one that decided it.
    later: Option<&'a Ballot>,
    /// The ballot that decided this round, if it is the same answer as the one that stands.
    proven: Option<&'a Ballot>,
}

impl<'a> Names<'a> {
    /// For the ballots of `round`, which `decided` decided, in a task where `standing` stands: a
    /// round and its ballot.
    #[must_use]
    pub fn new(round: u8, standing: Option<(u8, &'a Ballot)>, decided: Option<&'a Ballot>) -> Self {
        let later = standing.filter(|(decided_it, _)| round < *decided_it);
        let later = later.map(|(_, ballot)| ballot);
        let same = |ballot: &&Ballot| later.is_some_and(|later| ballot.same_answer(later));
        Self {
            later,
            proven: decided.filter(same),
        }
    }

    /// What a ballot of the round counts as.
    #[must_use]
    pub fn of(&self, ballot: &Ballot) -> Outcome {
        let named = self.later.filter(|later| {
            ballot.same_answer(later) && self.proven.is_none_or(|proven| proven == ballot)
        });
        Outcome::of(named.unwrap_or(ballot))
    }
}
