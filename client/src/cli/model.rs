//! `antiphon model`: files of models, from a maker's machine to a worker's.

use clap::Subcommand;

use crate::error::ClientError;
use crate::manifest::{self, ManifestArgs};
use crate::output;

/// `antiphon model`
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Compute golden answers and print the canonical manifest; its CID goes to stderr
    Manifest(Box<ManifestArgs>),
}

pub(super) fn run(command: &ModelCommand) -> Result<(), ClientError> {
    match command {
        ModelCommand::Manifest(args) => manifest(args),
    }
}

fn manifest(args: &ManifestArgs) -> Result<(), ClientError> {
    let manifest = manifest::make(args, &mut |step| output::faint(step))?;
    output::document(&manifest.to_canonical());
    output::note(&manifest.cid().to_string());
    Ok(())
}
