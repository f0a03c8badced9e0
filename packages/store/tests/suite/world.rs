//! Actors: honest workers, liars, and files for them to share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use antiphon_content::{Cid, Hex, unixfs};
use antiphon_store::server::{Gateway, GatewayLimits, router, serve};
use antiphon_store::{BlockLimits, Client, Fetcher, ModelSpec, NetPolicy, Progress, Store, Tuning};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A worker's store, and its gateway on a loopback port.
pub(crate) struct Worker {
    pub(crate) home: TempDir,
    pub(crate) store: Store,
    pub(crate) gateway: Gateway,
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
}

impl Worker {
    pub(crate) async fn start() -> Self {
        Self::with_limits(BlockLimits::default()).await
    }

    pub(crate) async fn with_limits(limits: BlockLimits) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), limits).unwrap();
        let gateway = Gateway::new(store.clone(), GatewayLimits::default());
        let (url, stop) = start(router(gateway.clone())).await;
        Self {
            home,
            store,
            gateway,
            url,
            stop: Some(stop),
        }
    }

    /// Takes a file as a model.
    pub(crate) fn import(&self, bytes: &[u8]) -> ModelSpec {
        let path = self.home.path().join("original");
        std::fs::write(&path, bytes).unwrap();
        let model = self.store.models.import(&path).unwrap();
        assert_eq!(model.sha256, spec_of(bytes).sha256);
        spec_of(bytes)
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take();
    }
}

/// Serves a router until the sender is dropped.
pub(crate) async fn start(router: Router) -> (String, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(serve(listener, router, async {
        stopped.await.ok();
    }));
    (url, stop)
}

pub(crate) fn spec_of(bytes: &[u8]) -> ModelSpec {
    let file = unixfs::hash_reader(bytes).unwrap();
    ModelSpec {
        root: file.root,
        bytes: file.size,
        sha256: Hex(file.sha256),
    }
}

/// Bytes that look random, the same for the same seed.
pub(crate) fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Patience for tests: a liar that hangs costs half a second.
pub(crate) fn client() -> Client {
    Client::new(NetPolicy {
        connect: Duration::from_secs(1),
        no_progress: Duration::from_millis(600),
        slowest: 1 << 20,
        ..NetPolicy::local()
    })
    .unwrap()
}

pub(crate) fn fetcher() -> Fetcher {
    let tuning = Tuning {
        hedge: Duration::from_millis(100),
        peers_again: Duration::from_millis(100),
        second_ask: Duration::from_millis(400),
        stalled: Duration::from_secs(30),
        ..Tuning::default()
    };
    Fetcher::with_tuning(client(), tuning)
}

pub(crate) const fn quiet(_: Progress) {}

/// One way to be a bad peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    WrongBytes,
    Short,
    Oversize,
    OversizeWithoutLength,
    Hang,
    Trickle,
    Redirect,
    ServerError,
    BreaksOff,
}

pub(crate) const LIES: [Lie; 9] = [
    Lie::WrongBytes,
    Lie::Short,
    Lie::Oversize,
    Lie::OversizeWithoutLength,
    Lie::Hang,
    Lie::Trickle,
    Lie::Redirect,
    Lie::ServerError,
    Lie::BreaksOff,
];

/// A peer that claims to have every leaf and lies about each block.
pub(crate) struct Liar {
    pub(crate) url: String,
    pub(crate) asked: Arc<AtomicUsize>,
    _stop: oneshot::Sender<()>,
}

impl Liar {
    /// Lies about blocks of `file`; `honest_nodes` answers questions for inner nodes rightly.
    pub(crate) async fn start(lie: Lie, file: Vec<u8>) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let leaves = file.len().div_ceil(unixfs::LEAF_BYTES);
        let have = antiphon_store::Bitmap::full(leaves);
        let block = move |Path(cid): Path<Cid>| {
            count.fetch_add(1, Ordering::Relaxed);
            answer(lie, cid, file.clone())
        };
        let have = move || async move {
            let header = [("x-antiphon-leaves", leaves.to_string())];
            (header, have.bytes().to_vec())
        };
        let routes = Router::new()
            .route("/ipfs/{cid}", get(block))
            .route("/antiphon/v1/have/{cid}", get(have));
        let (url, stop) = start(routes).await;
        Self {
            url,
            asked,
            _stop: stop,
        }
    }
}

async fn answer(lie: Lie, cid: Cid, file: Vec<u8>) -> Response {
    let leaf = file
        .chunks(unixfs::LEAF_BYTES)
        .find(|leaf| cid.matches(leaf))
        .map_or_else(|| b"an inner node".to_vec(), <[u8]>::to_vec);
    let first = Bytes::copy_from_slice(&leaf[..leaf.len() / 2]);
    match lie {
        Lie::WrongBytes => {
            let mut wrong = leaf;
            wrong[0] ^= 1;
            wrong.into_response()
        }
        Lie::Short => first.into_response(),
        Lie::Oversize => [leaf, vec![0; 4 << 20]].concat().into_response(),
        Lie::OversizeWithoutLength => endless(Bytes::from(leaf), Duration::ZERO),
        Lie::Hang => std::future::pending().await,
        Lie::Trickle => endless(Bytes::from_static(b"x"), Duration::from_millis(100)),
        Lie::Redirect => {
            let elsewhere = [(header::LOCATION, format!("/ipfs/{cid}?format=raw&again"))];
            (StatusCode::FOUND, elsewhere).into_response()
        }
        Lie::ServerError => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Lie::BreaksOff => {
            let cut = [Ok(first), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures_util::stream::iter(cut)).into_response()
        }
    }
}

/// The same piece for ever, one at a pause.
fn endless(piece: Bytes, pause: Duration) -> Response {
    let stream = futures_util::stream::unfold((), move |()| {
        let piece = piece.clone();
        async move {
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(piece), ()))
        }
    });
    Body::from_stream(stream).into_response()
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    format!("http://{address}")
}
