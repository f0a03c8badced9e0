//! The step about gas: the contract's wasm in a chain's virtual machine, against the committed table.

use super::Site;
use super::counts::note;
use crate::error::Result;
use crate::run::{Step, cargo};
use crate::setup;

/// The harness is a workspace of its own in `vm/`. Its machine takes ten minutes to compile, so what
/// is built stays in the cache, in a folder that its lock file names.
pub(super) fn gas(site: &Site, step: &Step) -> Result<String> {
    let manifest = site.workspace.root().join("vm/Cargo.toml");
    step.run(
        cargo()
            .args(["fmt", "--check", "--manifest-path"])
            .arg(&manifest),
    )?;
    let contract = setup::contract_alone(&site.workspace, &site.cache, step)?;
    let target = setup::machine(&site.workspace, &site.cache)?;
    // The library of a package that is also a `cdylib` has one name for every clone: what another one
    // left here is not ours.
    step.run(
        cargo()
            .env("CARGO_TARGET_DIR", &target)
            .args(["clean", "--release", "--package", "antiphon-contract"])
            .arg("--manifest-path")
            .arg(&manifest),
    )?;
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("CARGO_TARGET_DIR", target)
        .env("ANTIPHON_CONTRACT_WASM", contract)
        .env_remove("RUSTFLAGS");
    command
        .args(["test", "--locked", "--release", "--manifest-path"])
        .arg(&manifest);
    step.run(command.args(["--", "--nocapture"]))?;
    Ok(note(step.log()))
}
