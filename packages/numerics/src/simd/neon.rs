//! aarch64: vectors of 16 bytes, which every such processor has, and the dot product of 8-bit
//! integers where present.
//!
//! Everything but the products of integers is the plain code: it is compiled for these vectors
//! anyway, since they belong to the target.

use super::quads::{self, Dot};
use crate::interleaved::Interleaved;
use crate::quantise::Activations;
use std::arch::aarch64::{
    int8x16_t, int32x4_t, vandq_u8, vdupq_n_s32, vdupq_n_u8, vget_low_s8, vld1q_u8, vmull_high_s8,
    vmull_s8, vpadalq_s16, vpaddq_s32, vreinterpretq_s8_s32, vreinterpretq_s8_u8, vshrq_n_u8,
    vst1q_s32,
};
use std::arch::asm;
use std::ops::Range;

/// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments.
pub(crate) fn product(
    w: &Interleaved,
    rows: Range<usize>,
    x: &Activations,
    out: &mut [f32],
    stride: usize,
) {
    if std::arch::is_aarch64_feature_detected!("dotprod") {
        // SAFETY: the processor has the dot product, just checked.
        unsafe { product_dotprod(w, rows, x, out, stride) }
    } else {
        quads::product::<Pairs>(w, rows, x, out, stride);
    }
}

/// # Safety
/// The processor has the dot product.
#[target_feature(enable = "dotprod")]
unsafe fn product_dotprod(
    w: &Interleaved,
    rows: Range<usize>,
    x: &Activations,
    out: &mut [f32],
    stride: usize,
) {
    quads::product::<Dotprod>(w, rows, x, out, stride);
}

#[inline(always)]
fn load(bytes: &[u8; 16]) -> std::arch::aarch64::uint8x16_t {
    // SAFETY: 16 readable bytes.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline(always)]
fn signed(bytes: &[u8; 16]) -> int8x16_t {
    // SAFETY: these vectors belong to the target.
    unsafe { vreinterpretq_s8_u8(load(bytes)) }
}

#[inline(always)]
fn halves(bytes: &[u8; 16]) -> [int8x16_t; 2] {
    let bytes = load(bytes);
    // SAFETY: these vectors belong to the target.
    unsafe {
        let (low, high) = (vandq_u8(bytes, vdupq_n_u8(15)), vshrq_n_u8::<4>(bytes));
        [vreinterpretq_s8_u8(low), vreinterpretq_s8_u8(high)]
    }
}

#[inline(always)]
fn four(q: &[i8; 4]) -> int8x16_t {
    let four = i32::from_le_bytes(q.map(|q| q as u8));
    // SAFETY: these vectors belong to the target.
    unsafe { vreinterpretq_s8_s32(vdupq_n_s32(four)) }
}

#[inline(always)]
fn lanes(sums: int32x4_t) -> [i32; 4] {
    let mut lanes = [0; 4];
    // SAFETY: room for four values.
    unsafe { vst1q_s32(lanes.as_mut_ptr(), sums) };
    lanes
}

/// Products of 8 bits, widened and added in pairs.
struct Pairs;

impl Dot for Pairs {
    type Weights = int8x16_t;
    type Quants = int8x16_t;
    /// Two sums for each row: rows 0 and 1, rows 2 and 3.
    type Sums = [int32x4_t; 2];

    #[inline(always)]
    fn zero() -> Self::Sums {
        // SAFETY: these vectors belong to the target.
        [unsafe { vdupq_n_s32(0) }; 2]
    }

    #[inline(always)]
    fn bytes(line: &[u8; 16]) -> int8x16_t {
        signed(line)
    }

    #[inline(always)]
    fn nibbles(line: &[u8; 16]) -> [int8x16_t; 2] {
        halves(line)
    }

    #[inline(always)]
    fn quants(q: &[i8; 4]) -> int8x16_t {
        four(q)
    }

    #[inline(always)]
    fn add(sums: Self::Sums, weights: int8x16_t, quants: int8x16_t) -> Self::Sums {
        // SAFETY: these vectors belong to the target.
        unsafe {
            let low = vmull_s8(vget_low_s8(weights), vget_low_s8(quants));
            let high = vmull_high_s8(weights, quants);
            [vpadalq_s16(sums[0], low), vpadalq_s16(sums[1], high)]
        }
    }

    #[inline(always)]
    fn finish(sums: Self::Sums) -> [i32; 4] {
        // SAFETY: these vectors belong to the target.
        lanes(unsafe { vpaddq_s32(sums[0], sums[1]) })
    }
}

/// One instruction for four products of each row.
struct Dotprod;

impl Dot for Dotprod {
    type Weights = int8x16_t;
    type Quants = int8x16_t;
    type Sums = int32x4_t;

    #[inline(always)]
    fn zero() -> int32x4_t {
        // SAFETY: these vectors belong to the target.
        unsafe { vdupq_n_s32(0) }
    }

    #[inline(always)]
    fn bytes(line: &[u8; 16]) -> int8x16_t {
        signed(line)
    }

    #[inline(always)]
    fn nibbles(line: &[u8; 16]) -> [int8x16_t; 2] {
        halves(line)
    }

    #[inline(always)]
    fn quants(q: &[i8; 4]) -> int8x16_t {
        four(q)
    }

    #[inline(always)]
    fn add(sums: int32x4_t, weights: int8x16_t, quants: int8x16_t) -> int32x4_t {
        // SAFETY: only `product_dotprod` uses this type, on a processor that has the instruction.
        unsafe { sdot(sums, weights, quants) }
    }

    #[inline(always)]
    fn finish(sums: int32x4_t) -> [i32; 4] {
        lanes(sums)
    }
}

/// The instruction's function in the standard library is not stable yet.
///
/// # Safety
/// The processor has the dot product.
#[inline]
#[target_feature(enable = "dotprod")]
unsafe fn sdot(mut sums: int32x4_t, weights: int8x16_t, quants: int8x16_t) -> int32x4_t {
    // SAFETY: reads and writes the three registers only.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {quants:v}.16b",
            sums = inout(vreg) sums,
            weights = in(vreg) weights,
            quants = in(vreg) quants,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}
