//! Building for aarch64 on another processor, without a C compiler for it.
//!
//! Rust's own target with musl brings start files and a C library, and Rust's own linker joins them:
//! the programs are static and run under an emulator without a single file of the other system.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::run::{Step, capture};

/// The target.
pub(crate) const TARGET: &str = "aarch64-unknown-linux-musl";

/// Sees to the standard library of the target.
pub(crate) fn standard_library(step: &Step) -> Result<()> {
    let root = capture(Command::new("rustc").args(["--print", "sysroot"]))?;
    let start = Path::new(&root).join(format!("lib/rustlib/{TARGET}/lib/self-contained/crt1.o"));
    if start.exists() {
        return Ok(());
    }
    let added = step.status(Command::new("rustup").args(["target", "add", TARGET]));
    if added.is_ok_and(|status| status.success()) && start.exists() {
        return Ok(());
    }
    Err(Error::Unavailable(format!(
        "no standard library for {TARGET}: `rustup target add {TARGET}` did not work"
    )))
}

/// Makes a cargo command link with Rust's own linker.
pub(crate) fn link(command: &mut Command) -> &mut Command {
    command
        .env_remove("RUSTFLAGS")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld")
        .env(
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS",
            "-Clinker-flavor=ld.lld",
        )
}
