//! Weights in the layout of the kernel, kept in a file beside other such files and mapped.
//!
//! Vector code wants rows interleaved, so tensors are repacked once. The result goes into a file
//! named by the model's hash and the layout's fingerprint: the next start maps it, workers on one
//! machine share its pages, and the system can take them back when it needs memory. Tensors that
//! a kernel reads as they are in the model file are not copied at all. A folder that refuses costs
//! memory, never the model: [`Placement::Memory`] says why.

mod file;
mod plan;

pub use file::PackedFault;

use crate::gguf::{Gguf, Tensor};
use antiphon_numerics::{Bytes, Kernel, Matrix, ShapeError};
use memmap2::Mmap;
use plan::Plan;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the weights of a loaded model are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The model file itself: this kernel repacks nothing.
    Model,
    /// A mapped file of repacked weights.
    Mapped {
        /// The file.
        path: PathBuf,
        /// It was there already, made by an earlier start or another process.
        reused: bool,
    },
    /// Memory of this process alone; a reason if a folder was asked for.
    Memory {
        /// Why there is no file.
        why: Option<String>,
    },
}

impl std::fmt::Display for Placement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Model => write!(f, "in the model file"),
            Self::Mapped { path, reused: true } => write!(f, "mapped from {}", path.display()),
            Self::Mapped { path, .. } => write!(f, "repacked into {}", path.display()),
            Self::Memory { why: None } => write!(f, "in memory"),
            Self::Memory { why: Some(why) } => write!(
                f,
                "in memory of this process, not shared: {why}; name another folder for packed weights"
            ),
        }
    }
}

/// The matrices of a model on the memory they will stay on.
pub(crate) struct Packed {
    model: Arc<Mmap>,
    kernel: Kernel,
    plan: Plan,
    /// The repacked weights; none means each matrix gets memory of its own.
    body: Option<Arc<Mmap>>,
    pub(crate) placement: Placement,
}

impl Packed {
    /// Finds or makes the packed file in `folder`, or does without.
    ///
    /// `sha256` is the hash of `model`, whose tensors are in `gguf`.
    ///
    /// # Errors
    /// A tensor and its kernel do not fit together.
    pub(crate) fn new(
        model: Arc<Mmap>,
        gguf: &Gguf<'_>,
        kernel: Kernel,
        sha256: &[u8; 32],
        folder: Option<&Path>,
    ) -> Result<Self, (String, ShapeError)> {
        let plan = Plan::new(gguf, kernel);
        let (body, placement) = match folder {
            _ if plan.len == 0 => (None, Placement::Model),
            None => (None, Placement::Memory { why: None }),
            Some(folder) => match file::open_or_make(folder, gguf, kernel, sha256, &plan) {
                Ok((body, path, reused)) => {
                    (Some(Arc::new(body)), Placement::Mapped { path, reused })
                }
                Err(PackedFault::Tensor { name, source }) => return Err((name, source)),
                Err(fault) => {
                    let why = Some(fault.to_string());
                    (None, Placement::Memory { why })
                }
            },
        };
        Ok(Self {
            model,
            kernel,
            plan,
            body,
            placement,
        })
    }

    /// The matrix of a tensor of the model.
    ///
    /// # Errors
    /// The tensor is no matrix of the format's shape.
    pub(crate) fn matrix(&self, name: &str, tensor: &Tensor<'_>) -> Result<Matrix, ShapeError> {
        let (rows, cols) = tensor.shape();
        let (kernel, format) = (self.kernel, tensor.format);
        if let (Some(body), Some(at)) = (&self.body, self.plan.places.get(name)) {
            let at = file::in_body(at);
            if let Some(bytes) = Bytes::new(body.clone(), at) {
                return Matrix::from_packed(kernel, format, rows, cols, bytes);
            }
        }
        if self.plan.places.contains_key(name) {
            return Matrix::pack(kernel, format, rows, cols, tensor.data);
        }
        match Bytes::new(self.model.clone(), range_of(tensor.data, &self.model)) {
            Some(bytes) => Matrix::in_place(kernel, format, rows, cols, bytes),
            None => Matrix::pack(kernel, format, rows, cols, tensor.data),
        }
    }
}

/// Where `part` is in `whole`; an empty range if it is elsewhere.
fn range_of(part: &[u8], whole: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr());
    let range = start.and_then(|start| Some(start..start.checked_add(part.len())?));
    range
        .filter(|range| range.end <= whole.len())
        .unwrap_or_default()
}
