//! `transfer_ownership`: offers the ownership to an account, or takes the offer back.

use antiphon_api::OwnershipOffered;

use crate::error::ContractError;
use crate::flow::owner;
use crate::state;
use crate::turn::Turn;
use crate::validate;

pub(crate) fn run(turn: &mut Turn<'_>, to: Option<String>) -> Result<(), ContractError> {
    owner::check(turn)?;
    let account = to
        .as_deref()
        .map(|to| validate::account(turn.api, to))
        .transpose()?;
    state::owner::set_pending(turn.storage, account.as_ref());
    turn.emit(OwnershipOffered { to });
    Ok(())
}
