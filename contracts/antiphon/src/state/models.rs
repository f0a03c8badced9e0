//! Registered models: an immutable record, and counters under a key of their own.

use antiphon_api::{Cid, Limits, Price, Uint128};
use antiphon_content::Codec;
use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, id_of, load, mark, save, scan};
use crate::error::ContractError;

/// What was registered; never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) manifest: Cid,
    pub(crate) publisher: CanonicalAddr,
    pub(crate) price: Price,
    pub(crate) limits: Limits,
    pub(crate) endpoint: Option<String>,
}

impl Record for Model {
    const NAME: &'static str = "model";

    fn write(&self, to: &mut Writer) {
        to.bytes(self.manifest.digest()).account(&self.publisher);
        to.u128(self.price.base.u128())
            .u128(self.price.per_prompt_byte.u128())
            .u128(self.price.per_output_token.u128());
        to.u32(self.limits.max_prompt_bytes)
            .u32(self.limits.max_output_tokens);
        to.short(self.endpoint.as_deref().unwrap_or_default().as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            manifest: Cid::new(Codec::Raw, from.array()?),
            publisher: from.account()?,
            price: Price {
                base: Uint128::new(from.u128()?),
                per_prompt_byte: Uint128::new(from.u128()?),
                per_output_token: Uint128::new(from.u128()?),
            },
            limits: Limits {
                max_prompt_bytes: from.u32()?,
                max_output_tokens: from.u32()?,
            },
            endpoint: Some(from.text()?).filter(|text| !text.is_empty()),
        })
    }
}

/// What changes in a model's life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModelState {
    /// Occupied slots.
    pub(crate) seats: u32,
    /// Open memberships in tasks of this model.
    pub(crate) busy: u32,
    /// Tasks not yet final or failed.
    pub(crate) open_tasks: u64,
    pub(crate) retired: bool,
    /// The publisher's deposit still held.
    pub(crate) deposit: u128,
}

impl Record for ModelState {
    const NAME: &'static str = "model state";

    fn write(&self, to: &mut Writer) {
        to.number(self.seats.into()).number(self.busy.into());
        to.number(self.open_tasks.into());
        to.bool(self.retired).number(self.deposit);
        to.unlike(FIXED);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        if from.left() == FIXED {
            return fixed(from);
        }
        let state = Self {
            seats: from.number32()?,
            busy: from.number32()?,
            open_tasks: from.number64()?,
            retired: from.bool()?,
            deposit: from.number()?,
        };
        from.end()?;
        Ok(state)
    }
}

/// Bytes of the record as older versions wrote it: fixed widths.
const FIXED: usize = 33;

fn fixed(from: &mut Reader<'_>) -> Result<ModelState, Damaged> {
    Ok(ModelState {
        seats: from.u32()?,
        busy: from.u32()?,
        open_tasks: from.u64()?,
        retired: from.bool()?,
        deposit: from.u128()?,
    })
}

/// Adds a model under its id and its manifest.
pub(crate) fn add(storage: &mut dyn Storage, id: u64, model: &Model, deposit: u128) {
    save(storage, &keys::model(id), model);
    mark(storage, &keys::manifest(model.manifest.digest(), id));
    let state = ModelState {
        deposit,
        ..ModelState::default()
    };
    set_state(storage, id, &state);
}

pub(crate) fn get(storage: &dyn Storage, id: u64) -> Result<Model, ContractError> {
    load(storage, &keys::model(id))?.ok_or(ContractError::UnknownModel { model: id })
}

pub(crate) fn state(storage: &dyn Storage, id: u64) -> Result<ModelState, ContractError> {
    load(storage, &keys::model_state(id))?.ok_or(ContractError::UnknownModel { model: id })
}

pub(crate) fn set_state(storage: &mut dyn Storage, id: u64, state: &ModelState) {
    save(storage, &keys::model_state(id), state);
}

/// Changes the counters of a model.
pub(crate) fn update_state(
    storage: &mut dyn Storage,
    id: u64,
    change: impl FnOnce(&mut ModelState) -> Option<()>,
) -> Result<(), ContractError> {
    let mut state = state(storage, id)?;
    change(&mut state).ok_or(ContractError::Overflow)?;
    set_state(storage, id, &state);
    Ok(())
}

/// Ids after `after`, ascending.
pub(crate) fn ids(storage: &dyn Storage, after: Option<u64>) -> impl Iterator<Item = u64> + '_ {
    let after = after.map(u64::to_be_bytes);
    scan(
        storage,
        &keys::models(),
        after.as_ref().map(<[u8; 8]>::as_slice),
    )
    .filter_map(|(suffix, _)| id_of(&suffix))
}

/// Ids of the models registered with a manifest after `after`, ascending.
pub(crate) fn ids_of_manifest<'a>(
    storage: &'a dyn Storage,
    manifest: &Cid,
    after: Option<u64>,
) -> impl Iterator<Item = u64> + use<'a> {
    let after = after.map(u64::to_be_bytes);
    scan(
        storage,
        &keys::manifests(manifest.digest()),
        after.as_ref().map(<[u8; 8]>::as_slice),
    )
    .filter_map(|(suffix, _)| id_of(&suffix))
}
