//! Who the owner is.

use antiphon_api::OwnerChanged;

use crate::error::ContractError;
use crate::state::config::{self, Config};
use crate::state::owner;
use crate::turn::Turn;

/// Refuses everybody but the owner, and coins.
pub(crate) fn check(turn: &Turn<'_>) -> Result<(), ContractError> {
    turn.no_coins()?;
    match config::get(turn.storage)?.owner {
        Some(owner) if owner == turn.sender_text().as_str() => Ok(()),
        owner => Err(ContractError::NotOwner {
            owner: owner.unwrap_or_else(|| "nobody".to_owned()),
        }),
    }
}

/// Refuses while the owner has paused new tasks and models.
pub(crate) fn check_running(turn: &Turn<'_>) -> Result<(), ContractError> {
    match owner::is_paused(turn.storage) {
        true => Err(ContractError::Paused),
        false => Ok(()),
    }
}

/// Another owner, or none for ever; an offer that stood is void.
pub(crate) fn set(turn: &mut Turn<'_>, owner: Option<String>) -> Result<(), ContractError> {
    owner::set_pending(turn.storage, None);
    let config = config::get(turn.storage)?;
    config::set(
        turn.storage,
        &Config {
            owner: owner.clone(),
            ..config
        },
    )?;
    turn.emit(OwnerChanged { owner });
    Ok(())
}
