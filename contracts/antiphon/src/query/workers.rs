//! Workers and seats.

use antiphon_api::{
    Hex, PageLimit, SeatInfo, SeatsResponse, Uint128, WorkerResponse, WorkersResponse,
};
use cosmwasm_std::{CanonicalAddr, Deps};

use super::text;
use crate::error::ContractError;
use crate::state::{models, seats as slots, workers};
use crate::validate;

#[inline(never)]
pub(super) fn one(deps: Deps<'_>, worker: &str) -> Result<WorkerResponse, ContractError> {
    let account = validate::account(deps.api, worker)?;
    if workers::stake(deps.storage, &account)?.is_none() {
        return Err(ContractError::UnknownWorker {
            worker: worker.to_owned(),
        });
    }
    info(deps, &account)
}

fn info(deps: Deps<'_>, worker: &CanonicalAddr) -> Result<WorkerResponse, ContractError> {
    let stake = workers::stake_of(deps.storage, worker)?;
    let profile = workers::profile(deps.storage, worker)?;
    Ok(WorkerResponse {
        worker: text(deps, worker)?,
        bond: Uint128::new(stake.bond),
        locked: Uint128::new(stake.locked),
        unbonding: Uint128::new(stake.unbonding),
        claimable: Some(stake.claimable).filter(|_| stake.unbonding > 0),
        voter: profile.voter.map(Hex),
        endpoint: profile.endpoint,
        moniker: profile.moniker,
        since: stake.since,
        misses: stake.misses,
        jailed_until: Some(stake.jailed_until).filter(|until| *until != 0),
        seats: slots::models_of(deps.storage, worker),
    })
}

/// In the order of canonical addresses.
#[inline(never)]
pub(super) fn page(
    deps: Deps<'_>,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<WorkersResponse, ContractError> {
    let after = after
        .map(|worker| validate::account(deps.api, worker))
        .transpose()?;
    let workers = workers::all(deps.storage, after.as_ref())
        .take(PageLimit::new(limit).get())
        .map(|worker| info(deps, &worker))
        .collect::<Result<_, _>>()?;
    Ok(WorkersResponse { workers })
}

#[inline(never)]
pub(super) fn seats(
    deps: Deps<'_>,
    model: u64,
    after: Option<u16>,
    limit: Option<u32>,
) -> Result<SeatsResponse, ContractError> {
    models::get(deps.storage, model)?;
    let seats = slots::slots(deps.storage, model, after)
        .take(PageLimit::new(limit).get())
        .map(|(slot, worker)| {
            Ok::<_, ContractError>(SeatInfo {
                slot,
                endpoint: workers::profile(deps.storage, &worker)?.endpoint,
                worker: text(deps, &worker)?,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(SeatsResponse { seats })
}
