//! Two listeners: the public one with the gateway of the store and votes of others, and one for the operator with
//! health, numbers and duties, on loopback unless told otherwise.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use antiphon_store::server::{Caller, Gateway, router as gateway_router};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::timeout;

use crate::metrics::Metrics;
use crate::relay::{Intake, Item};
use crate::votes_gate::{BODY_WITHIN, VotesGate};

/// Where votes are handed over.
pub const VOTES_PATH: &str = "/antiphon/v1/votes";
/// Largest vote, in bytes (worker, section 1).
pub const MAX_VOTE_BYTES: usize = 8 * 1024;

/// What the operator's routes share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Numbers and state.
    pub metrics: Arc<Metrics>,
    /// This worker.
    pub worker: String,
}

#[derive(Clone, Debug)]
struct Votes {
    intake: Arc<Intake>,
    gate: VotesGate,
}

/// For strangers: votes, and whether the process is up; without the store.
pub fn public_routes(intake: Arc<Intake>) -> Router {
    let gate = VotesGate::default();
    Router::new()
        .route(VOTES_PATH, post(votes))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(Votes { intake, gate })
}

/// For the operator: health, numbers, duties.
pub fn status_routes(shared: Shared) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route(
            "/metrics",
            get(|State(shared): State<Shared>| async move { shared.metrics.prometheus() }),
        )
        .route("/status", get(status))
        .with_state(shared)
}

/// Everything that strangers are served.
pub fn router(gateway: Gateway, intake: Arc<Intake>) -> Router {
    gateway_router(gateway).merge(public_routes(intake))
}

async fn votes(State(votes): State<Votes>, request: Request) -> Response {
    let caller = request.extensions().get::<ConnectInfo<Caller>>();
    let address = caller.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |caller| caller.0.0.ip());
    let Some(_place) = votes.gate.admit(address) else {
        let text = "too many votes at once; hand it over again in a second\n";
        let again = [(header::RETRY_AFTER, "1")];
        return (StatusCode::TOO_MANY_REQUESTS, again, text).into_response();
    };
    match body(request.into_body()).await {
        Ok(body) => judged(&votes.intake, &body),
        Err(refusal) => refusal,
    }
}

/// The body, in bounded memory and time.
async fn body(body: Body) -> Result<Bytes, Response> {
    let read = timeout(BODY_WITHIN, to_bytes(body, MAX_VOTE_BYTES)).await;
    match read {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let text = format!("got more than {MAX_VOTE_BYTES} bytes, want one vote\n");
            Err((StatusCode::PAYLOAD_TOO_LARGE, text).into_response())
        }
        Err(_) => {
            let text = format!("the vote took longer than {BODY_WITHIN:?} to arrive\n");
            Err((StatusCode::REQUEST_TIMEOUT, text).into_response())
        }
    }
}

fn judged(intake: &Intake, body: &[u8]) -> Response {
    let item: Item = match serde_json::from_slice(body) {
        Ok(item) => item,
        Err(error) => {
            let text = format!(
                "got no vote ({error}), want {{\"commit\":{{…}}}} or {{\"reveal\":{{…}}}}\n"
            );
            return (StatusCode::UNPROCESSABLE_ENTITY, text).into_response();
        }
    };
    let verdict = intake.take(item);
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
