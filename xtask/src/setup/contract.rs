//! The contract as the chain gets it: one reproducible wasm file.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Made, Site, wasm};
use crate::error::{Doing, Error, Result, make_dir, remove_dir};
use crate::hash::{sha256_file, sha256_hex};
use crate::run::{Step, cargo};

/// Our own limit, in bytes. A chain takes 819,200 in one upload; what lies between is room for later
/// versions, which every migration needs.
const MAX_BYTES: u64 = 650_000;

/// Builds the contract against the private system root; cargo itself skips what has not changed.
pub(super) fn build(site: &Site<'_>, step: &Step, std: &Path) -> Result<Made<PathBuf>> {
    let target = site.workspace.target();
    let before = std::fs::metadata(file(target))
        .and_then(|data| data.modified())
        .ok();
    let path = compile(site.workspace.root(), target, step, std)?;
    let data = std::fs::metadata(&path).doing(|| format!("read {}", path.display()))?;
    check_size(data.len())?;
    let module = std::fs::read(&path).doing(|| format!("read {}", path.display()))?;
    wasm::check(&module)?;
    if before.is_some() && before == data.modified().ok() {
        return Ok(Made::Ready(path));
    }
    let hash = sha256_hex(&module);
    let note = format!(
        "built, {} bytes, sha256 {}",
        data.len(),
        hash.get(..12).unwrap_or(&hash)
    );
    Ok(Made::Now(path, note))
}

/// Builds it once more from a copy of the sources in another folder, from nothing; gives its hash.
pub(super) fn build_again(site: &Site<'_>, step: &Step, std: &Path) -> Result<Made<String>> {
    let folder = site.scratch("contract-again")?;
    remove_dir(&folder)?;
    let root = folder.join("another/place");
    for file in site.workspace.files()? {
        let to = root.join(&file);
        make_dir(to.parent().unwrap_or(&root))?;
        std::fs::copy(site.workspace.root().join(&file), &to)
            .doing(|| format!("copy {}", to.display()))?;
    }
    let path = compile(&root, &folder.join("target"), step, std)?;
    let hash = sha256_file(&path)?;
    remove_dir(&folder)?;
    let note = format!("built, sha256 {}", hash.get(..12).unwrap_or(&hash));
    Ok(Made::Now(hash, note))
}

fn compile(root: &Path, target: &Path, step: &Step, std: &Path) -> Result<PathBuf> {
    let mut command = command(root, target, std)?;
    command.args(["--lib", "--package", "antiphon-contract"]);
    step.run(&mut command)?;
    Ok(file(target))
}

/// `cargo build` of contracts; the packages are the caller's to name. Nothing of where this runs may get into the
/// file: paths are replaced, flags of the user left out.
pub(super) fn command(root: &Path, target: &Path, std: &Path) -> Result<Command> {
    let flags = format!(
        "-C target-cpu=mvp --remap-path-prefix={}=/cargo --remap-path-prefix={}=/antiphon",
        cargo_home()?.display(),
        root.display()
    );
    let mut command = cargo();
    command
        .current_dir(root)
        .env("RUSTC_WRAPPER", std.join("rustc"))
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args(["build", "--locked", "--profile", "contract"])
        .args(["--target", "wasm32-unknown-unknown"]);
    let mine = std::env::vars_os().filter(|(name, _)| is_setting(name));
    mine.for_each(|(name, _)| {
        command.env_remove(name);
    });
    Ok(command)
}

/// A setting of a profile that the user's environment makes: it would make another file.
fn is_setting(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"CARGO_PROFILE_")
}

/// Where cargo keeps other people's sources: remapped, so that no local path gets into panic texts.
pub(super) fn cargo_home() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from);
    set("CARGO_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cargo")))
        .ok_or_else(|| {
            Error::Unavailable("neither CARGO_HOME nor HOME is set: set one of them".to_owned())
        })
}

fn file(target: &Path) -> PathBuf {
    folder(target).join("antiphon_contract.wasm")
}

/// Where cargo puts what [`command`] builds.
pub(super) fn folder(target: &Path) -> PathBuf {
    target.join("wasm32-unknown-unknown/contract")
}

fn check_size(bytes: u64) -> Result<()> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(Error::Mismatch {
        what: "size of the contract".to_owned(),
        got: format!("{bytes} bytes"),
        want: format!("at most {MAX_BYTES}"),
        remedy: "make it smaller, so that later versions fit into a chain's 819200".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_has_set_for_other_builds_makes_no_other_file() {
        let here = Path::new("/");
        let command = command(here, here, here).unwrap();
        let set = |wanted: &str| {
            let mut all = command.get_envs();
            all.find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        assert_eq!(set("CARGO_INCREMENTAL"), Some(Some(OsStr::new("0"))));
        for gone in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            assert_eq!(set(gone), Some(None), "{gone}");
        }
        assert!(is_setting(OsStr::new("CARGO_PROFILE_CONTRACT_OPT_LEVEL")));
        assert!(!is_setting(OsStr::new("CARGO_HOME")));
    }

    #[test]
    fn a_contract_without_room_to_grow_is_refused_here() {
        assert!(check_size(MAX_BYTES).is_ok());
        assert!(
            check_size(MAX_BYTES + 1)
                .unwrap_err()
                .to_string()
                .contains("650001")
        );
    }
}
