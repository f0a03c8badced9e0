//! `unbond`: takes a part of the bond out of service. It stays slashable until it is claimed.

use antiphon_api::{Uint128, Unbonding};
use antiphon_rules::stake::Staying;

use crate::error::ContractError;
use crate::flow::worker::{largest_seat_lock, sender_stake};
use crate::state::books::Pot;
use crate::state::{config, workers};
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, amount: u128) -> Result<(), ContractError> {
    turn.no_coins()?;
    let mut stake = sender_stake(turn)?;
    let params = config::current_params(turn.storage)?;
    let needed = largest_seat_lock(turn, &params)?;
    let now = turn.env.block.time.seconds();
    let (most, claimable) = (stake.bond, now.saturating_add(params.unbonding_seconds));
    let left = stake.unbond(amount, needed, claimable);
    left.map_err(|staying| match staying {
        Staying::Amount => ContractError::Amount { got: amount, most },
        Staying::SeatsNeed { rest } => ContractError::SeatsNeed { rest, needed },
    })?;
    turn.shift(Pot::Bonds, Pot::Unbonding, amount)?;
    workers::set_stake(turn.storage, &turn.sender, &stake);
    turn.emit(Unbonding {
        worker: turn.sender_text().to_string(),
        amount: Uint128::new(amount),
        unbonding: Uint128::new(stake.unbonding),
        claimable: stake.claimable,
    });
    Ok(())
}
