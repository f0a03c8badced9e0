//! `update_worker`: changes what is on record of the sender.

use antiphon_api::{Hex, WorkerUpdated};

use crate::error::ContractError;
use crate::flow::worker::sender_stake;
use crate::state::workers;
use crate::turn::Turn;
use crate::validate;

pub(crate) fn run(
    turn: &mut Turn<'_>,
    endpoint: Option<String>,
    moniker: Option<String>,
    voter: Option<Hex<33>>,
) -> Result<(), ContractError> {
    turn.no_coins()?;
    sender_stake(turn)?;
    if endpoint.is_none() && moniker.is_none() && voter.is_none() {
        return Err(ContractError::NothingToUpdate);
    }
    let mut profile = workers::profile(turn.storage, &turn.sender)?;
    if let Some(endpoint) = endpoint {
        if !endpoint.is_empty() {
            validate::endpoint(&endpoint)?;
        }
        profile.endpoint = Some(endpoint).filter(|text| !text.is_empty());
    }
    if let Some(moniker) = moniker {
        validate::moniker(&moniker)?;
        profile.moniker = Some(moniker).filter(|text| !text.is_empty());
    }
    if let Some(Hex(key)) = voter {
        validate::voter_key(turn.api, &key)?;
        profile.voter = Some(key);
    }
    workers::set_profile(turn.storage, &turn.sender, &profile);
    turn.emit(WorkerUpdated {
        worker: turn.sender_text().to_string(),
    });
    Ok(())
}
