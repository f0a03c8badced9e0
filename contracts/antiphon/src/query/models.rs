//! Models and what a task of one would cost.

use antiphon_api::{Cid, EstimateFeeResponse, ModelResponse, ModelsResponse, PageLimit, Uint128};
use antiphon_rules::fees;
use cosmwasm_std::{Deps, Storage};

use super::text;
use crate::error::ContractError;
use crate::execute::post_task::lock_rule;
use crate::flow::worker::rules_price;
use crate::state::{config, models, ratings};
use crate::validate;

#[inline(never)]
pub(super) fn one(deps: Deps<'_>, id: u64) -> Result<ModelResponse, ContractError> {
    let model = models::get(deps.storage, id)?;
    let state = models::state(deps.storage, id)?;
    Ok(ModelResponse {
        model: id,
        manifest: model.manifest,
        publisher: text(deps, &model.publisher)?,
        price: model.price,
        limits: model.limits,
        endpoint: model.endpoint,
        retired: state.retired,
        seats: state.seats,
        open_tasks: state.open_tasks,
        deposit: Uint128::new(state.deposit),
        ratings: ratings::of_model(deps.storage, id)?,
    })
}

fn all(
    deps: Deps<'_>,
    ids: impl Iterator<Item = u64>,
    limit: Option<u32>,
) -> Result<ModelsResponse, ContractError> {
    let models = ids
        .take(PageLimit::new(limit).get())
        .map(|id| one(deps, id))
        .collect::<Result<_, _>>()?;
    Ok(ModelsResponse { models })
}

#[inline(never)]
pub(super) fn page(
    deps: Deps<'_>,
    after: Option<u64>,
    limit: Option<u32>,
) -> Result<ModelsResponse, ContractError> {
    all(deps, models::ids(deps.storage, after), limit)
}

#[inline(never)]
pub(super) fn of_manifest(
    deps: Deps<'_>,
    manifest: &Cid,
    after: Option<u64>,
    limit: Option<u32>,
) -> Result<ModelsResponse, ContractError> {
    let ids = models::ids_of_manifest(deps.storage, manifest, after);
    all(deps, ids, limit)
}

#[inline(never)]
pub(super) fn estimate(
    storage: &dyn Storage,
    id: u64,
    prompt_bytes: u32,
    max_output_tokens: u32,
    committee: Option<u32>,
) -> Result<EstimateFeeResponse, ContractError> {
    let model = models::get(storage, id)?;
    let params = config::current_params(storage)?;
    let asked = committee.unwrap_or(params.committee);
    let committee = validate::committee(asked, config::get(storage)?.insecure)?.into();
    let full_fee = rules_price(&model.price).fee(prompt_bytes, max_output_tokens)?;
    Ok(EstimateFeeResponse {
        committee,
        full_fee: Uint128::new(full_fee),
        escrow: Uint128::new(fees::escrow(full_fee, committee)?),
        lock: Uint128::new(lock_rule(&params).lock(full_fee)?),
    })
}
