//! Our own programs, optimised.

use std::path::PathBuf;

use super::{Made, Site};
use crate::error::Result;
use crate::run::{Step, cargo};

const PACKAGES: [&str; 4] = [
    "antiphon-worker",
    "antiphon-client",
    "antiphon-localnet",
    "antiphon-e2e",
];

/// Builds what has changed and gives the folder with the programs.
pub(super) fn build(site: &Site<'_>, step: &Step) -> Result<Made<PathBuf>> {
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .args(["build", "--release", "--locked", "--bins"]);
    command.env("CARGO_TARGET_DIR", site.workspace.target());
    for package in PACKAGES {
        command.args(["--package", package]);
    }
    step.run(&mut command)?;
    let folder = site.workspace.target().join("release");
    if step.elapsed().as_secs() < 3 {
        return Ok(Made::Ready(folder));
    }
    Ok(Made::Now(folder, "built".to_owned()))
}
