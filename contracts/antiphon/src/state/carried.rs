//! Prompts that tasks carry: kept whole while the task is open.

use cosmwasm_std::Storage;

use super::keys;
use super::record::remove;

pub(crate) fn set(storage: &mut dyn Storage, task: u64, block: &[u8]) {
    storage.set(keys::carried(task).as_slice(), block);
}

/// None unless the task is open and carries its prompt.
pub(crate) fn get(storage: &dyn Storage, task: u64) -> Option<Vec<u8>> {
    storage.get(keys::carried(task).as_slice())
}

/// Forgets the prompt: its task is at its end.
pub(crate) fn close(storage: &mut dyn Storage, task: u64) {
    remove(storage, &keys::carried(task));
}
