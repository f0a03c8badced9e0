//! One model's file on disk, whole or growing.

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use antiphon_content::unixfs::Leaf;
use antiphon_content::{Cid, Hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Bitmap;
use crate::disk::{self, Scratch, lock};
use crate::error::{At as _, StoreError};

/// The verified file's name in the model's folder.
pub(super) const WHOLE: &str = "weights";
/// The growing file's name: sparse, of its final length from the start.
const GROWING: &str = "weights.part";
/// Bits of the leaves in the growing file.
const BITS: &str = "bits";
const META: &str = "meta.json";

/// What cannot be told from the file itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    pub(super) bytes: u64,
    /// Present once the whole file is verified.
    pub(super) sha256: Option<Hex<32>>,
}

impl Meta {
    pub(super) const fn whole(bytes: u64, sha256: Hex<32>) -> Self {
        Self {
            bytes,
            sha256: Some(sha256),
        }
    }

    pub(super) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let text = disk::read(&folder.join(META))?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let path = folder.join(META);
        let text = serde_json::to_vec(self)
            .map_err(std::io::Error::other)
            .at("write", &path)?;
        Scratch::open(folder.join("scratch"))?.write(&path, &text)
    }
}

/// The file, its leaves and which of them are in it.
#[derive(Debug)]
pub(crate) struct ModelFile {
    root: Cid,
    bytes: u64,
    leaves: Vec<Leaf>,
    folder: PathBuf,
    file: File,
    state: Mutex<State>,
    /// Held while the file gets its final name.
    sealing: Mutex<()>,
}

#[derive(Debug)]
struct State {
    have: Bitmap,
    /// Leaves whose hash this process has seen to be right.
    checked: Bitmap,
    /// The bits on disk, while growing.
    bits: Option<File>,
    sha256: Option<Hex<32>>,
}

impl ModelFile {
    pub(super) fn whole(
        root: Cid,
        bytes: u64,
        leaves: Vec<Leaf>,
        folder: PathBuf,
        file: File,
        sha256: Hex<32>,
    ) -> Self {
        let state = State {
            have: Bitmap::full(leaves.len()),
            checked: Bitmap::empty(leaves.len()),
            bits: None,
            sha256: Some(sha256),
        };
        Self {
            root,
            bytes,
            leaves,
            folder,
            file,
            state: Mutex::new(state),
            sealing: Mutex::default(),
        }
    }

    /// Opens or creates the growing file. Bits found on disk are claims: each is checked by hash, so
    /// no order of writes to the disk before a crash can leave a wrong leaf in.
    pub(super) fn grow(
        root: Cid,
        bytes: u64,
        leaves: Vec<Leaf>,
        folder: PathBuf,
    ) -> Result<Self, StoreError> {
        if bytes == 0 {
            return Err(StoreError::ModelSize(bytes));
        }
        fs::create_dir_all(&folder).at("create", &folder)?;
        let whole = folder.join(WHOLE);
        let sealed_before = whole.exists();
        if sealed_before {
            // Killed while sealing, or the inner nodes were lost: the leaves may all be right.
            disk::rename(&whole, &folder.join(GROWING))?;
        }
        let meta = Meta {
            bytes,
            sha256: None,
        };
        meta.write(&folder)?;
        let file = open_for_growth(&folder.join(GROWING), bytes)?;
        let count = leaves.len();
        let path = folder.join(BITS);
        let bits_len = u64::try_from(count.div_ceil(8)).unwrap_or(u64::MAX);
        let bits = open_for_growth(&path, bits_len)?;
        let mut claimed = vec![0; count.div_ceil(8)];
        bits.read_exact_at(&mut claimed, 0).at("read", &path)?;
        let state = State {
            have: Bitmap::empty(count),
            checked: Bitmap::empty(count),
            bits: Some(bits),
            sha256: None,
        };
        let model = Self {
            root,
            bytes,
            leaves,
            folder,
            file,
            state: Mutex::new(state),
            sealing: Mutex::default(),
        };
        let claimed = match Bitmap::from_bytes(&claimed, count) {
            _ if sealed_before => Bitmap::full(count),
            claimed => claimed.unwrap_or_else(|| Bitmap::empty(count)),
        };
        model.take_up(&claimed)?;
        Ok(model)
    }

    fn take_up(&self, claimed: &Bitmap) -> Result<(), StoreError> {
        for (number, leaf) in self.leaves.iter().enumerate() {
            if claimed.has(number) {
                let right = leaf.cid.matches(&self.bytes_of(leaf)?);
                self.mark(number, right)?;
            }
        }
        Ok(())
    }

    pub(crate) const fn root(&self) -> Cid {
        self.root
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn have(&self) -> Bitmap {
        lock(&self.state).have.clone()
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        lock(&self.state).have.has(number)
    }

    /// Present once the model is whole and verified.
    pub(crate) fn sha256(&self) -> Option<Hex<32>> {
        lock(&self.state).sha256
    }

    /// A leaf that is here and undamaged.
    pub(crate) fn read_leaf(&self, number: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let (had, checked) = {
            let state = lock(&self.state);
            (state.have.has(number), state.checked.has(number))
        };
        let Some(leaf) = self.leaves.get(number).filter(|_| had) else {
            return Ok(None);
        };
        let bytes = self.bytes_of(leaf)?;
        if !checked {
            let right = leaf.cid.matches(&bytes);
            self.mark(number, right)?;
            if !right {
                let folder = self.folder.display();
                tracing::error!(root = %self.root, leaf = number, %folder, "a stored leaf is damaged and not served: check the disk, delete the folder");
                return Ok(None);
            }
        }
        Ok(Some(bytes))
    }

    fn bytes_of(&self, leaf: &Leaf) -> Result<Vec<u8>, StoreError> {
        let size = usize::try_from(leaf.size).map_err(|_| StoreError::ModelSize(leaf.size))?;
        let mut bytes = vec![0; size];
        let read = self.file.read_exact_at(&mut bytes, leaf.offset);
        read.at("read", &self.folder).map(|()| bytes)
    }

    /// Checks a leaf's bytes and puts them in their place; its bit follows its bytes.
    pub(crate) fn write_leaf(&self, number: usize, bytes: &[u8]) -> Result<(), StoreError> {
        let leaf = self.leaves.get(number).ok_or(StoreError::NoLeaf {
            root: self.root,
            leaf: number,
            leaves: self.leaves.len(),
        })?;
        if !leaf.cid.matches(bytes) {
            return Err(StoreError::HashDiffers {
                cid: leaf.cid,
                bytes: bytes.len(),
            });
        }
        if self.has(number) {
            return Ok(());
        }
        let written = self.file.write_all_at(bytes, leaf.offset);
        written.at("write", &self.folder)?;
        self.mark(number, true)
    }

    /// Notes a leaf as right or as missing, in memory and, while growing, on disk.
    fn mark(&self, number: usize, right: bool) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        state.have.set(number, right);
        state.checked.set(number, right);
        let byte = number / 8;
        let (Some(value), Some(bits)) = (state.have.bytes().get(byte), &state.bits) else {
            return Ok(());
        };
        let offset = u64::try_from(byte).unwrap_or(u64::MAX);
        let written = bits.write_all_at(&[*value], offset);
        written.at("write", &self.folder.join(BITS))
    }

    /// Hashes the whole file and gives it its final name. Every leaf must be there.
    pub(crate) fn seal(&self) -> Result<Hex<32>, StoreError> {
        let _sealing = lock(&self.sealing);
        if let Some(done) = self.sha256() {
            return Ok(done);
        }
        let growing = self.folder.join(GROWING);
        self.file.sync_all().at("sync", &growing)?;
        let sha256 = hash(&growing)?;
        disk::rename(&growing, &self.folder.join(WHOLE))?;
        Meta::whole(self.bytes, sha256).write(&self.folder)?;
        disk::remove(&self.folder.join(BITS))?;
        let mut state = lock(&self.state);
        state.sha256 = Some(sha256);
        state.bits = None;
        Ok(sha256)
    }
}

fn open_for_growth(path: &Path, bytes: u64) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path).at("open", path)?;
    file.set_len(bytes).at("extend", path)?;
    Ok(file)
}

fn hash(path: &Path) -> Result<Hex<32>, StoreError> {
    let mut file = File::open(path).at("open", path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).at("read", path)? {
            0 => return Ok(Hex(hasher.finalize().into())),
            count => hasher.update(&buffer[..count]),
        }
    }
}
