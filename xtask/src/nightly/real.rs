//! The real Gemma 3 of 270 million weights: its golden answers on every kernel, its vocabulary, and
//! llama.cpp's opinion of its logits.

use std::path::PathBuf;

use crate::bench::llama;
use crate::ci::Site;
use crate::error::{Error, Result, make_dir, remove_dir};
use crate::hash::sha256_file;
use crate::output;
use crate::run::{Step, cargo, shown};
use crate::setup;

/// Fetches what is missing and runs the tests, which print their figures. Gives the model's file.
pub(super) fn run(site: &Site, step: &Step) -> Result<PathBuf> {
    let model = setup::gemma3(&site.workspace, &site.cache, step)?;
    let scratch = site.cache.root().join("scratch/gemma3");
    make_dir(&scratch)?;
    let floats = scratch.join("floats.gguf");
    let llama = llama::reference(&site.workspace, &site.cache, step, (&model, &floats))?;
    output::line(&format!(
        "{}, SHA-256 {}",
        model.file_name().unwrap_or_default().display(),
        sha256_file(&model)?
    ));
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("ANTIPHON_GEMMA", &model)
        .env("ANTIPHON_GEMMA_FLOAT", &floats)
        .args(["test", "--locked", "--release"])
        .args(["--package", "antiphon-engine", "--test", "gemma"])
        .args(["--test", "gemma_memory", "--"])
        .args(["--ignored", "--nocapture", "--test-threads", "1"]);
    match llama {
        Some(libraries) => {
            command.env("ANTIPHON_LLAMA_CPP", libraries);
        }
        None => {
            output::line("llama.cpp: not run (the pinned package has no build for this machine)");
            command.args(["--skip", "llama_cpp"]);
        }
    }
    let passed = shown(&mut command)?;
    remove_dir(&scratch)?;
    if !passed {
        return Err(Error::Unavailable(
            "CN-1 and the real Gemma 3: the lines above show what does not hold".to_owned(),
        ));
    }
    output::line("Gemma 3: golden answers hold, and llama.cpp agrees");
    Ok(model)
}
