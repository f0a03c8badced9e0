//! The slash meter's level and the height it was stored at.

use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, save};
use crate::error::ContractError;

/// The meter as it was left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) level: u128,
    pub(crate) height: u64,
}

impl Record for Stored {
    const NAME: &'static str = "slash meter";

    fn write(&self, to: &mut Writer) {
        to.u128(self.level).u64(self.height);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            level: from.u128()?,
            height: from.u64()?,
        })
    }
}

/// Empty before the first forfeit.
pub(crate) fn get(storage: &dyn Storage) -> Result<Stored, ContractError> {
    Ok(load(storage, &keys::meter())?.unwrap_or_default())
}

pub(crate) fn set(storage: &mut dyn Storage, stored: Stored) {
    save(storage, &keys::meter(), &stored);
}
