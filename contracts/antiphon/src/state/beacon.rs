//! Which tasks wait for which beacon round, and the randomness of rounds that tasks still wait for.

use antiphon_rules::life::Randomness;
use antiphon_rules::windows::Moment;
use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, id_of, load, mark, remove, save, scan};
use crate::error::ContractError;

impl Record for Randomness {
    const NAME: &'static str = "randomness";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.value);
        to.u64(self.published.height).u64(self.published.nanos);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            value: from.array()?,
            published: Moment {
                height: from.u64()?,
                nanos: from.u64()?,
            },
        })
    }
}

pub(crate) fn wait(storage: &mut dyn Storage, beacon_round: u64, task: u64) {
    mark(storage, &keys::wait(beacon_round, task));
}

/// Ends a wait; randomness goes with the last task that waits for it.
pub(crate) fn unwait(storage: &mut dyn Storage, beacon_round: u64, task: u64) {
    remove(storage, &keys::wait(beacon_round, task));
    if first_waiting(storage, beacon_round).is_none() {
        remove(storage, &keys::randomness(beacon_round));
    }
}

/// Tasks that wait for a beacon round, ascending.
pub(crate) fn waiting(
    storage: &dyn Storage,
    beacon_round: u64,
) -> impl Iterator<Item = u64> + use<'_> {
    scan(storage, &keys::waits_for(beacon_round), None).filter_map(|(suffix, _)| id_of(&suffix))
}

/// The lowest id that waits for a beacon round.
pub(crate) fn first_waiting(storage: &dyn Storage, beacon_round: u64) -> Option<u64> {
    waiting(storage, beacon_round).next()
}

/// The next beacon round after `after` that a task waits for.
pub(crate) fn next_awaited(storage: &dyn Storage, after: Option<u64>) -> Option<u64> {
    let after = after.map(|round| [round.to_be_bytes(), [u8::MAX; 8]].concat());
    let (suffix, _) = scan(storage, &keys::waits(), after.as_deref()).next()?;
    id_of(suffix.get(..8)?)
}

pub(crate) fn randomness(
    storage: &dyn Storage,
    beacon_round: u64,
) -> Result<Option<Randomness>, ContractError> {
    load(storage, &keys::randomness(beacon_round))
}

pub(crate) fn set_randomness(storage: &mut dyn Storage, beacon_round: u64, value: &Randomness) {
    save(storage, &keys::randomness(beacon_round), value);
}
