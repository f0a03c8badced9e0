//! The HTTP side: routes, and what all of them share.

mod chat;
mod edge;
mod health;
mod listen;
mod models;
mod openapi;
mod page;
mod receipts;
mod reply;
mod steady;
mod stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::answers::Answers;
use super::desk::Desk;
use super::error::{ApiError, Code};
use super::journal::Journal;
use super::keys::Doorman;
use super::metrics::Metrics;
use super::tokens::TokenCounter;

pub use edge::Origins;
pub use health::Monitor;
pub use listen::serve;
pub use openapi::document;

/// How the gateway behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of journal, keys and receipts.
    pub home: PathBuf,
    /// A folder of static files to serve at `/`.
    pub page: Option<PathBuf>,
    /// How long a request without a stream waits for its answer.
    pub patience: Duration,
    /// How long a stream waits.
    pub stream_patience: Duration,
    /// Between two keep-alive comments of a stream.
    pub keep_alive: Duration,
    /// Requests in work at once.
    pub max_requests: usize,
    /// Members of the committee when a request names none.
    pub committee: Option<u32>,
    /// Pages that may call from a browser.
    pub origins: Origins,
    /// What `/network.json` says.
    pub network: Value,
    /// Between two looks at what is in doubt or open.
    pub poll: Duration,
}

impl Settings {
    /// The defaults for this home.
    #[must_use]
    pub fn new(home: PathBuf) -> Self {
        Self {
            home,
            page: None,
            patience: Duration::from_secs(55),
            stream_patience: Duration::from_secs(600),
            keep_alive: Duration::from_secs(8),
            max_requests: 128,
            committee: None,
            origins: Origins::Loopback,
            network: Value::Null,
            poll: Duration::from_millis(500),
        }
    }
}

/// What all routes share.
#[derive(Debug)]
pub struct Shared {
    settings: Settings,
    answers: Arc<dyn Answers>,
    desk: Desk,
    journal: Arc<Journal>,
    metrics: Arc<Metrics>,
    doorman: Doorman,
    monitor: Monitor,
    counter: Option<TokenCounter>,
    work: Arc<Semaphore>,
    /// Receipts that are being collected: each is many queries, for whoever asks.
    collecting: Semaphore,
}

/// Receipts collected at once.
const MAX_COLLECTING: usize = 4;

impl Shared {
    /// Everything for one gateway.
    #[must_use]
    pub fn new(
        settings: Settings,
        answers: Arc<dyn Answers>,
        journal: Arc<Journal>,
        doorman: Doorman,
        counter: Option<TokenCounter>,
    ) -> Arc<Self> {
        let metrics = Arc::new(Metrics::default());
        let desk = Desk::new(
            Arc::clone(&answers),
            Arc::clone(&journal),
            Arc::clone(&metrics),
            settings.poll,
        );
        Arc::new(Self {
            work: Arc::new(Semaphore::new(settings.max_requests)),
            collecting: Semaphore::new(MAX_COLLECTING),
            monitor: Monitor::default(),
            settings,
            answers,
            desk,
            journal,
            metrics,
            doorman,
            counter,
        })
    }

    /// Keeps books and looks after the network, until it is dropped or aborted.
    pub async fn run_in_background(self: Arc<Self>) {
        let books = self.desk.clone().keep_books();
        tokio::join!(books, self.monitor.watch(&*self.answers));
    }
}

/// Every route, as OpenAPI writes it.
pub const ROUTES: [&str; 10] = [
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/models",
    "/v1/models/{id}",
    "/v1/receipts/{id}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/network.json",
];

/// The routes.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/completions", post(chat::completion))
        .route("/v1/models", get(models::list))
        // A name may hold slashes.
        .route("/v1/models/{*id}", get(models::one))
        .route("/v1/receipts/{id}", get(receipts::one))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::show))
        .route("/network.json", get(page::network))
        .fallback(page::file)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            edge::edge,
        ))
        .with_state(shared)
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let want = if uri.path().ends_with("completions") {
        "POST"
    } else {
        "GET"
    };
    ApiError::new(
        Code::MethodNotAllowed,
        format!("{} takes {want}, not {method}", uri.path()),
    )
}
