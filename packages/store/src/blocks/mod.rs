//! Small content-addressed blocks on disk: prompts, answers, manifests, inner nodes of files.

mod index;
mod senders;

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use antiphon_content::Cid;
use antiphon_content::dag_pb::MAX_BLOCK_BYTES;

use crate::disk::{self, Scratch, lock};
use crate::error::{At as _, StoreError};
use index::{Index, Pins};
use senders::Senders;
pub(crate) use senders::network;

/// How much the store keeps and takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockLimits {
    /// Bytes of all public blocks; beyond, the unpinned ones used longest ago go first.
    pub total_bytes: u64,
    /// Bytes one address (an IPv6 /64) may upload in one period.
    pub sender_bytes: u64,
    /// Length of that period.
    pub sender_period: Duration,
}

impl Default for BlockLimits {
    fn default() -> Self {
        Self {
            total_bytes: 1 << 30,
            sender_bytes: 16 << 20,
            sender_period: Duration::from_secs(3600),
        }
    }
}

/// What a successful put did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The block is new here.
    New,
    /// The block was here already.
    Known,
}

/// Blocks in files named by their CID, and who needs them.
///
/// Two shelves: public blocks, which the gateway serves, and withheld ones, which only this process
/// can read. They know nothing of each other, so nobody can find out by uploading or asking whether a
/// guess equals a withheld answer. Methods block on the disk: call them off the async threads.
#[derive(Debug)]
pub struct Blocks {
    dir: PathBuf,
    limits: BlockLimits,
    scratch: Scratch,
    index: Mutex<Index>,
    senders: Mutex<Senders>,
    /// One writer at a time; readers do not wait for it.
    writer: Mutex<()>,
}

impl Blocks {
    /// Opens or creates the folder and lists what is in it.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(dir: impl Into<PathBuf>, limits: BlockLimits) -> Result<Self, StoreError> {
        let dir = dir.into();
        for shelf in ["public", "withheld", "pins"] {
            let folder = dir.join(shelf);
            fs::create_dir_all(&folder).at("create", &folder)?;
        }
        let index = Index::scan(&dir.join("public"), &dir.join("pins"))?;
        Ok(Self {
            scratch: Scratch::open(dir.join("scratch"))?,
            dir,
            limits,
            index: Mutex::new(index),
            senders: Mutex::new(Senders::new(limits.sender_bytes, limits.sender_period)),
            writer: Mutex::new(()),
        })
    }

    /// Stores a block of our own: never refused for a quota.
    ///
    /// # Errors
    /// The bytes have another hash or are over 2 MiB, or the disk fails.
    pub fn put(&self, cid: &Cid, bytes: &[u8]) -> Result<Stored, StoreError> {
        check(cid, bytes)?;
        self.store(cid, bytes, || Ok(()))
    }

    /// Stores a raw block of our own and names it.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn put_raw(&self, bytes: &[u8]) -> Result<Cid, StoreError> {
        let cid = Cid::of_raw(bytes);
        self.put(&cid, bytes).map(|_| cid)
    }

    /// Stores a block somebody sent us, within that sender's quota and the total one.
    ///
    /// # Errors
    /// As [`Self::put`], and [`StoreError::SenderQuota`], [`StoreError::Full`].
    pub fn put_upload(&self, from: IpAddr, cid: &Cid, bytes: &[u8]) -> Result<Stored, StoreError> {
        check(cid, bytes)?;
        let size = length(bytes);
        self.store(cid, bytes, || {
            if !lock(&self.index).has_room(size, self.limits.total_bytes) {
                let max = self.limits.total_bytes;
                return Err(StoreError::Full { max });
            }
            lock(&self.senders).charge(from, size)
        })
    }

    fn store(
        &self,
        cid: &Cid,
        bytes: &[u8],
        admit: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<Stored, StoreError> {
        let _writing = lock(&self.writer);
        if lock(&self.index).touch(cid) {
            return Ok(Stored::Known);
        }
        admit()?;
        let size = length(bytes);
        let evicted = lock(&self.index).make_room(size, self.limits.total_bytes);
        for old in evicted {
            disk::remove(&self.public(&old))?;
        }
        self.scratch.write(&self.public(cid), bytes)?;
        lock(&self.index).insert(*cid, size, true);
        Ok(Stored::New)
    }

    /// A public block. Its hash is checked when this process reads it for the first time.
    ///
    /// # Errors
    /// The disk fails.
    pub fn get(&self, cid: &Cid) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(checked) = lock(&self.index).find(cid) else {
            return Ok(None);
        };
        let path = self.public(cid);
        let bytes = disk::read(&path)?;
        match bytes {
            Some(bytes) if checked || cid.matches(&bytes) => {
                lock(&self.index).mark_checked(cid);
                Ok(Some(bytes))
            }
            Some(_) => {
                tracing::error!(%cid, "a stored block is damaged: removed, it must be fetched again");
                self.forget(cid, &path)?;
                Ok(None)
            }
            None => {
                self.forget(cid, &path)?;
                Ok(None)
            }
        }
    }

    fn forget(&self, cid: &Cid, path: &Path) -> Result<(), StoreError> {
        let _writing = lock(&self.writer);
        lock(&self.index).remove(cid);
        disk::remove(path)
    }

    /// Whether the block is on the public shelf.
    #[must_use]
    pub fn contains(&self, cid: &Cid) -> bool {
        lock(&self.index).find(cid).is_some()
    }

    /// Length of a public block in bytes.
    #[must_use]
    pub fn size(&self, cid: &Cid) -> Option<u64> {
        lock(&self.index).size(cid)
    }

    /// Bytes of all public blocks.
    #[must_use]
    pub fn used(&self) -> u64 {
        lock(&self.index).bytes()
    }

    /// Keeps a raw block where only [`Self::get_withheld`] sees it, until [`Self::release`]. On disk
    /// when this returns, and still withheld after a restart.
    ///
    /// # Errors
    /// The block is over 2 MiB or the disk fails.
    pub fn put_withheld(&self, bytes: &[u8]) -> Result<Cid, StoreError> {
        let cid = Cid::of_raw(bytes);
        check(&cid, bytes)?;
        self.scratch.write(&self.withheld(&cid), bytes)?;
        Ok(cid)
    }

    /// A withheld block.
    ///
    /// # Errors
    /// The disk fails or the block is damaged.
    pub fn get_withheld(&self, cid: &Cid) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(bytes) = disk::read(&self.withheld(cid))? else {
            return Ok(None);
        };
        check(cid, &bytes)?;
        Ok(Some(bytes))
    }

    /// Makes a withheld block public; whether there was one. Safe to repeat.
    ///
    /// # Errors
    /// As [`Self::get_withheld`].
    pub fn release(&self, cid: &Cid) -> Result<bool, StoreError> {
        let Some(bytes) = self.get_withheld(cid)? else {
            return Ok(false);
        };
        self.put(cid, &bytes)?;
        disk::remove(&self.withheld(cid))?;
        Ok(true)
    }

    /// Throws a withheld block away, for instance when the task ended without our reveal.
    ///
    /// # Errors
    /// The disk fails.
    pub fn discard_withheld(&self, cid: &Cid) -> Result<(), StoreError> {
        disk::remove(&self.withheld(cid))
    }

    /// Protects a block from eviction in the name of `owner` (for instance a task) until a time, or
    /// without end. The block may still be absent. A later pin of the same owner replaces the earlier.
    ///
    /// # Errors
    /// The disk fails.
    pub fn pin(&self, cid: &Cid, owner: &str, until: Option<SystemTime>) -> Result<(), StoreError> {
        self.change_pins(cid, |pins| pins.set(owner, until))
    }

    /// Ends the protection in the name of `owner`.
    ///
    /// # Errors
    /// The disk fails.
    pub fn unpin(&self, cid: &Cid, owner: &str) -> Result<(), StoreError> {
        self.change_pins(cid, |pins| pins.clear(owner))
    }

    fn change_pins(&self, cid: &Cid, change: impl FnOnce(&mut Pins)) -> Result<(), StoreError> {
        let _writing = lock(&self.writer);
        let pins = lock(&self.index).change_pins(cid, change);
        let path = self.dir.join("pins").join(cid.to_string());
        match pins.to_json() {
            Some(text) => self.scratch.write(&path, text.as_bytes()),
            None => disk::remove(&path),
        }
    }

    fn public(&self, cid: &Cid) -> PathBuf {
        sharded(&self.dir.join("public"), cid)
    }

    fn withheld(&self, cid: &Cid) -> PathBuf {
        self.dir.join("withheld").join(cid.to_string())
    }
}

/// `<dir>/<two characters>/<cid>`: the two before the last one, as Kubo does, for the first ones are
/// the same in every CID.
fn sharded(dir: &Path, cid: &Cid) -> PathBuf {
    let name = cid.to_string();
    let shard: String = name.chars().rev().skip(1).take(2).collect();
    dir.join(shard).join(name)
}

fn check(cid: &Cid, bytes: &[u8]) -> Result<(), StoreError> {
    if bytes.len() > MAX_BLOCK_BYTES {
        return Err(StoreError::TooLarge {
            got: bytes.len(),
            max: MAX_BLOCK_BYTES,
        });
    }
    if cid.matches(bytes) {
        return Ok(());
    }
    Err(StoreError::HashDiffers {
        cid: *cid,
        bytes: bytes.len(),
    })
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
