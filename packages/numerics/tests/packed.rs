//! Matrices on memory that the caller owns.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking; shapes are small"
)]

mod common;

use antiphon_numerics::quantise::{Activations, Forms};
use antiphon_numerics::{Bytes, Kernel, Matrix, ShapeError, TensorType};
use common::{Random, kernels, same};
use std::sync::Arc;

/// The matrix on memory of ours, which begins at an odd address.
fn elsewhere(kernel: Kernel, ty: TensorType, rows: usize, cols: usize, tensor: &[u8]) -> Matrix {
    let Some(len) = Matrix::packed_len(kernel, ty, rows, cols) else {
        let bytes = Bytes::new(Arc::new(tensor.to_vec()), 0..tensor.len()).unwrap();
        return Matrix::in_place(kernel, ty, rows, cols, bytes).unwrap();
    };
    let mut memory = vec![0; len + 1];
    Matrix::pack_into(kernel, ty, rows, cols, tensor, &mut memory[1..]).unwrap();
    let packed = Bytes::new(Arc::new(memory), 1..len + 1).unwrap();
    Matrix::from_packed(kernel, ty, rows, cols, packed).unwrap()
}

fn product(kernel: Kernel, matrix: &Matrix, x: &[f32]) -> Vec<f32> {
    let (rows, cols) = matrix.shape();
    let mut acts = Activations::default();
    let forms = Forms::of([matrix.tensor_type()]);
    acts.load(kernel, forms, x, cols).unwrap();
    let mut out = vec![0.0; rows * x.len() / cols];
    matrix.product(&acts, &mut out);
    out
}

#[test]
fn a_matrix_on_memory_of_the_caller_is_the_same_matrix() {
    let (rows, cols) = (37, 512);
    let mut random = Random::new(1);
    for ty in TensorType::ALL {
        let (tensor, x) = (random.tensor(ty, rows, cols), random.vector(3 * cols));
        for kernel in kernels() {
            let own = Matrix::pack(kernel, ty, rows, cols, &tensor).unwrap();
            let other = elsewhere(kernel, ty, rows, cols, &tensor);
            let what = format!("{} {}", kernel.name(), ty.name());
            same(
                &product(kernel, &other, &x),
                &product(kernel, &own, &x),
                &what,
            );
            let (mut a, mut b) = (vec![0.0; cols], vec![0.0; cols]);
            own.row_f32(rows - 1, &mut a);
            other.row_f32(rows - 1, &mut b);
            same(&b, &a, &what);
        }
    }
}

#[test]
fn packed_memory_of_another_length_is_refused() {
    let (ty, rows, cols) = (TensorType::Q4_1, 20, 64);
    let tensor = Random::new(2).tensor(ty, rows, cols);
    for kernel in kernels() {
        let len = Matrix::packed_len(kernel, ty, rows, cols).unwrap_or(tensor.len());
        let short = Bytes::new(Arc::new(vec![0; len - 1]), 0..len - 1).unwrap();
        let refused = Matrix::from_packed(kernel, ty, rows, cols, short).unwrap_err();
        let (got, want) = (len - 1, len);
        assert_eq!(refused, ShapeError::Bytes { got, want });
        let mut room = vec![0; len + 1];
        let refused = Matrix::pack_into(kernel, ty, rows, cols, &tensor, &mut room).unwrap_err();
        assert_eq!(refused, ShapeError::Bytes { got: len + 1, want });
    }
}
