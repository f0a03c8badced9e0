//! Files that are whole or absent, also after a power cut.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{At as _, StoreError};

/// Where half-written files live until they are renamed. Emptied when opened.
#[derive(Debug)]
pub(crate) struct Scratch {
    dir: PathBuf,
    next: AtomicU64,
}

impl Scratch {
    pub(crate) fn open(dir: PathBuf) -> Result<Self, StoreError> {
        if dir.exists() {
            fs::remove_dir_all(&dir).at("clear", &dir)?;
        }
        fs::create_dir_all(&dir).at("create", &dir)?;
        Ok(Self {
            dir,
            next: AtomicU64::new(0),
        })
    }

    /// Writes to a scratch file, syncs it, renames it, syncs the folder.
    pub(crate) fn write(&self, target: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let scratch = self.dir.join(number.to_string());
        let mut file = File::create(&scratch).at("create", &scratch)?;
        file.write_all(bytes).at("write", &scratch)?;
        file.sync_all().at("sync", &scratch)?;
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).at("create", folder)?;
        }
        rename(&scratch, target)
    }
}

/// Renames and syncs the folder, so that the new name survives a power cut.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).at("rename to", to)?;
    match to.parent() {
        Some(folder) => File::open(folder)
            .and_then(|folder| folder.sync_all())
            .at("sync", folder),
        None => Ok(()),
    }
}

/// Removes a file; one that is not there is as good as removed.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.at("remove", path),
    }
}

/// Reads a file; `None` where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some).at("read", path),
    }
}

/// Locks; a thread that panicked left plain values behind, which stay usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs disk work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(StoreError::Stopped))
}
