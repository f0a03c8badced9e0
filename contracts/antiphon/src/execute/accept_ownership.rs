//! `accept_ownership`: takes the ownership that was offered to the sender.

use crate::error::ContractError;
use crate::flow::owner;
use crate::state;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    turn.no_coins()?;
    if state::owner::pending(turn.storage)?.as_ref() != Some(&turn.sender) {
        return Err(ContractError::NotOffered);
    }
    let owner = turn.sender_text().to_string();
    owner::set(turn, Some(owner))
}
