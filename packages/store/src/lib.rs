//! Blocks and models on disk, fetched from many sources and served to others.
//!
//! Nothing here trusts a peer: every byte is hashed before it is used or stored. A [`Store`] holds
//! [`Blocks`] (prompts, answers, manifests) and [`Models`] (weights); a [`Fetcher`] fills it from other
//! workers and gateways; [`server::router`] lets them read from it.

mod blocks;
mod client;
mod disk;
mod error;
mod fetch;
mod models;
pub mod server;

pub use blocks::{BlockLimits, Blocks, Stored};
pub use client::{Client, ClientSetup, Fault, PutOutcome};
pub use error::StoreError;
pub use fetch::{
    BlockUnavailable, EndpointError, FetchError, Fetcher, ModelSpec, NetPolicy, Peers, Progress,
    Tuning,
};
pub use models::{Bitmap, CompleteModel, Models};

use std::path::Path;
use std::sync::Arc;

use antiphon_content::{Cid, Codec};

/// Everything one process stores: `blocks/` and `models/` in its home. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    /// Prompts, answers, manifests and the inner nodes of models.
    pub blocks: Arc<Blocks>,
    /// Weights.
    pub models: Arc<Models>,
}

impl Store {
    /// Opens or creates both folders in `home`. One process at a time: the caller holds the lock.
    ///
    /// # Errors
    /// A folder cannot be read or written.
    pub fn open(home: &Path, limits: BlockLimits) -> Result<Self, StoreError> {
        let blocks = Arc::new(Blocks::open(home.join("blocks"), limits)?);
        let models = Models::open(home.join("models"), Arc::clone(&blocks))?;
        Ok(Self {
            blocks,
            models: Arc::new(models),
        })
    }

    /// A public block or a leaf of a model; never a withheld block.
    ///
    /// # Errors
    /// The disk fails.
    pub fn read(&self, cid: &Cid) -> Result<Option<Vec<u8>>, StoreError> {
        match self.blocks.get(cid)? {
            None if cid.codec() == Codec::Raw => self.models.leaf(cid),
            found => Ok(found),
        }
    }

    /// Length in bytes of what [`Self::read`] would give.
    #[must_use]
    pub fn size(&self, cid: &Cid) -> Option<u64> {
        let block = self.blocks.size(cid);
        block.or_else(|| self.models.leaf_size(cid))
    }
}
