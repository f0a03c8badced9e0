//! What comes back from messages that this contract sent: only a refused burn.

use antiphon_api::{BurnFailed, Uint128};
use cosmwasm_std::{DepsMut, Reply, Response};

use crate::error::ContractError;
use crate::state::books::Books;

/// The id of a burn, whose payload is the amount, big-endian.
pub(crate) const BURN: u64 = 1;

pub(crate) fn run(deps: DepsMut<'_>, reply: &Reply) -> Result<Response, ContractError> {
    let amount = <[u8; 16]>::try_from(reply.payload.as_slice()).map(u128::from_be_bytes);
    match (reply.id, amount) {
        (BURN, Ok(amount)) => {
            let mut books = Books::open(deps.storage)?;
            books.unburn(amount)?;
            books.close(deps.storage);
            Ok(Response::new().add_event(BurnFailed {
                amount: Uint128::new(amount),
            }))
        }
        (id, _) => Err(ContractError::Reply { id }),
    }
}
