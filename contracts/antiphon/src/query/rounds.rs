//! One round with its members: live while the task is open, from the summary afterwards.

use antiphon_api::{AppealInfo, ConductInfo, Hex, MemberInfo, RoundResponse, TallyLine, Uint128};
use antiphon_rules::rounds as sizes;
use cosmwasm_std::{CanonicalAddr, Deps};

use super::text;
use crate::error::ContractError;
use crate::state::rounds::Opener;
use crate::state::summaries::{self, Summary, SummaryMember};
use crate::state::tasks;
use crate::state::{members, phases, rounds, tally, workers};

#[inline(never)]
pub(super) fn one(deps: Deps<'_>, id: u64, round: u8) -> Result<RoundResponse, ContractError> {
    let task = tasks::get(deps.storage, id)?;
    match phases::find(deps.storage, id)? {
        Some(phase) if round <= phase.round => live(deps, id, round),
        Some(phase) => Err(unknown(id, round, phase.round)),
        None => {
            let summary = summaries::find(deps.storage, id)?.ok_or(ContractError::Missing {
                record: "summary",
                id,
            })?;
            ended(deps, id, round, task.lock, &summary)
        }
    }
}

const fn unknown(task: u64, got: u8, most: u8) -> ContractError {
    ContractError::UnknownRound { task, got, most }
}

fn live(deps: Deps<'_>, id: u64, number: u8) -> Result<RoundResponse, ContractError> {
    let round = rounds::get(deps.storage, id, number)?;
    let roster = rounds::roster(deps.storage, id, number)?;
    let serving = roster.members().map(|(_, worker)| worker);
    let tally = tally::lines(deps.storage, id, number)?;
    Ok(RoundResponse {
        task: id,
        round: number,
        size: round.size.into(),
        quorum: sizes::quorum(round.size.into()),
        opened: round.state.opened.height,
        appeal: appeal(deps, &round.opener)?,
        members: serving
            .map(|worker| live_member(deps, id, worker))
            .collect::<Result<_, _>>()?,
        replaced: roster
            .replaced
            .iter()
            .map(|worker| live_member(deps, id, worker))
            .collect::<Result<_, _>>()?,
        tally: tally
            .into_iter()
            .map(|(line, ballot)| TallyLine {
                ballot,
                votes: line.votes.into(),
            })
            .collect(),
    })
}

fn appeal(deps: Deps<'_>, opener: &Opener) -> Result<Option<AppealInfo>, ContractError> {
    Ok(match opener {
        Opener::Appeal { by, bond } => Some(AppealInfo {
            by: text(deps, by)?,
            bond: Uint128::new(*bond),
        }),
        Opener::Post | Opener::Undecided => None,
    })
}

fn live_member(
    deps: Deps<'_>,
    id: u64,
    worker: &CanonicalAddr,
) -> Result<MemberInfo, ContractError> {
    let member = members::get(deps.storage, worker, id)?;
    let ballot = member
        .line()
        .map(|line| tally::ballot(deps.storage, id, member.round, line))
        .transpose()?;
    Ok(MemberInfo {
        worker: text(deps, worker)?,
        position: member.position.into(),
        endpoint: workers::profile(deps.storage, worker)?.endpoint,
        commitment: member.commitment().map(Hex),
        ballot,
        conduct: None,
        paid: Uint128::zero(),
        forfeited: Uint128::zero(),
    })
}

fn ended(
    deps: Deps<'_>,
    id: u64,
    number: u8,
    lock: u128,
    summary: &Summary,
) -> Result<RoundResponse, ContractError> {
    let last = u8::try_from(summary.rounds.len().saturating_sub(1)).unwrap_or(u8::MAX);
    let round = summary
        .rounds
        .get(usize::from(number))
        .ok_or(unknown(id, number, last))?;
    let taken = match summary.settlement.slash_withheld {
        true => 0,
        false => lock,
    };
    let list = |replaced: bool| {
        round
            .members
            .iter()
            .filter(|member| member.replaced == replaced)
            .map(|member| ended_member(deps, member, taken))
            .collect::<Result<_, _>>()
    };
    Ok(RoundResponse {
        task: id,
        round: number,
        size: round.size.into(),
        quorum: sizes::quorum(round.size.into()),
        opened: round.opened,
        appeal: None,
        members: list(false)?,
        replaced: list(true)?,
        tally: Vec::new(),
    })
}

fn ended_member(
    deps: Deps<'_>,
    member: &SummaryMember,
    taken: u128,
) -> Result<MemberInfo, ContractError> {
    let forfeited = match member.conduct {
        ConductInfo::Wrong | ConductInfo::Withheld => taken,
        _ => 0,
    };
    Ok(MemberInfo {
        worker: text(deps, &member.worker)?,
        position: member.position.into(),
        endpoint: workers::profile(deps.storage, &member.worker)?.endpoint,
        commitment: None,
        ballot: None,
        conduct: Some(member.conduct),
        paid: Uint128::new(member.paid),
        forfeited: Uint128::new(forfeited),
    })
}
