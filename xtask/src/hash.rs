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

/// The content id of a text of one raw block, by hand: base32 of version 1, codec raw, SHA-256, its hash.
#[must_use]
pub(crate) fn raw_cid(bytes: &[u8]) -> String {
    let mut id = vec![0x01, 0x55, 0x12, 0x20];
    id.extend(Sha256::digest(bytes));
    format!("b{}", base32(&id))
}

/// Lower case, no padding: five bits a letter, from the front.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1))
        .collect();
    let letter = |five: &[u8]| {
        let value = five.iter().fold(0, |value, bit| (value << 1) | bit);
        value << 5_usize.saturating_sub(five.len())
    };
    bits.chunks(5)
        .filter_map(|five| LETTERS.get(usize::from(letter(five))))
        .map(|&letter| char::from(letter))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_content_id_of_a_text_is_the_known_one() {
        let hello = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";
        assert_eq!(raw_cid(b"hello"), hello);
    }

    #[test]
    fn bytes_and_files_hash_alike() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(sha256_hex(b"abc"), ABC);
        assert_eq!(sha256_file(&path).unwrap(), ABC);
    }
}
