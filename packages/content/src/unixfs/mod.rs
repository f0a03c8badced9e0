//! UnixFS files by IPIP-0499 profile `unixfs-v1-2025`: same bytes, same CID, in any conforming tool.
//!
//! 1 MiB raw leaves, 1024 links a node, balanced (every leaf at the same depth). A file of at most
//! one leaf is that raw leaf. [`FileBuilder`] writes, [`Walker`] reads with every limit checked.

mod build;
mod message;
mod walk;

pub use build::{FileBuilder, HashedFile, RootNode, TooLarge, hash_reader};
pub use message::FileMessage;
pub use walk::{MAX_DEPTH, SkeletonError, SkeletonFault, Walker, read_skeleton};

use crate::Cid;

/// Length of every leaf but the last one, in bytes.
pub const LEAF_BYTES: usize = 1024 * 1024;

/// Links of a full inner node.
pub const LINKS_PER_NODE: usize = 1024;

/// A run of the file's bytes, stored as one raw block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The raw block.
    pub cid: Cid,
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
}

/// An inner node as it is stored: its identifier and its dag-pb bytes.
pub type InnerNode = (Cid, Vec<u8>);
