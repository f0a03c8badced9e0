//! What several messages share: the transitions of a task, and the workers' money in them.

pub(crate) mod callback;
pub(crate) mod deposit;
pub(crate) mod draw;
pub(crate) mod facts;
pub(crate) mod open;
pub(crate) mod owner;
pub(crate) mod refusal;
pub(crate) mod settle;
pub(crate) mod transition;
pub(crate) mod worker;

#[cfg(test)]
mod tests;

use antiphon_rules::life::Phase;
use cosmwasm_std::Storage;

use crate::error::ContractError;
use crate::state::phases;
use crate::state::tasks::{self, Task};

/// A task that is not at its end.
#[derive(Clone, Debug)]
pub(crate) struct OpenTask {
    pub(crate) task: Task,
    pub(crate) phase: Phase,
}

/// None if the task is unknown or at its end.
pub(crate) fn open_task(storage: &dyn Storage, id: u64) -> Result<Option<OpenTask>, ContractError> {
    let Some(phase) = phases::find(storage, id)? else {
        return Ok(None);
    };
    let task = tasks::get(storage, id)?;
    Ok(Some(OpenTask { task, phase }))
}
