//! Weight matrices and their product with quantised activations.

use crate::dot::Row;
use crate::format::TensorType;
use crate::quantise::Activations;
use crate::{Kernel, ShapeError, dequant};
use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use crate::interleaved::{Interleaved, Kind};

/// Rows that stay together when a product is split over tasks.
pub(crate) const ROW_UNIT: usize = 16;

/// A weight matrix in the layout of one kernel.
#[derive(Debug)]
pub struct Matrix {
    kernel: Kernel,
    ty: TensorType,
    rows: usize,
    cols: usize,
    store: Store,
}

#[derive(Debug)]
enum Store {
    /// As in the file.
    Rows(Vec<u8>),
    #[cfg(target_arch = "x86_64")]
    Interleaved(Interleaved),
}

impl Matrix {
    /// Checks a tensor and copies it into the kernel's layout.
    ///
    /// `bytes` is the tensor as in the file: `rows` rows of `cols` values. A format without vector
    /// code for this kernel keeps the layout of the file and runs the scalar reference.
    ///
    /// # Errors
    /// [`ShapeError`] if shape, length or a value is wrong, or the processor lacks the kernel.
    pub fn pack(
        kernel: Kernel,
        ty: TensorType,
        rows: usize,
        cols: usize,
        bytes: &[u8],
    ) -> Result<Self, ShapeError> {
        check(kernel, ty, rows, cols, bytes)?;
        let store = Store::new(kernel, ty, rows, cols, bytes);
        Ok(Self {
            kernel,
            ty,
            rows,
            cols,
            store,
        })
    }

    /// Rows and columns: outputs and inputs of the product.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// The format of the file.
    #[must_use]
    pub fn tensor_type(&self) -> TensorType {
        self.ty
    }

    /// The kernel whose layout this is.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Dequantises row `r`, as the embedding lookup does.
    ///
    /// # Panics
    /// If `r` is not a row or `out` is not one row long.
    pub fn row_f32(&self, r: usize, out: &mut [f32]) {
        assert!(
            r < self.rows && out.len() == self.cols,
            "row {r} of {:?}",
            self.shape()
        );
        match &self.store {
            Store::Rows(bytes) => {
                let len = bytes.len() / self.rows;
                dequant::row(self.ty, &bytes[r * len..(r + 1) * len], out);
            }
            #[cfg(target_arch = "x86_64")]
            Store::Interleaved(packed) => packed.row_f32(r, out),
        }
    }

    /// The product with each vector: `out` is `[vector][row]`.
    ///
    /// # Panics
    /// If `x` has other columns or lacks this format's form, or `out` has another length.
    pub fn product(&self, x: &Activations, out: &mut [f32]) {
        assert_eq!(out.len(), x.vectors() * self.rows, "length of the output");
        self.product_part(0..self.rows, x, out, self.rows);
    }

    /// The product of some rows, which start at a multiple of [`ROW_UNIT`], with each vector:
    /// element `(vector, row)` goes to `out[vector * stride + row - rows.start]`.
    pub(crate) fn product_part(
        &self,
        rows: Range<usize>,
        x: &Activations,
        out: &mut [f32],
        stride: usize,
    ) {
        assert!(
            rows.end <= self.rows && rows.start.is_multiple_of(ROW_UNIT),
            "rows {rows:?}"
        );
        assert_eq!(x.len(), self.cols, "length of the input");
        match &self.store {
            Store::Rows(bytes) => {
                let len = bytes.len() / self.rows;
                let mut row = Row::default();
                let part = &bytes[rows.start * len..rows.end * len];
                for (i, bytes) in part.chunks_exact(len).enumerate() {
                    row.unpack(self.ty, bytes, self.cols);
                    for at in 0..x.vectors() {
                        out[at * stride + i] = row.dot(self.ty, x, at);
                    }
                }
            }
            #[cfg(target_arch = "x86_64")]
            Store::Interleaved(packed) => crate::simd::avx2::product(packed, rows, x, out, stride),
        }
    }
}

impl Store {
    #[cfg(target_arch = "x86_64")]
    fn new(kernel: Kernel, ty: TensorType, rows: usize, cols: usize, bytes: &[u8]) -> Self {
        match (kernel, Kind::of(ty)) {
            (Kernel::Avx2, Some(kind)) => {
                Self::Interleaved(Interleaved::pack(kind, rows, cols, bytes))
            }
            _ => Self::Rows(bytes.to_vec()),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn new(_: Kernel, _: TensorType, _: usize, _: usize, bytes: &[u8]) -> Self {
        Self::Rows(bytes.to_vec())
    }
}

fn check(
    kernel: Kernel,
    ty: TensorType,
    rows: usize,
    cols: usize,
    bytes: &[u8],
) -> Result<(), ShapeError> {
    if !kernel.available() {
        return Err(ShapeError::Kernel(kernel));
    }
    let columns = ShapeError::Columns {
        format: ty.name(),
        got: cols,
        block: ty.block_len(),
    };
    let row_bytes = ty.row_bytes(cols).filter(|&len| len > 0).ok_or(columns)?;
    let want = row_bytes
        .checked_mul(rows)
        .filter(|&len| len > 0 && len < isize::MAX as usize / 4);
    let want = want.ok_or(ShapeError::Rows { got: rows })?;
    if bytes.len() != want {
        return Err(ShapeError::Bytes {
            got: bytes.len(),
            want,
        });
    }
    let mut blocks = bytes.chunks_exact(ty.block_bytes());
    match blocks.position(|block| !ty.is_finite(block)) {
        Some(at) => {
            let in_row = cols / ty.block_len();
            Err(ShapeError::NotFinite {
                row: at / in_row,
                block: at % in_row,
            })
        }
        None => Ok(()),
    }
}
