//! `update_params`: other rules for tasks posted from now on.

use antiphon_api::{AMOUNT_UPDATE_BLOCKS, Params, ParamsUpdated, Uint128};

use crate::error::ContractError;
use crate::flow::owner;
use crate::state::{self, config};
use crate::turn::Turn;
use crate::validate;

pub(crate) fn run(turn: &mut Turn<'_>, params: &Params) -> Result<(), ContractError> {
    owner::check(turn)?;
    validate::params(params, config::get(turn.storage)?.insecure)?;
    check_amounts(turn, params)?;
    let version = config::add_params(turn.storage, params)?;
    turn.emit(ParamsUpdated { version });
    Ok(())
}

/// Amounts at most double or halve in one update, and rarely: nobody wakes up to another price.
fn check_amounts(turn: &mut Turn<'_>, new: &Params) -> Result<(), ContractError> {
    let old = config::current_params(turn.storage)?;
    let amounts = [
        ("min_lock", old.min_lock, new.min_lock),
        ("min_base", old.min_base, new.min_base),
        ("model_deposit", old.model_deposit, new.model_deposit),
    ];
    if amounts.iter().all(|(_, old, new)| old == new) {
        return Ok(());
    }
    for (field, old, new) in amounts {
        check_step(field, old, new)?;
    }
    let now = turn.height();
    let last = state::owner::amounts_updated(turn.storage)?;
    let earliest = last.map_or(0, |last| last.saturating_add(AMOUNT_UPDATE_BLOCKS));
    if now < earliest {
        return Err(ContractError::TooSoon { now, earliest });
    }
    state::owner::set_amounts_updated(turn.storage, now);
    Ok(())
}

fn check_step(field: &'static str, old: Uint128, new: Uint128) -> Result<(), ContractError> {
    let (least, most) = (old.u128().div_ceil(2), old.u128().saturating_mul(2));
    match (least..=most).contains(&new.u128()) {
        true => Ok(()),
        false => Err(ContractError::Params {
            field,
            got: new.to_string(),
            want: format!("{least} to {most}"),
        }),
    }
}
