//! The program of the tiers, built for all of them.

use std::path::PathBuf;
use std::process::Command;

use crate::ci::Site;
use crate::error::{Error, Result};
use crate::prerequisites;
use crate::run::{Step, cargo};
use crate::setup::{self, aarch64};

const PACKAGE: &str = "antiphon-tiers";
/// A program, or why there is none on this machine.
type Found<T> = std::result::Result<T, String>;

/// What was built.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) release: PathBuf,
    pub(crate) debug: PathBuf,
    /// The emulator of other processors of this kind.
    pub(crate) x86_64: Found<PathBuf>,
    /// Emulator and program.
    pub(crate) aarch64: Found<(PathBuf, PathBuf)>,
    pub(crate) wasm: Found<PathBuf>,
    pub(crate) wasm_simd: Found<PathBuf>,
    /// What runs modules in Node.
    pub(crate) script: PathBuf,
}

/// Builds what this machine can run.
///
/// # Errors
/// The program does not compile. What cannot be had (an emulator, a standard library) is no error:
/// its tiers say so.
pub(crate) fn build(site: &Site, step: &Step) -> Result<Programs> {
    let target = site.workspace.target();
    step.run(&mut base(site, &["build", "--bins"]))?;
    step.run(&mut base(site, &["build", "--bins", "--release"]))?;
    Ok(Programs {
        release: target.join("release").join(PACKAGE),
        debug: target.join("debug").join(PACKAGE),
        x86_64: found(setup::emulator(
            &site.workspace,
            &site.cache,
            step,
            "x86_64",
        ))?,
        aarch64: build_aarch64(site, step)?,
        wasm: wasm(site, step, "")?,
        wasm_simd: wasm(site, step, " -Ctarget-feature=+simd128")?,
        script: site.workspace.root().join("tiers/run.mjs"),
    })
}

/// What is missing on this machine becomes the reason; everything else stays an error.
fn found<T>(result: Result<T>) -> Result<Found<T>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Unavailable(why)) => Ok(Err(first_line(&why))),
        Err(Error::Missing(why)) => Ok(Err(first_line(&why.join(" ")))),
        Err(error) => Err(error),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// `cargo` with these words, for the package, and without a user's flags: they may ask for
/// instructions that an emulated processor lacks.
fn base(site: &Site, words: &[&str]) -> Command {
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("CARGO_TARGET_DIR", site.workspace.target())
        .env("RUSTFLAGS", "")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args(words)
        .args(["--locked", "--package", PACKAGE]);
    command
}

fn build_aarch64(site: &Site, step: &Step) -> Result<Found<(PathBuf, PathBuf)>> {
    let emulator = setup::emulator(&site.workspace, &site.cache, step, "aarch64");
    let emulator = match found(emulator)? {
        Ok(emulator) => emulator,
        Err(why) => return Ok(Err(why)),
    };
    if let Err(why) = found(aarch64::standard_library(step))? {
        return Ok(Err(why));
    }
    let mut command = base(site, &["build", "--release", "--bins"]);
    command.args(["--target", aarch64::TARGET]);
    step.run(aarch64::link(&mut command))?;
    let program = site
        .workspace
        .target()
        .join(aarch64::TARGET)
        .join("release")
        .join(PACKAGE);
    Ok(Ok((emulator, program)))
}

/// A module without imports, for the bare instruction set and what `features` adds.
fn wasm(site: &Site, step: &Step, features: &str) -> Result<Found<PathBuf>> {
    if let Err(why) = found(prerequisites::check_web(step))? {
        return Ok(Err(why));
    }
    let std = match found(setup::wasm_std_alone(&site.workspace, &site.cache, step))? {
        Ok(std) => std,
        Err(why) => return Ok(Err(why)),
    };
    let name = if features.is_empty() {
        "wasm"
    } else {
        "wasm-simd"
    };
    // A folder for each: cargo would build everything anew whenever the flags change.
    let target = site.workspace.target().join("tiers").join(name);
    let flags = format!("-Ctarget-cpu=mvp{features}");
    let mut command = base(site, &["rustc", "--release", "--lib"]);
    command
        .env("RUSTC_WRAPPER", std.join("rustc"))
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", flags)
        .args([
            "--crate-type",
            "cdylib",
            "--target",
            "wasm32-unknown-unknown",
        ]);
    step.run(&mut command)?;
    Ok(Ok(target.join(
        "wasm32-unknown-unknown/release/antiphon_tiers.wasm",
    )))
}
