//! Seats: 4,096 slots a model, a bitmap of the occupied ones, and an index by worker. No seat ever
//! moves.

use antiphon_api::SLOTS_PER_MODEL;
use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, id_of, load, remove, save, scan};
use crate::error::ContractError;

/// Bit `s mod 8`, least significant first, of byte `s div 8` is slot `s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bitmap(pub(crate) [u8; 512]);

impl Record for Bitmap {
    const NAME: &'static str = "bitmap";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self(from.array()?))
    }
}

impl Record for u16 {
    const NAME: &'static str = "slot";

    fn write(&self, to: &mut Writer) {
        to.u16(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        from.u16()
    }
}

impl Bitmap {
    fn lowest_free(&self) -> Option<u16> {
        let byte = self.0.iter().position(|byte| *byte != u8::MAX)?;
        let bit = self.0.get(byte)?.trailing_ones();
        let slot = u16::try_from(byte)
            .ok()?
            .checked_mul(8)?
            .checked_add(u16::try_from(bit).ok()?)?;
        (slot < SLOTS_PER_MODEL).then_some(slot)
    }

    fn set(&mut self, slot: u16, occupied: bool) {
        if let Some(byte) = self.0.get_mut(usize::from(slot >> 3)) {
            let mask = 1_u8 << (slot & 7);
            *byte = if occupied {
                *byte | mask
            } else {
                *byte & !mask
            };
        }
    }
}

pub(crate) fn bitmap(storage: &dyn Storage, model: u64) -> Result<Bitmap, ContractError> {
    Ok(load(storage, &keys::bitmap(model))?.unwrap_or(Bitmap([0; 512])))
}

/// Gives the worker the lowest free slot; none if all are occupied.
pub(crate) fn occupy(
    storage: &mut dyn Storage,
    model: u64,
    worker: &CanonicalAddr,
) -> Result<Option<u16>, ContractError> {
    let mut bitmap = bitmap(storage, model)?;
    let Some(slot) = bitmap.lowest_free() else {
        return Ok(None);
    };
    bitmap.set(slot, true);
    save(storage, &keys::bitmap(model), &bitmap);
    save(storage, &keys::seat(model, slot), worker);
    save(storage, &keys::seat_of(worker, model), &slot);
    Ok(Some(slot))
}

/// Frees slots and returns those that were occupied, and by whom. The bitmap is rewritten once.
pub(crate) fn vacate(
    storage: &mut dyn Storage,
    model: u64,
    slots: &[u16],
) -> Result<Vec<(u16, CanonicalAddr)>, ContractError> {
    let mut bitmap = bitmap(storage, model)?;
    let mut left = Vec::with_capacity(slots.len());
    for slot in slots {
        let Some(worker) = holder(storage, model, *slot)? else {
            continue;
        };
        bitmap.set(*slot, false);
        remove(storage, &keys::seat(model, *slot));
        remove(storage, &keys::seat_of(&worker, model));
        left.push((*slot, worker));
    }
    save(storage, &keys::bitmap(model), &bitmap);
    Ok(left)
}

/// Who holds a slot.
pub(crate) fn holder(
    storage: &dyn Storage,
    model: u64,
    slot: u16,
) -> Result<Option<CanonicalAddr>, ContractError> {
    load(storage, &keys::seat(model, slot))
}

/// The slot a worker holds of a model.
pub(crate) fn slot_of(
    storage: &dyn Storage,
    worker: &CanonicalAddr,
    model: u64,
) -> Result<Option<u16>, ContractError> {
    load(storage, &keys::seat_of(worker, model))
}

/// Models the worker holds seats of, ascending; at most `MAX_SEATS_PER_WORKER`.
pub(crate) fn models_of(storage: &dyn Storage, worker: &CanonicalAddr) -> Vec<u64> {
    scan(storage, &keys::seats_of(worker), None)
        .filter_map(|(suffix, _)| id_of(&suffix))
        .collect()
}

/// Occupied slots of a model after `after`, ascending.
pub(crate) fn slots<'a>(
    storage: &'a dyn Storage,
    model: u64,
    after: Option<u16>,
) -> impl Iterator<Item = (u16, CanonicalAddr)> + use<'a> {
    let after = after.map(u16::to_be_bytes);
    scan(
        storage,
        &keys::seats(model),
        after.as_ref().map(<[u8; 2]>::as_slice),
    )
    .filter_map(|(suffix, value)| {
        let slot = u16::from_be_bytes(suffix.as_slice().try_into().ok()?);
        Some((slot, CanonicalAddr::from(value)))
    })
}
