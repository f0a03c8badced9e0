//! Prompt and answer blocks in the embedded store, and in those of others.

use std::time::{Duration, SystemTime};

use antiphon_api::Cid;
use antiphon_store::server::MAX_UPLOAD_BYTES;
use antiphon_store::{Client, Store, StoreError};

use crate::ports::{ContentPort, Edge, EdgeError};

/// Blocks of tasks are kept for a week beyond their use (content, section 2).
const KEEP: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The embedded store and a client to others.
#[derive(Clone, Debug)]
pub struct StorePort {
    store: Store,
    client: Client,
}

impl StorePort {
    /// Over this store and client.
    #[must_use]
    pub const fn new(store: Store, client: Client) -> Self {
        Self { store, client }
    }

    /// Runs disk work off the async threads.
    async fn disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, EdgeError> {
        let store = self.store.clone();
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.map_err(EdgeError::new)?.map_err(EdgeError::new)
    }
}

impl ContentPort for StorePort {
    fn local<'a>(&'a self, cid: &'a Cid) -> Edge<'a, Option<Vec<u8>>> {
        let cid = *cid;
        Box::pin(self.disk(move |store| store.read(&cid)))
    }

    fn ask<'a>(&'a self, endpoint: &'a str, cid: &'a Cid) -> Edge<'a, Vec<u8>> {
        Box::pin(async move {
            let block = self.client.get_block(endpoint, cid, MAX_UPLOAD_BYTES).await;
            block.map(|bytes| bytes.to_vec()).map_err(EdgeError::new)
        })
    }

    fn keep<'a>(&'a self, cid: &'a Cid, bytes: &'a [u8]) -> Edge<'a, ()> {
        let (cid, bytes) = (*cid, bytes.to_vec());
        Box::pin(self.disk(move |store| {
            store
                .blocks
                .pin(&cid, "task", SystemTime::now().checked_add(KEEP))?;
            store.blocks.put(&cid, &bytes).map(drop)
        }))
    }

    fn withhold<'a>(&'a self, _: &'a Cid, bytes: &'a [u8]) -> Edge<'a, ()> {
        let bytes = bytes.to_vec();
        Box::pin(self.disk(move |store| store.blocks.put_withheld(&bytes).map(drop)))
    }

    fn release<'a>(&'a self, cid: &'a Cid) -> Edge<'a, ()> {
        let cid = *cid;
        Box::pin(self.disk(move |store| {
            store
                .blocks
                .pin(&cid, "task", SystemTime::now().checked_add(KEEP))?;
            store.blocks.release(&cid).map(drop)
        }))
    }

    fn discard<'a>(&'a self, cid: &'a Cid) -> Edge<'a, ()> {
        let cid = *cid;
        Box::pin(self.disk(move |store| store.blocks.discard_withheld(&cid)))
    }
}
