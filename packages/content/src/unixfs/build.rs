//! From leaves in order to the root.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::{FileMessage, InnerNode, LEAF_BYTES, LINKS_PER_NODE, Leaf};
use crate::Cid;
use crate::dag_pb::{Link, Node};

/// Builds the balanced tree while leaves arrive; holds at most one open node a level.
#[derive(Debug)]
pub struct FileBuilder {
    width: usize,
    size: u64,
    /// Level 0 holds leaves, level n + 1 the sealed nodes over level n.
    levels: Vec<Vec<Entry>>,
}

/// A finished child, waiting for its parent.
#[derive(Clone, Copy, Debug)]
struct Entry {
    cid: Cid,
    /// File bytes below.
    size: u64,
    /// Block bytes below, its own included.
    total: u64,
}

/// The root of a finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootNode {
    /// Names the file.
    pub root: Cid,
    /// Length of the file in bytes.
    pub size: u64,
    /// The inner nodes sealed last, the root's being the last one. Empty for a file of one leaf.
    pub nodes: Vec<InnerNode>,
}

/// The sum of the leaves exceeds 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("got leaves of more than 2^64 bytes in all, want a file that a 64-bit size can describe")]
pub struct TooLarge;

impl Default for FileBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl FileBuilder {
    /// A builder for the profile: [`LINKS_PER_NODE`] links a node.
    #[must_use]
    pub fn new() -> Self {
        Self::with_width(LINKS_PER_NODE)
    }

    /// A builder with another number of links a node (at least 2), to compare with other profiles.
    #[must_use]
    pub fn with_width(width: usize) -> Self {
        Self {
            width: width.max(2),
            size: 0,
            levels: vec![Vec::new()],
        }
    }

    /// Adds the next leaf; gives the inner nodes that became complete by it, children first.
    ///
    /// # Errors
    /// [`TooLarge`] when the file's size no longer fits 64 bits.
    pub fn push(&mut self, leaf: Cid, size: u64) -> Result<Vec<InnerNode>, TooLarge> {
        self.size = self.size.checked_add(size).ok_or(TooLarge)?;
        let mut sealed = Vec::new();
        self.make_room(0, &mut sealed)?;
        self.levels[0].push(Entry {
            cid: leaf,
            size,
            total: size,
        });
        Ok(sealed)
    }

    /// Seals what is open, level by level, until one entry is left: the root.
    ///
    /// # Errors
    /// [`TooLarge`] when the total of all blocks does not fit 64 bits.
    pub fn finish(mut self) -> Result<RootNode, TooLarge> {
        let mut nodes = Vec::new();
        let mut level = 0_usize;
        loop {
            let top = level.saturating_add(1) == self.levels.len();
            match self.levels[level].as_slice() {
                [] if top => return Ok(self.rooted(Cid::of_raw(b""), nodes)),
                [only] if top => return Ok(self.rooted(only.cid, nodes)),
                _ => {
                    self.make_room(level.saturating_add(1), &mut nodes)?;
                    self.seal(level, &mut nodes)?;
                }
            }
            level = level.saturating_add(1);
        }
    }

    fn rooted(&self, root: Cid, nodes: Vec<InnerNode>) -> RootNode {
        RootNode {
            root,
            size: self.size,
            nodes,
        }
    }

    /// Makes a level able to take one more entry: if it is full it is sealed, after the full levels
    /// right above it.
    fn make_room(&mut self, level: usize, sealed: &mut Vec<InnerNode>) -> Result<(), TooLarge> {
        let above = self.levels.iter().skip(level);
        let full = above.take_while(|level| level.len() >= self.width).count();
        for offset in (0..full).rev() {
            self.seal(level.saturating_add(offset), sealed)?;
        }
        Ok(())
    }

    /// Replaces the entries of a level by one node on the level above.
    fn seal(&mut self, level: usize, sealed: &mut Vec<InnerNode>) -> Result<(), TooLarge> {
        let entries = std::mem::take(&mut self.levels[level]);
        let (entry, block) = node_over(&entries)?;
        sealed.push((entry.cid, block));
        let above = level.saturating_add(1);
        if above == self.levels.len() {
            self.levels.push(Vec::new());
        }
        self.levels[above].push(entry);
        Ok(())
    }
}

fn node_over(entries: &[Entry]) -> Result<(Entry, Vec<u8>), TooLarge> {
    let sum = |of: fn(&Entry) -> u64| {
        entries
            .iter()
            .try_fold(0_u64, |sum, entry| sum.checked_add(of(entry)))
            .ok_or(TooLarge)
    };
    let size = sum(|entry| entry.size)?;
    let message = FileMessage {
        size,
        parts: entries.iter().map(|entry| entry.size).collect(),
    };
    let links = entries.iter().map(|entry| Link {
        cid: entry.cid,
        name: String::new(),
        total: entry.total,
    });
    let block = Node {
        links: links.collect(),
        data: Some(message.encode()),
    }
    .encode();
    let own = u64::try_from(block.len()).map_err(|_| TooLarge)?;
    let total = sum(|entry| entry.total)?.checked_add(own).ok_or(TooLarge)?;
    let cid = Cid::of_dag_pb(&block);
    Ok((Entry { cid, size, total }, block))
}

/// Everything that is known of a file after reading it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedFile {
    /// Names the file.
    pub root: Cid,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the whole file, as other tools print it.
    pub sha256: [u8; 32],
    /// The leaves in order.
    pub leaves: Vec<Leaf>,
    /// All inner nodes, children first, the root last.
    pub nodes: Vec<InnerNode>,
}

/// Reads a file leaf by leaf (memory: one leaf and the skeleton) and names it.
///
/// # Errors
/// Those of the reader.
pub fn hash_reader(mut reader: impl Read) -> io::Result<HashedFile> {
    let mut builder = FileBuilder::new();
    let mut whole = Sha256::new();
    let (mut leaves, mut nodes) = (Vec::new(), Vec::new());
    let mut buffer = vec![0; LEAF_BYTES];
    loop {
        let length = read_full(&mut reader, &mut buffer)?;
        let bytes = &buffer[..length];
        if bytes.is_empty() {
            break;
        }
        whole.update(bytes);
        let leaf = Leaf {
            cid: Cid::of_raw(bytes),
            offset: builder.size,
            size: u64::try_from(length).map_err(io::Error::other)?,
        };
        let sealed = builder
            .push(leaf.cid, leaf.size)
            .map_err(io::Error::other)?;
        nodes.extend(sealed);
        leaves.push(leaf);
    }
    let root = builder.finish().map_err(io::Error::other)?;
    nodes.extend(root.nodes);
    Ok(HashedFile {
        root: root.root,
        size: root.size,
        sha256: whole.finalize().into(),
        leaves,
        nodes,
    })
}

/// Fills the buffer unless the reader ends before.
fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0_usize;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
