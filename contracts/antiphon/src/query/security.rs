//! What a committee of a model is worth against dishonest seats.

use antiphon_api::{OddsInfo, SecurityResponse, Uint128};
use antiphon_rules::{fees, rounds as sizes, security};
use cosmwasm_std::{Deps, Env};

use crate::error::ContractError;
use crate::flow::settle::meter_at;
use crate::flow::worker::{rules_price, seat_lock};
use crate::state::books::Books;
use crate::state::{config, models};
use crate::validate;

/// Shares of dishonest seats, in per cent.
const SHARES: [u32; 3] = [10, 20, 33];

#[inline(never)]
pub(super) fn of(
    deps: Deps<'_>,
    env: &Env,
    id: u64,
    committee: Option<u32>,
) -> Result<SecurityResponse, ContractError> {
    let storage = deps.storage;
    let (model, state) = (models::get(storage, id)?, models::state(storage, id)?);
    let params = config::current_params(storage)?;
    let asked = committee.unwrap_or(params.committee);
    let size = u32::from(validate::committee(asked, config::get(storage)?.insecure)?);
    let possible = sizes::rounds_possible(size, state.seats, params.max_rounds);
    let rounds_possible = possible.map_err(|_| ContractError::PoolTooSmall {
        occupied: state.seats,
        needed: size,
    })?;
    let lock = seat_lock(&model, &params)?;
    let limits = &model.limits;
    let full_fee =
        rules_price(&model.price).fee(limits.max_prompt_bytes, limits.max_output_tokens)?;
    let appeal_bond = match sizes::next_size(size).filter(|_| rounds_possible > 1) {
        Some(next) => Some(fees::appeal_bond(full_fee, next, lock)?),
        None => None,
    };
    let slashable = Books::open(storage)?.slashable()?;
    let meter_takes = meter_at(storage, env.block.height, slashable)?.takes();
    Ok(SecurityResponse {
        committee: size,
        quorum: sizes::quorum(size),
        seats: state.seats,
        busy: state.busy,
        rounds_possible,
        lock: Uint128::new(lock),
        appeal_bond: appeal_bond.map(Uint128::new),
        meter_takes,
        cost_to_corrupt: Uint128::new(security::cost_to_corrupt(
            size,
            lock,
            appeal_bond,
            meter_takes,
        )),
        odds: SHARES
            .iter()
            .map(|share| odds(size, state.seats, *share))
            .collect(),
    })
}

/// Of `seats`, a share rounded up is dishonest.
fn odds(size: u32, seats: u32, share: u32) -> OddsInfo {
    let dishonest = seats.saturating_mul(share).div_ceil(100);
    let odds = security::odds(size, seats, dishonest);
    OddsInfo {
        dishonest_percent: share,
        dishonest_seats: dishonest,
        wrong: Uint128::new(odds.wrong),
        blocked: Uint128::new(odds.blocked),
    }
}
