//! Callbacks: what contracts that asked still have to be told.

use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, remove, save};
use crate::error::ContractError;

/// One that is not yet delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Callback {
    pub(crate) gas_limit: u64,
    pub(crate) with_text: bool,
    /// What delivering it earns; zero once it was paid.
    pub(crate) fee: u128,
    /// Last height at which it can be delivered; 0 while the task is open.
    pub(crate) deadline: u64,
}

impl Record for Callback {
    const NAME: &'static str = "callback";

    fn write(&self, to: &mut Writer) {
        to.u64(self.gas_limit).bool(self.with_text);
        to.u128(self.fee).u64(self.deadline);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            gas_limit: from.u64()?,
            with_text: from.bool()?,
            fee: from.u128()?,
            deadline: from.u64()?,
        })
    }
}

impl Callback {
    /// The task is at its end and the window to deliver is open.
    pub(crate) const fn can_deliver(&self, height: u64) -> bool {
        self.deadline != 0 && height <= self.deadline
    }

    /// The window to deliver is over.
    pub(crate) const fn is_over(&self, height: u64) -> bool {
        self.deadline != 0 && height > self.deadline
    }
}

pub(crate) fn find(storage: &dyn Storage, task: u64) -> Result<Option<Callback>, ContractError> {
    load(storage, &keys::callback(task))
}

pub(crate) fn set(storage: &mut dyn Storage, task: u64, callback: &Callback) {
    save(storage, &keys::callback(task), callback);
}

pub(crate) fn close(storage: &mut dyn Storage, task: u64) {
    remove(storage, &keys::callback(task));
}
