//! The callback of a task in the transitions of that task.

use antiphon_api::{CallbackOver, Uint128};

use crate::error::ContractError;
use crate::state::books::Pot;
use crate::state::{callbacks, config, tasks};
use crate::turn::Turn;

/// Opens the window to deliver: the task is at its end.
pub(crate) fn open_window(turn: &mut Turn<'_>, id: u64) -> Result<(), ContractError> {
    let Some(mut callback) = callbacks::find(turn.storage, id)? else {
        return Ok(());
    };
    let task = tasks::get(turn.storage, id)?;
    let window = config::params_of(turn.storage, task.params_version)?.deliver_window_blocks;
    callback.deadline = turn.height().saturating_add(window);
    callbacks::set(turn.storage, id, &callback);
    Ok(())
}

/// Ends a callback whose window is over; a fee that nobody earned returns to the requester.
pub(crate) fn end_if_over(turn: &mut Turn<'_>, id: u64) -> Result<(), ContractError> {
    let Some(callback) = callbacks::find(turn.storage, id)? else {
        return Ok(());
    };
    if !callback.is_over(turn.height()) {
        return Ok(());
    }
    callbacks::close(turn.storage, id);
    let requester = tasks::get(turn.storage, id)?.requester;
    turn.pay(Pot::DeliverFees, &requester, callback.fee)?;
    turn.emit(CallbackOver {
        task: id,
        refunded: Uint128::new(callback.fee),
    });
    Ok(())
}
