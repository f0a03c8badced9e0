//! What the members of every round did, in the words of the rules.

use antiphon_api::{Ballot, TaskStatus};
use antiphon_rules::{Act, Outcome};
use cosmwasm_std::{CanonicalAddr, Storage};

use crate::error::ContractError;
use crate::flow::OpenTask;
use crate::state::answers::same_answer;
use crate::state::members::{Member, Stage};
use crate::state::rounds::{Roster, Round};
use crate::state::summaries::SummaryOutcome;
use crate::state::{members, rounds, tally};
use crate::views;

/// One round with everything judging needs.
pub(super) struct Played {
    pub(super) round: Round,
    pub(super) roster: Roster,
    /// Members by position.
    pub(super) members: Vec<(CanonicalAddr, Member)>,
    pub(super) acts: Vec<Act>,
}

/// Reads what the members of a round did.
pub(super) fn play(
    storage: &dyn Storage,
    id: u64,
    open: &OpenTask,
    number: u8,
    outcome: Option<&SummaryOutcome>,
) -> Result<Played, ContractError> {
    let mut round = rounds::get(storage, id, number)?;
    if number == open.phase.round {
        let status = open.phase.status;
        round.revealing |= matches!(status, TaskStatus::Revealing | TaskStatus::Answered);
    }
    if let Some(standing) = open.phase.standing.filter(|it| it.round == number) {
        round.decided = Some(standing.line);
    }
    let roster = rounds::roster(storage, id, number)?;
    let mut members = Vec::new();
    let mut acts = Vec::new();
    for (_, worker) in roster.members() {
        let member = members::get(storage, worker, id)?;
        acts.push(act(storage, id, &round, &member, outcome)?);
        members.push((worker.clone(), member));
    }
    Ok(Played {
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
    outcome: Option<&SummaryOutcome>,
) -> Result<Act, ContractError> {
    Ok(match member.stage {
        Stage::Drawn | Stage::Replaced => Act::Silent,
        Stage::Committed { .. } if round.revealing => Act::Withheld,
        Stage::Committed { .. } => Act::Committed,
        Stage::Revealed { line, .. } => {
            let ballot = tally::ballot(storage, id, member.round, line)?;
            Act::Revealed(across_rounds(round, member.round, line, &ballot, outcome))
        }
    })
}

/// What a ballot counts as when rounds are compared. Traces are bound to their round, so the same
/// answer has another digest in each: in rounds before the standing one it is named by the standing
/// ballot. Where such a round decided for the answer, only the very ballot that decided it is
/// meant, for another trace there is a wrong one.
fn across_rounds(
    round: &Round,
    number: u8,
    line: u8,
    ballot: &Ballot,
    outcome: Option<&SummaryOutcome>,
) -> Outcome {
    let exact = views::outcome_of(ballot);
    match outcome {
        Some(outcome)
            if number < outcome.round
                && same_answer(ballot, &outcome.ballot)
                && round.decided.is_none_or(|decided| decided == line) =>
        {
            views::outcome_of(&outcome.ballot)
        }
        _ => exact,
    }
}
