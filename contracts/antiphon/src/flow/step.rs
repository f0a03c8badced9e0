//! The due transition of a task: one predicate for `advance`, `publish_beacon` and the query's
//! `due`.

use antiphon_api::TaskStatus;
use antiphon_rules::windows::{DrawWindow, Moment};
use cosmwasm_std::Storage;

use super::OpenTask;
use crate::error::ContractError;
use crate::state::beacon::{self, Randomness};
use crate::state::phases::Counters;
use crate::state::{config, phases, rounds};

/// What `advance` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing yet.
    Wait,
    /// Draw the vacancies with this randomness.
    Draw(Randomness),
    /// Commits are over with a quorum of them: reveal.
    Reveal,
    /// Commits are over without a quorum of them: draw the vacancies again.
    Redraw,
    /// Reveals are over with a quorum.
    Answer,
    /// The round is over without one.
    Undecided,
    /// The standing outcome can no longer change.
    Finish,
}

/// The transition that is due at `now`.
pub(crate) fn next_step(
    storage: &dyn Storage,
    id: u64,
    open: &OpenTask,
    now: Moment,
) -> Result<Step, ContractError> {
    let phase = &open.phase;
    let over = phase.is_over(now.height);
    Ok(match phase.status {
        TaskStatus::Drawing => drawing(storage, id, open, now)?,
        TaskStatus::Committing if over => committed(storage, id, open)?,
        TaskStatus::Revealing => {
            let counters = phases::counters(storage, id)?;
            revealed(open, &counters, over)
        }
        TaskStatus::Answered if over || !round_left(open) => Step::Finish,
        _ => Step::Wait,
    })
}

/// Whether the task can have another round.
pub(crate) const fn round_left(open: &OpenTask) -> bool {
    open.phase.round.saturating_add(1) < open.task.rounds_possible
}

fn drawing(
    storage: &dyn Storage,
    id: u64,
    open: &OpenTask,
    now: Moment,
) -> Result<Step, ContractError> {
    let round = rounds::get(storage, id, open.phase.round)?;
    if round.waits_for == 0 {
        return Ok(Step::Undecided);
    }
    let params = config::params_of(storage, open.task.params_version)?;
    let window = DrawWindow {
        blocks: params.draw_window_blocks,
        seconds: params.draw_window_seconds,
    }
    .of_round(open.phase.round);
    Ok(match beacon::randomness(storage, round.waits_for)? {
        Some(randomness) if window.is_over(randomness.published, round.opened) => Step::Undecided,
        Some(randomness) if beacon::first_waiting(storage, round.waits_for) == Some(id) => {
            Step::Draw(randomness)
        }
        None if window.is_over(now, round.opened) => Step::Undecided,
        _ => Step::Wait,
    })
}

fn committed(storage: &dyn Storage, id: u64, open: &OpenTask) -> Result<Step, ContractError> {
    let counters = phases::counters(storage, id)?;
    if u32::from(counters.committed) >= open.phase.quorum() {
        return Ok(Step::Reveal);
    }
    let round = rounds::get(storage, id, open.phase.round)?;
    let params = config::params_of(storage, open.task.params_version)?;
    Ok(match u32::from(round.draws) < params.max_draws {
        true => Step::Redraw,
        false => Step::Undecided,
    })
}

fn revealed(open: &OpenTask, counters: &Counters, over: bool) -> Step {
    if !over && counters.revealed < counters.committed {
        return Step::Wait;
    }
    match u32::from(counters.best) >= open.phase.quorum() {
        true => Step::Answer,
        false => Step::Undecided,
    }
}
