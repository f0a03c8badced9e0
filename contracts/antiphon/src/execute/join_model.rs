//! `join_model`: offers to serve a model, in its lowest free slot.

use antiphon_api::{MAX_SEATS_PER_WORKER, SeatJoined};

use crate::error::ContractError;
use crate::flow::worker::{seat_lock, sender_stake};
use crate::state::{config, models, seats, workers};
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, model: u64) -> Result<(), ContractError> {
    turn.no_coins()?;
    let mut stake = sender_stake(turn)?;
    if stake.jailed() {
        return Err(ContractError::Jailed {
            until: stake.jailed_until,
        });
    }
    if workers::profile(turn.storage, &turn.sender)?
        .voter
        .is_none()
    {
        return Err(ContractError::NoVoter);
    }
    let record = models::get(turn.storage, model)?;
    let needed = seat_lock(&record, &config::current_params(turn.storage)?)?;
    let free = stake.free();
    if free < needed {
        return Err(ContractError::Bond { free, needed });
    }
    check_seats(turn, model)?;
    let slot = seats::occupy(turn.storage, model, &turn.sender)?
        .ok_or(ContractError::ModelFull { model })?;
    models::update_state(turn.storage, model, |state| {
        state.seats = state.seats.checked_add(1)?;
        Some(())
    })?;
    stake.since = turn.height();
    workers::set_stake(turn.storage, &turn.sender, &stake);
    turn.emit(SeatJoined {
        model,
        slot,
        worker: turn.sender_text().to_string(),
    });
    Ok(())
}

fn check_seats(turn: &Turn<'_>, model: u64) -> Result<(), ContractError> {
    if let Some(slot) = seats::slot_of(turn.storage, &turn.sender, model)? {
        return Err(ContractError::Seated { model, slot });
    }
    let got = seats::models_of(turn.storage, &turn.sender).len();
    match u32::try_from(got) {
        Ok(held) if held < MAX_SEATS_PER_WORKER => Ok(()),
        _ => Err(ContractError::Seats {
            got,
            most: MAX_SEATS_PER_WORKER,
        }),
    }
}
