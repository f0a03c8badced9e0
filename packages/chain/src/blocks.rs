//! Blocks in order, from a cursor on disk.
//!
//! Every height after the cursor is given exactly once, in order, until it is acknowledged; heights the
//! node no longer has are told as a gap, after which the caller must read contract state. A chain that
//! was started anew is an error, never a silent continuation.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::chain::Chain;
use crate::error::ChainError;
use crate::failure::lowest_height;
use crate::files::write_atomically;
use crate::time::unix_seconds;
use crate::types::{BlockResults, Status};

/// A node tells of a block shortly before its results can be read.
const MAX_NOT_READY: u32 = 50;

/// A node this many blocks behind the cursor may still be of the same chain.
const MAX_LATE: u64 = 1_000;

/// What was done last, and on which chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The chain's id.
    pub chain_id: String,
    /// Hash of its first block; none if no node had it any more.
    pub block1_hash: Option<String>,
    /// The last block that was acknowledged.
    pub height: u64,
}

/// Where a stream without a cursor begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After the newest block.
    Head,
    /// At this height.
    At(u64),
}

/// Heights that were skipped because the node no longer has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first height missed.
    pub from: u64,
    /// The last height missed.
    pub to: u64,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// What was missed just before it.
    pub gap: Option<Gap>,
    /// Its transactions.
    pub results: BlockResults,
    /// The newest height when it was read.
    pub head: u64,
    /// The newest block's time, in Unix seconds: the next block's is not earlier.
    pub head_time: u64,
}

/// Blocks of one chain, polled.
#[derive(Debug)]
pub struct BlockStream {
    chain: Chain,
    path: Option<PathBuf>,
    cursor: Cursor,
    next: u64,
    head: u64,
    head_time: u64,
    poll: Duration,
}

impl BlockStream {
    /// Goes on after the cursor in this file, or starts anew if there is none. The file is written at
    /// once and then by [`BlockStream::acknowledge`].
    ///
    /// # Errors
    /// [`ChainError::ChainReset`] if the cursor is of another chain: drop what belongs to it, call
    /// [`BlockStream::forget`], open again. Or no node answers, or the file cannot be used.
    pub async fn open(
        chain: Chain,
        path: Option<&Path>,
        start: Start,
        poll: Duration,
    ) -> Result<Self, ChainError> {
        let status = chain.status().await?;
        let kept = path.map(read_cursor).transpose()?.flatten();
        let fresh = kept.is_none();
        let cursor = kept.unwrap_or_else(|| first_cursor(&status, start));
        let stream = Self {
            chain,
            path: path.map(Path::to_owned),
            next: cursor.height.saturating_add(1),
            head: status.height,
            head_time: unix_seconds(&status.time)?,
            cursor,
            poll,
        };
        stream.refuse_other_chain(&status)?;
        if fresh {
            stream.write_cursor()?;
        }
        Ok(stream)
    }

    /// Removes a cursor, after a reset.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget(path: &Path) -> Result<(), ChainError> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(file_error(path, &error))
            }
            _ => Ok(()),
        }
    }

    /// What was acknowledged last.
    #[must_use]
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The newest height seen.
    #[must_use]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// The next block; waits until there is one. May be cancelled at any await.
    ///
    /// # Errors
    /// The chain was reset, or no node answers: then call again, nothing is lost.
    pub async fn next(&mut self) -> Result<Block, ChainError> {
        let wanted = self.next;
        let results = match self.read_next(wanted).await {
            Ok(results) => results,
            Err(error) => {
                // A head that cannot be read proves nothing: it is asked for anew.
                self.head = self.head.min(wanted.saturating_sub(1));
                return Err(error);
            }
        };
        let height = results.height;
        self.next = height.saturating_add(1);
        Ok(Block {
            height,
            gap: (height > wanted).then(|| Gap {
                from: wanted,
                to: height.saturating_sub(1),
            }),
            results,
            head: self.head,
            head_time: self.head_time,
        })
    }

    async fn read_next(&mut self, wanted: u64) -> Result<BlockResults, ChainError> {
        while self.head < wanted {
            match self.chain.status().await {
                Ok(status) => {
                    self.refuse_other_chain(&status)?;
                    self.head = status.height;
                    self.head_time = unix_seconds(&status.time)?;
                }
                // The chain's own sequence goes on, whatever a node tells of its height.
                Err(error @ ChainError::Distrusted { .. }) => {
                    let next = self.chain.rpc().block_results(wanted).await;
                    let next = next.map_err(|_| error)?;
                    self.head = wanted;
                    return Ok(next);
                }
                Err(error) => return Err(error),
            }
            if self.head < wanted {
                sleep(self.poll).await;
            }
        }
        self.read_from(wanted).await
    }

    /// Records on disk that everything up to this height is done.
    ///
    /// # Errors
    /// The file cannot be written; the old cursor is then still there.
    pub fn acknowledge(&mut self, height: u64) -> Result<(), ChainError> {
        self.cursor.height = height.max(self.cursor.height);
        self.write_cursor()
    }

    /// The block, or the oldest one the node has if it is pruned.
    async fn read_from(&self, wanted: u64) -> Result<BlockResults, ChainError> {
        let mut height = wanted;
        let mut waits: u32 = 0;
        loop {
            let error = match self.chain.rpc().block_results(height).await {
                Ok(results) => return Ok(results),
                Err(error) => error,
            };
            let lowest = lowest_height(&error);
            if let Some(lowest) =
                lowest.filter(|lowest| (height.saturating_add(1)..=self.head).contains(lowest))
            {
                height = lowest;
                continue;
            }
            waits = waits.saturating_add(1);
            if waits > MAX_NOT_READY || !is_not_ready(&error) {
                return Err(error);
            }
            sleep(self.poll.min(Duration::from_millis(100))).await;
        }
    }

    fn refuse_other_chain(&self, status: &Status) -> Result<(), ChainError> {
        let reset = |got: String, want: String| ChainError::ChainReset {
            chain_id: status.chain_id.clone(),
            got,
            want,
        };
        let cursor = &self.cursor;
        if cursor.chain_id != status.chain_id {
            return Err(reset(status.chain_id.clone(), cursor.chain_id.clone()));
        }
        match (&cursor.block1_hash, block1_hash(status)) {
            (Some(want), Some(got)) if *want != got => Err(reset(got, want.clone())),
            // The same chain; a node behind the cursor is only late.
            (Some(_), Some(_)) => Ok(()),
            // Without block 1 to compare, only a height far below the cursor tells of a reset: nodes behind one
            // address are often a few blocks apart.
            _ if status.height.saturating_add(MAX_LATE) < cursor.height && !status.catching_up => {
                let at = |height| format!("at height {height}");
                Err(reset(at(status.height), at(cursor.height)))
            }
            _ => Ok(()),
        }
    }

    fn write_cursor(&self) -> Result<(), ChainError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let text = serde_json::to_vec(&self.cursor)
            .map_err(|error| ChainError::Message(error.to_string()))?;
        write_atomically(path, &text, 0o644).map_err(|error| file_error(path, &error))
    }
}

fn first_cursor(status: &Status, start: Start) -> Cursor {
    Cursor {
        chain_id: status.chain_id.clone(),
        block1_hash: block1_hash(status),
        height: match start {
            Start::Head => status.height,
            Start::At(height) => height.saturating_sub(1).min(status.height),
        },
    }
}

fn block1_hash(status: &Status) -> Option<String> {
    let known = status.earliest_height == 1 && !status.earliest_hash.is_empty();
    known.then(|| status.earliest_hash.clone())
}

fn read_cursor(path: &Path) -> Result<Option<Cursor>, ChainError> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| ChainError::File {
                path: path.display().to_string(),
                cause: format!("not a cursor ({error}). Remove it to start at the head"),
            }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(path, &error)),
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> ChainError {
    ChainError::File {
        path: path.display().to_string(),
        cause: error.to_string(),
    }
}

/// `could not find results for height #7`, or a height above the node's own newest one.
fn is_not_ready(error: &ChainError) -> bool {
    let ChainError::Rpc { message, .. } = error else {
        return false;
    };
    message.contains("could not find results") || message.contains("must be less than or equal")
}
