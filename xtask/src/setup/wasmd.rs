//! The chain's program, built by Go as a module tool from `localnet/wasmd`.
//!
//! What is kept is 132 MB: the program and the virtual machine's library, which it looks for beside
//! itself, so that the folder can be moved. Go's own caches (4 GB) are private and removed afterwards.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Made, Site};
use crate::error::{Doing, Result, make_dir, remove_dir};
use crate::hash::sha256_hex;
use crate::run::{Step, capture};

const PACKAGE: &str = "github.com/CosmWasm/wasmd/cmd/wasmd";

/// A release of the program, and where its Go module lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    version: &'static str,
    module: &'static str,
}

/// What the local network runs.
pub(super) const CURRENT: Release = Release {
    version: "0.61.14",
    module: "localnet/wasmd",
};
/// What chains will run next: tried every night.
pub(super) const NEXT: Release = Release {
    version: "0.70.3",
    module: "localnet/wasmd-next",
};

/// The program's path.
pub(super) fn get(site: &Site<'_>, step: &Step, release: Release) -> Result<Made<PathBuf>> {
    let version = release.version;
    let module = site.workspace.root().join(release.module);
    let name = folder_name(&module, version)?;
    let program = site.cache.root().join(&name).join("bin/wasmd");
    if site.cache.has(&name) {
        return Ok(Made::Ready(program));
    }
    site.cache.install(&name, |making| {
        let scratch = site.scratch("go")?;
        step.run(&mut build(
            &module,
            version,
            &scratch,
            &making.join("bin/wasmd"),
        ))?;
        copy_library(&module, &scratch, making)?;
        step.run(Command::new(making.join("bin/wasmd")).arg("version"))?;
        remove_dir(&scratch)
    })?;
    Ok(Made::Now(program, format!("built {version}")))
}

/// Version and recipe: another go.sum or other flags make another folder.
fn folder_name(module: &Path, version: &str) -> Result<String> {
    let mut recipe = flags(version).into_bytes();
    for file in ["go.mod", "go.sum"] {
        let path = module.join(file);
        let bytes = std::fs::read(&path).doing(|| format!("read {}", path.display()))?;
        recipe.extend(bytes);
    }
    let hash = sha256_hex(&recipe);
    Ok(format!(
        "wasmd-{version}-{}",
        hash.get(..12).unwrap_or(&hash)
    ))
}

fn flags(version: &str) -> String {
    let sdk = "github.com/cosmos/cosmos-sdk/version";
    format!(
        "-s -w -X {sdk}.Name=wasm -X {sdk}.AppName=wasmd -X {sdk}.Version={version} \
         -X github.com/CosmWasm/wasmd/app.Bech32Prefix=wasm -r $ORIGIN/../lib"
    )
}

fn go(module: &Path, scratch: &Path) -> Command {
    let mut command = Command::new("go");
    command
        .current_dir(module)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-buildvcs=false -modcacherw")
        .env("GOWORK", "off")
        .env("GOMODCACHE", scratch.join("modules"))
        .env("GOCACHE", scratch.join("build"))
        .env("CGO_ENABLED", "1");
    command
}

fn build(module: &Path, version: &str, scratch: &Path, program: &Path) -> Command {
    let mut command = go(module, scratch);
    command
        .args([
            "build",
            "-mod=readonly",
            "-trimpath",
            "-tags",
            "netgo",
            "-ldflags",
            &flags(version),
            "-o",
        ])
        .arg(program)
        .arg(PACKAGE);
    command
}

/// The library comes inside its Go module, read-only.
fn copy_library(module: &Path, scratch: &Path, making: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let list = [
        "list",
        "-m",
        "-f",
        "{{.Dir}}",
        "github.com/CosmWasm/wasmvm/v3",
    ];
    let folder = capture(go(module, scratch).args(list))?;
    let name = format!("libwasmvm.{}.so", std::env::consts::ARCH);
    let from = Path::new(&folder).join("internal/api").join(&name);
    let to = making.join("lib").join(&name);
    make_dir(&making.join("lib"))?;
    let doing = || format!("copy {} to {}", from.display(), to.display());
    std::fs::copy(&from, &to).doing(doing)?;
    std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o755)).doing(doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_lock_file_makes_another_folder() {
        let module = tempfile::tempdir().unwrap();
        std::fs::write(module.path().join("go.mod"), "module x").unwrap();
        std::fs::write(module.path().join("go.sum"), "a").unwrap();
        let first = folder_name(module.path(), "1.2.3").unwrap();
        std::fs::write(module.path().join("go.sum"), "b").unwrap();
        assert_ne!(first, folder_name(module.path(), "1.2.3").unwrap());
        assert!(first.starts_with("wasmd-1.2.3-"));
    }

    #[test]
    fn the_program_looks_for_its_library_beside_itself() {
        assert!(flags("1.2.3").ends_with("-r $ORIGIN/../lib"));
    }
}
