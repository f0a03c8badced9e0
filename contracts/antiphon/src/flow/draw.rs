//! Fills the vacancies of a round with the randomness it waited for.

use antiphon_api::{CommitteeDrawn, DrawShort, Params};
use antiphon_rules::life::{Randomness, Terms};
use antiphon_rules::{DrawInput, DrawResult, SeatView, draw, rounds as sizes};
use cosmwasm_std::{CanonicalAddr, Storage};

use super::facts::terms_of;
use super::worker::{remove_seats, seat_lock};
use super::{OpenTask, open};
use crate::error::ContractError;
use crate::state::members::{Member, Stage};
use crate::state::rounds::{self, Roster, Round};
use crate::state::tasks::Task;
use crate::state::{config, members, models, phases, seats, workers};
use crate::turn::Turn;

/// Draws; the caller has checked that it is this task's turn.
pub(crate) fn run(
    turn: &mut Turn<'_>,
    id: u64,
    open: &mut OpenTask,
    randomness: &Randomness,
) -> Result<(), ContractError> {
    let mut round = rounds::get(turn.storage, id, open.phase.round)?;
    let mut roster = rounds::roster(turn.storage, id, open.phase.round)?;
    roster.places.resize(round.size.into(), None);
    let params = config::params_of(turn.storage, open.task.params_version)?;
    let result = pick(turn, id, open, &round, &roster, randomness, &params)?;
    let mut drawn = Vec::with_capacity(result.drawn.len());
    for slot in &result.drawn {
        drawn.extend(seats::holder(turn.storage, open.task.model, *slot)?);
    }
    open::unwait(turn.storage, id, &round.state);
    round.state = round.state.drawn();

    let terms = terms_of(&params, &open.task);
    let found = u32::from(roster.count()).saturating_add(u32::try_from(drawn.len()).unwrap_or(0));
    if sizes::enough_members(found, round.size.into()) {
        fill(turn, id, open, &mut roster, &drawn, &terms)?;
        rounds::set_roster(turn.storage, id, open.phase.round, &roster);
    } else {
        release(turn, id, open, &mut round, found, &terms)?;
    }
    rounds::set(turn.storage, id, open.phase.round, &round);
    phases::set(turn.storage, id, &open.phase);
    remove_seats(turn, open.task.model, &result.removed, true)
}

fn pick(
    turn: &Turn<'_>,
    id: u64,
    open: &OpenTask,
    round: &Round,
    roster: &Roster,
    randomness: &Randomness,
    params: &Params,
) -> Result<DrawResult, ContractError> {
    let task = &open.task;
    let model = models::get(turn.storage, task.model)?;
    let bitmap = seats::bitmap(turn.storage, task.model)?;
    let input = DrawInput {
        randomness: &randomness.value,
        task: id,
        round: open.phase.round,
        vacancies: u32::from(round.size.saturating_sub(roster.count())),
        opened: round.state.opened.height,
        lock: task.lock,
        seat_lock: seat_lock(&model, params)?,
        bitmap: &bitmap.0,
    };
    // Before the first draw of the first round nobody is or was in the task.
    let anybody = open.phase.round > 0 || round.state.draws > 0;
    draw(&input, |slot| {
        let (worker, mut seat) = view(turn.storage, task, slot)?;
        seat.in_task = anybody && members::find(turn.storage, &worker, id)?.is_some();
        Ok::<_, ContractError>(seat)
    })
}

/// Who holds a slot, and what a draw must know of the seat but whether it is in the task.
fn view(
    storage: &dyn Storage,
    task: &Task,
    slot: u16,
) -> Result<(CanonicalAddr, SeatView), ContractError> {
    let worker = seats::holder(storage, task.model, slot)?.ok_or(ContractError::Missing {
        record: "seat",
        id: slot.into(),
    })?;
    let stake = workers::stake_of(storage, &worker)?;
    let view = SeatView {
        since: stake.since,
        free: stake.free(),
        bond: stake.bond,
        jailed: stake.jailed(),
        in_task: false,
    };
    Ok((worker, view))
}

/// Gives the places to those drawn, in order, and begins the commit window.
fn fill(
    turn: &mut Turn<'_>,
    id: u64,
    open: &mut OpenTask,
    roster: &mut Roster,
    drawn: &[CanonicalAddr],
    terms: &Terms,
) -> Result<(), ContractError> {
    let vacant = (0..=u8::MAX)
        .zip(&mut roster.places)
        .filter(|(_, place)| place.is_none());
    for ((position, place), worker) in vacant.zip(drawn) {
        *place = Some(worker.clone());
        let mut stake = workers::stake_of(turn.storage, worker)?;
        stake.lock(open.task.lock)?;
        workers::set_stake(turn.storage, worker, &stake);
        let member = Member {
            round: open.phase.round,
            position,
            stage: Stage::Drawn,
        };
        members::set(turn.storage, worker, id, &member);
    }
    let count = u32::try_from(drawn.len()).map_err(|_| ContractError::Overflow)?;
    models::update_state(turn.storage, open.task.model, |state| {
        state.busy = state.busy.checked_add(count)?;
        Some(())
    })?;
    open.phase = open.phase.commit(roster.count(), turn.height(), terms);
    let members = turn.texts(drawn)?;
    turn.emit(CommitteeDrawn {
        task: id,
        round: open.phase.round,
        members,
        filled: open.phase.members.into(),
        deadline: open.phase.deadline,
    });
    Ok(())
}

/// Lets those drawn go and waits for another draw, if one is left.
fn release(
    turn: &mut Turn<'_>,
    id: u64,
    open: &OpenTask,
    round: &mut Round,
    found: u32,
    terms: &Terms,
) -> Result<(), ContractError> {
    if round.state.draw_left(terms) {
        let waits_for = open::wait(turn, id)?;
        round.state = round.state.wait(turn.now(), waits_for);
    }
    turn.emit(DrawShort {
        task: id,
        round: open.phase.round,
        found,
        quorum: open.phase.quorum(),
        waits_for: Some(round.state.waits_for).filter(|round| *round != 0),
    });
    Ok(())
}
