//! `appeal`: demands a larger, fresh committee for an outcome that stands, and puts up a bond.

use antiphon_api::{TaskAppealed, Uint128};
use antiphon_rules::life::NotNow;
use antiphon_rules::{fees, rounds as sizes};

use crate::error::ContractError;
use crate::flow::{OpenTask, open, open_task};
use crate::state::books::Pot;
use crate::state::rounds::Opener;
use crate::state::tasks;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, id: u64, of: Option<u8>) -> Result<(), ContractError> {
    turn.take_coins()?;
    let Some(open) = open_task(turn.storage, id)? else {
        tasks::get(turn.storage, id)?;
        return Err(ContractError::NotAnswered { task: id });
    };
    let admitted = open.phase.admits_appeal(turn.height());
    admitted.map_err(|not_now| match not_now {
        NotNow::TooEarly => ContractError::NotAnswered { task: id },
        NotNow::TooLate => ContractError::AppealOver {
            task: id,
            deadline: open.phase.deadline,
        },
    })?;
    still_of(of, id, open.phase.round)?;
    let (round, size, bond) = next_round(&open)?.ok_or(ContractError::NoRoundLeft {
        task: id,
        rounds: open.task.rounds_possible,
    })?;
    turn.charge_sender(Pot::AppealBonds, bond)?;
    let opener = Opener::Appeal {
        by: turn.sender.clone(),
        bond,
    };
    let waits_for = open::round(turn, id, &open.task, round, opener, Some(&open.phase))?;
    turn.emit(TaskAppealed {
        task: id,
        round,
        size,
        by: turn.sender_text().to_string(),
        bond: Uint128::new(bond),
        waits_for,
    });
    Ok(())
}

/// An appeal of what stood after a round is none of what stands after a later one.
fn still_of(of: Option<u8>, task: u64, want: u8) -> Result<(), ContractError> {
    match of.filter(|got| *got != want) {
        Some(got) => Err(ContractError::OutcomeChanged { task, got, want }),
        None => Ok(()),
    }
}

/// Number, size and bond of the round that an appeal would open; none if no round is left.
pub(crate) fn next_round(open: &OpenTask) -> Result<Option<(u8, u32, u128)>, ContractError> {
    let Some(round) = open.phase.next_round(open.task.rounds_possible) else {
        return Ok(None);
    };
    let size = sizes::size_of(open.task.committee.into(), round).ok_or(ContractError::Overflow)?;
    let bond = fees::appeal_bond(open.task.full_fee, size, open.task.lock)?;
    Ok(Some((round, size, bond)))
}
