//! Published vocabularies, which are too large for the tree: our ids against the libraries' own.

use std::path::Path;
use std::process::Command;

use crate::ci::Site;
use crate::error::{Error, Result, make_dir, remove_dir};
use crate::run::{Step, cargo, shown};
use crate::setup;

const FOLDER: &str = "testdata/tokenizers";

/// Fetches what is missing, asks the libraries, and runs the test that compares.
pub(super) fn run(site: &Site, step: &Step) -> Result<()> {
    let scratch = site.cache.root().join("scratch/vocabularies");
    make_dir(&scratch)?;
    ask(site, step, &scratch)?;
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("ANTIPHON_VOCABULARIES", &scratch)
        .args(["test", "--locked", "--package", "antiphon-engine"])
        .args(["--test", "engine", "--", "--ignored", "--nocapture"])
        .arg("published_vocabularies");
    let passed = shown(&mut command)?;
    remove_dir(&scratch)?;
    match passed {
        true => Ok(()),
        false => Err(Error::Unavailable(
            "a tokenizer gives other ids than the libraries: the lines above show which".to_owned(),
        )),
    }
}

/// Lets the libraries write their answers into a folder.
fn ask(site: &Site, step: &Step, folder: &Path) -> Result<()> {
    let files = setup::vocabularies(&site.workspace, &site.cache, step)?;
    let ours = site.workspace.root().join(FOLDER);
    let python = setup::python(&site.cache, step, &ours.join("requirements.txt"))?;
    let mut libraries = Command::new(python);
    libraries.arg(ours.join("real.py")).arg(folder);
    for (name, path) in files {
        libraries.arg(format!("{name}={}", path.display()));
    }
    step.run(&mut libraries)
}
