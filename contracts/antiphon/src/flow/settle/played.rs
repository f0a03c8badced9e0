//! What the members of every round did, in the words of the rules.

use antiphon_api::Ballot;
use antiphon_rules::{Act, Outcome};
use cosmwasm_std::{CanonicalAddr, Storage};

use crate::error::ContractError;
use crate::state::members::{Member, Stage};
use crate::state::rounds::{Roster, Round};
use crate::state::summaries::SummaryOutcome;
use crate::state::{members, rounds, tally};
use crate::views;

/// One round with everything judging needs.
pub(in crate::flow) struct Played {
    pub(in crate::flow) round: Round,
    pub(in crate::flow) roster: Roster,
    /// Members by position.
    pub(in crate::flow) members: Vec<(CanonicalAddr, Member)>,
    pub(in crate::flow) acts: Vec<Act>,
    /// What the round was decided for when it ended.
    pub(in crate::flow) decided: Option<Outcome>,
}

/// Reads what the members of a round did. Whether it came to revealing and what decided it are the
/// facts its record kept when it was over, whatever the task's status has become since.
pub(in crate::flow) fn play(
    storage: &dyn Storage,
    id: u64,
    number: u8,
    outcome: Option<&SummaryOutcome>,
) -> Result<Played, ContractError> {
    let round = rounds::get(storage, id, number)?;
    let roster = rounds::roster(storage, id, number)?;
    let deciding = match round.decided {
        Some(line) => Some((line, tally::ballot(storage, id, number, line)?)),
        None => None,
    };
    let names = Names {
        round: number,
        outcome,
        proven: deciding
            .as_ref()
            .filter(|(_, ballot)| outcome.is_some_and(|it| ballot.same_answer(&it.ballot)))
            .map(|(line, _)| *line),
    };
    let mut members = Vec::new();
    let mut acts = Vec::new();
    for (_, worker) in roster.members() {
        let member = members::get(storage, worker, id)?;
        acts.push(act(storage, id, &round, &member, &names)?);
        members.push((worker.clone(), member));
    }
    Ok(Played {
        decided: deciding.map(|(line, ballot)| names.of(line, &ballot)),
        round,
        roster,
        members,
        acts,
    })
}

fn act(
    storage: &dyn Storage,
    id: u64,
    round: &Round,
    member: &Member,
    names: &Names<'_>,
) -> Result<Act, ContractError> {
    Ok(match member.stage {
        Stage::Drawn | Stage::Replaced => Act::Silent,
        Stage::Committed { .. } if round.revealing => Act::Withheld,
        Stage::Committed { .. } => Act::Committed,
        Stage::Revealed { line, .. } => {
            let ballot = tally::ballot(storage, id, member.round, line)?;
            Act::Revealed(names.of(line, &ballot))
        }
    })
}

/// What a ballot of a round counts as when rounds are compared. Traces are bound to their round, so
/// the same answer has another digest in each: in rounds before the standing one it is named by the
/// standing ballot. Where such a round decided for the answer itself, only the very ballot that
/// decided it is meant, for another trace there is a wrong one.
struct Names<'a> {
    round: u8,
    outcome: Option<&'a SummaryOutcome>,
    /// The line that decided the round for the answer that stands.
    proven: Option<u8>,
}

impl Names<'_> {
    fn of(&self, line: u8, ballot: &Ballot) -> Outcome {
        match self.outcome {
            Some(outcome)
                if self.round < outcome.round
                    && ballot.same_answer(&outcome.ballot)
                    && self.proven.is_none_or(|proven| proven == line) =>
            {
                views::outcome_of(&outcome.ballot)
            }
            _ => views::outcome_of(ballot),
        }
    }
}
