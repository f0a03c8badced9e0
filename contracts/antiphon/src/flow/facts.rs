//! What the rules ask of storage to say which transition is due.

use antiphon_api::Params;
use antiphon_rules::life::{Due, Facts, Randomness, Round, Terms, Votes, due};
use antiphon_rules::windows::{DrawWindow, Moment, commit_window};
use cosmwasm_std::Storage;

use super::OpenTask;
use crate::error::ContractError;
use crate::state::tasks::Task;
use crate::state::{beacon, config, phases, rounds};

/// The transition of a task that is due at `now`.
pub(crate) fn due_of(
    storage: &dyn Storage,
    id: u64,
    open: &OpenTask,
    now: Moment,
) -> Result<Due, ContractError> {
    let records = Records { storage, id, open };
    due(&open.phase, open.task.rounds_possible, &records, now)
}

/// What a task is bound to, by its version of the parameters.
pub(crate) fn terms(storage: &dyn Storage, task: &Task) -> Result<Terms, ContractError> {
    let params = config::params_of(storage, task.params_version)?;
    Ok(terms_of(&params, task))
}

/// The same, with the parameters at hand.
pub(crate) fn terms_of(params: &Params, task: &Task) -> Terms {
    Terms {
        max_draws: params.max_draws,
        draw_window: DrawWindow {
            blocks: params.draw_window_blocks,
            seconds: params.draw_window_seconds,
        },
        commit_window: commit_window(
            params.commit_window_blocks,
            params.commit_tokens_per_block,
            task.max_output_tokens,
        ),
        reveal_window: params.reveal_window_blocks,
        appeal_window: params.appeal_window_blocks,
    }
}

/// The records of one open task.
struct Records<'a> {
    storage: &'a dyn Storage,
    id: u64,
    open: &'a OpenTask,
}

impl Facts for Records<'_> {
    type Error = ContractError;

    fn votes(&self) -> Result<Votes, ContractError> {
        phases::votes(self.storage, self.id)
    }

    fn round(&self) -> Result<Round, ContractError> {
        Ok(rounds::get(self.storage, self.id, self.open.phase.round)?.state)
    }

    fn terms(&self) -> Result<Terms, ContractError> {
        terms(self.storage, &self.open.task)
    }

    fn randomness(&self, beacon_round: u64) -> Result<Option<Randomness>, ContractError> {
        beacon::randomness(self.storage, beacon_round)
    }

    fn is_first(&self, beacon_round: u64) -> bool {
        beacon::first_waiting(self.storage, beacon_round) == Some(self.id)
    }
}
