//! What a worker must do now, found by its memberships.

use antiphon_api::{DutiesResponse, Duty, DutyAction, Hex, PageLimit, TaskStatus};
use antiphon_rules::windows;
use cosmwasm_std::{Deps, Env};

use super::tasks::next_block;
use super::text;
use crate::error::ContractError;
use crate::flow::OpenTask;
use crate::state::members::{self, Member, Stage};
use crate::state::phases::{self, Phase};
use crate::state::{config, models, tasks};
use crate::validate;

/// Memberships looked at in one query, most of them idle: a worker with more has to page past them.
/// Each costs about 2,500 gas, so that the whole stays inside the query limit of 3 M.
const MAX_SCANNED: usize = 500;

pub(super) fn page(
    deps: Deps<'_>,
    env: &Env,
    worker: &str,
    after: Option<u64>,
    limit: Option<u32>,
) -> Result<DutiesResponse, ContractError> {
    let worker = validate::account(deps.api, worker)?;
    let limit = PageLimit::new(limit).get();
    let mut duties = Vec::new();
    for entry in members::of_worker(deps.storage, &worker, after).take(MAX_SCANNED) {
        let (id, member) = entry?;
        let Some(phase) = phases::find(deps.storage, id)? else {
            continue;
        };
        if phase.round != member.round || !is_active(&phase) {
            continue;
        }
        let task = tasks::get(deps.storage, id)?;
        let open = OpenTask { task, phase };
        if let Some((action, deadline)) = action(deps, env, id, &open, &member)? {
            duties.push(duty(deps, id, &open, &member, action, deadline)?);
        }
        if duties.len() >= limit {
            break;
        }
    }
    Ok(DutiesResponse {
        height: env.block.height,
        duties,
    })
}

const fn is_active(phase: &Phase) -> bool {
    matches!(phase.status, TaskStatus::Committing | TaskStatus::Revealing)
}

/// What the member can do in the next block, and until when.
fn action(
    deps: Deps<'_>,
    env: &Env,
    id: u64,
    open: &OpenTask,
    member: &Member,
) -> Result<Option<(DutyAction, u64)>, ContractError> {
    let phase = &open.phase;
    let next = next_block(env).height;
    let over = phase.is_over(next);
    Ok(match (phase.status, member.stage) {
        (TaskStatus::Committing, Stage::Drawn) if !over => {
            Some((DutyAction::Commit, phase.deadline))
        }
        (TaskStatus::Committing, Stage::Committed { .. }) if !over => {
            Some((DutyAction::Wait, phase.deadline))
        }
        (TaskStatus::Committing, Stage::Committed { .. }) => {
            // The window is over: with a quorum of commits, a reveal itself moves the round.
            let committed = phases::counters(deps.storage, id)?.committed;
            let params = config::params_of(deps.storage, open.task.params_version)?;
            let deadline = windows::last_height(next, params.reveal_window_blocks);
            (u32::from(committed) >= phase.quorum()).then_some((DutyAction::Reveal, deadline))
        }
        (TaskStatus::Revealing, Stage::Committed { .. }) if !over => {
            Some((DutyAction::Reveal, phase.deadline))
        }
        _ => None,
    })
}

fn duty(
    deps: Deps<'_>,
    id: u64,
    open: &OpenTask,
    member: &Member,
    action: DutyAction,
    deadline: u64,
) -> Result<Duty, ContractError> {
    let task = &open.task;
    let holders = task.holders.iter().map(|holder| text(deps, holder));
    Ok(Duty {
        task: id,
        round: member.round,
        action,
        deadline,
        position: member.position.into(),
        task_digest: Hex(task.digest),
        model: task.model,
        manifest: models::get(deps.storage, task.model)?.manifest,
        prompt: task.prompt,
        prompt_bytes: task.prompt_bytes,
        max_output_tokens: task.max_output_tokens,
        holders: holders.collect::<Result<_, _>>()?,
        commitment: member.commitment().map(Hex),
    })
}
