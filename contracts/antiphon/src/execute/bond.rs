//! `bond`: adds the attached coins to the sender's bond; the first one makes it a worker.

use antiphon_api::{Bonded, Uint128};

use crate::error::ContractError;
use crate::state::books::Pot;
use crate::state::workers;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    let amount = turn.require_coins()?;
    turn.charge_sender(Pot::Bonds, amount)?;
    let mut stake = workers::stake(turn.storage, &turn.sender)?.unwrap_or_default();
    stake.add(amount, turn.height())?;
    workers::set_stake(turn.storage, &turn.sender, &stake);
    turn.emit(Bonded {
        worker: turn.sender_text().to_string(),
        amount: Uint128::new(amount),
        bond: Uint128::new(stake.bond),
    });
    Ok(())
}
