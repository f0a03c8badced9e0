//! `register_model`: adds a model, with a refundable deposit.

use antiphon_api::{Cid, Limits, ModelRegistered, Price};

use crate::error::ContractError;
use crate::flow::owner;
use crate::state::books::Pot;
use crate::state::config;
use crate::state::models::{self, Model};
use crate::turn::Turn;
use crate::validate;

pub(crate) fn run(
    turn: &mut Turn<'_>,
    manifest: Cid,
    price: Price,
    limits: Limits,
    endpoint: Option<String>,
) -> Result<(), ContractError> {
    owner::check_running(turn)?;
    turn.take_coins()?;
    let params = config::current_params(turn.storage)?;
    validate::raw("manifest", &manifest)?;
    validate::price(&price, params.min_base.u128())?;
    validate::limits(&limits)?;
    if let Some(endpoint) = &endpoint {
        validate::endpoint(endpoint)?;
    }
    let deposit = params.model_deposit.u128();
    turn.charge_sender(Pot::ModelDeposits, deposit)?;
    let id = config::next_model(turn.storage)?;
    let model = Model {
        manifest,
        publisher: turn.sender.clone(),
        price,
        limits,
        endpoint,
    };
    models::add(turn.storage, id, &model, deposit);
    turn.emit(ModelRegistered {
        model: id,
        manifest,
        publisher: turn.sender_text().to_string(),
    });
    Ok(())
}
