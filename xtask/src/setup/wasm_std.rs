//! Rust's standard library for wasm32, built for the MVP instruction set.
//!
//! The chain's virtual machine refuses bulk-memory instructions, and the standard library that rustup
//! ships for wasm32 contains them. So the library is built once from its own source, for a bare
//! instruction set, into a private system root; the user's toolchain keeps its own.
//! The source must match the compiler exactly. It is looked for in three places: the toolchain's
//! `rust-src`, the same by `rustup component add`, and Debian's backports (unpacked, not installed).

use std::path::{Path, PathBuf};
use std::process::Command;

use super::debian::Apt;
use super::{Made, Site};
use crate::error::{Doing, Error, Result, make_dir, remove_dir};
use crate::output;
use crate::run::{Step, capture, cargo};

const TARGET: &str = "wasm32-unknown-unknown";
/// Changes when the recipe below does.
const RECIPE: u32 = 1;

/// The compiler in use.
#[derive(Debug, PartialEq, Eq)]
struct Compiler {
    release: String,
    commit: String,
}

/// The folder with the private system root and the wrapper that points the compiler at it.
pub(super) fn get(site: &Site<'_>, step: &Step) -> Result<Made<PathBuf>> {
    let compiler = compiler(&capture(Command::new("rustc").arg("-vV"))?)?;
    let name = format!(
        "wasm-std-{}-{}-{RECIPE}",
        compiler.release,
        short(&compiler.commit)
    );
    let path = site.cache.root().join(&name);
    if site.cache.has(&name) {
        return Ok(Made::Ready(path));
    }
    let path = site.cache.install(&name, |making| {
        let scratch = site.scratch("wasm-std")?;
        let (library, origin) = source(step, &compiler, &scratch)?;
        output::line(&format!(
            "  source from {origin}; building for the MVP instruction set"
        ));
        build(step, &compiler, &library, &scratch.join("target"))?;
        collect(&scratch.join("target"), making)?;
        write_wrapper(&making.join("rustc"))?;
        remove_dir(&scratch)
    })?;
    Ok(Made::Now(
        path,
        format!("built for rustc {}", compiler.release),
    ))
}

/// The library's source and where it came from.
fn source(step: &Step, compiler: &Compiler, scratch: &Path) -> Result<(PathBuf, &'static str)> {
    let root = capture(Command::new("rustc").args(["--print", "sysroot"]))?;
    let in_toolchain = Path::new(&root).join("lib/rustlib/src/rust/library");
    if in_toolchain.join("Cargo.lock").exists() {
        return Ok((in_toolchain, "the toolchain"));
    }
    let added = step.status(Command::new("rustup").args(["component", "add", "rust-src"]));
    if added.is_ok_and(|status| status.success()) && in_toolchain.join("Cargo.lock").exists() {
        return Ok((in_toolchain, "rustup"));
    }
    match debian_source(step, compiler, scratch) {
        Ok(library) => Ok((library, "Debian's backports")),
        Err(error) => Err(Error::Unavailable(format!(
            "no source of the standard library for rustc {}: neither `rustup component add \
             rust-src` nor Debian's backports worked. Install the component rust-src for this \
             toolchain. The last try said: {error}",
            compiler.release
        ))),
    }
}

/// Debian's package of the source: nothing is installed.
fn debian_source(step: &Step, compiler: &Compiler, scratch: &Path) -> Result<PathBuf> {
    let apt = Apt::open(step, &scratch.join("apt"), "trixie-backports")?;
    let folder = format!("usr/src/rustc-{}/library", compiler.release);
    let files = [&format!("./{folder}/*"), "--exclude=*/library/vendor/*"];
    apt.unpack(step, "rust-src", Some(&compiler.release), &files)?;
    Ok(apt.folder().join(folder))
}

fn build(step: &Step, compiler: &Compiler, library: &Path, target: &Path) -> Result<()> {
    let flags = format!(
        "-Ctarget-cpu=mvp -Cpanic=abort -Cembed-bitcode=yes -Zforce-unstable-if-unmarked \
         --remap-path-prefix={}=/rustc/{}/library --remap-path-prefix={}=/cargo",
        library.display(),
        compiler.commit,
        super::contract::cargo_home()?.display()
    );
    let mut command = cargo();
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        .env_remove("RUSTFLAGS")
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            TARGET,
            "-p",
            "sysroot",
        ])
        .arg("--manifest-path")
        .arg(library.join("Cargo.toml"));
    step.run(&mut command)
}

/// Copies the libraries to where a compiler looks for them.
fn collect(target: &Path, making: &Path) -> Result<()> {
    let from = target.join(TARGET).join("release/deps");
    let to = making.join("lib/rustlib").join(TARGET).join("lib");
    make_dir(&to)?;
    let doing = || format!("copy the libraries of {}", from.display());
    for entry in std::fs::read_dir(&from).doing(doing)? {
        let path = entry.doing(doing)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "rlib")
            && let Some(name) = path.file_name()
        {
            std::fs::copy(&path, to.join(name)).doing(doing)?;
        }
    }
    Ok(())
}

/// A compiler wrapper instead of a `--sysroot` flag: cargo hashes flags into symbol names, and the
/// contract's bytes must not depend on where the cache lies.
fn write_wrapper(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let script = "#!/bin/sh\n\
        # cargo runs: this, the compiler, its arguments\n\
        for argument in \"$@\"; do\n\
        \x20 [ \"$argument\" = wasm32-unknown-unknown ] && exec \"$@\" --sysroot=\"${0%/*}\"\n\
        done\n\
        exec \"$@\"\n";
    let doing = || format!("write {}", path.display());
    std::fs::write(path, script).doing(doing)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).doing(doing)
}

fn compiler(text: &str) -> Result<Compiler> {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned()).ok_or_else(|| {
            Error::Unavailable(format!("`rustc -vV` prints no line `{name}`; got:\n{text}"))
        })
    };
    Ok(Compiler {
        release: field("release:")?,
        commit: field("commit-hash:")?,
    })
}

fn short(commit: &str) -> &str {
    commit.get(..9).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_and_commit_are_read_from_the_compiler() {
        let text = "rustc 1.95.0 (5980 2026-04-14)\nbinary: rustc\ncommit-hash: 59807616e1\n\
                    host: x\nrelease: 1.95.0\nLLVM version: 22.1.2";
        let want = Compiler {
            release: "1.95.0".to_owned(),
            commit: "59807616e1".to_owned(),
        };
        assert_eq!(compiler(text).unwrap(), want);
        assert!(compiler("nothing").is_err());
    }

    #[test]
    fn the_wrapper_redirects_the_wasm_target_only() {
        let folder = tempfile::tempdir().unwrap();
        let wrapper = folder.path().join("rustc");
        write_wrapper(&wrapper).unwrap();
        let run = |arguments: &[&str]| {
            capture(Command::new(&wrapper).arg("echo").args(arguments)).unwrap()
        };
        assert_eq!(run(&["--crate-name", "x"]), "--crate-name x");
        let redirected = run(&["--target", TARGET]);
        assert_eq!(
            redirected,
            format!("--target {TARGET} --sysroot={}", folder.path().display())
        );
    }
}
