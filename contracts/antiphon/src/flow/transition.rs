//! Transitions of a task (protocol, section 2).

use antiphon_api::{MembersReplaced, RoundOpened, RoundUndecided, TaskAnswered};
use antiphon_rules::life::{After, Due, Votes};

use super::facts::{due_of, terms};
use super::worker::miss;
use super::{OpenTask, callback, draw, open, open_task, settle};
use crate::error::ContractError;
use crate::execute::commit::reveal_opened;
use crate::state::members::{Member, Stage};
use crate::state::rounds::{self, Opener};
use crate::state::{members, models, phases, tally, workers};
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
        match due_of(turn.storage, id, &open, turn.now())? {
            Due::Wait => return Ok(()),
            Due::Draw(randomness) => draw::run(turn, id, &mut open, &randomness)?,
            Due::Reveal => reveal(turn, id, &mut open)?,
            Due::Redraw => redraw(turn, id, &mut open)?,
            Due::Answer => {
                let votes = phases::votes(turn.storage, id)?;
                decide(turn, id, &mut open, &votes)?;
            }
            Due::Undecided => undecided(turn, id, &mut open)?,
            Due::Finish => settle::run(turn, id, &open)?,
        }
    }
    Ok(())
}

/// Moves the phase to revealing; the caller writes it.
pub(crate) fn enter_revealing(turn: &Turn<'_>, open: &mut OpenTask) -> Result<(), ContractError> {
    let terms = terms(turn.storage, &open.task)?;
    open.phase = open.phase.reveal(turn.height(), &terms);
    Ok(())
}

fn reveal(turn: &mut Turn<'_>, id: u64, open: &mut OpenTask) -> Result<(), ContractError> {
    let votes = phases::votes(turn.storage, id)?;
    enter_revealing(turn, open)?;
    phases::set(turn.storage, id, &open.phase);
    turn.emit(reveal_opened(id, open, votes.committed));
    Ok(())
}

/// Records the outcome that a quorum revealed.
pub(crate) fn decide(
    turn: &mut Turn<'_>,
    id: u64,
    open: &mut OpenTask,
    votes: &Votes,
) -> Result<(), ContractError> {
    let number = open.phase.round;
    let mut round = rounds::get(turn.storage, id, number)?;
    round.state = round.state.over(open.phase.status, Some(votes.best_line));
    rounds::set(turn.storage, id, number, &round);
    open.phase = open.phase.decide(votes);
    answered(turn, id, open)
}

/// Begins an appeal window for the standing outcome.
fn answered(turn: &mut Turn<'_>, id: u64, open: &mut OpenTask) -> Result<(), ContractError> {
    let Some(standing) = open.phase.standing else {
        return Ok(());
    };
    let terms = terms(turn.storage, &open.task)?;
    open.phase = open.phase.answer(turn.height(), &terms);
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
    open::unwait(turn.storage, id, &round.state);
    round.state = round.state.over(open.phase.status, None);
    rounds::set(turn.storage, id, number, &round);
    turn.emit(RoundUndecided {
        task: id,
        round: number,
    });
    open.phase = open.phase.undecided();
    match open.phase.after_undecided(open.task.rounds_possible) {
        After::Again => answered(turn, id, open),
        After::End => settle::run(turn, id, open),
        After::Round(next) => larger(turn, id, open, next),
    }
}

/// Opens the round after an undecided one.
fn larger(turn: &mut Turn<'_>, id: u64, open: &OpenTask, next: u8) -> Result<(), ContractError> {
    let opener = Opener::Undecided;
    let waits_for = open::round(turn, id, &open.task, next, opener, Some(&open.phase))?;
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
    let waits_for = open::wait(turn, id)?;
    round.state = round.state.wait(turn.now(), waits_for);
    rounds::set(turn.storage, id, number, &round);
    open.phase = open.phase.redraw(roster.count(), turn.height());
    phases::set(turn.storage, id, &open.phase);
    turn.emit(MembersReplaced {
        task: id,
        round: number,
        members: names,
        waits_for,
    });
    Ok(())
}
