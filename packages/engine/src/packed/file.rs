//! The packed file: found and verified, or made.
//!
//! A page of header (what it is for, its length, a checksum), then the weights. The checksum is for
//! damage, not for attackers: who may write here can change this program as well. The golden
//! answers are computed with these very bytes before a worker takes a seat.

use super::plan::Plan;
use crate::gguf::Gguf;
use crate::map;
use antiphon_numerics::{Kernel, Matrix, ShapeError, layout_fingerprint};
use data_encoding::HEXLOWER;
use memmap2::Mmap;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// First bytes of a packed file.
const MAGIC: &[u8; 24] = b"antiphon/packed/1\n\0\0\0\0\0\0";
/// Bytes before the weights: a page, so that they are aligned.
const HEADER: usize = 4096;
/// Ends of the names of packed files.
const SUFFIX: &str = "packed";
/// Ends of the names of files in the making.
const DRAFT: &str = "draft";
/// Nobody takes so long to make one.
const STALE: Duration = Duration::from_secs(3600);
/// Bytes written at once when room is made.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// Why there is no packed file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackedFault {
    /// The folder or the file in it refuses.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A tensor cannot be packed.
    #[error("tensor {name:?} cannot be used: {source}")]
    Tensor {
        /// Its name.
        name: String,
        /// Why.
        source: ShapeError,
    },
}

/// The place of a tensor in the file.
pub(super) const fn in_body(at: &Range<usize>) -> Range<usize> {
    at.start.saturating_add(HEADER)..at.end.saturating_add(HEADER)
}

/// The mapped file, its path, and whether it was there.
pub(super) fn open_or_make(
    folder: &Path,
    gguf: &Gguf<'_>,
    kernel: Kernel,
    sha256: &[u8; 32],
    plan: &Plan,
) -> Result<(Mmap, PathBuf, bool), PackedFault> {
    let layout = layout_of(kernel, plan);
    let name = |hash: &[u8]| HEXLOWER.encode(hash.get(..12).unwrap_or(hash));
    let path = folder.join(format!("{}-{}.{SUFFIX}", name(sha256), name(&layout)));
    let key = [&MAGIC[..], sha256, &layout].concat();
    if let Some(found) = existing(&path, &key, plan.len) {
        return Ok((found, path, true));
    }
    let made = make(folder, &path, &key, gguf, kernel, plan)?;
    Ok((made, path, false))
}

/// Everything that decides the bytes but the model: the layout of each format, and the places.
fn layout_of(kernel: Kernel, plan: &Plan) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(layout_fingerprint(kernel));
    for (name, at) in &plan.places {
        hash.update(format!("{name} {} {}\n", at.start, at.end));
    }
    hash.finalize().into()
}

/// A file that is whole and for this; anything else is made anew.
fn existing(path: &Path, key: &[u8], len: usize) -> Option<Mmap> {
    let map = map::map(path).ok()?;
    let (header, body) = map.split_at_checked(HEADER)?;
    let fits = body.len() == len && *header == *header_of(key, body);
    fits.then_some(map)
}

fn header_of(key: &[u8], body: &[u8]) -> Box<[u8; HEADER]> {
    let mut header = Box::new([0; HEADER]);
    let parts = [key.to_vec(), checksum(body).to_vec()].concat();
    for (to, from) in header.iter_mut().zip(parts) {
        *to = from;
    }
    header
}

/// A checksum at the speed of memory: eight sums of 64-bit words, each multiplied at every step.
fn checksum(body: &[u8]) -> [u8; 64] {
    const PRIME: u64 = 0x9E37_79B1_85EB_CA87;
    let mut sums = [0xcbf2_9ce4_8422_2325_u64; 8];
    let (lines, rest) = body.as_chunks::<64>();
    let mut step = |line: &[u8; 64]| {
        for (sum, word) in sums.iter_mut().zip(line.as_chunks::<8>().0) {
            let mixed = (*sum ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
            *sum = mixed ^ (mixed >> 32);
        }
    };
    lines.iter().for_each(&mut step);
    let mut last = [0; 64];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    step(&last);
    let mut all = [0; 64];
    for (to, sum) in all.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
        *to = sum.to_le_bytes();
    }
    all
}

/// Writes a file under another name and moves it into place, so that nobody sees half of one.
fn make(
    folder: &Path,
    path: &Path,
    key: &[u8],
    gguf: &Gguf<'_>,
    kernel: Kernel,
    plan: &Plan,
) -> Result<Mmap, PackedFault> {
    let fault = |what, path: &Path| {
        let path = path.to_owned();
        move |source| PackedFault::Io { what, path, source }
    };
    std::fs::create_dir_all(folder).map_err(fault("make the folder", folder))?;
    remove_others(path);
    let draft = draft_of(path);
    let made = fill(&draft, key, gguf, kernel, plan).and_then(|map| {
        std::fs::rename(&draft, path).map_err(fault("name", path))?;
        Ok(map)
    });
    if made.is_err() {
        std::fs::remove_file(&draft).ok();
    }
    made
}

/// A name that no other thread or process uses.
fn draft_of(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{number}.{DRAFT}", std::process::id()))
}

/// Removes this model's files in other layouts, which nothing reads any more (who has one mapped
/// keeps it), and drafts that were never finished.
fn remove_others(path: &Path) {
    let model = |path: &Path| Some(path.file_name()?.to_str()?.split_once('-')?.0.to_owned());
    let entries = path.parent().and_then(|folder| folder.read_dir().ok());
    for entry in entries.into_iter().flatten().flatten() {
        let found = entry.path();
        let useless = match found.extension().and_then(|end| end.to_str()) {
            Some(SUFFIX) => true,
            Some(DRAFT) => is_stale(&entry),
            _ => false,
        };
        if useless && model(&found) == model(path) {
            std::fs::remove_file(found).ok();
        }
    }
}

fn is_stale(entry: &std::fs::DirEntry) -> bool {
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STALE))
}

fn fill(
    draft: &Path,
    key: &[u8],
    gguf: &Gguf<'_>,
    kernel: Kernel,
    plan: &Plan,
) -> Result<Mmap, PackedFault> {
    let io = |what| {
        let path = draft.to_owned();
        move |source| PackedFault::Io { what, path, source }
    };
    let file = room(draft, plan.len).map_err(io("write"))?;
    let mut map = map::map_mut(&file).map_err(io("map"))?;
    let Some((header, body)) = map.split_at_mut_checked(HEADER) else {
        return Err(io("map")(io::ErrorKind::UnexpectedEof.into()));
    };
    for (name, at) in &plan.places {
        let (Some(tensor), Some(to)) = (gguf.tensors.get(name.as_str()), body.get_mut(at.clone()))
        else {
            continue;
        };
        let (rows, cols) = tensor.shape();
        Matrix::pack_into(kernel, tensor.format, rows, cols, tensor.data, to).map_err(
            |source| PackedFault::Tensor {
                name: name.clone(),
                source,
            },
        )?;
    }
    header.copy_from_slice(&*header_of(key, body));
    map.make_read_only().map_err(io("map"))
}

/// A file of zeros. They are written, not left out, so that a full disk is an error here and not a
/// signal when the map is written to.
fn room(draft: &Path, len: usize) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    let mut file = options.open(draft)?;
    let mut left = len.saturating_add(HEADER);
    while left > 0 {
        let now = left.min(ZEROS.len());
        file.write_all(ZEROS.get(..now).unwrap_or(&ZEROS))?;
        left = left.saturating_sub(now);
    }
    Ok(file)
}
