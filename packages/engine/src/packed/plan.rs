//! Which tensors are repacked, and where each goes.

use crate::gguf::Gguf;
use antiphon_numerics::{ALIGNMENT, Kernel, Matrix};
use std::collections::BTreeMap;
use std::ops::Range;

/// The places of all repacked tensors.
pub(super) struct Plan {
    /// By name, each at a multiple of [`ALIGNMENT`].
    pub(super) places: BTreeMap<String, Range<usize>>,
    /// Bytes in all.
    pub(super) len: usize,
}

impl Plan {
    pub(super) fn new(gguf: &Gguf<'_>, kernel: Kernel) -> Self {
        let mut plan = Self {
            places: BTreeMap::new(),
            len: 0,
        };
        for (name, tensor) in gguf.tensors.iter().filter(|(_, t)| t.dims.len() == 2) {
            let (rows, cols) = tensor.shape();
            let Some(len) = Matrix::packed_len(kernel, tensor.format, rows, cols) else {
                continue;
            };
            let end = plan.len.saturating_add(len);
            plan.places.insert((*name).to_owned(), plan.len..end);
            plan.len = end.next_multiple_of(ALIGNMENT);
        }
        plan
    }
}
