//! `advance`: makes every due transition of some tasks, whoever asks; then burns what is to be
//! burned.

use antiphon_api::{Burned, MAX_ADVANCES_PER_MESSAGE, Uint128};
use cosmwasm_std::{BankMsg, SubMsg, coins};

use crate::error::ContractError;
use crate::flow::transition;
use crate::reply::BURN;
use crate::state::config;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, tasks: &[u64]) -> Result<(), ContractError> {
    turn.no_coins()?;
    if tasks.len() > MAX_ADVANCES_PER_MESSAGE {
        return Err(ContractError::Batch {
            what: "tasks",
            got: tasks.len(),
            least: 0,
            most: MAX_ADVANCES_PER_MESSAGE,
        });
    }
    for task in tasks {
        transition::advance(turn, *task)?;
    }
    flush(turn)
}

/// Burns the pot; if the chain refuses, the reply fills it again.
fn flush(turn: &mut Turn<'_>) -> Result<(), ContractError> {
    let amount = turn.with_books(|books, _| books.flush())?;
    if amount == 0 {
        return Ok(());
    }
    let denom = config::get(turn.storage)?.denom;
    let burn = BankMsg::Burn {
        amount: coins(amount, denom),
    };
    turn.send_submessage(
        SubMsg::reply_on_error(burn, BURN).with_payload(amount.to_be_bytes().to_vec()),
    );
    turn.emit(Burned {
        amount: Uint128::new(amount),
    });
    Ok(())
}
