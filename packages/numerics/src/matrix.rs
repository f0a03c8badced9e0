//! Weight matrices and their product with quantised activations.

use crate::bytes::Bytes;
use crate::dot::Row;
use crate::format::TensorType;
use crate::interleaved::Interleaved;
use crate::quantise::Activations;
use crate::{Kernel, ShapeError, dequant};
use std::ops::Range;

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
    Rows(Bytes),
    Interleaved(Interleaved),
}

impl Matrix {
    /// Checks a tensor and copies it into the kernel's layout.
    ///
    /// `bytes` is the tensor as in the file: `rows` rows of `cols` values. The scalar reference keeps
    /// that layout; vector code has one of its own, of about the same size.
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
        let layout = Layout::of(kernel, ty);
        check(kernel, ty, rows, cols, bytes)?;
        let packed = Bytes::filled(layout.len(ty, rows, cols), |to| {
            layout.pack(rows, cols, bytes, to);
        });
        Self::from_packed(kernel, ty, rows, cols, packed)
    }

    /// Bytes of a tensor in the kernel's layout; none if that is the file's own, so that
    /// [`Matrix::in_place`] needs no copy.
    #[must_use]
    pub fn packed_len(kernel: Kernel, ty: TensorType, rows: usize, cols: usize) -> Option<usize> {
        match Layout::of(kernel, ty) {
            Layout::File => None,
            layout => Some(layout.len(ty, rows, cols)),
        }
    }

    /// Checks a tensor and repacks it into `to`: [`Matrix::packed_len`] bytes, all zero.
    ///
    /// # Errors
    /// As [`Matrix::pack`], and [`ShapeError::Bytes`] if `to` has another length.
    pub fn pack_into(
        kernel: Kernel,
        ty: TensorType,
        rows: usize,
        cols: usize,
        bytes: &[u8],
        to: &mut [u8],
    ) -> Result<(), ShapeError> {
        check(kernel, ty, rows, cols, bytes)?;
        let layout = Layout::of(kernel, ty);
        expect_len(to.len(), layout.len(ty, rows, cols))?;
        layout.pack(rows, cols, bytes, to);
        Ok(())
    }

    /// A matrix on what [`Matrix::pack_into`] wrote for the same arguments.
    ///
    /// # Errors
    /// [`ShapeError::Bytes`] for another length, [`ShapeError::Kernel`] if the processor lacks the
    /// kernel.
    pub fn from_packed(
        kernel: Kernel,
        ty: TensorType,
        rows: usize,
        cols: usize,
        packed: Bytes,
    ) -> Result<Self, ShapeError> {
        if !kernel.available() {
            return Err(ShapeError::Kernel(kernel));
        }
        let layout = Layout::of(kernel, ty);
        let (got, want) = (packed.get().len(), layout.len(ty, rows, cols));
        let store = layout.store(ty, rows, cols, packed);
        let store = store.ok_or(ShapeError::Bytes { got, want })?;
        Ok(Self {
            kernel,
            ty,
            rows,
            cols,
            store,
        })
    }

    /// Checks a tensor that stays where it is, in the layout of the file.
    ///
    /// # Errors
    /// As [`Matrix::pack`]; [`ShapeError::Bytes`] too if the kernel wants another layout.
    pub fn in_place(
        kernel: Kernel,
        ty: TensorType,
        rows: usize,
        cols: usize,
        bytes: Bytes,
    ) -> Result<Self, ShapeError> {
        check(kernel, ty, rows, cols, bytes.get())?;
        if let Some(want) = Self::packed_len(kernel, ty, rows, cols) {
            let got = bytes.get().len();
            return Err(ShapeError::Bytes { got, want });
        }
        Self::from_packed(kernel, ty, rows, cols, bytes)
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
                let bytes = bytes.get();
                let len = bytes.len() / self.rows;
                dequant::row(self.ty, &bytes[r * len..(r + 1) * len], out);
            }
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
                let bytes = bytes.get();
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
            Store::Interleaved(packed) => {
                crate::simd::product(self.kernel, packed, rows, x, out, stride);
            }
        }
    }
}

/// How a kernel wants a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// As in the file.
    File,
    Interleaved(TensorType),
}

impl Layout {
    fn of(kernel: Kernel, ty: TensorType) -> Self {
        match kernel {
            Kernel::Scalar => Self::File,
            _ => Self::Interleaved(ty),
        }
    }

    /// Bytes of a tensor; 0 for a shape that [`check`] refuses.
    fn len(self, ty: TensorType, rows: usize, cols: usize) -> usize {
        let shape = ty.row_bytes(cols).and_then(|len| len.checked_mul(rows));
        let shape = shape.filter(|len| *len < isize::MAX as usize / 4);
        match (shape, self) {
            (None, _) => 0,
            (Some(len), Self::File) => len,
            (Some(_), Self::Interleaved(_)) => Interleaved::len(ty, rows, cols),
        }
    }

    fn pack(self, rows: usize, cols: usize, bytes: &[u8], to: &mut [u8]) {
        match self {
            Self::File => to.copy_from_slice(bytes),
            Self::Interleaved(ty) => Interleaved::pack(ty, rows, cols, bytes, to),
        }
    }

    /// None if the packed bytes have another length.
    fn store(self, ty: TensorType, rows: usize, cols: usize, packed: Bytes) -> Option<Store> {
        match self {
            Self::File => {
                let whole = packed.get().len() == self.len(ty, rows, cols);
                whole.then_some(Store::Rows(packed))
            }
            Self::Interleaved(ty) => {
                Interleaved::new(ty, rows, cols, packed).map(Store::Interleaved)
            }
        }
    }
}

fn expect_len(got: usize, want: usize) -> Result<(), ShapeError> {
    match got == want {
        true => Ok(()),
        false => Err(ShapeError::Bytes { got, want }),
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
    expect_len(bytes.len(), want)?;
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
