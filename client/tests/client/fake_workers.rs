//! A worker's gateway of a few lines, honest or not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use antiphon_api::Cid;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};

/// What a worker does with questions and uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// Gives other bytes under the right name.
    Lies,
    /// Takes no uploads and has nothing.
    Refuses,
}

#[derive(Debug)]
struct Shop {
    manner: Manner,
    blocks: Mutex<BTreeMap<String, Bytes>>,
    asked: Mutex<Vec<String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct FakeWorker {
    shop: Arc<Shop>,
    pub(crate) url: String,
}

impl FakeWorker {
    pub(crate) async fn start(manner: Manner) -> Self {
        let shop = Arc::new(Shop {
            manner,
            blocks: Mutex::default(),
            asked: Mutex::default(),
        });
        let app = Router::new()
            .route("/ipfs/{cid}", get(give))
            .route("/antiphon/v1/block/{cid}", put(take))
            .with_state(shop.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { shop, url }
    }

    pub(crate) fn has(&self, cid: &Cid) -> bool {
        self.shop
            .blocks
            .lock()
            .unwrap()
            .contains_key(&cid.to_string())
    }

    pub(crate) fn keep(&self, bytes: &'static [u8]) {
        let cid = Cid::of_raw(bytes).to_string();
        let bytes = Bytes::from_static(bytes);
        self.shop.blocks.lock().unwrap().insert(cid, bytes);
    }

    /// How often it was asked for this block.
    pub(crate) fn asked_for(&self, cid: &Cid) -> usize {
        let (asked, cid) = (self.shop.asked.lock().unwrap(), cid.to_string());
        asked.iter().filter(|one| **one == cid).count()
    }
}

async fn give(State(shop): State<Arc<Shop>>, Path(cid): Path<String>) -> Response {
    shop.asked.lock().unwrap().push(cid.clone());
    match shop.manner {
        Manner::Refuses => StatusCode::NOT_FOUND.into_response(),
        Manner::Lies => "I AM THE TAMPERED TEXT".into_response(),
        Manner::Honest => match shop.blocks.lock().unwrap().get(&cid) {
            Some(bytes) => bytes.clone().into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

async fn take(State(shop): State<Arc<Shop>>, Path(cid): Path<String>, body: Bytes) -> StatusCode {
    if shop.manner == Manner::Refuses {
        return StatusCode::INSUFFICIENT_STORAGE;
    }
    shop.blocks.lock().unwrap().insert(cid, body);
    StatusCode::CREATED
}
