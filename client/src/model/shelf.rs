//! Where this user's models lie: the store, and the manifests of what is in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use antiphon_api::Cid;
use antiphon_documents::Manifest;
use antiphon_store::{BlockLimits, Store};
use serde::Serialize;

use super::file_fault;
use crate::error::ClientError;

/// In whose name manifests are pinned.
const PIN_OWNER: &str = "manifest";

/// One program at a time uses it.
#[derive(Debug)]
pub struct Shelf {
    root: PathBuf,
    /// Weights, inner nodes, manifests.
    pub store: Store,
    _lock: File,
}

/// A model on the shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its manifest's name for it.
    pub name: String,
    /// Its manifest.
    pub manifest: Cid,
    /// Its weights.
    pub weights: Cid,
    /// Their length.
    pub bytes: u64,
    /// The weights are here, all of them.
    pub whole: bool,
    /// The weights' file, if it is whole.
    pub file: Option<PathBuf>,
}

impl Shelf {
    /// Opens or creates the named folder, or the one in the user's data folder.
    ///
    /// # Errors
    /// No folder can be told, another program uses it, or the disk fails.
    pub fn open(folder: Option<&Path>) -> Result<Self, ClientError> {
        let root = folder.map(Path::to_owned).map_or_else(usual, Ok)?;
        let manifests = root.join("manifests");
        fs::create_dir_all(&manifests).map_err(|error| file_fault(&manifests, error))?;
        let lock = lock(&root)?;
        Ok(Self {
            store: Store::open(&root, BlockLimits::default())?,
            root,
            _lock: lock,
        })
    }

    /// Keeps a manifest, for us and for whoever asks for its block.
    ///
    /// # Errors
    /// The disk fails.
    pub fn keep(&self, manifest: &Manifest) -> Result<Cid, ClientError> {
        let (text, cid) = (manifest.to_canonical(), manifest.cid());
        let blocks = &self.store.blocks;
        blocks.pin(&cid, PIN_OWNER, None)?;
        blocks.put(&cid, text.as_bytes())?;
        let path = self.path_of(&cid);
        antiphon_chain::write_atomically(&path, text.as_bytes(), 0o644)
            .map_err(|error| file_fault(&path, error))?;
        Ok(cid)
    }

    /// All manifests, by name.
    ///
    /// # Errors
    /// A file cannot be read, or is no manifest.
    pub fn manifests(&self) -> Result<Vec<Manifest>, ClientError> {
        let folder = self.root.join("manifests");
        let mut all = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|error| file_fault(&folder, error))? {
            let path = entry.map_err(|error| file_fault(&folder, error))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let text = fs::read(&path).map_err(|error| file_fault(&path, error))?;
                all.push(Manifest::parse(&text).map_err(|fault| file_fault(&path, fault))?);
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name).then(a.cid().cmp(&b.cid())));
        Ok(all)
    }

    /// What is on the shelf.
    ///
    /// # Errors
    /// As [`Shelf::manifests`].
    pub fn entries(&self) -> Result<Vec<Entry>, ClientError> {
        let manifests = self.manifests()?;
        Ok(manifests
            .iter()
            .map(|manifest| self.entry(manifest))
            .collect())
    }

    /// One model on the shelf.
    #[must_use]
    pub fn entry(&self, manifest: &Manifest) -> Entry {
        let weights = &manifest.weights;
        let complete = self.store.models.complete(&weights.cid);
        Entry {
            name: manifest.name.clone(),
            manifest: manifest.cid(),
            weights: weights.cid,
            bytes: weights.bytes,
            whole: complete.is_some(),
            file: complete.map(|model| model.path),
        }
    }

    /// The model of this name, manifest or weights.
    ///
    /// # Errors
    /// There is none, or the name fits several.
    pub fn find(&self, named: &str) -> Result<Manifest, ClientError> {
        let fits = |manifest: &Manifest| {
            manifest.name == named
                || manifest.cid().to_string() == named
                || manifest.weights.cid.to_string() == named
        };
        let mut found: Vec<_> = self.manifests()?.into_iter().filter(fits).collect();
        match (found.pop(), found.len()) {
            (Some(one), 0) => Ok(one),
            (None, _) => Err(ClientError::Usage(format!(
                "there is no model {named} here: `antiphon model ls` lists them"
            ))),
            (Some(_), _) => Err(ClientError::Usage(format!(
                "{named} fits several models: name one by its manifest's CID, see `antiphon model ls`"
            ))),
        }
    }

    /// Removes a model: its manifest, and its weights if no other manifest names them.
    ///
    /// # Errors
    /// The disk fails.
    pub fn remove(&self, manifest: &Manifest) -> Result<(), ClientError> {
        let cid = manifest.cid();
        let path = self.path_of(&cid);
        fs::remove_file(&path).map_err(|error| file_fault(&path, error))?;
        self.store.blocks.unpin(&cid, PIN_OWNER)?;
        let weights = manifest.weights.cid;
        let others = self.manifests()?;
        if !others.iter().any(|other| other.weights.cid == weights) {
            self.store.models.remove(&weights)?;
        }
        Ok(())
    }

    fn path_of(&self, manifest: &Cid) -> PathBuf {
        self.root.join("manifests").join(format!("{manifest}.json"))
    }
}

fn lock(root: &Path) -> Result<File, ClientError> {
    let path = root.join("lock");
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| file_fault(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(file_fault(
            root,
            "another program uses this store: let it end, or name another with --store DIR",
        )),
        Err(TryLockError::Error(error)) => Err(file_fault(&path, error)),
    }
}

/// `antiphon/store` in the user's data folder.
fn usual() -> Result<PathBuf, ClientError> {
    let from = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty());
    let data = from("XDG_DATA_HOME").map(PathBuf::from);
    let home = || from("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = data.or_else(home).ok_or_else(|| {
        ClientError::Usage(
            "where are the models? Name a folder with --store DIR or ANTIPHON_STORE".to_owned(),
        )
    })?;
    Ok(data.join("antiphon/store"))
}
