//! The packed file: found and verified, or made.
//!
//! A page of header (what it is for), then the weights. A file that is there is compared with the
//! model before it is used: a bit that fell while it was written would else be voted with from then
//! on, and the golden answers do not touch every row.

use super::plan::Plan;
use crate::gguf::{Gguf, Tensor};
use crate::map;
use antiphon_numerics::{Kernel, Matrix, ShapeError, layout_fingerprint};
use data_encoding::HEXLOWER;
use memmap2::Mmap;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// First bytes of a packed file.
const MAGIC: &[u8; 24] = b"antiphon/packed/1\n\0\0\0\0\0\0";
/// Bytes before the weights: a page, so that they are aligned.
const HEADER: usize = 4096;
/// Ends of the names of packed files.
const SUFFIX: &str = ".packed";
/// Ends of the names of files in the making.
const DRAFT: &str = ".draft";
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
    let path = folder.join(name_of(sha256, &layout));
    let key = [&MAGIC[..], sha256, &layout].concat();
    if let Some(found) = existing(&path, &key, gguf, kernel, plan) {
        return Ok((found, path, true));
    }
    let fault = |what, path: &Path| {
        let path = path.to_owned();
        move |source| PackedFault::Io { what, path, source }
    };
    std::fs::create_dir_all(folder).map_err(fault("make the folder", folder))?;
    let model = model_of(sha256);
    remove_others(folder, &model, &names_of(gguf, sha256));
    // A draft under a name of its own, moved into place when it is whole; gone if it never is.
    let mut draft = tempfile::Builder::new();
    let draft = draft.prefix(&model).suffix(DRAFT).tempfile_in(folder);
    let draft = draft.map_err(fault("write into", folder))?;
    let made = fill(draft.as_file(), draft.path(), &key, gguf, kernel, plan)?;
    let placed = draft.persist(&path);
    placed.map_err(|e| fault("name", &path)(e.error))?;
    Ok((made, path, false))
}

/// How the names of a model's files begin.
fn model_of(sha256: &[u8; 32]) -> String {
    format!("{}-", short(sha256))
}

fn name_of(sha256: &[u8; 32], layout: &[u8; 32]) -> String {
    format!("{}{}{SUFFIX}", model_of(sha256), short(layout))
}

fn short(hash: &[u8; 32]) -> String {
    HEXLOWER.encode(hash.get(..12).unwrap_or(hash))
}

/// The names of this model's files for the kernels of this processor.
fn names_of(gguf: &Gguf<'_>, sha256: &[u8; 32]) -> Vec<String> {
    let kernels = Kernel::all()
        .into_iter()
        .filter(|kernel| kernel.available());
    let layout = |kernel| layout_of(kernel, &Plan::new(gguf, kernel));
    kernels
        .map(|kernel| name_of(sha256, &layout(kernel)))
        .collect()
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
fn existing(path: &Path, key: &[u8], gguf: &Gguf<'_>, kernel: Kernel, plan: &Plan) -> Option<Mmap> {
    let map = map::map(path).ok()?;
    let (header, body) = map.split_at_checked(HEADER)?;
    let fits = header.strip_prefix(key).is_some_and(is_zero) && body.len() == plan.len;
    (fits && is_packed(gguf, kernel, plan, body)).then_some(map)
}

/// Whether the file holds what packing this model gives, compared tensor by tensor: what an earlier
/// start wrote is believed no more than a download is.
fn is_packed(gguf: &Gguf<'_>, kernel: Kernel, plan: &Plan, body: &[u8]) -> bool {
    let mut scratch = Vec::new();
    let mut rest = body;
    let mut done = 0_usize;
    for (name, at) in &plan.places {
        let parts = rest
            .split_at_checked(at.start.saturating_sub(done))
            .and_then(|(gap, rest)| Some((gap, rest.split_at_checked(at.len())?)));
        let (Some((gap, (found, after))), Some(tensor)) = (parts, gguf.tensors.get(name.as_str()))
        else {
            return false;
        };
        scratch.clear();
        scratch.resize(at.len(), 0);
        if !is_zero(gap) || pack(tensor, kernel, &mut scratch).is_err() || found != scratch {
            return false;
        }
        (rest, done) = (after, at.end);
    }
    is_zero(rest)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn pack(tensor: &Tensor<'_>, kernel: Kernel, to: &mut [u8]) -> Result<(), ShapeError> {
    let (rows, cols) = tensor.shape();
    Matrix::pack_into(kernel, tensor.format, rows, cols, tensor.data, to)
}

/// Removes this model's files in layouts that no kernel here has any more (who has one mapped keeps
/// it), and drafts that were never finished.
fn remove_others(folder: &Path, model: &str, used: &[String]) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let past = name.ends_with(SUFFIX) && !used.contains(&name);
        let left = name.ends_with(DRAFT) && is_stale(&entry);
        if name.starts_with(model) && (past || left) {
            std::fs::remove_file(entry.path()).ok();
        }
    }
}

fn is_stale(entry: &std::fs::DirEntry) -> bool {
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STALE))
}

fn fill(
    file: &File,
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
    make_room(file, plan.len).map_err(io("write"))?;
    let mut map = map::map_mut(file).map_err(io("map"))?;
    let Some((header, body)) = map.split_at_mut_checked(HEADER) else {
        return Err(io("map")(io::ErrorKind::UnexpectedEof.into()));
    };
    for (name, at) in &plan.places {
        let (Some(tensor), Some(to)) = (gguf.tensors.get(name.as_str()), body.get_mut(at.clone()))
        else {
            continue;
        };
        pack(tensor, kernel, to).map_err(|source| PackedFault::Tensor {
            name: name.clone(),
            source,
        })?;
    }
    for (to, from) in header.iter_mut().zip(key) {
        *to = *from;
    }
    map.make_read_only().map_err(io("map"))
}

/// Fills the file with zeros. They are written, not left out, so that a full disk is an error here and
/// not a signal when the map is written to.
fn make_room(mut file: &File, len: usize) -> io::Result<()> {
    let mut left = len.saturating_add(HEADER);
    while left > 0 {
        let now = left.min(ZEROS.len());
        file.write_all(ZEROS.get(..now).unwrap_or(&ZEROS))?;
        left = left.saturating_sub(now);
    }
    Ok(())
}
