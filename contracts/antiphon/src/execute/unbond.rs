//! `unbond`: takes a part of the bond out of service. It stays slashable until it is claimed.

use antiphon_api::{Uint128, Unbonding};

use crate::error::ContractError;
use crate::flow::worker::{largest_seat_lock, sender_stake};
use crate::state::books::Pot;
use crate::state::{config, workers};
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, amount: u128) -> Result<(), ContractError> {
    turn.no_coins()?;
    let mut stake = sender_stake(turn)?;
    let rest = stake.bond.checked_sub(amount).filter(|_| amount > 0);
    let rest = rest.ok_or(ContractError::Amount {
        got: amount,
        most: stake.bond,
    })?;
    let params = config::current_params(turn.storage)?;
    let needed = largest_seat_lock(turn, &params)?;
    if rest < needed {
        return Err(ContractError::SeatsNeed { rest, needed });
    }
    turn.shift(Pot::Bonds, Pot::Unbonding, amount)?;
    stake.bond = rest;
    stake.unbonding = stake
        .unbonding
        .checked_add(amount)
        .ok_or(ContractError::Overflow)?;
    let now = turn.env.block.time.seconds();
    stake.claimable = now.saturating_add(params.unbonding_seconds);
    workers::set_stake(turn.storage, &turn.sender, &stake);
    turn.emit(Unbonding {
        worker: turn.sender_text().to_string(),
        amount: Uint128::new(amount),
        unbonding: Uint128::new(stake.unbonding),
        claimable: stake.claimable,
    });
    Ok(())
}
