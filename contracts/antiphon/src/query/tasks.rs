//! Tasks, open ones from their phase, ended ones from their summary; and the answer index.

use antiphon_api::{
    AnswerEntry, AnswerResponse, CallbackInfo, Cid, Hex, PageLimit, TaskFilter, TaskResponse,
    TaskStatus, TasksResponse, Uint128,
};
use antiphon_rules::life::{Due, Status};
use antiphon_rules::rounds as sizes;
use antiphon_rules::windows::Moment;
use cosmwasm_std::{Deps, Env, Storage};

use super::text;
use crate::error::ContractError;
use crate::execute::appeal::next_round;
use crate::flow::OpenTask;
use crate::flow::facts::due_of;
use crate::state::callbacks::{self, Callback};
use crate::state::summaries::{self, Summary};
use crate::state::tasks::{self, Task};
use crate::state::{answers, models, phases, ratings, rounds, tally};
use crate::turn::moment;

#[inline(never)]
pub(super) fn one(deps: Deps<'_>, env: &Env, id: u64) -> Result<TaskResponse, ContractError> {
    let task = tasks::get(deps.storage, id)?;
    let response = posted(deps, id, &task)?;
    match phases::find(deps.storage, id)? {
        Some(phase) => open(deps, env, id, OpenTask { task, phase }, response),
        None => {
            let summary = summaries::find(deps.storage, id)?.ok_or(ContractError::Missing {
                record: "summary",
                id,
            })?;
            Ok(done(summary, response))
        }
    }
}

#[inline(never)]
pub(super) fn page(
    deps: Deps<'_>,
    env: &Env,
    filter: TaskFilter,
    after: Option<u64>,
    limit: Option<u32>,
) -> Result<TasksResponse, ContractError> {
    let limit = PageLimit::new(limit).get();
    let ids: Vec<u64> = match filter {
        TaskFilter::Open => tasks::open(deps.storage, after).take(limit).collect(),
        TaskFilter::Done => summaries::done(deps.storage, after).take(limit).collect(),
    };
    let tasks = ids
        .into_iter()
        .map(|id| one(deps, env, id))
        .collect::<Result<_, _>>()?;
    Ok(TasksResponse { tasks })
}

/// The next block as far as anybody knows: one higher, and not earlier.
#[inline(never)]
pub(super) fn next_block(env: &Env) -> Moment {
    let now = moment(&env.block);
    Moment {
        height: now.height.saturating_add(1),
        ..now
    }
}

/// What was fixed at post; the rest as of an empty round 0.
fn posted(deps: Deps<'_>, id: u64, task: &Task) -> Result<TaskResponse, ContractError> {
    let holders = task.holders.iter().map(|holder| text(deps, holder));
    Ok(TaskResponse {
        task: id,
        model: task.model,
        manifest: models::get(deps.storage, task.model)?.manifest,
        requester: text(deps, &task.requester)?,
        prompt: task.prompt,
        prompt_bytes: task.prompt_bytes,
        max_output_tokens: task.max_output_tokens,
        holders: holders.collect::<Result<_, _>>()?,
        task_digest: Hex(task.digest),
        params_version: task.params_version,
        committee: task.committee.into(),
        rounds_possible: task.rounds_possible,
        posted: task.posted,
        posted_time: task.posted_time,
        status: TaskStatus::Drawing,
        round: 0,
        size: task.committee.into(),
        quorum: sizes::quorum(task.committee.into()),
        members: 0,
        committed: 0,
        revealed: 0,
        entered: task.posted,
        deadline: None,
        waits_for: None,
        due: false,
        undecided: false,
        outcome: None,
        outcome_round: None,
        outcome_votes: None,
        contested: false,
        escrow: Uint128::new(task.escrow()?),
        full_fee: Uint128::new(task.full_fee),
        lock: Uint128::new(task.lock),
        settlement: None,
        carried: task.carried,
        appeal_bond: None,
        callback: callbacks::find(deps.storage, id)?.map(callback),
        rated: ratings::of_task(deps.storage, id)?,
    })
}

fn open(
    deps: Deps<'_>,
    env: &Env,
    id: u64,
    open: OpenTask,
    response: TaskResponse,
) -> Result<TaskResponse, ContractError> {
    let storage = deps.storage;
    let due = due_of(storage, id, &open, next_block(env))?;
    let votes = phases::votes(storage, id)?;
    let appeal = match open.phase.admits_appeal(next_block(env).height) {
        Ok(()) => next_round(&open)?,
        Err(_) => None,
    };
    let phase = open.phase;
    let waits_for = match phase.status {
        Status::Drawing => Some(rounds::get(storage, id, phase.round)?.state.waits_for),
        _ => None,
    };
    let outcome = phase
        .standing
        .map(|it| tally::ballot(storage, id, it.round, it.line))
        .transpose()?;
    Ok(TaskResponse {
        status: status(phase.status),
        round: phase.round,
        size: phase.size.into(),
        quorum: phase.quorum(),
        members: phase.members.into(),
        committed: votes.committed.into(),
        revealed: votes.revealed.into(),
        entered: phase.entered,
        deadline: Some(phase.deadline).filter(|deadline| *deadline != 0),
        waits_for: waits_for.filter(|round| *round != 0),
        due: due != Due::Wait,
        undecided: due == Due::Undecided,
        outcome,
        outcome_round: phase.standing.map(|it| it.round),
        outcome_votes: phase.standing.map(|it| it.votes.into()),
        contested: phase.contested,
        appeal_bond: appeal.map(|(_, _, bond)| Uint128::new(bond)),
        ..response
    })
}

const fn status(status: Status) -> TaskStatus {
    match status {
        Status::Drawing => TaskStatus::Drawing,
        Status::Committing => TaskStatus::Committing,
        Status::Revealing => TaskStatus::Revealing,
        Status::Answered => TaskStatus::Answered,
    }
}

fn callback(callback: Callback) -> CallbackInfo {
    CallbackInfo {
        gas_limit: callback.gas_limit,
        with_text: callback.with_text,
        fee: Uint128::new(callback.fee),
        deadline: Some(callback.deadline).filter(|deadline| *deadline != 0),
    }
}

fn done(summary: Summary, response: TaskResponse) -> TaskResponse {
    let last = summary.rounds.len().saturating_sub(1);
    let size = summary.rounds.get(last).map_or(0, |round| round.size);
    let serving = summary.rounds.get(last).map_or(0, |round| {
        round.members.iter().filter(|it| !it.replaced).count()
    });
    let outcome = summary.outcome;
    TaskResponse {
        status: summary.status,
        round: u8::try_from(last).unwrap_or(u8::MAX),
        size: size.into(),
        quorum: sizes::quorum(size.into()),
        members: u32::try_from(serving).unwrap_or(u32::MAX),
        committed: summary.committed.into(),
        revealed: summary.revealed.into(),
        entered: summary.entered,
        outcome_round: outcome.as_ref().map(|it| it.round),
        outcome_votes: outcome.as_ref().map(|it| it.votes.into()),
        outcome: outcome.map(|it| it.ballot),
        contested: summary.contested,
        settlement: Some(summary.settlement),
        ..response
    }
}

#[inline(never)]
pub(super) fn answer(
    storage: &dyn Storage,
    model: u64,
    prompt: &Cid,
) -> Result<AnswerResponse, ContractError> {
    models::get(storage, model)?;
    let answer = answers::find(storage, model, prompt)?.map(|entry| AnswerEntry {
        task: entry.task,
        ballot: entry.ballot,
        committee: entry.committee.into(),
        votes: entry.votes.into(),
        height: entry.height,
        conflict: entry.conflict,
    });
    Ok(AnswerResponse { answer })
}
