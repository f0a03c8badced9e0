//! `leave_model`: takes the offer back; memberships in open tasks stay.

use crate::error::ContractError;
use crate::flow::worker::remove_seats;
use crate::state::seats;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, model: u64) -> Result<(), ContractError> {
    turn.no_coins()?;
    let slot = seats::slot_of(turn.storage, &turn.sender, model)?
        .ok_or(ContractError::NotSeated { model })?;
    remove_seats(turn, model, &[slot], false)
}
