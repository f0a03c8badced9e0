//! What concerns the network as a whole: configuration, parameters, beacon, money.

use antiphon_api::{
    AwaitedRound, BalanceResponse, BeaconResponse, CONTRACT_VERSION, ConfigResponse, MAX_PAGE,
    ParamsResponse, TotalsResponse, Uint128,
};
use antiphon_rules::Schedule;
use cosmwasm_std::{Deps, Storage};

use super::text;
use crate::error::ContractError;
use crate::state::books::{self, Books};
use crate::state::{beacon as waits, config as fixed, owner};
use crate::validate;

#[inline(never)]
pub(super) fn config(deps: Deps<'_>) -> Result<ConfigResponse, ContractError> {
    let storage = deps.storage;
    let config = fixed::get(storage)?;
    Ok(ConfigResponse {
        version: CONTRACT_VERSION.to_owned(),
        denom: config.denom,
        owner: config.owner,
        beacon: config.beacon,
        insecure: config.insecure,
        paused: owner::is_paused(storage),
        pending_owner: owner::pending(storage)?
            .map(|account| text(deps, &account))
            .transpose()?,
        params_version: fixed::params_version(storage)?,
    })
}

#[inline(never)]
pub(super) fn params(
    storage: &dyn Storage,
    version: Option<u32>,
) -> Result<ParamsResponse, ContractError> {
    let current = fixed::params_version(storage)?;
    let version = version.unwrap_or(current);
    let params = fixed::find_params(storage, version)?.ok_or(ContractError::UnknownParams {
        got: version,
        most: current,
    })?;
    Ok(ParamsResponse { version, params })
}

#[inline(never)]
pub(super) fn balance(deps: Deps<'_>, address: &str) -> Result<BalanceResponse, ContractError> {
    let account = validate::account(deps.api, address)?;
    Ok(BalanceResponse {
        amount: Uint128::new(books::balance(deps.storage, &account)?),
    })
}

#[inline(never)]
pub(super) fn totals(storage: &dyn Storage) -> Result<TotalsResponse, ContractError> {
    Ok(Books::open(storage)?.response())
}

#[inline(never)]
pub(super) fn beacon(storage: &dyn Storage) -> Result<BeaconResponse, ContractError> {
    let config = fixed::get(storage)?.beacon;
    let schedule = Schedule {
        genesis: config.genesis,
        period: config.period,
    };
    let mut awaited = Vec::new();
    for (round, known) in awaited_rounds(storage)? {
        let tasks = waits::waiting(storage, round).take(MAX_COUNTED).count();
        awaited.push(AwaitedRound {
            round,
            published: schedule.published(round)?,
            tasks: u32::try_from(tasks).unwrap_or(u32::MAX),
            known,
        });
    }
    Ok(BeaconResponse { config, awaited })
}

/// Awaited rounds and whether their randomness is known: those that somebody has to bring first, for
/// undrawn tasks may pile up behind the others.
fn awaited_rounds(storage: &dyn Storage) -> Result<Vec<(u64, bool)>, ContractError> {
    let page = usize::try_from(MAX_PAGE).unwrap_or(usize::MAX);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..MAX_SCANNED {
        let Some(round) = waits::next_awaited(storage, last) else {
            break;
        };
        match waits::randomness(storage, round)? {
            Some(_) => known.push((round, true)),
            None => unknown.push((round, false)),
        }
        if unknown.len() >= page {
            break;
        }
        last = Some(round);
    }
    unknown.extend(known);
    unknown.truncate(page);
    Ok(unknown)
}

/// Awaited rounds looked at in one query, each for about 4,000 gas.
const MAX_SCANNED: usize = 300;

/// Tasks counted for one beacon round; 30 may mean more. Bounds the query at 900 keys.
const MAX_COUNTED: usize = 30;
