//! A Python environment of its own for the clients that are tested: made once for each list of packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Result, read_text};
use crate::hash::sha256_hex;
use crate::run::{Step, capture};

/// The environment's Python, with the pinned packages of this list in it.
///
/// # Errors
/// The list cannot be read or a package not fetched.
pub fn environment(cache: &Cache, step: &Step, requirements: &Path) -> Result<PathBuf> {
    let version = capture(Command::new("python3").arg("--version"))?;
    let made_of = format!("{version}\n{}", read_text(requirements)?);
    let hash = sha256_hex(made_of.as_bytes());
    let name = format!("python-clients-{}", hash.get(..12).unwrap_or(&hash));
    // Its programs are asked for as modules, so that the folder may be moved into its place.
    let folder = cache.install(&name, |making| {
        let mut venv = Command::new("python3");
        step.run(venv.args(["-m", "venv", "--without-pip"]).arg(making))?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--python"])
            .arg(making.join("bin/python"))
            .args(["install", "--no-input", "--disable-pip-version-check"])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(requirements);
        step.run(&mut pip)
    })?;
    Ok(folder.join("bin/python"))
}
