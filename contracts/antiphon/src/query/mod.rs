//! Queries: bounded, paged, and never a panic, whatever is asked.
//!
//! No query is inlined into the match: the VM takes functions of at most 100 locals.

mod duties;
mod models;
mod network;
mod rounds;
mod security;
mod tasks;
mod workers;

use antiphon_api::QueryMsg;
use cosmwasm_std::{Binary, CanonicalAddr, Deps, Env, to_json_binary};

use crate::error::ContractError;

pub(crate) fn run(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let storage = deps.storage;
    Ok(match msg {
        QueryMsg::Config {} => to_json_binary(&network::config(deps)?),
        QueryMsg::Params { version } => to_json_binary(&network::params(storage, version)?),
        QueryMsg::Model { model } => to_json_binary(&models::one(deps, model)?),
        QueryMsg::Models { start_after, limit } => {
            to_json_binary(&models::page(deps, start_after, limit)?)
        }
        QueryMsg::ModelsByManifest {
            manifest,
            start_after,
            limit,
        } => to_json_binary(&models::of_manifest(deps, &manifest, start_after, limit)?),
        QueryMsg::Task { task } => to_json_binary(&tasks::one(deps, env, task)?),
        QueryMsg::Tasks {
            filter,
            start_after,
            limit,
        } => to_json_binary(&tasks::page(deps, env, filter, start_after, limit)?),
        QueryMsg::Duties {
            worker,
            start_after,
            limit,
        } => to_json_binary(&duties::page(deps, env, &worker, start_after, limit)?),
        QueryMsg::Round { task, round } => to_json_binary(&rounds::one(deps, task, round)?),
        QueryMsg::Worker { worker } => to_json_binary(&workers::one(deps, &worker)?),
        QueryMsg::Workers { start_after, limit } => {
            to_json_binary(&workers::page(deps, start_after.as_deref(), limit)?)
        }
        QueryMsg::Seats {
            model,
            start_after,
            limit,
        } => to_json_binary(&workers::seats(deps, model, start_after, limit)?),
        QueryMsg::Balance { address } => to_json_binary(&network::balance(deps, &address)?),
        QueryMsg::Answer { model, prompt } => {
            to_json_binary(&tasks::answer(storage, model, &prompt)?)
        }
        QueryMsg::EstimateFee {
            model,
            prompt_bytes,
            max_output_tokens,
            committee,
        } => to_json_binary(&models::estimate(
            storage,
            model,
            prompt_bytes,
            max_output_tokens,
            committee,
        )?),
        QueryMsg::Beacon {} => to_json_binary(&network::beacon(storage)?),
        QueryMsg::Security { model, committee } => {
            to_json_binary(&security::of(deps, env, model, committee)?)
        }
        QueryMsg::Totals {} => to_json_binary(&network::totals(storage)?),
    }?)
}

/// The text of a stored account.
fn text(deps: Deps<'_>, account: &CanonicalAddr) -> Result<String, ContractError> {
    Ok(deps.api.addr_humanize(account)?.into_string())
}
