//! One leaf from one peer to the disk.

use std::sync::Arc;

use tokio::time::Instant;

use crate::client::{Client, Fault};
use crate::disk::blocking;
use crate::error::StoreError;
use crate::models::{Bitmap, ModelFile};

/// What futures in flight report to the fetch that owns them.
pub(super) enum Event {
    Peers(Vec<String>),
    Have(String, Instant, Result<Option<Bitmap>, Fault>),
    Leaf(String, usize, Instant, Outcome),
}

/// How asking for a leaf ended.
pub(super) enum Outcome {
    Written,
    Fault(Fault),
    Disk(StoreError),
}

/// Asks for a leaf; it is hashed and written off the async threads.
pub(super) async fn fetch_leaf(
    client: &Client,
    name: String,
    file: Arc<ModelFile>,
    number: usize,
    asked: Instant,
) -> Event {
    let outcome = match file.leaves().get(number).copied() {
        None => Outcome::Fault(Fault::NotFound),
        Some(leaf) => {
            let size = usize::try_from(leaf.size).unwrap_or(usize::MAX);
            match client.get_unchecked(&name, &leaf.cid, size).await {
                Err(fault) => Outcome::Fault(fault),
                Ok(bytes) => blocking(move || file.write_leaf(number, &bytes))
                    .await
                    .into(),
            }
        }
    };
    Event::Leaf(name, number, asked, outcome)
}

impl From<Result<(), StoreError>> for Outcome {
    fn from(written: Result<(), StoreError>) -> Self {
        match written {
            Ok(()) => Self::Written,
            Err(StoreError::HashDiffers { bytes, .. }) => Self::Fault(Fault::WrongBytes(bytes)),
            Err(error) => Self::Disk(error),
        }
    }
}
