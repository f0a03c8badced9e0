//! From the root to the leaves, trusting nothing: the blocks come from strangers.

use super::{FileMessage, LEAF_BYTES, Leaf};
use crate::dag_pb::{DagPbError, Link, MAX_BLOCK_BYTES, Node};
use crate::{Cid, Codec};

/// Inner nodes on the way from the root to a leaf. Five levels of 1024 links hold 10^21 bytes.
pub const MAX_DEPTH: usize = 5;

/// Skeleton bytes allowed on top of a thousandth of the file: small files with small leaves.
const SKELETON_BASE: u64 = 256 * 1024;

/// Reads a file's skeleton: asks for inner nodes one at a time, gives the leaves in order.
///
/// Iterative with an explicit stack. Its memory is bounded by the declared size: each part is
/// non-empty, parts add up to what their parent says, and all inner nodes together are at most a
/// thousandth of the file plus 256 KiB, a node met twice counting twice.
#[derive(Debug)]
pub struct Walker {
    /// Still to visit, the next one last: node, file bytes below it, depth.
    stack: Vec<(Cid, u64, usize)>,
    leaves: Vec<Leaf>,
    offset: u64,
    budget: u64,
}

/// An inner node that breaks the rules, by name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file's node {cid} is refused: {fault}")]
pub struct SkeletonError {
    /// The node, leaf or root concerned.
    pub cid: Cid,
    /// The rule it breaks.
    pub fault: SkeletonFault,
}

/// What is wrong with an inner node of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkeletonFault {
    /// Nobody asked for a node now.
    #[error("got a node although none was asked for, want it only while `wanted` names one")]
    NotWanted,
    /// The bytes are another block.
    #[error("got {0} bytes with another hash, want the block of this CID")]
    OtherBytes(usize),
    /// Not canonical dag-pb.
    #[error("not canonical dag-pb: {0}")]
    Encoding(#[from] DagPbError),
    /// A node without a UnixFS message.
    #[error("got a node without data, want a UnixFS file")]
    NoData,
    /// A directory, symlink, HAMT or other kind.
    #[error("got the UnixFS type {0}, want 2 (a file; no directory, symlink or HAMT)")]
    Kind(u64),
    /// File bytes inside an inner node.
    #[error("got file bytes inside an inner node, want raw leaves only")]
    InlineData,
    /// A name on a link of a file.
    #[error("got the link name {0:?}, want no names inside a file")]
    Named(String),
    /// No links at all.
    #[error("got an inner node without links, want at least one")]
    NoLinks,
    /// Links and block sizes differ in number.
    #[error("got {links} links and {sizes} block sizes, want as many")]
    Counts {
        /// Number of links.
        links: usize,
        /// Number of block sizes.
        sizes: usize,
    },
    /// A part of no bytes, which could be repeated without end.
    #[error("got an empty part, want at least one byte under every link")]
    EmptyPart,
    /// The parts do not add up to the node's size.
    #[error("got block sizes that do not add up to the file size {0}, want equal sums")]
    Sum(u64),
    /// The size is not what the parent or the manifest said.
    #[error("got the size {got}, want {want} as declared")]
    Size {
        /// What the node says.
        got: u64,
        /// What its parent, or the manifest for the root, says.
        want: u64,
    },
    /// A leaf over 2 MiB.
    #[error("got a leaf of {0} bytes, want at most {MAX_BLOCK_BYTES}")]
    LeafSize(u64),
    /// More than [`MAX_DEPTH`] levels.
    #[error("got more than {MAX_DEPTH} levels of nodes, want a balanced file")]
    Depth,
    /// Far more nodes than the file's size justifies.
    #[error("got more node bytes than a thousandth of the file + 256 KiB, want 1 MiB leaves")]
    SkeletonSize,
}

impl Walker {
    /// Starts at the root of a file that is declared (by its manifest) to have `bytes` bytes.
    ///
    /// # Errors
    /// A raw root, which is a file of one leaf, cannot have more bytes than a leaf may have.
    pub fn new(root: Cid, bytes: u64) -> Result<Self, SkeletonError> {
        let mut walker = Self {
            stack: vec![(root, bytes, 1)],
            leaves: Vec::new(),
            offset: 0,
            budget: (bytes / 1000).saturating_add(SKELETON_BASE),
        };
        walker.take_leaves()?;
        Ok(walker)
    }

    /// The inner node to give next; `None` when all leaves are known.
    #[must_use]
    pub fn wanted(&self) -> Option<Cid> {
        self.stack.last().map(|(cid, _, _)| *cid)
    }

    /// The wanted node's bytes. They are hashed here: no source needs to be trusted.
    ///
    /// # Errors
    /// The rule the node breaks. The walk cannot go on after that, except after
    /// [`SkeletonFault::OtherBytes`]: the same node may be had from another source.
    pub fn give(&mut self, block: &[u8]) -> Result<(), SkeletonError> {
        let Some(&(cid, size, depth)) = self.stack.last() else {
            let cid = Cid::of_dag_pb(block);
            return Err(SkeletonFault::NotWanted.of(cid));
        };
        let children = self
            .open(&cid, size, depth, block)
            .map_err(|fault| fault.of(cid))?;
        self.stack.pop();
        let below = depth.saturating_add(1);
        for (link, part) in children.into_iter().rev() {
            self.stack.push((link.cid, part, below));
        }
        self.take_leaves()
    }

    /// The leaves in order, once nothing is wanted any more.
    #[must_use]
    pub fn finish(self) -> Option<Vec<Leaf>> {
        self.stack.is_empty().then_some(self.leaves)
    }

    fn open(
        &mut self,
        cid: &Cid,
        size: u64,
        depth: usize,
        block: &[u8],
    ) -> Result<Vec<(Link, u64)>, SkeletonFault> {
        if !cid.matches(block) {
            return Err(SkeletonFault::OtherBytes(block.len()));
        }
        if depth > MAX_DEPTH {
            return Err(SkeletonFault::Depth);
        }
        let cost = u64::try_from(block.len()).unwrap_or(u64::MAX);
        self.budget = self
            .budget
            .checked_sub(cost)
            .ok_or(SkeletonFault::SkeletonSize)?;
        children(block, size)
    }

    /// Moves the raw blocks at the top of the stack to the leaves.
    fn take_leaves(&mut self) -> Result<(), SkeletonError> {
        while let Some(&(cid, size, _)) = self.stack.last() {
            if cid.codec() != Codec::Raw {
                break;
            }
            if usize::try_from(size).map_or(true, |size| size > MAX_BLOCK_BYTES) {
                return Err(SkeletonFault::LeafSize(size).of(cid));
            }
            self.stack.pop();
            self.leaves.push(Leaf {
                cid,
                offset: self.offset,
                size,
            });
            self.offset = self.offset.saturating_add(size); // sums were checked
        }
        Ok(())
    }
}

/// The children of one node and the file bytes below each.
fn children(block: &[u8], size: u64) -> Result<Vec<(Link, u64)>, SkeletonFault> {
    let node = Node::decode(block)?;
    let message = FileMessage::decode(node.data.as_deref().ok_or(SkeletonFault::NoData)?)?;
    let (links, parts) = (node.links, message.parts);
    if message.size != size {
        let got = message.size;
        return Err(SkeletonFault::Size { got, want: size });
    }
    if links.len() != parts.len() {
        let (links, sizes) = (links.len(), parts.len());
        return Err(SkeletonFault::Counts { links, sizes });
    }
    if links.is_empty() {
        return Err(SkeletonFault::NoLinks);
    }
    if parts.contains(&0) {
        return Err(SkeletonFault::EmptyPart);
    }
    let sum = parts
        .iter()
        .try_fold(0_u64, |sum, part| sum.checked_add(*part));
    if sum != Some(size) {
        return Err(SkeletonFault::Sum(size));
    }
    if let Some(named) = links.iter().find(|link| !link.name.is_empty()) {
        return Err(SkeletonFault::Named(named.name.chars().take(80).collect()));
    }
    Ok(links.into_iter().zip(parts).collect())
}

impl SkeletonFault {
    const fn of(self, cid: Cid) -> SkeletonError {
        SkeletonError { cid, fault: self }
    }
}

/// Walks a whole file with a source that has all inner nodes at hand.
///
/// # Errors
/// What the source returns, or the rule a node breaks.
pub fn read_skeleton<E: From<SkeletonError>>(
    root: Cid,
    bytes: u64,
    mut node: impl FnMut(&Cid) -> Result<Vec<u8>, E>,
) -> Result<Vec<Leaf>, E> {
    let mut walker = Walker::new(root, bytes)?;
    while let Some(cid) = walker.wanted() {
        walker.give(&node(&cid)?)?;
    }
    Ok(walker.leaves)
}

const _: () = assert!(
    LEAF_BYTES <= MAX_BLOCK_BYTES,
    "the profile's leaves are blocks"
);
