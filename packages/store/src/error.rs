//! Errors of everything that touches the disk.

use std::io;
use std::path::{Path, PathBuf};

use antiphon_content::Cid;
use antiphon_content::unixfs::SkeletonError;

/// Why blocks or models could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("could not {doing} {path}: {source}; check the disk and the permissions")]
    Io {
        /// A verb: what was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes are not the block they were given for.
    #[error(
        "got {bytes} bytes with another hash, want the block {cid}; send the block's own bytes"
    )]
    HashDiffers {
        /// The block that was named.
        cid: Cid,
        /// Length of what came instead.
        bytes: usize,
    },
    /// A block over the limit.
    #[error("got a block of {got} bytes, want at most {max}")]
    TooLarge {
        /// Length of the block.
        got: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The sender has uploaded its share for now.
    #[error("this address has uploaded its {max} bytes for now; try again in {seconds} s")]
    SenderQuota {
        /// Bytes one address may upload in one period.
        max: u64,
        /// Seconds until the next period.
        seconds: u64,
    },
    /// Everything stored is pinned and there is no room for more uploads.
    #[error("the store is full ({max} bytes, all pinned); upload to another worker")]
    Full {
        /// The total quota in bytes.
        max: u64,
    },
    /// The file's inner nodes break a rule.
    #[error(transparent)]
    Skeleton(#[from] SkeletonError),
    /// A model whose size does not fit this machine or format.
    #[error("got a model of {0} bytes, want between 1 byte and what this machine can address")]
    ModelSize(u64),
    /// A file became another one while it was taken as a model.
    #[error("the file {0} changed while it was copied: import it again when nothing writes to it")]
    Changed(PathBuf),
    /// No such leaf in this model.
    #[error("got the leaf number {leaf}, want less than {leaves} for the model {root}")]
    NoLeaf {
        /// The model.
        root: Cid,
        /// The number asked for.
        leaf: usize,
        /// How many there are.
        leaves: usize,
    },
    /// A blocking task was stopped, which happens at shutdown only.
    #[error("the work was stopped before it ended: the program is shutting down")]
    Stopped,
}

/// Adds what was being done to an I/O error.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, StoreError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io {
            doing,
            path: path.to_owned(),
            source,
        })
    }
}
