//! What happens to every request: its id, its count, and what browsers must be told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rand_core::{OsRng, RngCore as _};

use super::Shared;
use crate::gateway::error::{ApiError, Code};
use crate::network::is_loopback;

/// Headers of ours that a page may read.
const EXPOSED: &str = "x-antiphon-task, x-antiphon-answer, x-antiphon-ignored, x-request-id, x-should-retry, retry-after, etag";
/// What no other program may do with our replies.
const REFERRER: HeaderName = HeaderName::from_static("referrer-policy");
const PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const MAX_REQUESTED_HEADERS: usize = 2_048;

/// Pages that may call from a browser, by their origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any page. Only for a gateway that wants API keys: else any page its user visits could spend.
    Any,
    /// Pages of this machine.
    Loopback,
    /// These.
    These(Vec<String>),
}

impl Origins {
    fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => is_loopback(origin),
            Self::These(list) => list.iter().any(|one| one == origin),
        }
    }
}

/// Around every route.
pub(super) async fn edge(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let (method, route) = (request.method().clone(), route_of(request.uri()));
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asked_headers = preflight_headers(request.headers());
    let allowed = origin.as_ref().is_none_or(|origin| {
        let known = origin
            .to_str()
            .is_ok_and(|text| shared.settings.origins.allow(text));
        // What is only read tells nothing that is not public.
        known || matches!(method, Method::GET | Method::HEAD)
    });
    let mut response = match method {
        Method::OPTIONS if allowed => StatusCode::NO_CONTENT.into_response(),
        _ if !allowed => refused().into_response(),
        _ => next.run(request).await,
    };
    shared.metrics.request(route, response.status().as_u16());
    let headers = response.headers_mut();
    headers.insert("x-request-id", request_id());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(REFERRER, HeaderValue::from_static("no-referrer"));
    if let Some(origin) = origin.filter(|_| allowed) {
        open_to(headers, origin, asked_headers);
    }
    response
}

fn refused() -> ApiError {
    ApiError::new(
        Code::OriginNotAllowed,
        "a page of this origin may not ask this gateway, which pays for every question. Start it with `--cors ORIGIN` to \
         allow the page, or with API keys to allow all",
    )
}

/// OpenAI's browser client sends headers of its own: what is asked for is allowed.
fn preflight_headers(headers: &HeaderMap) -> HeaderValue {
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let asked = asked.filter(|value| value.len() <= MAX_REQUESTED_HEADERS);
    asked
        .cloned()
        .unwrap_or_else(|| HeaderValue::from_static("authorization, content-type"))
}

fn open_to(headers: &mut HeaderMap, origin: HeaderValue, asked: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
    let fixed = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, HEAD, POST, OPTIONS",
        ),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Chrome asks before a public page reaches into a private network.
    headers.insert(PRIVATE, HeaderValue::from_static("true"));
}

/// A bounded set of names, whatever is asked for.
fn route_of(uri: &Uri) -> &'static str {
    let path = uri.path();
    let found = super::ROUTES.into_iter().find(|route| *route == path);
    found.unwrap_or_else(|| {
        if path.starts_with("/v1/models/") {
            "/v1/models/{id}"
        } else if path.starts_with("/v1/receipts/") {
            "/v1/receipts/{id}"
        } else {
            "page"
        }
    })
}

fn request_id() -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let text = format!("req_{:08x}{count:08x}", OsRng.next_u32());
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("req"))
}
