//! Opens a round: its places wait for the first beacon round that nobody can know yet.

use antiphon_rules::life::{self, Phase};
use antiphon_rules::{Schedule, rounds as sizes};
use cosmwasm_std::Storage;

use crate::error::ContractError;
use crate::state::rounds::{self, Opener, Round};
use crate::state::tasks::Task;
use crate::state::{beacon, config, phases};
use crate::turn::Turn;

/// Begins round `round` of a task and returns the beacon round that draws it.
pub(crate) fn round(
    turn: &mut Turn<'_>,
    id: u64,
    task: &Task,
    round: u8,
    opener: Opener,
    before: Option<&Phase>,
) -> Result<u64, ContractError> {
    let size = sizes::size_of(task.committee.into(), round)
        .and_then(|size| u8::try_from(size).ok())
        .ok_or(ContractError::Overflow)?;
    let waits_for = wait(turn, id)?;
    let record = Round {
        opener,
        size,
        state: life::Round::open(turn.now(), waits_for),
    };
    rounds::set(turn.storage, id, round, &record);
    if before.is_some() {
        phases::clear_votes(turn.storage, id);
    }
    let phase = Phase::open(round, size, turn.height(), before);
    phases::set(turn.storage, id, &phase);
    Ok(waits_for)
}

/// Lets a task wait for the first beacon round after now and the delay.
pub(crate) fn wait(turn: &mut Turn<'_>, id: u64) -> Result<u64, ContractError> {
    let config = config::get(turn.storage)?.beacon;
    let schedule = Schedule {
        genesis: config.genesis,
        period: config.period,
    };
    let beacon_round = schedule.first_round_after(turn.now().nanos, config.delay_seconds)?;
    beacon::wait(turn.storage, beacon_round, id);
    Ok(beacon_round)
}

/// Ends the wait of a round that was drawn, or is over.
pub(crate) fn unwait(storage: &mut dyn Storage, id: u64, round: &life::Round) {
    if round.waits_for != 0 {
        beacon::unwait(storage, round.waits_for, id);
    }
}
