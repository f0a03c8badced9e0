//! What the members of every round did, in the words of the rules.

use antiphon_rules::{Act, Names, Outcome};
use cosmwasm_std::{CanonicalAddr, Storage};

use crate::error::ContractError;
use crate::state::members::Member;
use crate::state::rounds::{Roster, Round};
use crate::state::summaries::SummaryOutcome;
use crate::state::{members, rounds, tally};

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
    let deciding = round.state.decided;
    let deciding = deciding.map(|line| tally::ballot(storage, id, number, line));
    let deciding = deciding.transpose()?;
    let standing = outcome.map(|outcome| (outcome.round, &outcome.ballot));
    let names = Names::new(number, standing, deciding.as_ref());
    let mut members = Vec::new();
    let mut acts = Vec::new();
    for (_, worker) in roster.members() {
        let member = members::get(storage, worker, id)?;
        acts.push(act(storage, id, &round, &member, &names)?);
        members.push((worker.clone(), member));
    }
    Ok(Played {
        decided: deciding.as_ref().map(|ballot| names.of(ballot)),
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
    let said = match member.line() {
        Some(line) => Some(names.of(&tally::ballot(storage, id, member.round, line)?)),
        None => None,
    };
    let committed = member.commitment().is_some();
    Ok(Act::of(committed, said, round.state.revealing))
}
