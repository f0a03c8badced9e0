//! `claim_unbonded`: credits the unbonding entry to its worker's balance, once its time has come.

use antiphon_api::{Uint128, UnbondedClaimed};

use crate::error::ContractError;
use crate::flow::worker::sender_stake;
use crate::state::books::Pot;
use crate::state::workers;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    turn.no_coins()?;
    let mut stake = sender_stake(turn)?;
    let amount = std::mem::take(&mut stake.unbonding);
    if amount == 0 {
        return Err(ContractError::NothingUnbonding);
    }
    let (now, claimable) = (turn.env.block.time.seconds(), stake.claimable);
    if now < claimable {
        return Err(ContractError::Unbonding { now, claimable });
    }
    // Locks of open tasks may rest on the entry: a forfeit must find its coins.
    if stake.bond < stake.locked {
        return Err(ContractError::Locked {
            bond: stake.bond,
            locked: stake.locked,
        });
    }
    stake.claimable = 0;
    workers::set_stake(turn.storage, &turn.sender, &stake);
    let worker = turn.sender.clone();
    turn.pay(Pot::Unbonding, &worker, amount)?;
    turn.emit(UnbondedClaimed {
        worker: turn.sender_text().to_string(),
        amount: Uint128::new(amount),
    });
    Ok(())
}
