//! `unjail`: lets a worker be drawn again whose time in jail is over.

use antiphon_api::WorkerUnjailed;
use antiphon_rules::stake::Held;

use crate::error::ContractError;
use crate::flow::worker::sender_stake;
use crate::state::workers;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    turn.no_coins()?;
    let mut stake = sender_stake(turn)?;
    let (now, until) = (turn.env.block.time.seconds(), stake.jailed_until);
    let released = stake.release(now, turn.height());
    released.map_err(|held| match held {
        Held::Free => ContractError::NotJailed,
        Held::Early => ContractError::Jailed { until },
    })?;
    workers::set_stake(turn.storage, &turn.sender, &stake);
    turn.emit(WorkerUnjailed {
        worker: turn.sender_text().to_string(),
    });
    Ok(())
}
