//! Where the virtual machine that measures gas is built: outside of the clone, once for each lock file.

use std::path::PathBuf;

use crate::cache::Cache;
use crate::error::{Doing, Result, make_dir};
use crate::hash::sha256_hex;
use crate::workspace::Workspace;

/// The folder for cargo's output, by the lock file of `vm/`.
///
/// # Errors
/// The lock file cannot be read, or the folder not made.
pub fn machine(workspace: &Workspace, cache: &Cache) -> Result<PathBuf> {
    let lock = workspace.root().join("vm/Cargo.lock");
    let bytes = std::fs::read(&lock).doing(|| format!("read {}", lock.display()))?;
    let hash = sha256_hex(&bytes);
    let name = format!("machine-{}", hash.get(..12).unwrap_or(&hash));
    let folder = cache.root().join(name);
    make_dir(&folder)?;
    Ok(folder)
}
