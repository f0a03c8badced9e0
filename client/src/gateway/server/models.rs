//! `GET /v1/models`, and which model a request means.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::Shared;
use crate::gateway::answers::ModelInfo;
use crate::gateway::error::{ApiError, Code};
use crate::gateway::wire::{ModelFacts, ModelList, ModelObject, PriceFacts};

const MAX_NAME: usize = 80;

pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Result<Json<ModelList>, ApiError> {
    let models = shared.answers.models().await?;
    let denom = &shared.answers.facts().denom;
    Ok(Json(ModelList {
        object: "list",
        data: models.iter().map(|model| object(model, denom)).collect(),
    }))
}

pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<ModelObject>, ApiError> {
    let model = find(&shared, Some(&id)).await?;
    Ok(Json(object(&model, &shared.answers.facts().denom)))
}

/// The model a request means: its id, name, number or manifest; the gateway's own choice if it names
/// none.
pub(super) async fn find(shared: &Shared, named: Option<&str>) -> Result<ModelInfo, ApiError> {
    let models = shared.answers.models().await?;
    let found = match named {
        Some(name) => by_name(&models, name),
        None => {
            let default = shared.answers.facts().default_model;
            let chosen = models.iter().find(|model| Some(model.number) == default);
            chosen.or_else(|| models.iter().find(|model| model.seats > 0))
        }
    };
    found.cloned().ok_or_else(|| unknown(&models, named))
}

fn by_name<'m>(models: &'m [ModelInfo], name: &str) -> Option<&'m ModelInfo> {
    let number = name.parse().ok();
    let is = |test: &dyn Fn(&ModelInfo) -> bool| models.iter().find(|model| test(model));
    // What cannot be chosen by whoever registers a model goes first.
    is(&|model| Some(model.number) == number)
        .or_else(|| is(&|model| model.manifest.to_string() == name))
        .or_else(|| is(&|model| model.id == name))
        .or_else(|| is(&|model| model.name.as_deref() == Some(name)))
}

fn unknown(models: &[ModelInfo], named: Option<&str>) -> ApiError {
    let known: Vec<&str> = models
        .iter()
        .map(|model| model.id.as_str())
        .take(5)
        .collect();
    let known = if known.is_empty() {
        "No model on this network takes questions now".to_owned()
    } else {
        format!("Models here: {}; see /v1/models", known.join(", "))
    };
    let name: String = named.unwrap_or_default().chars().take(MAX_NAME).collect();
    let message = format!("there is no model {name:?} that takes questions. {known}");
    ApiError::new(Code::ModelNotFound, message).about("model")
}

fn object(model: &ModelInfo, denom: &str) -> ModelObject {
    let facts = model.facts.as_ref();
    ModelObject {
        id: model.id.clone(),
        object: "model",
        created: 0,
        owned_by: model.publisher.clone(),
        antiphon: ModelFacts {
            model: model.number,
            manifest: model.manifest.to_string(),
            seats: model.seats,
            context_tokens: facts.map(|facts| facts.context_tokens),
            license: facts.map(|facts| facts.license.clone()),
            max_prompt_bytes: model.limits.max_prompt_bytes,
            max_output_tokens: model.limits.max_output_tokens,
            price: PriceFacts {
                base: model.price.base.to_string(),
                per_prompt_byte: model.price.per_prompt_byte.to_string(),
                per_output_token: model.price.per_output_token.to_string(),
            },
            denom: denom.to_owned(),
        },
    }
}
