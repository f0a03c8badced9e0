//! Leaves one row of a task and removes everything else but what was posted.

use antiphon_api::{ConductInfo, SettlementInfo, TaskStatus};
use antiphon_rules::settle::{MemberResult, Settlement};

use super::played::Played;
use crate::error::ContractError;
use crate::flow::{OpenTask, callback, deposit};
use crate::state::members::Member;
use crate::state::summaries::{Summary, SummaryMember, SummaryOutcome, SummaryRound};
use crate::state::{carried, members, models, phases, rounds, summaries, tally};
use crate::turn::Turn;
use crate::views;

/// Writes the summary and removes everything else but what was posted.
pub(super) fn run(
    turn: &mut Turn<'_>,
    id: u64,
    open: &OpenTask,
    played: &[Played],
    settlement: &Settlement,
    outcome: Option<SummaryOutcome>,
    info: SettlementInfo,
) -> Result<(), ContractError> {
    let last = played.last().map_or(&[][..], |played| &played.members);
    let count = |did: fn(&Member) -> bool| {
        let members = last.iter().filter(|(_, member)| did(member));
        u8::try_from(members.count()).unwrap_or(u8::MAX)
    };
    let mut results = settlement.members.iter();
    let summary = Summary {
        status: match outcome {
            Some(_) => TaskStatus::Final,
            None => TaskStatus::Failed,
        },
        entered: turn.height(),
        contested: open.phase.contested,
        committed: count(|member| member.commitment().is_some()),
        revealed: count(|member| member.line().is_some()),
        outcome,
        settlement: info,
        rounds: played
            .iter()
            .map(|played| summarise(played, &mut results))
            .collect(),
    };
    summaries::set(turn.storage, id, &summary);
    for (number, played) in (0..=u8::MAX).zip(played) {
        let serving = played.members.iter().map(|(worker, _)| worker);
        for worker in serving.chain(&played.roster.replaced) {
            members::close(turn.storage, worker, id);
        }
        tally::close(turn.storage, id, number)?;
        rounds::close(turn.storage, id, number);
    }
    phases::close(turn.storage, id);
    let serving: usize = played.iter().map(|played| played.members.len()).sum();
    models::update_state(turn.storage, open.task.model, |state| {
        state.busy = state.busy.checked_sub(u32::try_from(serving).ok()?)?;
        state.open_tasks = state.open_tasks.checked_sub(1)?;
        Some(())
    })?;
    if open.task.carried {
        carried::close(turn.storage, id);
    }
    callback::open_window(turn, id)?;
    deposit::give_back_if_idle(turn, open.task.model)
}

fn summarise<'a>(
    played: &Played,
    results: &mut impl Iterator<Item = &'a MemberResult>,
) -> SummaryRound {
    let serving = played
        .members
        .iter()
        .zip(results)
        .map(|((worker, member), result)| SummaryMember {
            worker: worker.clone(),
            position: member.position,
            replaced: false,
            conduct: views::conduct(result.conduct),
            paid: result.paid,
        });
    let replaced = played.roster.replaced.iter().map(|worker| SummaryMember {
        worker: worker.clone(),
        position: 0,
        replaced: true,
        conduct: ConductInfo::Silent,
        paid: 0,
    });
    SummaryRound {
        size: played.round.size,
        opened: played.round.state.opened.height,
        members: serving.chain(replaced).collect(),
    }
}
