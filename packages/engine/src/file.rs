//! A model file, mapped and hashed: what every engine does before it reads a weight.

use crate::map;
use crate::model::{FileHash, LoadError};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// A mapped model file whose hash is known.
#[derive(Debug)]
pub struct ModelFile {
    map: Arc<memmap2::Mmap>,
    sha256: [u8; 32],
    computed: bool,
}

impl ModelFile {
    /// Maps a file and learns its hash.
    ///
    /// # Errors
    /// The file cannot be read, or has another hash than expected.
    pub fn open(path: &Path, hash: FileHash) -> Result<Self, LoadError> {
        let map = map::map(path).map_err(|source| LoadError::Io {
            path: path.to_owned(),
            source,
        })?;
        let (sha256, computed) = file_hash(&map, hash)?;
        Ok(Self {
            map: Arc::new(map),
            sha256,
            computed,
        })
    }

    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// The mapping, for weights that outlive this.
    pub(crate) fn shared(&self) -> Arc<memmap2::Mmap> {
        Arc::clone(&self.map)
    }

    /// SHA-256 of the whole file.
    #[must_use]
    pub const fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// True if the hash was computed from these bytes; false if the caller vouched for it.
    #[must_use]
    pub const fn sha256_computed(&self) -> bool {
        self.computed
    }
}

fn file_hash(file: &[u8], hash: FileHash) -> Result<([u8; 32], bool), LoadError> {
    let want = match hash {
        FileHash::Verified(known) => return Ok((known, false)),
        FileHash::Compute => None,
        FileHash::Expect(want) => Some(want),
    };
    let got: [u8; 32] = Sha256::digest(file).into();
    match want {
        Some(want) if want != got => Err(LoadError::Sha256 {
            got: HEXLOWER.encode(&got),
            want: HEXLOWER.encode(&want),
        }),
        _ => Ok((got, true)),
    }
}
