//! `antiphon completions` and `antiphon man`, generated from the commands themselves.

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Cli;
use crate::error::ClientError;
use crate::output;

pub(super) fn completions(shell: Shell) {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "antiphon", &mut text);
    output::document(&String::from_utf8_lossy(&text));
}

/// The first page to stdout, or all pages into a folder.
pub(super) fn man(folder: Option<&PathBuf>) -> Result<(), ClientError> {
    match folder {
        Some(folder) => pages(folder),
        None => page(),
    }
}

fn page() -> Result<(), ClientError> {
    let mut text = Vec::new();
    let man = clap_mangen::Man::new(Cli::command());
    man.render(&mut text)
        .map_err(|error| fault(Path::new("stdout"), &error))?;
    output::document(&String::from_utf8_lossy(&text));
    Ok(())
}

fn pages(folder: &Path) -> Result<(), ClientError> {
    std::fs::create_dir_all(folder).map_err(|error| fault(folder, &error))?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(|error| fault(folder, &error))?;
    output::faint(&format!("man pages are in {}", folder.display()));
    Ok(())
}

fn fault(path: &Path, cause: &std::io::Error) -> ClientError {
    ClientError::File {
        path: path.to_owned(),
        cause: cause.to_string(),
    }
}
