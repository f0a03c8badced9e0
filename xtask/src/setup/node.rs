//! What `npm ci` brings: into a folder's own `node_modules`, again only when its lock file or Node changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Doing, Error, Result, read_text};
use crate::hash::{sha256_file, sha256_hex};
use crate::run::{Step, capture};

/// In `node_modules`, after all else: what it was made of.
const MARK: &str = ".antiphon-made-of";

/// Brings the dependencies of one folder. Packages are kept in the cache, and none may run a script.
///
/// # Errors
/// There is no lock file, or the packages cannot be fetched.
pub fn node_modules(cache: &Cache, step: &Step, folder: &Path) -> Result<()> {
    let mark = folder.join("node_modules").join(MARK);
    let want = made_of(folder)?;
    if std::fs::read_to_string(&mark).is_ok_and(|got| got == want) {
        return Ok(());
    }
    let mut npm = npm(folder);
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--prefer-offline", "--cache"])
        .arg(cache.root().join("npm"));
    step.run(&mut npm)?;
    std::fs::write(&mark, want).doing(|| format!("write {}", mark.display()))
}

/// The same in the cache, for what is none of the tree's own programs: the packages of a folder's
/// lock file, in a folder of this name and the lock's hash.
///
/// # Errors
/// There is no lock file, or the packages cannot be fetched.
pub fn packages(cache: &Cache, step: &Step, folder: &Path, name: &str) -> Result<PathBuf> {
    let hash = sha256_file(&folder.join("package-lock.json"))?;
    let name = format!("{name}-{}", hash.get(..12).unwrap_or(&hash));
    cache.install(&name, |making| {
        for file in ["package.json", "package-lock.json"] {
            let (from, to) = (folder.join(file), making.join(file));
            std::fs::copy(&from, &to)
                .doing(|| format!("copy {} to {}", from.display(), to.display()))?;
        }
        let mut npm = npm(making);
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        step.run(&mut npm)
    })
}

/// `npm` in a folder, without colours and without questions.
#[must_use]
pub fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("CI", "1")
        .env("npm_config_update_notifier", "false");
    command
}

fn made_of(folder: &Path) -> Result<String> {
    let lock = folder.join("package-lock.json");
    if !lock.is_file() {
        return Err(Error::Unavailable(format!(
            "no {}: make it with `npm install --package-lock-only` there",
            lock.display()
        )));
    }
    let node = capture(Command::new("node").arg("--version"))?;
    Ok(format!(
        "{} {node}",
        sha256_hex(read_text(&lock)?.as_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_lock_file_is_named_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let text = made_of(folder.path()).unwrap_err().to_string();
        assert!(
            text.contains("package-lock.json") && text.contains("npm install"),
            "{text}"
        );
    }
}
