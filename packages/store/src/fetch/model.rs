//! A whole model from many peers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use antiphon_content::dag_pb::MAX_BLOCK_BYTES;
use antiphon_content::unixfs::{Leaf, SkeletonError, Walker};
use antiphon_content::{Cid, Hex};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::Fetcher;
use super::swarm::Swarm;
use crate::disk::blocking;
use crate::error::StoreError;
use crate::models::Models;

/// What the manifest says about the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelSpec {
    /// Names the file.
    pub root: Cid,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: Hex<32>,
}

/// Who may have the model now. Asked again and again during a fetch, so that new peers join.
pub trait Peers: Send + Sync {
    /// Endpoints like `https://host:port`, our own not among them.
    fn peers(&self) -> BoxFuture<'_, Vec<String>>;

    /// Our own endpoint as the other peers know it, if they do: those that fetch at the same time then
    /// share out between them who fetches which leaf first.
    fn own(&self) -> Option<String> {
        None
    }
}

impl Peers for Vec<String> {
    fn peers(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async { self.clone() })
    }
}

/// How far a fetch is; verified bytes only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Leaves on disk.
    pub leaves_done: usize,
    /// Leaves of the file.
    pub leaves: usize,
    /// Bytes on disk.
    pub bytes_done: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Over the last second or so.
    pub bytes_per_second: u64,
    /// Peers that answered lately.
    pub peers: usize,
}

/// Why a model is not there yet. What was fetched stays, and the next fetch goes on from it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The inner nodes break a rule: no source can help, the CID itself names a bad file.
    #[error(transparent)]
    Skeleton(#[from] SkeletonError),
    /// Nothing came for a long time.
    #[error(
        "the fetch of {root} stalled: {done} of {leaves} leaves (0 of 0: not even the inner nodes), nothing new \
         from {peers} peers for {seconds} s; it goes on from there when tried again"
    )]
    Stalled {
        /// The model.
        root: Cid,
        /// Leaves on disk.
        done: usize,
        /// Leaves of the file; 0 while unknown.
        leaves: usize,
        /// Peers known.
        peers: usize,
        /// How long nothing came.
        seconds: u64,
    },
    /// The file is the one the CID names, but not the one the manifest's SHA-256 names.
    #[error("the model {root} has the SHA-256 {got}, want {want}: the manifest contradicts itself")]
    Sha256 {
        /// The model.
        root: Cid,
        /// Of the file.
        got: Hex<32>,
        /// Of the manifest.
        want: Hex<32>,
    },
}

impl Fetcher {
    /// The model's file: at once if it is here, else from all peers together, rarest leaf first.
    ///
    /// Every leaf is hashed before it is written, and the whole file once more at the end. Dropping the
    /// future stops the fetch; a later call goes on from the leaves on disk.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn fetch_model(
        &self,
        models: &Arc<Models>,
        spec: &ModelSpec,
        peers: &dyn Peers,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<PathBuf, FetchError> {
        if let Some(here) = models.complete(&spec.root) {
            return checked(spec, here.sha256, here.path);
        }
        let leaves = self.skeleton(models, spec, peers).await?;
        let (store, ModelSpec { root, bytes, .. }) = (Arc::clone(models), *spec);
        let file = blocking(move || store.start(root, bytes, leaves)).await?;
        Swarm::new(&self.client, self.tuning, Arc::clone(&file), progress)
            .run(peers)
            .await?;
        let sha256 = blocking(move || file.seal()).await?;
        let path = models.complete(&root).map(|model| model.path);
        checked(spec, sha256, path.ok_or(StoreError::Stopped)?)
    }

    /// The leaves, from inner nodes that are here or fetched. Malformed files end it.
    async fn skeleton(
        &self,
        models: &Arc<Models>,
        spec: &ModelSpec,
        peers: &dyn Peers,
    ) -> Result<Vec<Leaf>, FetchError> {
        let mut walker = Walker::new(spec.root, spec.bytes)?;
        while let Some(cid) = walker.wanted() {
            let store = Arc::clone(models);
            if let Some(node) = blocking(move || store.node(&cid)).await? {
                walker.give(&node)?;
                continue;
            }
            let node = self.inner_node(spec, &cid, peers).await?;
            walker.give(&node)?;
            let store = Arc::clone(models);
            blocking(move || store.keep_node(&cid, &node)).await?;
        }
        Ok(walker.finish().unwrap_or_default())
    }

    /// One inner node, asked for until somebody has it or the fetch counts as stalled.
    async fn inner_node(
        &self,
        spec: &ModelSpec,
        cid: &Cid,
        peers: &dyn Peers,
    ) -> Result<bytes::Bytes, FetchError> {
        let began = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            let sources = peers.peers().await;
            let fetched = self.fetch_block(cid, &sources, MAX_BLOCK_BYTES).await;
            let failed = match fetched {
                Ok(bytes) => return Ok(bytes),
                Err(failed) => failed,
            };
            if began.elapsed() >= self.tuning.stalled {
                return Err(FetchError::Stalled {
                    root: spec.root,
                    done: 0,
                    leaves: 0,
                    peers: sources.len(),
                    seconds: began.elapsed().as_secs(),
                });
            }
            tracing::info!(root = %spec.root, %failed, "waiting for a peer that has the model");
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(self.tuning.peers_again);
        }
    }
}

fn checked(spec: &ModelSpec, got: Hex<32>, path: PathBuf) -> Result<PathBuf, FetchError> {
    if got == spec.sha256 {
        return Ok(path);
    }
    Err(FetchError::Sha256 {
        root: spec.root,
        got,
        want: spec.sha256,
    })
}
