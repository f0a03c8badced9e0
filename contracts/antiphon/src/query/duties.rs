//! What a worker must do now, found by its memberships.

use antiphon_api::{DutiesResponse, Duty, DutyAction, Hex, PageLimit};
use antiphon_rules::life::{Admission, Phase, Status};
use cosmwasm_std::{Deps, Env, HexBinary};

use super::tasks::next_block;
use super::text;
use crate::error::ContractError;
use crate::flow::OpenTask;
use crate::flow::facts::terms;
use crate::state::members::{self, Member, Stage};
use crate::state::{carried, models, phases, tasks};
use crate::validate;

/// Memberships looked at in one query, most of them idle: `next` leads past them.
/// Each costs about 2,500 gas, so that the whole stays inside the query limit of 3 M.
const MAX_SCANNED: usize = 500;

#[inline(never)]
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
    let mut last = None;
    let mut entries = members::of_worker(deps.storage, &worker, after);
    for entry in entries.by_ref().take(MAX_SCANNED) {
        let (id, member) = entry?;
        last = Some(id);
        duties.extend(duty_of(deps, env, id, &member)?);
        if duties.len() >= limit {
            break;
        }
    }
    Ok(DutiesResponse {
        height: env.block.height,
        duties,
        next: entries.next().and(last),
    })
}

/// What a membership asks for now, if anything.
fn duty_of(
    deps: Deps<'_>,
    env: &Env,
    id: u64,
    member: &Member,
) -> Result<Option<Duty>, ContractError> {
    let Some(phase) = phases::find(deps.storage, id)? else {
        return Ok(None);
    };
    if phase.round != member.round || !is_active(&phase) {
        return Ok(None);
    }
    let task = tasks::get(deps.storage, id)?;
    let open = OpenTask { task, phase };
    action(deps, env, id, &open, member)?
        .map(|(action, deadline)| duty(deps, id, &open, member, action, deadline))
        .transpose()
}

const fn is_active(phase: &Phase) -> bool {
    matches!(phase.status, Status::Committing | Status::Revealing)
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
    let commits = phase.admits_commit(next).is_ok();
    Ok(match member.stage {
        Stage::Drawn if commits => Some((DutyAction::Commit, phase.deadline)),
        Stage::Committed { .. } if commits => Some((DutyAction::Wait, phase.deadline)),
        Stage::Committed { .. } => {
            let votes = phases::votes(deps.storage, id)?;
            match phase.admits_reveal(&votes, next) {
                Ok(Admission::Now) => Some((DutyAction::Reveal, phase.deadline)),
                Ok(Admission::Moves) => {
                    let moved = phase.reveal(next, &terms(deps.storage, &open.task)?);
                    Some((DutyAction::Reveal, moved.deadline))
                }
                Err(_) => None,
            }
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
        block: carried::get(deps.storage, id).map(HexBinary::from),
    })
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::testing::{MockApi, mock_dependencies, mock_env};

    use super::*;

    #[test]
    fn idle_memberships_fill_a_scan_and_next_leads_past_them() {
        let mut deps = mock_dependencies();
        let worker = MockApi::default().addr_make("worker");
        let account = validate::account(&deps.api, worker.as_str()).unwrap();
        let idle = Member {
            round: 0,
            position: 0,
            stage: Stage::Drawn,
        };
        let last = u64::try_from(MAX_SCANNED).unwrap() + 1;
        for task in 1..=last {
            members::set(&mut deps.storage, &account, task, &idle);
        }
        let next = |after| {
            let found = page(deps.as_ref(), &mock_env(), worker.as_str(), after, None).unwrap();
            assert_eq!(found.duties, []);
            found.next
        };
        assert_eq!(next(None), Some(last - 1));
        assert_eq!(next(Some(1)), None);
        assert_eq!(next(Some(last - 1)), None);
    }
}
