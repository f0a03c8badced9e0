//! What the owner can change: the pause, the offer of ownership, and when amounts last changed.

use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{load, mark, remove, save};
use crate::error::ContractError;

pub(crate) fn is_paused(storage: &dyn Storage) -> bool {
    storage.get(keys::paused().as_slice()).is_some()
}

pub(crate) fn set_paused(storage: &mut dyn Storage, paused: bool) {
    match paused {
        true => mark(storage, &keys::paused()),
        false => remove(storage, &keys::paused()),
    }
}

/// Who was offered the ownership.
pub(crate) fn pending(storage: &dyn Storage) -> Result<Option<CanonicalAddr>, ContractError> {
    load(storage, &keys::pending_owner())
}

pub(crate) fn set_pending(storage: &mut dyn Storage, to: Option<&CanonicalAddr>) {
    match to {
        Some(account) => save(storage, &keys::pending_owner(), account),
        None => remove(storage, &keys::pending_owner()),
    }
}

/// Height at which amounts among the parameters last changed; none if they never did.
pub(crate) fn amounts_updated(storage: &dyn Storage) -> Result<Option<u64>, ContractError> {
    load(storage, &keys::amounts_updated())
}

pub(crate) fn set_amounts_updated(storage: &mut dyn Storage, height: u64) {
    save(storage, &keys::amounts_updated(), &height);
}
