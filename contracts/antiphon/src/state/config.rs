//! What was fixed at instantiation, the versions of the parameters, and the counters of ids.

use antiphon_api::{BeaconConfig, Params};
use cosmwasm_std::{Storage, from_json, to_json_vec};

use super::keys::{self, Sequence};
use super::record::{load, save};
use crate::error::ContractError;

/// Fixed at instantiation, but for the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) denom: String,
    pub(crate) owner: Option<String>,
    pub(crate) beacon: BeaconConfig,
    pub(crate) insecure: bool,
}

/// Written as JSON, field by field: read by few messages, never by a vote.
type Stored = (String, Option<String>, BeaconConfig, bool);

pub(crate) fn set(storage: &mut dyn Storage, config: &Config) -> Result<(), ContractError> {
    let stored: Stored = (
        config.denom.clone(),
        config.owner.clone(),
        config.beacon.clone(),
        config.insecure,
    );
    storage.set(keys::config().as_slice(), &to_json_vec(&stored)?);
    Ok(())
}

pub(crate) fn get(storage: &dyn Storage) -> Result<Config, ContractError> {
    let bytes = storage
        .get(keys::config().as_slice())
        .ok_or(ContractError::Missing {
            record: "config",
            id: 0,
        })?;
    let (denom, owner, beacon, insecure): Stored = from_json(bytes)?;
    Ok(Config {
        denom,
        owner,
        beacon,
        insecure,
    })
}

/// Adds a version of the parameters and makes it the current one.
pub(crate) fn add_params(storage: &mut dyn Storage, params: &Params) -> Result<u32, ContractError> {
    let version = next(storage, Sequence::Params)?;
    let version = u32::try_from(version).map_err(|_| ContractError::Overflow)?;
    storage.set(keys::params(version).as_slice(), &to_json_vec(params)?);
    Ok(version)
}

/// The current version.
pub(crate) fn params_version(storage: &dyn Storage) -> Result<u32, ContractError> {
    let version = peek(storage, Sequence::Params)?;
    u32::try_from(version).map_err(|_| ContractError::Overflow)
}

/// The parameters of a version that may not exist.
pub(crate) fn find_params(
    storage: &dyn Storage,
    version: u32,
) -> Result<Option<Params>, ContractError> {
    let bytes = storage.get(keys::params(version).as_slice());
    Ok(bytes.map(from_json).transpose()?)
}

/// The parameters of a version that a record names.
pub(crate) fn params_of(storage: &dyn Storage, version: u32) -> Result<Params, ContractError> {
    find_params(storage, version)?.ok_or(ContractError::Missing {
        record: "params",
        id: version.into(),
    })
}

/// The current parameters.
pub(crate) fn current_params(storage: &dyn Storage) -> Result<Params, ContractError> {
    params_of(storage, params_version(storage)?)
}

pub(crate) fn next_model(storage: &mut dyn Storage) -> Result<u64, ContractError> {
    next(storage, Sequence::Model)
}

pub(crate) fn next_task(storage: &mut dyn Storage) -> Result<u64, ContractError> {
    next(storage, Sequence::Task)
}

fn peek(storage: &dyn Storage, which: Sequence) -> Result<u64, ContractError> {
    Ok(load::<u64>(storage, &keys::sequence(which))?.unwrap_or(0))
}

fn next(storage: &mut dyn Storage, which: Sequence) -> Result<u64, ContractError> {
    let next = peek(storage, which)?
        .checked_add(1)
        .ok_or(ContractError::Overflow)?;
    save(storage, &keys::sequence(which), &next);
    Ok(next)
}
