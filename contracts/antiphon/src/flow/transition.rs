//! Transitions of a task (protocol, section 3).

use antiphon_api::{MembersReplaced, RoundOpened, RoundUndecided, TaskAnswered, TaskStatus};
use antiphon_rules::windows;

use super::step::{Step, next_step, round_left};
use super::worker::miss;
use super::{OpenTask, callback, draw, open, open_task, settle};
use crate::error::ContractError;
use crate::execute::commit::reveal_opened;
use crate::state::members::{Member, Stage};
use crate::state::phases::{self, Counters, Standing};
use crate::state::rounds::{self, Opener};
use crate::state::{config, members, models, tally, workers};
use crate::turn::Turn;
use crate::views;

/// Transitions of one task in one message: more cannot follow each other at one height.
const MAX_STEPS: u8 = 8;

/// Makes every due transition of a task; nothing if none is due or there is no such task.
pub(crate) fn advance(turn: &mut Turn<'_>, id: u64) -> Result<(), ContractError> {
    for _ in 0..MAX_STEPS {
        let Some(mut open) = open_task(turn.storage, id)? else {
            return callback::end_if_over(turn, id);
        };
        match next_step(turn.storage, id, &open, turn.now())? {
            Step::Wait => return Ok(()),
            Step::Draw(randomness) => draw::run(turn, id, &mut open, &randomness)?,
            Step::Reveal => reveal(turn, id, &mut open)?,
            Step::Redraw => redraw(turn, id, &mut open)?,
            Step::Answer => {
                let counters = phases::counters(turn.storage, id)?;
                enter_answered(turn, id, &mut open, &counters)?;
            }
            Step::Undecided => undecided(turn, id, &mut open)?,
            Step::Finish => settle::run(turn, id, &open)?,
        }
    }
    Ok(())
}

/// Moves the phase to revealing; the caller writes it.
pub(crate) fn enter_revealing(turn: &Turn<'_>, open: &mut OpenTask) -> Result<(), ContractError> {
    let params = config::params_of(turn.storage, open.task.params_version)?;
    open.phase.status = TaskStatus::Revealing;
    open.phase.entered = turn.height();
    open.phase.deadline = windows::last_height(turn.height(), params.reveal_window_blocks);
    Ok(())
}

fn reveal(turn: &mut Turn<'_>, id: u64, open: &mut OpenTask) -> Result<(), ContractError> {
    let counters = phases::counters(turn.storage, id)?;
    enter_revealing(turn, open)?;
    phases::set(turn.storage, id, &open.phase);
    turn.emit(reveal_opened(id, open, counters.committed));
    Ok(())
}

/// Records the outcome that a quorum revealed.
pub(crate) fn enter_answered(
    turn: &mut Turn<'_>,
    id: u64,
    open: &mut OpenTask,
    counters: &Counters,
) -> Result<(), ContractError> {
    let number = open.phase.round;
    let mut round = rounds::get(turn.storage, id, number)?;
    round.revealing = true;
    round.decided = Some(counters.best_line);
    rounds::set(turn.storage, id, number, &round);
    open.phase.standing = Some(Standing {
        round: number,
        line: counters.best_line,
        votes: counters.best,
    });
    open.phase.contested = false;
    answered(turn, id, open)
}

/// Begins an appeal window for the standing outcome.
fn answered(turn: &mut Turn<'_>, id: u64, open: &mut OpenTask) -> Result<(), ContractError> {
    let Some(standing) = open.phase.standing else {
        return Ok(());
    };
    let params = config::params_of(turn.storage, open.task.params_version)?;
    open.phase.status = TaskStatus::Answered;
    open.phase.entered = turn.height();
    open.phase.deadline = windows::last_height(turn.height(), params.appeal_window_blocks);
    phases::set(turn.storage, id, &open.phase);
    let ballot = tally::ballot(turn.storage, id, standing.round, standing.line)?;
    let size = rounds::get(turn.storage, id, standing.round)?.size;
    turn.emit(TaskAnswered {
        task: id,
        round: standing.round,
        outcome: views::ballot_word(&ballot).to_owned(),
        answer: views::ballot_cid(&ballot),
        votes: standing.votes.into(),
        size: size.into(),
        contested: open.phase.contested,
        deadline: open.phase.deadline,
    });
    Ok(())
}

/// A round ended without a quorum: what stands stands again, a larger round is drawn, or the task
/// ends.
fn undecided(turn: &mut Turn<'_>, id: u64, open: &mut OpenTask) -> Result<(), ContractError> {
    let number = open.phase.round;
    let mut round = rounds::get(turn.storage, id, number)?;
    open::unwait(turn.storage, id, &mut round);
    round.revealing = open.phase.status == TaskStatus::Revealing;
    rounds::set(turn.storage, id, number, &round);
    turn.emit(RoundUndecided {
        task: id,
        round: number,
    });
    if open.phase.standing.is_some() {
        open.phase.contested = true;
        return match round_left(open) {
            true => answered(turn, id, open),
            false => settle::run(turn, id, open),
        };
    }
    if !round_left(open) {
        return settle::run(turn, id, open);
    }
    let next = number.checked_add(1).ok_or(ContractError::Overflow)?;
    let waits_for = open::round(
        turn,
        id,
        &open.task,
        next,
        Opener::Undecided,
        Some(&open.phase),
    )?;
    turn.emit(RoundOpened {
        task: id,
        round: next,
        size: rounds::get(turn.storage, id, next)?.size.into(),
        waits_for,
    });
    Ok(())
}

/// Takes the places of silent members and lets them be drawn again; those who committed stay.
fn redraw(turn: &mut Turn<'_>, id: u64, open: &mut OpenTask) -> Result<(), ContractError> {
    let number = open.phase.round;
    let mut roster = rounds::roster(turn.storage, id, number)?;
    let base = models::get(turn.storage, open.task.model)?
        .price
        .base
        .u128();
    let mut silent = Vec::new();
    for place in &mut roster.places {
        let Some(worker) = place.clone() else {
            continue;
        };
        let member = members::get(turn.storage, &worker, id)?;
        if member.stage != Stage::Drawn {
            continue;
        }
        let mut stake = workers::stake_of(turn.storage, &worker)?;
        stake.unlock(open.task.lock)?;
        miss(turn, id, &worker, &mut stake, base)?;
        workers::set_stake(turn.storage, &worker, &stake);
        let stage = Stage::Replaced;
        members::set(turn.storage, &worker, id, &Member { stage, ..member });
        *place = None;
        silent.push(worker);
    }
    let freed = u32::try_from(silent.len()).map_err(|_| ContractError::Overflow)?;
    models::update_state(turn.storage, open.task.model, |state| {
        state.busy = state.busy.checked_sub(freed)?;
        Some(())
    })?;
    let names = turn.texts(&silent)?;
    roster.replaced.extend(silent);
    rounds::set_roster(turn.storage, id, number, &roster);

    let mut round = rounds::get(turn.storage, id, number)?;
    round.opened = turn.now();
    round.waits_for = open::wait(turn, id)?;
    rounds::set(turn.storage, id, number, &round);
    open.phase.status = TaskStatus::Drawing;
    open.phase.members = roster.count();
    open.phase.entered = turn.height();
    open.phase.deadline = 0;
    phases::set(turn.storage, id, &open.phase);
    turn.emit(MembersReplaced {
        task: id,
        round: number,
        members: names,
        waits_for: round.waits_for,
    });
    Ok(())
}
