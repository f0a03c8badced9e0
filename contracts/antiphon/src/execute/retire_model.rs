//! `retire_model`: no more tasks of a model; its deposit returns when none is open.

use antiphon_api::ModelRetired;

use crate::error::ContractError;
use crate::flow::deposit;
use crate::state::models;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, model: u64) -> Result<(), ContractError> {
    turn.no_coins()?;
    if models::get(turn.storage, model)?.publisher != turn.sender {
        return Err(ContractError::NotPublisher { model });
    }
    let mut state = models::state(turn.storage, model)?;
    if state.retired {
        return Err(ContractError::ModelRetired { model });
    }
    state.retired = true;
    models::set_state(turn.storage, model, &state);
    turn.emit(ModelRetired { model });
    deposit::give_back_if_idle(turn, model)
}
