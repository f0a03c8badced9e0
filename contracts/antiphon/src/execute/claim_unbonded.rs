//! `claim_unbonded`: credits the unbonding entry to its worker's balance, once its time has come.

use antiphon_api::{Uint128, UnbondedClaimed};
use antiphon_rules::stake::Unclaimable;

use crate::error::ContractError;
use crate::flow::worker::sender_stake;
use crate::state::books::Pot;
use crate::state::workers;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    turn.no_coins()?;
    let mut stake = sender_stake(turn)?;
    let (now, before) = (turn.env.block.time.seconds(), stake);
    let amount = stake.claim(now).map_err(|unclaimable| match unclaimable {
        Unclaimable::Nothing => ContractError::NothingUnbonding,
        Unclaimable::Early => ContractError::Unbonding {
            now,
            claimable: before.claimable,
        },
        Unclaimable::Locked => ContractError::Locked {
            bond: before.bond,
            locked: before.locked,
        },
    })?;
    workers::set_stake(turn.storage, &turn.sender, &stake);
    let worker = turn.sender.clone();
    turn.pay(Pot::Unbonding, &worker, amount)?;
    turn.emit(UnbondedClaimed {
        worker: turn.sender_text().to_string(),
        amount: Uint128::new(amount),
    });
    Ok(())
}
