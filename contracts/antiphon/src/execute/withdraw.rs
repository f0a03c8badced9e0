//! `withdraw`: sends the sender's balance, or a part of it, to the sender.

use antiphon_api::{Uint128, Withdrawn};
use cosmwasm_std::{BankMsg, coins};

use crate::error::ContractError;
use crate::state::{books, config};
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, amount: Option<Uint128>) -> Result<(), ContractError> {
    turn.no_coins()?;
    let balance = books::balance(turn.storage, &turn.sender)?;
    let amount = amount.map_or(balance, |amount| amount.u128());
    if amount == 0 || amount > balance {
        return Err(ContractError::Amount {
            got: amount,
            most: balance,
        });
    }
    turn.withdraw_sender(amount)?;
    let account = turn.sender_text().to_string();
    let denom = config::get(turn.storage)?.denom;
    turn.send(BankMsg::Send {
        to_address: account.clone(),
        amount: coins(amount, denom),
    });
    turn.emit(Withdrawn {
        account,
        amount: Uint128::new(amount),
    });
    Ok(())
}
