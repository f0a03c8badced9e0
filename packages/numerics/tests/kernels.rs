//! Vector code equals the scalar reference on random shapes and on extreme values.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking; shapes are small"
)]

mod common;

use antiphon_numerics::attention::{KeysValues, NotFiniteScore, Span, attend};
use antiphon_numerics::norm::{layernorm, rmsnorm};
use antiphon_numerics::quantise::{Activations, Forms, NotFinite};
use antiphon_numerics::{Kernel, Matrix, ShapeError, TensorType, attention_scale, self_test};
use common::{Random, kernels, same};
use proptest::prelude::*;

/// The product of a tensor with vectors under one kernel.
fn product(
    kernel: Kernel,
    ty: TensorType,
    w: &[u8],
    rows: usize,
    x: &[f32],
    cols: usize,
) -> Vec<f32> {
    let matrix = Matrix::pack(kernel, ty, rows, cols, w).unwrap();
    let mut acts = Activations::default();
    acts.load(kernel, Forms::of([ty]), x, cols).unwrap();
    let mut y = vec![f32::NAN; rows * x.len() / cols];
    matrix.product(&acts, &mut y);
    y
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn products_are_equal_on_random_shapes(
        ty in prop::sample::select(TensorType::ALL.to_vec()),
        rows in 1_usize..70, blocks in 1_usize..30, vectors in 1_usize..11, seed: u64,
    ) {
        let cols = match ty.block_len() { 256 => 256 * (1 + blocks % 3), 32 => 32 * blocks, _ => 19 * blocks };
        let mut random = Random::new(seed);
        let (w, x) = (random.tensor(ty, rows, cols), random.vector(vectors * cols));
        let want = product(Kernel::Scalar, ty, &w, rows, &x, cols);
        prop_assert!(want.iter().all(|y| y.is_finite()));
        for kernel in kernels() {
            same(&product(kernel, ty, &w, rows, &x, cols), &want, kernel.name());
        }
    }

    #[test]
    fn attention_is_equal_on_random_shapes(
        dim in 1_usize..100, heads in 1_usize..10, kv_heads in 1_usize..4, last in 0_usize..150,
        window in 1_usize..160, seed: u64,
    ) {
        let mut random = Random::new(seed);
        let keys = random.vector(Span::scratch(last) * kv_heads * dim);
        let values = random.vector((last + 1) * kv_heads * dim);
        let q = random.vector(heads * dim);
        let kv = KeysValues { keys: &keys, values: &values, kv_heads, head_dim: dim, scale: attention_scale(dim) };
        let span = Span { first: (last + 1).saturating_sub(window), last };
        let run = |kernel| {
            let mut weights = vec![f32::NAN; heads * Span::scratch(last)];
            let mut out = vec![f32::NAN; heads * dim];
            attend(kernel, &kv, seed as usize % kv_heads, span, &q, &mut weights, &mut out).unwrap();
            out
        };
        let want = run(Kernel::Scalar);
        for kernel in kernels() {
            same(&run(kernel), &want, kernel.name());
        }
    }

    #[test]
    fn norms_are_equal_on_random_lengths(len in 1_usize..700, seed: u64) {
        let mut random = Random::new(seed);
        let (x, w, b) = (random.vector(len), random.norm(len), random.vector(len));
        let run = |kernel| {
            let (mut rms, mut layer) = (vec![0.0; len], vec![0.0; len]);
            rmsnorm(kernel, &x, &w, 1e-6, &mut rms);
            layernorm(kernel, &x, &w, &b, 1e-6, &mut layer);
            [rms, layer].concat()
        };
        for kernel in kernels() {
            same(&run(kernel), &run(Kernel::Scalar), kernel.name());
        }
    }

    #[test]
    fn packing_keeps_every_weight(
        ty in prop::sample::select(TensorType::ALL.to_vec()), rows in 1_usize..40, seed: u64,
    ) {
        let w = Random::new(seed).tensor(ty, rows, 768);
        for kernel in kernels() {
            let matrix = Matrix::pack(kernel, ty, rows, 768, &w).unwrap();
            for r in 0..rows {
                let row = &w[r * w.len() / rows..(r + 1) * w.len() / rows];
                let alone = Matrix::pack(Kernel::Scalar, ty, 1, 768, row).unwrap();
                let (mut got, mut want) = (vec![0.0; 768], vec![0.0; 768]);
                matrix.row_f32(r, &mut got);
                alone.row_f32(0, &mut want);
                same(&got, &want, ty.name());
            }
        }
    }
}

#[test]
fn a_vector_that_is_not_finite_is_refused_in_every_form() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for ty in [TensorType::F32, TensorType::Q4_1, TensorType::Q6K] {
            let mut x = vec![1.0; 3 * 512];
            x[2 * 512 - 1] = bad;
            for kernel in kernels() {
                let loaded = Activations::default().load(kernel, Forms::of([ty]), &x, 512);
                assert_eq!(loaded, Err(NotFinite { vector: 1 }));
            }
        }
    }
}

#[test]
fn a_score_that_is_not_finite_is_refused() {
    let keys = vec![f32::MAX; 16 * 8];
    let kv = KeysValues {
        keys: &keys,
        values: &[0.0; 8],
        kv_heads: 1,
        head_dim: 8,
        scale: 1.0,
    };
    for kernel in kernels() {
        let span = Span { first: 0, last: 0 };
        let done = attend(
            kernel,
            &kv,
            0,
            span,
            &[2.0; 8],
            &mut [0.0; 16],
            &mut [0.0; 8],
        );
        assert_eq!(done, Err(NotFiniteScore));
    }
}

#[test]
fn a_tensor_of_the_wrong_shape_is_refused() {
    let pack = |rows, cols, bytes: &[u8]| {
        Matrix::pack(Kernel::Scalar, TensorType::Q4_1, rows, cols, bytes).unwrap_err()
    };
    assert!(matches!(
        pack(2, 40, &[0; 40]),
        ShapeError::Columns {
            got: 40,
            block: 32,
            ..
        }
    ));
    assert!(matches!(
        pack(2, 0, &[]),
        ShapeError::Columns { got: 0, .. }
    ));
    assert!(matches!(pack(0, 32, &[]), ShapeError::Rows { got: 0 }));
    assert!(matches!(
        pack(usize::MAX / 8, 32, &[]),
        ShapeError::Rows { .. }
    ));
    let short = pack(2, 32, &[0; 39]);
    assert_eq!(short, ShapeError::Bytes { got: 39, want: 40 });
    assert!(short.to_string().contains("got 39 bytes"), "{short}");
}

#[test]
fn a_weight_that_is_not_finite_is_refused_with_its_place() {
    for ty in TensorType::ALL {
        let mut w = Random::new(1).tensor(ty, 3, 512);
        let at = (512 + 256) / ty.block_len() * ty.block_bytes();
        let block = &mut w[at..at + ty.block_bytes()];
        match ty {
            TensorType::F32 => block.copy_from_slice(&f32::NAN.to_le_bytes()),
            TensorType::BF16 => block.copy_from_slice(&[0x80, 0xff]),
            TensorType::Q6K => block[208..210].copy_from_slice(&[0x00, 0x7c]),
            _ => block[..2].copy_from_slice(&[0x00, 0xfc]),
        }
        let want = ShapeError::NotFinite {
            row: 1,
            block: 256 / ty.block_len(),
        };
        assert_eq!(
            Matrix::pack(Kernel::detect(), ty, 3, 512, &w).unwrap_err(),
            want
        );
    }
}

#[test]
fn every_kernel_passes_the_self_test() {
    for kernel in kernels() {
        assert_eq!(self_test(kernel), Ok(()));
    }
}
