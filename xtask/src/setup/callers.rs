//! Contracts that ask, as a chain gets them: for the end-to-end tests.

use std::path::{Path, PathBuf};

use super::{Made, Site, contract, wasm};
use crate::error::{Doing, Result};
use crate::run::Step;

/// The example, and one that misbehaves when it is told.
const CALLERS: [&str; 2] = ["antiphon-example-caller", "antiphon-bad-receiver"];

/// Builds them and gives the folder with their wasm files. A build of their own: together with the contract,
/// cargo would unite the features of what they share, and the contract's bytes would be others.
pub(super) fn build(site: &Site<'_>, step: &Step, std: &Path) -> Result<Made<PathBuf>> {
    let (root, target) = (site.workspace.root(), site.workspace.target());
    let mut command = contract::command(root, target, std)?;
    command.arg("--lib");
    for caller in CALLERS {
        command.args(["--package", caller]);
    }
    step.run(&mut command)?;
    let folder = contract::folder(target);
    let mut sizes = Vec::new();
    for caller in CALLERS {
        let path = folder.join(format!("{}.wasm", caller.replace('-', "_")));
        let module = std::fs::read(&path).doing(|| format!("read {}", path.display()))?;
        wasm::check(&module)?;
        sizes.push(format!("{} {} bytes", caller, module.len()));
    }
    if step.elapsed().as_secs() < 3 {
        return Ok(Made::Ready(folder));
    }
    Ok(Made::Now(folder, sizes.join(", ")))
}
