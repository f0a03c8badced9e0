//! Workers' seats and money as several messages touch them.

use antiphon_api::{Params, SeatLeft, Uint128, WorkerJailed, WorkerMissed};
use antiphon_rules as rules;
use antiphon_rules::Stake;
use antiphon_rules::fees::Taken;
use cosmwasm_std::CanonicalAddr;

use crate::error::ContractError;
use crate::execute::post_task::lock_rule;
use crate::state::books::Pot;
use crate::state::models::{self, Model};
use crate::state::workers;
use crate::state::{config, seats};
use crate::turn::Turn;

/// The sender's stake; it must be a worker.
pub(crate) fn sender_stake(turn: &Turn<'_>) -> Result<Stake, ContractError> {
    workers::stake(turn.storage, &turn.sender)?.ok_or_else(|| ContractError::UnknownWorker {
        worker: turn.sender_text().to_string(),
    })
}

/// A model's price as the rules take it.
pub(crate) fn rules_price(price: &antiphon_api::Price) -> rules::Price {
    rules::Price {
        base: price.base.u128(),
        per_prompt_byte: price.per_prompt_byte.u128(),
        per_output_token: price.per_output_token.u128(),
    }
}

/// The lock of a task at its model's limits.
pub(crate) fn seat_lock(model: &Model, params: &Params) -> Result<u128, ContractError> {
    Ok(rules::seat_lock(
        &rules_price(&model.price),
        model.limits.max_prompt_bytes,
        model.limits.max_output_tokens,
        &lock_rule(params),
    )?)
}

/// The largest seat lock of the seats that the sender holds; zero without any.
pub(crate) fn largest_seat_lock(turn: &Turn<'_>, params: &Params) -> Result<u128, ContractError> {
    let mut largest = 0;
    for model in seats::models_of(turn.storage, &turn.sender) {
        let model = models::get(turn.storage, model)?;
        largest = largest.max(seat_lock(&model, params)?);
    }
    Ok(largest)
}

/// Frees slots; memberships of their holders stay.
pub(crate) fn remove_seats(
    turn: &mut Turn<'_>,
    model: u64,
    slots: &[u16],
    removed: bool,
) -> Result<(), ContractError> {
    if slots.is_empty() {
        return Ok(());
    }
    let left = seats::vacate(turn.storage, model, slots)?;
    models::update_state(turn.storage, model, |state| {
        state.seats = state.seats.checked_sub(u32::try_from(left.len()).ok()?)?;
        Some(())
    })?;
    for (slot, worker) in left {
        let worker = turn.text(&worker)?;
        turn.emit(SeatLeft {
            model,
            slot,
            worker,
            removed,
        });
    }
    Ok(())
}

/// Moves what was taken of a worker into a pot.
pub(crate) fn collect(turn: &mut Turn<'_>, taken: Taken, to: Pot) -> Result<(), ContractError> {
    turn.shift(Pot::Bonds, to, taken.from_bond)?;
    turn.shift(Pot::Unbonding, to, taken.from_unbonding)
}

/// Charges a miss and jails at `max_misses`; the caller writes the stake back. Returns the charge.
pub(crate) fn miss(
    turn: &mut Turn<'_>,
    task: u64,
    worker: &CanonicalAddr,
    stake: &mut Stake,
    base: u128,
) -> Result<u128, ContractError> {
    // Misses and jail are live: the current parameters, not the task's.
    let params = config::current_params(turn.storage)?;
    let now = turn.env.block.time.seconds();
    let until = now.saturating_add(params.jail_seconds);
    let miss = stake.miss(base, params.max_misses, until);
    collect(turn, miss.taken, Pot::ToBurn)?;
    let worker = turn.text(worker)?;
    turn.emit(WorkerMissed {
        task,
        worker: worker.clone(),
        charge: Uint128::new(miss.taken.total()),
        misses: stake.misses,
    });
    if miss.jailed {
        turn.emit(WorkerJailed { worker, until });
    }
    Ok(miss.taken.total())
}
