//! The model file in memory, without reading it twice.
#![allow(
    unsafe_code,
    reason = "memmap2 makes mapping unsafe, because another process can change or shorten a mapped \
              file; this is the one place where the engine maps one"
)]

use std::fs::File;
use std::io;
use std::path::Path;

/// Maps a whole file for reading.
///
/// # Errors
/// The file cannot be opened or mapped.
pub(crate) fn map(path: &Path) -> io::Result<memmap2::Mmap> {
    let file = File::open(path)?;
    // SAFETY: the map is only read, and only while a model is loaded: all tensors are copied and
    // repacked, then the map is dropped. The bytes are checked by code that takes any bytes. What
    // is left is another process of the same user that changes the file meanwhile: the store never
    // writes to a finished model, and the engine runs in a child process, so that a shortened file
    // (SIGBUS) ends that child only.
    unsafe { memmap2::Mmap::map(&file) }
}
