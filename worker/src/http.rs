//! One listener: the gateway of the store, votes of others, health and numbers.

use std::sync::Arc;

use antiphon_store::server::{Gateway, router as gateway_router};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::metrics::Metrics;
use crate::relay::{Intake, Item};

/// Where votes are handed over.
pub const VOTES_PATH: &str = "/antiphon/v1/votes";
/// Largest vote, in bytes (worker, section 1).
pub const MAX_VOTE_BYTES: usize = 8 * 1024;

/// What the routes share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Votes of others.
    pub intake: Arc<Intake>,
    /// Numbers and state.
    pub metrics: Arc<Metrics>,
    /// This worker.
    pub worker: String,
}

/// Votes, health and numbers, without the store.
pub fn routes(shared: Shared) -> Router {
    Router::new()
        .route(
            VOTES_PATH,
            post(votes).layer(DefaultBodyLimit::max(MAX_VOTE_BYTES)),
        )
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route(
            "/metrics",
            get(|State(shared): State<Shared>| async move { shared.metrics.prometheus() }),
        )
        .route("/status", get(status))
        .with_state(shared)
}

/// Everything this worker serves.
pub fn router(gateway: Gateway, shared: Shared) -> Router {
    gateway_router(gateway).merge(routes(shared))
}

async fn votes(State(shared): State<Shared>, body: Bytes) -> Response {
    let item: Item = match serde_json::from_slice(&body) {
        Ok(item) => item,
        Err(error) => {
            let text = format!(
                "got no vote ({error}), want {{\"commit\":{{…}}}} or {{\"reveal\":{{…}}}}\n"
            );
            return (StatusCode::UNPROCESSABLE_ENTITY, text).into_response();
        }
    };
    let verdict = shared.intake.take(item);
    let status =
        StatusCode::from_u16(verdict.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, format!("{}\n", verdict.reason())).into_response()
}

async fn ready(State(shared): State<Shared>) -> Response {
    match shared.metrics.not_ready() {
        None => (StatusCode::OK, "taking part\n".to_owned()).into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn status(State(shared): State<Shared>) -> Response {
    axum::Json(shared.metrics.status(&shared.worker)).into_response()
}
