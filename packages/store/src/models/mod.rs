//! Models: each one contiguous file, which the engine maps into memory and the gateway serves leaf by
//! leaf, while it is still growing too.

mod bitmap;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use antiphon_content::unixfs::{self, HashedFile, Leaf};
use antiphon_content::{Cid, Hex};

use crate::blocks::Blocks;
use crate::disk::{self, lock};
use crate::error::{At as _, StoreError};

pub use bitmap::Bitmap;
pub(crate) use file::ModelFile;

/// In whose name the inner nodes of all models are pinned.
const PIN_OWNER: &str = "model";

/// The models on this disk, by root CID.
///
/// Methods block on the disk: call them off the async threads.
#[derive(Debug)]
pub struct Models {
    dir: PathBuf,
    blocks: Arc<Blocks>,
    shelf: Mutex<Shelf>,
    /// One import or start at a time.
    changing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Shelf {
    files: BTreeMap<Cid, Arc<ModelFile>>,
    /// (leaf, root, number): where a leaf's bytes are.
    leaves: BTreeSet<(Cid, Cid, usize)>,
}

/// A model that is whole and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteModel {
    /// Names the file.
    pub root: Cid,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: Hex<32>,
    /// Where the file is. Never write to it.
    pub path: PathBuf,
}

impl Models {
    /// Opens or creates the folder. Whole models are served at once; half ones after their fetch is
    /// taken up again.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(dir: impl Into<PathBuf>, blocks: Arc<Blocks>) -> Result<Self, StoreError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).at("create", &dir)?;
        let models = Self {
            dir,
            blocks,
            shelf: Mutex::default(),
            changing: Mutex::default(),
        };
        for entry in fs::read_dir(&models.dir).at("list", &models.dir)? {
            let name = entry.at("list", &models.dir)?.file_name();
            if let Some(root) = name.to_str().and_then(|name| name.parse().ok()) {
                models.attach(root)?;
            }
        }
        Ok(models)
    }

    /// Takes a whole model found on disk. A damaged one is left for the next fetch to repair.
    fn attach(&self, root: Cid) -> Result<(), StoreError> {
        let folder = self.folder(&root);
        let Some(meta) = file::Meta::read(&folder)? else {
            return Ok(());
        };
        let (Some(sha256), Ok(leaves)) = (meta.sha256, self.skeleton(&root, meta.bytes)) else {
            return Ok(());
        };
        let path = folder.join(file::WHOLE);
        match File::open(&path) {
            Ok(open) if open.metadata().is_ok_and(|meta_| meta_.len() == meta.bytes) => {
                self.shelve(ModelFile::whole(
                    root, meta.bytes, leaves, folder, open, sha256,
                ));
            }
            _ => {
                tracing::warn!(%root, "the model's file is missing or cut: it must be fetched again")
            }
        }
        Ok(())
    }

    fn shelve(&self, file: ModelFile) -> Arc<ModelFile> {
        let file = Arc::new(file);
        let mut shelf = lock(&self.shelf);
        for (number, leaf) in file.leaves().iter().enumerate() {
            shelf.leaves.insert((leaf.cid, file.root(), number));
        }
        shelf.files.insert(file.root(), Arc::clone(&file));
        file
    }

    /// The leaves of a file whose inner nodes are all among our blocks.
    fn skeleton(&self, root: &Cid, bytes: u64) -> Result<Vec<Leaf>, StoreError> {
        unixfs::read_skeleton(*root, bytes, |cid| {
            // An absent node reads as an empty block, which the walker refuses.
            Ok::<_, StoreError>(self.blocks.get(cid)?.unwrap_or_default())
        })
    }

    /// Takes a file of this machine as a model: names it and copies it, by reference where the file
    /// system can. It is never linked: engines map these bytes for months, and who writes the
    /// original anew in place must not change them.
    ///
    /// # Errors
    /// The file cannot be read, is empty, changes meanwhile, or the disk fails.
    pub fn import(&self, path: &Path) -> Result<CompleteModel, StoreError> {
        let source = File::open(path).at("open", path)?;
        let hashed = unixfs::hash_reader(source).at("read", path)?;
        if hashed.size == 0 {
            return Err(StoreError::ModelSize(0));
        }
        let _changing = lock(&self.changing);
        if let Some(known) = self.complete(&hashed.root) {
            return Ok(known);
        }
        self.keep_nodes(&hashed)?;
        let folder = self.folder(&hashed.root);
        fs::create_dir_all(&folder).at("create", &folder)?;
        let fresh = folder.join("weights.new");
        disk::remove(&fresh)?;
        copy(path, &fresh)?;
        let copied = unixfs::hash_reader(File::open(&fresh).at("open", &fresh)?);
        if copied.at("read", &fresh)?.root != hashed.root {
            disk::remove(&fresh)?;
            return Err(StoreError::Changed(path.to_owned()));
        }
        let whole = folder.join(file::WHOLE);
        disk::rename(&fresh, &whole)?;
        let sha256 = Hex(hashed.sha256);
        file::Meta::whole(hashed.size, sha256).write(&folder)?;
        let open = File::open(&whole).at("open", &whole)?;
        let model = ModelFile::whole(
            hashed.root,
            hashed.size,
            hashed.leaves,
            folder,
            open,
            sha256,
        );
        self.shelve(model);
        Ok(CompleteModel {
            root: hashed.root,
            bytes: hashed.size,
            sha256,
            path: whole,
        })
    }

    /// Forgets a model and removes its file, also a half one. Its inner nodes are no longer pinned and go
    /// when room is needed. False if there is none.
    ///
    /// # Errors
    /// The disk fails.
    pub fn remove(&self, root: &Cid) -> Result<bool, StoreError> {
        let _changing = lock(&self.changing);
        let folder = self.folder(root);
        let Some(meta) = file::Meta::read(&folder)? else {
            return Ok(false);
        };
        let mut nodes = Vec::new();
        // Half a skeleton ends in an error, and what was seen until then is all there is.
        unixfs::read_skeleton(*root, meta.bytes, |cid| {
            nodes.push(*cid);
            Ok::<_, StoreError>(self.blocks.get(cid)?.unwrap_or_default())
        })
        .ok();
        let mut shelf = lock(&self.shelf);
        shelf.files.remove(root);
        shelf.leaves.retain(|(_, of, _)| of != root);
        drop(shelf);
        fs::remove_dir_all(&folder).at("remove", &folder)?;
        let unpin = |cid: &Cid| self.blocks.unpin(cid, PIN_OWNER);
        nodes.iter().try_for_each(unpin)?;
        Ok(true)
    }

    fn keep_nodes(&self, file: &HashedFile) -> Result<(), StoreError> {
        file.nodes
            .iter()
            .try_for_each(|(cid, bytes)| self.keep_node(cid, bytes))
    }

    /// Stores an inner node where no eviction reaches it.
    pub(crate) fn keep_node(&self, cid: &Cid, bytes: &[u8]) -> Result<(), StoreError> {
        self.blocks.pin(cid, PIN_OWNER, None)?;
        self.blocks.put(cid, bytes).map(drop)
    }

    /// An inner node that is already here.
    pub(crate) fn node(&self, cid: &Cid) -> Result<Option<Vec<u8>>, StoreError> {
        self.blocks.get(cid)
    }

    /// The whole, verified model; `None` while any leaf is missing.
    #[must_use]
    pub fn complete(&self, root: &Cid) -> Option<CompleteModel> {
        let file = self.file(root)?;
        let sha256 = file.sha256()?;
        Some(CompleteModel {
            root: *root,
            bytes: file.bytes(),
            sha256,
            path: file.folder().join(file::WHOLE),
        })
    }

    /// The roots of all models here, whole or growing.
    #[must_use]
    pub fn roots(&self) -> Vec<Cid> {
        lock(&self.shelf).files.keys().copied().collect()
    }

    /// Which leaves of a model are here; `None` for a model unknown here.
    #[must_use]
    pub fn have(&self, root: &Cid) -> Option<Bitmap> {
        self.file(root).map(|file| file.have())
    }

    /// A leaf by its CID, out of whichever model has it. Its hash is checked when this process reads
    /// it for the first time.
    ///
    /// # Errors
    /// The disk fails.
    pub fn leaf(&self, cid: &Cid) -> Result<Option<Vec<u8>>, StoreError> {
        for (file, number) in self.places(cid) {
            if let Some(bytes) = file.read_leaf(number)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Length of a leaf that is here.
    #[must_use]
    pub fn leaf_size(&self, cid: &Cid) -> Option<u64> {
        let places = self.places(cid);
        let (file, number) = places.iter().find(|(file, number)| file.has(*number))?;
        file.leaves().get(*number).map(|leaf| leaf.size)
    }

    fn places(&self, cid: &Cid) -> Vec<(Arc<ModelFile>, usize)> {
        let shelf = lock(&self.shelf);
        // A leaf of zeros may occur thousands of times: the first few places are enough.
        let places = shelf
            .leaves
            .range((*cid, FIRST, 0)..=(*cid, LAST, usize::MAX))
            .take(64);
        places
            .filter_map(|(_, root, number)| Some((Arc::clone(shelf.files.get(root)?), *number)))
            .collect()
    }

    fn file(&self, root: &Cid) -> Option<Arc<ModelFile>> {
        lock(&self.shelf).files.get(root).map(Arc::clone)
    }

    /// The growing file for a model whose leaves are known: a new one, or the one of an earlier run
    /// after each leaf it claims was hashed again.
    pub(crate) fn start(
        &self,
        root: Cid,
        bytes: u64,
        leaves: Vec<Leaf>,
    ) -> Result<Arc<ModelFile>, StoreError> {
        let _changing = lock(&self.changing);
        if let Some(file) = self.file(&root) {
            return Ok(file);
        }
        let file = ModelFile::grow(root, bytes, leaves, self.folder(&root))?;
        Ok(self.shelve(file))
    }

    fn folder(&self, root: &Cid) -> PathBuf {
        self.dir.join(root.to_string())
    }
}

const FIRST: Cid = Cid::new(antiphon_content::Codec::Raw, [0; 32]);
const LAST: Cid = Cid::new(antiphon_content::Codec::DagPb, [0xff; 32]);

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::copy(from, to).at("copy to", to)?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .at("sync", to)
}
