//! The tokenizer alone of a model file, for whoever counts tokens and computes nothing.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::Tokenizer;
use crate::{LoadError, gguf, map};

/// What a model file says of texts.
#[derive(Debug)]
pub struct FileTokenizer {
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// Longest context the model was made for, in tokens.
    pub context_length: u32,
    /// The whole file's hash.
    pub sha256: [u8; 32],
}

impl FileTokenizer {
    /// Checks and hashes the whole file, and keeps its tokenizer.
    ///
    /// # Errors
    /// The file cannot be read, or the preflight refuses it.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let file = map::map(path).map_err(|source| LoadError::Io {
            path: path.to_owned(),
            source,
        })?;
        let gguf = gguf::preflight(&file)?;
        let embedding = gguf.tensors.get("token_embd.weight");
        let rows = embedding.and_then(|tensor| tensor.dims.get(1)).copied();
        let vocabulary = rows.and_then(|rows| u32::try_from(rows).ok()).unwrap_or(0);
        Ok(Self {
            tokenizer: Tokenizer::from_metadata(&gguf.metadata, vocabulary)?,
            context_length: gguf.settings.context_length,
            sha256: Sha256::digest(&file).into(),
        })
    }
}
