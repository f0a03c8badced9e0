//! Creates a network: checks everything that is fixed from now on.

use antiphon_api::{CONTRACT_VERSION, InstantiateMsg};
use cosmwasm_std::{DepsMut, MessageInfo, Response};

use crate::error::ContractError;
use crate::state::config::{self, Config};
use crate::validate;

/// What `cw2` records, so that a migration knows what it finds.
pub(crate) const NAME: &str = "crates.io:antiphon-contract";

pub(crate) fn run(
    deps: DepsMut<'_>,
    info: &MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    if let Some(coin) = info.funds.first() {
        return Err(ContractError::UnwantedCoins {
            got: coin.to_string(),
        });
    }
    validate::denom(&msg.denom)?;
    validate::beacon(deps.api, &msg.beacon)?;
    validate::params(&msg.params, msg.insecure)?;
    if let Some(owner) = &msg.owner {
        validate::account(deps.api, owner)?;
    }
    cw2::set_contract_version(deps.storage, NAME, CONTRACT_VERSION)?;
    config::add_params(deps.storage, &msg.params)?;
    config::set(
        deps.storage,
        &Config {
            denom: msg.denom,
            owner: msg.owner,
            beacon: msg.beacon,
            insecure: msg.insecure,
        },
    )?;
    Ok(Response::new())
}
