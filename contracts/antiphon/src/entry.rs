//! What the chain calls: the functions of [`crate::contract`], with messages read by way of a tree.

use antiphon_api::{ExecuteMsg, InstantiateMsg, QueryMsg};
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Reply, Response, entry_point};

use crate::contract;
use crate::error::ContractError;
use crate::json::Parsed;

#[entry_point]
pub(crate) fn instantiate(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: Parsed<InstantiateMsg>,
) -> Result<Response, ContractError> {
    contract::instantiate(deps, env, info, msg.0)
}

#[entry_point]
pub(crate) fn execute(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: Parsed<ExecuteMsg>,
) -> Result<Response, ContractError> {
    contract::execute(deps, env, info, msg.0)
}

#[entry_point]
pub(crate) fn query(
    deps: Deps<'_>,
    env: Env,
    msg: Parsed<QueryMsg>,
) -> Result<Binary, ContractError> {
    contract::query(deps, env, msg.0)
}

#[entry_point]
pub(crate) fn reply(deps: DepsMut<'_>, env: Env, reply: Reply) -> Result<Response, ContractError> {
    contract::reply(deps, env, reply)
}
