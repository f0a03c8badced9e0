//! Files as memory, without reading them twice.
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
    // SAFETY: the map is only read, as long as the model is loaded. The bytes are checked by code
    // that takes any bytes, and no pointer, length or index of the engine is in them, so that other
    // bytes can give other numbers but no undefined access. What is left is another process of the
    // same user that changes the file meanwhile: the store never writes to a finished model, a
    // packed file is only ever replaced by renaming, and the engine runs in a child process, so
    // that a shortened file (SIGBUS) ends that child only.
    unsafe { memmap2::Mmap::map(&file) }
}

/// Maps a whole file for reading and writing.
///
/// # Errors
/// The file cannot be mapped.
pub(crate) fn map_mut(file: &File) -> io::Result<memmap2::MmapMut> {
    // SAFETY: the caller has just made this file under a name of its own; nobody else writes to it.
    unsafe { memmap2::MmapMut::map_mut(file) }
}
