//! `deposit`: credits the attached coins to the sender.

use antiphon_api::{Deposited, Uint128};

use crate::error::ContractError;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    let amount = turn.require_coins()?;
    turn.emit(Deposited {
        account: turn.sender_text().to_string(),
        amount: Uint128::new(amount),
    });
    Ok(())
}
