//! `POST /give`, `GET /status`: JSON for programs, readable by pages of every origin.

use std::io;
use std::sync::Arc;

use antiphon_chain::ChainError;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use super::{Faucet, GiftError, Purse};

/// An address in JSON is a tenth of this.
const MAX_BODY_BYTES: usize = 1024;

const OPEN: [(HeaderName, HeaderValue); 7] = [
    (
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    ),
    (
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, OPTIONS"),
    ),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Accept, Content-Type"),
    ),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Retry-After"),
    ),
    (
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("7200"),
    ),
    (
        HeaderName::from_static("access-control-allow-private-network"),
        HeaderValue::from_static("true"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

#[derive(Deserialize)]
struct Wish {
    address: String,
}

/// Serves until `shutdown` resolves; a gift on its way is still answered.
///
/// # Errors
/// The socket fails.
pub async fn serve<P: Purse>(
    faucet: Faucet<P>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    antiphon_store::server::serve(listener, router(Arc::new(faucet)), shutdown).await
}

pub(super) fn router<P: Purse>(faucet: Arc<Faucet<P>>) -> Router {
    Router::new()
        .route(
            "/give",
            post(give::<P>).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)),
        )
        .route("/status", get(status::<P>))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .layer(middleware::from_fn(open_to_browsers))
        .with_state(faucet)
}

async fn give<P: Purse>(
    State(faucet): State<Arc<Faucet<P>>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            let text = format!("want at most {MAX_BODY_BYTES} bytes: {error}");
            return refusal(error.status(), "bad_request", &text, None);
        }
    };
    let wish: Wish = match serde_json::from_slice(&body) {
        Ok(wish) => wish,
        Err(error) => {
            let text = format!("got no wish ({error}), want {{\"address\":\"…\"}}");
            return refusal(StatusCode::BAD_REQUEST, "bad_request", &text, None);
        }
    };
    match faucet.give(&wish.address).await {
        Ok(gift) => Json(gift).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn status<P: Purse>(State(faucet): State<Arc<Faucet<P>>>) -> Response {
    match faucet.status().await {
        Ok(status) => Json(status).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn nowhere() -> Response {
    let text = "there are POST /give with {\"address\":\"…\"} and GET /status";
    refusal(StatusCode::NOT_FOUND, "not_found", text, None)
}

impl IntoResponse for GiftError {
    fn into_response(self) -> Response {
        let (status, code, wait) = match &self {
            Self::Address { .. } => (StatusCode::BAD_REQUEST, "bad_address", None),
            Self::TooOften { seconds, .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "too_often", Some(*seconds))
            }
            Self::HourOver { seconds, .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "hour_over", Some(*seconds))
            }
            Self::Chain(ChainError::InsufficientFunds { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "faucet_empty", None)
            }
            Self::Chain(ChainError::Rejected { .. }) => {
                (StatusCode::BAD_REQUEST, "chain_refused", None)
            }
            Self::Chain(_) => (StatusCode::SERVICE_UNAVAILABLE, "node_down", Some(5)),
        };
        refusal(status, code, &self.to_string(), wait)
    }
}

fn refusal(status: StatusCode, code: &str, message: &str, wait: Option<u64>) -> Response {
    let body = Json(json!({"error": {"code": code, "message": message}}));
    let mut response = (status, body).into_response();
    if let Some(seconds) = wait {
        let value = HeaderValue::from(seconds);
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

async fn open_to_browsers(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    response.headers_mut().extend(OPEN);
    response
}
