//! wasm32 with `simd128`, chosen when the module is built: a processor without it refuses the whole
//! module. Relaxed instructions are never used: their results differ between processors.
//!
//! Everything but the products of integers is the plain code, which is compiled for these vectors.

use super::quads::{self, Dot};
use crate::interleaved::Interleaved;
use crate::quantise::Activations;
use std::arch::wasm32::{
    i16x8_shl, i16x8_shr, i16x8_splat, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat,
    u16x8_shr, v128, v128_and, v128_load,
};
use std::ops::Range;

/// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments.
pub(crate) fn product(
    w: &Interleaved,
    rows: Range<usize>,
    x: &Activations,
    out: &mut [f32],
    stride: usize,
) {
    quads::product::<Words>(w, rows, x, out, stride);
}

/// Products of 16 bits, added in pairs.
struct Words;

/// Even and odd columns, two of each row.
type Columns = [v128; 2];

impl Dot for Words {
    type Weights = Columns;
    type Quants = Columns;
    type Sums = v128;

    #[inline(always)]
    fn zero() -> v128 {
        i32x4_splat(0)
    }

    #[inline(always)]
    fn bytes(line: &[u8; 16]) -> Columns {
        columns(load(line))
    }

    #[inline(always)]
    fn nibbles(line: &[u8; 16]) -> [Columns; 2] {
        let (bytes, mask) = (load(line), i16x8_splat(15));
        let low = |bits: u32| v128_and(u16x8_shr(bytes, bits), mask);
        [
            [v128_and(bytes, mask), low(8)],
            [low(4), u16x8_shr(bytes, 12)],
        ]
    }

    #[inline(always)]
    fn quants(q: &[i8; 4]) -> Columns {
        columns(i32x4_splat(i32::from_le_bytes(q.map(|q| q as u8))))
    }

    #[inline(always)]
    fn add(sums: v128, weights: Columns, quants: Columns) -> v128 {
        let sums = i32x4_add(sums, i32x4_dot_i16x8(weights[0], quants[0]));
        i32x4_add(sums, i32x4_dot_i16x8(weights[1], quants[1]))
    }

    #[inline(always)]
    fn finish(sums: v128) -> [i32; 4] {
        [
            i32x4_extract_lane::<0>(sums),
            i32x4_extract_lane::<1>(sums),
            i32x4_extract_lane::<2>(sums),
            i32x4_extract_lane::<3>(sums),
        ]
    }
}

#[inline(always)]
fn load(bytes: &[u8; 16]) -> v128 {
    // SAFETY: 16 readable bytes.
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

/// Signed bytes of even and of odd columns, widened.
#[inline(always)]
fn columns(bytes: v128) -> Columns {
    [i16x8_shr(i16x8_shl(bytes, 8), 8), i16x8_shr(bytes, 8)]
}
