//! The same thing in the words of the rules, of events and of queries.

use antiphon_api::{Ballot, Cid, ConductInfo};
use antiphon_rules::{Conduct, Outcome};

/// A ballot as the rules count it; `digest` is the ballot's.
pub(crate) const fn outcome(ballot: &Ballot, digest: [u8; 32]) -> Outcome {
    match ballot {
        Ballot::Answer { .. } => Outcome::Answer(digest),
        Ballot::Unavailable {} => Outcome::Unavailable,
        Ballot::Invalid {} => Outcome::Invalid,
    }
}

/// The word for a ballot in events.
pub(crate) const fn ballot_word(ballot: &Ballot) -> &'static str {
    match ballot {
        Ballot::Answer { .. } => "answer",
        Ballot::Unavailable {} => "unavailable",
        Ballot::Invalid {} => "invalid",
    }
}

/// The answer of a ballot.
pub(crate) const fn ballot_cid(ballot: &Ballot) -> Option<Cid> {
    match ballot {
        Ballot::Answer { cid, .. } => Some(*cid),
        Ballot::Unavailable {} | Ballot::Invalid {} => None,
    }
}

/// The tokens that are paid for.
pub(crate) const fn output_tokens(ballot: &Ballot) -> u32 {
    match ballot {
        Ballot::Answer { output_tokens, .. } => *output_tokens,
        Ballot::Unavailable {} | Ballot::Invalid {} => 0,
    }
}

/// The rules' judgement as it is queried.
pub(crate) const fn conduct(conduct: Conduct) -> ConductInfo {
    match conduct {
        Conduct::Right => ConductInfo::Right,
        Conduct::Wrong => ConductInfo::Wrong,
        Conduct::Neutral => ConductInfo::Neutral,
        Conduct::Withheld => ConductInfo::Withheld,
        Conduct::Silent => ConductInfo::Silent,
        Conduct::Unavailable => ConductInfo::Unavailable,
        Conduct::Revealer => ConductInfo::Revealer,
    }
}
