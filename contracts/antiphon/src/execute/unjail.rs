//! `unjail`: lets a worker be drawn again whose time in jail is over.

use antiphon_api::WorkerUnjailed;

use crate::error::ContractError;
use crate::flow::worker::sender_stake;
use crate::state::workers;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    turn.no_coins()?;
    let mut stake = sender_stake(turn)?;
    if !stake.jailed() {
        return Err(ContractError::NotJailed);
    }
    let until = stake.jailed_until;
    if turn.env.block.time.seconds() < until {
        return Err(ContractError::Jailed { until });
    }
    stake.jailed_until = 0;
    // Whoever comes back once the randomness of a draw is known must not enter it (invariant 18).
    stake.since = turn.height();
    workers::set_stake(turn.storage, &turn.sender, &stake);
    turn.emit(WorkerUnjailed {
        worker: turn.sender_text().to_string(),
    });
    Ok(())
}
