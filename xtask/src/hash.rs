//! SHA-256 of bytes and files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Doing, Result};

/// Lower-case hex of the hash of some bytes.
#[must_use]
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex of the hash of a file, read in pieces.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn sha256_file(path: &Path) -> Result<String> {
    let doing = || format!("read {}", path.display());
    let mut file = File::open(path).doing(doing)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0_u8; 1 << 20];
    loop {
        let read = file.read(&mut piece).doing(doing)?;
        match piece.get(..read) {
            Some(bytes) if read > 0 => hash.update(bytes),
            _ => return Ok(hex(&hash.finalize())),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn bytes_and_files_hash_alike() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(sha256_hex(b"abc"), ABC);
        assert_eq!(sha256_file(&path).unwrap(), ABC);
    }
}
