//! The gateway every worker runs: blocks out by the IPFS trustless gateway protocol, small blocks in.

mod ipfs;
mod listen;
mod rates;
mod refusal;
mod upload;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use antiphon_content::Cid;
use axum::Router;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use tokio::sync::Semaphore;

use crate::Store;
use crate::disk::lock;

pub use listen::{Caller, ListenLimits, serve, serve_with};
use rates::Rates;
use refusal::Refusal;

/// The largest block a stranger may upload, in bytes: an answer at its longest.
pub const MAX_UPLOAD_BYTES: usize = 64 * 1024;

/// How much the gateway does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayLimits {
    /// Requests in work at once; more are told to come back (429). Memory: each holds one block.
    pub requests: usize,
    /// Requests of one address (an IPv6 /64) in one second; more are told to come back (429).
    pub per_second: u32,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self {
            requests: 64,
            per_second: 2000,
        }
    }
}

/// What the routes share.
#[derive(Clone, Debug)]
pub struct Gateway {
    store: Store,
    working: Arc<Semaphore>,
    rates: Arc<Mutex<Rates>>,
    sent: Arc<AtomicU64>,
}

impl Gateway {
    /// A gateway over this store.
    #[must_use]
    pub fn new(store: Store, limits: GatewayLimits) -> Self {
        Self {
            store,
            working: Arc::new(Semaphore::new(limits.requests)),
            rates: Arc::new(Mutex::new(Rates::new(limits.per_second))),
            sent: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Bytes of blocks served so far.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// The routes of the content network; merge others as needed and hand the sum to [`serve`].
pub fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/ipfs/{cid}", get(ipfs::block))
        .route("/antiphon/v1/block/{cid}", put(upload::block))
        .route("/antiphon/v1/have/{cid}", get(have))
        .layer(middleware::from_fn_with_state(gateway.clone(), limited))
        .layer(middleware::from_fn(open_to_browsers))
        .with_state(gateway)
}

/// Which leaves of a model are here.
async fn have(
    State(gateway): State<Gateway>,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    let root: Cid = text.parse()?;
    let have = gateway.store.models.have(&root);
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "this model is not here");
    let bitmap = have.ok_or_else(unknown)?;
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/octet-stream"),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        ("x-antiphon-leaves", &bitmap.leaves().to_string()),
    ];
    Ok((headers, bitmap.bytes().to_vec()).into_response())
}

/// Only so many requests at a time, and of one address.
async fn limited(
    State(gateway): State<Gateway>,
    Sender(sender): Sender,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if !lock(&gateway.rates).admit(sender) {
        let text = "this address asks too often; try again in a second";
        return Err(Refusal::later(text, 1));
    }
    let text = "too many requests at once; try again in a second";
    let permit = gateway.working.try_acquire();
    let _permit = permit.map_err(|_| Refusal::later(text, 1))?;
    Ok(next.run(request).await)
}

/// Pages of any origin may read blocks and upload prompts: there is nothing secret and no session.
async fn open_to_browsers(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let open = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, PUT, OPTIONS"),
        (
            "access-control-allow-headers",
            "Accept, Content-Type, Range, If-None-Match, Cache-Control",
        ),
        // A preflight is asked once in two hours, the longest that browsers remember one.
        ("access-control-max-age", "7200"),
        // A page from the open web may ask a worker on this machine or in this house.
        ("access-control-allow-private-network", "true"),
        (
            "access-control-expose-headers",
            "Content-Length, Content-Range, ETag, Retry-After, X-Antiphon-Leaves",
        ),
        ("x-content-type-options", "nosniff"),
    ];
    for (name, value) in open {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// Who asks, for quotas. Unknown (a router that is not run by [`serve`]) counts as one address.
struct Sender(IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let caller = parts.extensions.get::<axum::extract::ConnectInfo<Caller>>();
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Ok(Self(caller.map_or(unknown, |caller| caller.0.0.ip())))
    }
}
