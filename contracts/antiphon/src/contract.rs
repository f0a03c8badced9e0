//! Entry points, and the match that hands every message to its module.

use antiphon_api::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Reply, Response};

use crate::error::ContractError;
use crate::state::cache::Cache;
use crate::turn::Turn;
use crate::{
    execute as on, instantiate as at_start, migrate as to_this, query as show, reply as back,
};

/// Creates a network.
///
/// # Errors
/// A denom, beacon or parameter out of its bounds; attached coins.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut<'_>,
    _env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    at_start::run(deps, &info, msg)
}

/// Changes state.
///
/// # Errors
/// A [`ContractError`] whose text starts with a stable code; nothing of the message is kept then.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let mut kept = Cache::over(deps.storage);
    let deps = DepsMut {
        storage: &mut kept,
        ..deps
    };
    let mut turn = Turn::begin(deps, env, info)?;
    dispatch(&mut turn, msg)?;
    let response = turn.end();
    kept.write_back();
    Ok(response)
}

/// Hands a message to its module.
fn dispatch(turn: &mut Turn<'_>, msg: ExecuteMsg) -> Result<(), ContractError> {
    match msg {
        ExecuteMsg::RegisterModel {
            manifest,
            price,
            limits,
            endpoint,
        } => on::register_model::run(turn, manifest, price, limits, endpoint),
        ExecuteMsg::RetireModel { model } => on::retire_model::run(turn, model),
        ExecuteMsg::Bond {} => on::bond::run(turn),
        ExecuteMsg::Unbond { amount } => on::unbond::run(turn, amount.u128()),
        ExecuteMsg::ClaimUnbonded {} => on::claim_unbonded::run(turn),
        ExecuteMsg::Unjail {} => on::unjail::run(turn),
        ExecuteMsg::JoinModel { model } => on::join_model::run(turn, model),
        ExecuteMsg::LeaveModel { model } => on::leave_model::run(turn, model),
        ExecuteMsg::UpdateWorker {
            endpoint,
            moniker,
            voter,
        } => on::update_worker::run(turn, endpoint, moniker, voter),
        ExecuteMsg::PostTask {
            model,
            prompt,
            prompt_bytes,
            max_output_tokens,
            holders,
            block,
            committee,
            callback,
        } => on::post_task::Request {
            model,
            prompt,
            prompt_bytes,
            max_output_tokens,
            holders,
            block,
            committee,
            callback,
        }
        .post(turn),
        ExecuteMsg::Appeal { task, round } => on::appeal::run(turn, task, round),
        ExecuteMsg::Rate { task, good } => on::rate::run(turn, task, good),
        ExecuteMsg::Deliver { task, text } => on::deliver::run(turn, task, text),
        ExecuteMsg::Deposit {} => on::deposit::run(turn),
        ExecuteMsg::Withdraw { amount } => on::withdraw::run(turn, amount),
        ExecuteMsg::Commit { commits } => on::commit::run(turn, &commits),
        ExecuteMsg::Reveal { reveals } => on::reveal::run(turn, &reveals),
        ExecuteMsg::Advance { tasks } => on::advance::run(turn, &tasks),
        ExecuteMsg::PublishBeacon {
            round,
            signature,
            draws,
        } => on::publish_beacon::run(turn, round, &signature, draws),
        ExecuteMsg::UpdateParams { params } => on::update_params::run(turn, &params),
        ExecuteMsg::SetPaused { paused } => on::set_paused::run(turn, paused),
        ExecuteMsg::TransferOwnership { to } => on::transfer_ownership::run(turn, to),
        ExecuteMsg::AcceptOwnership {} => on::accept_ownership::run(turn),
        ExecuteMsg::RenounceOwnership {} => on::renounce_ownership::run(turn),
    }
}

/// Reads state.
///
/// # Errors
/// An unknown id, or an address that is none.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    show::run(deps, &env, msg)
}

/// Takes over the state of an older version.
///
/// # Errors
/// Another contract's state, or that of a newer version.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut<'_>, _env: Env, msg: MigrateMsg) -> Result<Response, ContractError> {
    to_this::run(deps, &msg)
}

/// Takes the answer to a message that this contract sent.
///
/// # Errors
/// An id that this contract never gives.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn reply(deps: DepsMut<'_>, _env: Env, reply: Reply) -> Result<Response, ContractError> {
    back::run(deps, &reply)
}
