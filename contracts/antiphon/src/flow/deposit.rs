//! The deposit of a model's publisher.

use antiphon_api::{DepositReturned, Uint128};

use crate::error::ContractError;
use crate::state::books::Pot;
use crate::state::models;
use crate::turn::Turn;

/// Gives the deposit of a retired model back once none of its tasks is open.
pub(crate) fn give_back_if_idle(turn: &mut Turn<'_>, model: u64) -> Result<(), ContractError> {
    let mut state = models::state(turn.storage, model)?;
    if !state.retired || state.open_tasks > 0 || state.deposit == 0 {
        return Ok(());
    }
    let amount = std::mem::take(&mut state.deposit);
    models::set_state(turn.storage, model, &state);
    let publisher = models::get(turn.storage, model)?.publisher;
    turn.pay(Pot::ModelDeposits, &publisher, amount)?;
    turn.emit(DepositReturned {
        model,
        amount: Uint128::new(amount),
    });
    Ok(())
}
