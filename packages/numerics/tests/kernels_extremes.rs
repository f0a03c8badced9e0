//! Vector code equals the scalar reference on values at the edges: where 8-bit and 16-bit sums would
//! saturate, where scales are subnormal, at zeros of both signs, at ties and at every magnitude.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking; shapes are small"
)]

mod common;

use antiphon_numerics::quantise::{Activations, Forms, quantise_block};
use antiphon_numerics::{Kernel, Matrix, TensorType};
use common::{kernels, same};
use proptest::prelude::*;

/// A block of one byte but for its scales, and for Q6_K the scales of its sub-blocks.
fn block(ty: TensorType, fill: u8, sub_scale: u8, d: [u8; 2], m: [u8; 2]) -> Vec<u8> {
    let mut block = vec![fill; ty.block_bytes()];
    match ty {
        TensorType::F32 => block.copy_from_slice(&[fill, 0x80, sub_scale & 0x80, 0x3f]),
        TensorType::F16 | TensorType::BF16 => block.copy_from_slice(&d),
        TensorType::Q4_0 | TensorType::Q5_0 | TensorType::Q8_0 => block[..2].copy_from_slice(&d),
        TensorType::Q6K => {
            block[192..208].fill(sub_scale);
            block[208..].copy_from_slice(&d);
        }
        _ => {
            block[..2].copy_from_slice(&d);
            block[2..4].copy_from_slice(&m);
        }
    }
    block
}

/// Every kernel against the scalar reference: 17 rows of the same block.
fn check(ty: TensorType, block: &[u8], x: &[f32], cols: usize, what: &str) -> Vec<f32> {
    let w = block.repeat(17 * cols / ty.block_len());
    let run = |kernel| {
        let matrix = Matrix::pack(kernel, ty, 17, cols, &w).unwrap();
        let mut acts = Activations::default();
        acts.load(kernel, Forms::of([ty]), x, cols).unwrap();
        let mut y = vec![f32::NAN; 17 * x.len() / cols];
        matrix.product(&acts, &mut y);
        y
    };
    let want = run(Kernel::Scalar);
    for kernel in kernels() {
        same(&run(kernel), &want, &format!("{kernel} {ty:?} {what}"));
    }
    want
}

/// Nine vectors at the extremes of their quants: one sign, the other, and both in turn.
fn extreme_vectors(cols: usize) -> Vec<f32> {
    let value = |i: usize| match i / cols % 3 {
        0 => 3.5,
        1 => -3.5,
        _ if i.is_multiple_of(2) => 3.5,
        _ => -3.5,
    };
    (0..9 * cols).map(value).collect()
}

#[test]
fn quants_and_sub_block_scales_at_their_extremes_do_not_saturate() {
    for ty in TensorType::ALL {
        let cols = if ty.block_len() == 256 { 768 } else { 576 };
        for fill in [0x00, 0x0f, 0x7f, 0x80, 0xf0, 0xff] {
            for sub_scale in [0x7f, 0x80, 0x81, 0xff] {
                let block = block(ty, fill, sub_scale, [0x00, 0x3c], [0x00, 0xbc]);
                let what = format!("{fill:02x} {sub_scale:02x}");
                check(ty, &block, &extreme_vectors(cols), cols, &what);
            }
        }
    }
}

#[test]
fn subnormal_scales_count() {
    for ty in TensorType::ALL {
        let cols = if ty.block_len() == 256 { 512 } else { 96 };
        for d in [[0x01, 0x00], [0xff, 0x83], [0x00, 0x04]] {
            let block = block(ty, 0x5a, 0x11, d, [0x01, 0x80]);
            let y = check(ty, &block, &vec![1e-3; 3 * cols], cols, "subnormal scale");
            assert!(y.iter().all(|y| *y != 0.0), "{ty:?} {d:?}");
        }
    }
}

#[test]
fn zeros_of_both_signs_keep_their_rules() {
    for ty in TensorType::ALL {
        let cols = if ty.block_len() == 256 { 512 } else { 96 };
        for d in [[0x00, 0x00], [0x00, 0x80], [0x00, 0xbc]] {
            for x in [0.0, -0.0, 1.0, -1.0] {
                let block = block(ty, 0x00, 0x80, d, [0x00, 0x80]);
                check(ty, &block, &vec![x; 5 * cols], cols, "zeros");
            }
        }
    }
}

/// Subnormal and huge activations, also where products overflow: infinity is the same everywhere.
#[test]
fn activations_of_every_magnitude_are_equal() {
    for ty in TensorType::ALL {
        let cols = if ty.block_len() == 256 { 256 } else { 64 };
        for exponent in (0..=254_u32).step_by(2) {
            let value =
                |i: usize| f32::from_bits(exponent << 23 | (i as u32 * 0x01_2345) & 0x7f_ffff);
            let x: Vec<f32> = (0..3 * cols).map(value).collect();
            let block = block(ty, 0xa7, 0x35, [0x00, 0x7b], [0x00, 0x3c]);
            check(ty, &block, &x, cols, &format!("exponent {exponent}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Blocks around one magnitude, from below the zero threshold (2^-100) to the greatest, with
    /// values that fall on ties: multiples of half a quantum.
    #[test]
    fn quantised_blocks_are_equal(
        exponent in 0_u32..255, halves in prop::collection::vec(-254_i32..=254, 256),
        noise in prop::collection::vec(any::<u32>(), 256), ties: bool,
    ) {
        let most = f32::from_bits(exponent << 23 | 0x7f_ffff);
        let x: Vec<f32> = halves.iter().zip(&noise).map(|(&half, &noise)| match ties {
            true => most * (half as f32 / 254.0),
            false => f32::from_bits(noise & 0x8000_0000 | ((noise & 0x7fff_ffff) % (most.to_bits() + 1))),
        }).collect();
        for len in [32, 256] {
            let run = |kernel| {
                let (mut q, mut sums) = (vec![1; len], vec![1; len / 32]);
                let scale = quantise_block(kernel, &x[..len], &mut q, &mut sums).unwrap();
                (scale.to_bits(), q, sums)
            };
            for kernel in kernels() {
                prop_assert_eq!(run(kernel), run(Kernel::Scalar), "{}", kernel);
            }
        }
    }
}
