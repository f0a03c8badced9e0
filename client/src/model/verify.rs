//! A model's file against its manifest: the bytes, and what this machine computes with them.

use std::path::PathBuf;

use antiphon_api::Cid;
use antiphon_documents::Manifest;
use antiphon_engine::golden;
use serde::Serialize;

use super::manifest::hash_file;
use super::{Shelf, blocking, check_weights, engine_fault};
use crate::engine::load_for;
use crate::error::ClientError;

/// What was checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verified {
    /// The manifest.
    pub manifest: Cid,
    /// The weights' file, hashed anew.
    pub weights: Cid,
    /// The file.
    pub file: PathBuf,
    /// Golden answers reproduced here, 0 if not asked for.
    pub golden: usize,
}

/// Hashes the weights again and, if asked for, computes the golden answers.
///
/// # Errors
/// The weights are not here or not what the manifest names, or this machine computes something else.
pub async fn verify(
    shelf: &Shelf,
    manifest: &Manifest,
    with_golden: bool,
) -> Result<Verified, ClientError> {
    let entry = shelf.entry(manifest);
    let Some(file) = entry.file else {
        return Err(ClientError::Usage(format!(
            "the weights of {} are not all here: `antiphon model fetch {}` goes on with them",
            entry.name, entry.manifest
        )));
    };
    let manifest = manifest.clone();
    blocking(move || check(file, &manifest, with_golden)).await
}

fn check(file: PathBuf, manifest: &Manifest, with_golden: bool) -> Result<Verified, ClientError> {
    let hashed = hash_file(&file)?;
    check_weights(&file, hashed.root, manifest.weights.cid)?;
    let golden = if with_golden {
        let model = load_for(manifest, &file)?;
        golden::check(&*model, manifest)
            .map_err(engine_fault)?
            .cases
    } else {
        0
    };
    Ok(Verified {
        manifest: manifest.cid(),
        weights: hashed.root,
        file,
        golden,
    })
}
