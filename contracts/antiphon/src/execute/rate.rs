//! `rate`: whether the answer of a final task was good, said once by who paid for it.

use antiphon_api::{Ballot, TaskRated, TaskStatus, Uint128};

use crate::error::ContractError;
use crate::state::{ratings, summaries, tasks};
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, id: u64, good: bool) -> Result<(), ContractError> {
    turn.no_coins()?;
    let task = tasks::get(turn.storage, id)?;
    if task.requester != turn.sender {
        return Err(ContractError::NotRequester { task: id });
    }
    let summary = summaries::find(turn.storage, id)?;
    let answered = summary.filter(|summary| {
        let outcome = summary.outcome.as_ref().map(|outcome| &outcome.ballot);
        summary.status == TaskStatus::Final && matches!(outcome, Some(Ballot::Answer { .. }))
    });
    let Some(summary) = answered else {
        return Err(ContractError::NoAnswer { task: id });
    };
    if ratings::of_task(turn.storage, id)?.is_some() {
        return Err(ContractError::Rated { task: id });
    }
    let fees = summary.settlement.paid.u128();
    ratings::add(turn.storage, task.model, id, good, fees)?;
    turn.emit(TaskRated {
        task: id,
        model: task.model,
        good,
        fees: Uint128::new(fees),
    });
    Ok(())
}
