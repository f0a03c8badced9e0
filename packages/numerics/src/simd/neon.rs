//! aarch64 as every such processor is: four lanes; products with the dot product where present.

use crate::simd::copies::copies;
use crate::simd::lanes::{Lanes, Task, entries, methods, runs};
use std::arch::aarch64::{
    float32x4_t, int8x16_t, int16x8_t, int32x4_t, uint8x16_t, vaddq_f32, vaddq_s32, vandq_u8,
    vandq_u32, vcvtq_f32_s32, vdupq_n_f32, vdupq_n_s16, vdupq_n_s32, vdupq_n_u8, vdupq_n_u32,
    vget_low_s8, vget_low_s16, vld1_s8, vld1_u8, vld1_u16, vld1q_f32, vld1q_u8, vmlal_high_s8,
    vmlal_s8, vmlaq_s32, vmovl_s8, vmovl_u8, vmovl_u16, vmull_high_s8, vmull_high_s16, vmull_s8,
    vmull_s16, vmulq_f32, vorrq_u8, vorrq_u32, vpaddlq_s16, vpaddq_s32, vreinterpretq_f32_u32,
    vreinterpretq_s8_s32, vreinterpretq_s8_u8, vreinterpretq_s16_s32, vreinterpretq_s16_u16,
    vreinterpretq_s32_s16, vshlq_n_s32, vshlq_n_u8, vshlq_n_u32, vshrq_n_s32, vshrq_n_u8,
    vst1q_f32, vsubq_f32, vsubq_s32,
};
use std::arch::{asm, is_aarch64_feature_detected};

/// Nothing to check: these vectors belong to aarch64.
#[inline(always)]
fn assert_available() {}

/// True if this processor also has the dot product of 8-bit integers.
pub(crate) fn has_dotprod() -> bool {
    is_aarch64_feature_detected!("dotprod")
}

copies! { "neon" }
entries! { Neon: 4 x 4, has_dotprod() => Dotprod: 4 x 4; 4 }

/// What does not depend on the dot product.
macro_rules! common {
    ($features:literal) => {
        const WIDTH: usize = 4;
        const BYTE_OFFSET: f32 = 0.0;
        type F = float32x4_t;
        type I = int32x4_t;
        type Raw = uint8x16_t;
        type Weights = int8x16_t;
        type Bytes = int8x16_t;
        type Quad = int8x16_t;
        type Pairs = int16x8_t;
        type Scale = int32x4_t;

        runs! { $features }

        methods! {
            fn zero() -> Self::F { vdupq_n_f32(0.0) }
            fn splat(value: f32) -> Self::F { vdupq_n_f32(value) }
            fn load(from: *const f32) -> Self::F { vld1q_f32(from) }
            fn store(to: *mut f32, value: Self::F) -> () { vst1q_f32(to, value) }
            fn add(a: Self::F, b: Self::F) -> Self::F { vaddq_f32(a, b) }
            fn sub(a: Self::F, b: Self::F) -> Self::F { vsubq_f32(a, b) }
            fn mul(a: Self::F, b: Self::F) -> Self::F { vmulq_f32(a, b) }
            // Exponent and mantissa in their places are the value times 2^-112, subnormal for a
            // subnormal; the product by 2^112 is exact.
            fn load_f16(from: *const u16) -> Self::F {
                let half = vmovl_u16(vld1_u16(from));
                let low = vshlq_n_u32::<13>(vandq_u32(half, vdupq_n_u32(0x7fff)));
                let sign = vshlq_n_u32::<16>(vandq_u32(half, vdupq_n_u32(0x8000)));
                let small = vreinterpretq_f32_u32(vorrq_u32(low, sign));
                vmulq_f32(small, vdupq_n_f32(f32::from_bits(0x7780_0000)))
            }
            fn load_bf16(from: *const u16) -> Self::F {
                vreinterpretq_f32_u32(vshlq_n_u32::<16>(vmovl_u16(vld1_u16(from))))
            }
            fn to_f32(value: Self::I) -> Self::F { vcvtq_f32_s32(value) }

            fn no_sum() -> Self::I { vdupq_n_s32(0) }
            fn load_raw(from: *const u8) -> Self::Raw { vld1q_u8(from) }
            fn mask(value: Self::Raw, mask: u8) -> Self::Raw { vandq_u8(value, vdupq_n_u8(mask)) }
            fn or(a: Self::Raw, b: Self::Raw) -> Self::Raw { vorrq_u8(a, b) }
            fn up4(value: Self::Raw) -> Self::Raw { vshlq_n_u8::<4>(value) }
            fn down4(value: Self::Raw) -> Self::Raw { vshrq_n_u8::<4>(value) }
            fn down2(value: Self::Raw) -> Self::Raw { vshrq_n_u8::<2>(value) }
            fn down1(value: Self::Raw) -> Self::Raw { vshrq_n_u8::<1>(value) }

            fn weights(raw: Self::Raw) -> Self::Weights { vreinterpretq_s8_u8(raw) }
            fn bytes(raw: Self::Raw) -> Self::Bytes { vreinterpretq_s8_u8(raw) }
            fn quad(from: *const i8) -> Self::Quad {
                vreinterpretq_s8_s32(vdupq_n_s32(from.cast::<i32>().read_unaligned()))
            }

            fn load_pairs(from: *const u8) -> Self::Pairs {
                vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from)))
            }
            fn load_signed_pairs(from: *const u8) -> Self::Pairs { vmovl_s8(vld1_s8(from.cast())) }
            fn first(pairs: Self::Pairs) -> Self::Scale {
                vshrq_n_s32::<16>(vshlq_n_s32::<16>(vreinterpretq_s32_s16(pairs)))
            }
            fn second(pairs: Self::Pairs) -> Self::Scale {
                vshrq_n_s32::<16>(vreinterpretq_s32_s16(pairs))
            }
            fn dot_pairs(to: Self::I, pairs: Self::Pairs, sums: *const i16) -> Self::I {
                let sums = vdupq_n_s32(sums.cast::<i32>().read_unaligned());
                let sums = vreinterpretq_s16_s32(sums);
                let low = vmull_s16(vget_low_s16(pairs), vget_low_s16(sums));
                vaddq_s32(to, vpaddq_s32(low, vmull_high_s16(pairs, sums)))
            }
            fn minus_32(from: Self::I, value: Self::I) -> Self::I {
                vsubq_s32(from, vshlq_n_s32::<5>(value))
            }
        }
    };
}

/// Without the dot product: products of 8 bits are widened to 16, rows 0 and 1 apart from 2 and 3.
pub(crate) struct Neon;

/// Adds the four columns of each row.
///
/// # Safety
/// None to keep: these vectors belong to aarch64.
#[inline(always)]
unsafe fn add_columns(sums: [int16x8_t; 2]) -> int32x4_t {
    // SAFETY: see above.
    unsafe { vpaddq_s32(vpaddlq_s16(sums[0]), vpaddlq_s16(sums[1])) }
}

impl Lanes for Neon {
    const WIDE: bool = false;
    type Sum = [int16x8_t; 2];
    common! { "neon" }

    methods! {
        fn empty() -> Self::Sum { [vdupq_n_s16(0); 2] }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            let low = vmlal_s8(sum[0], vget_low_s8(w), vget_low_s8(q));
            [low, vmlal_high_s8(sum[1], w, q)]
        }
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            let low = vmull_s8(vget_low_s8(w), vget_low_s8(q));
            vaddq_s32(to, add_columns([low, vmull_high_s8(w, q)]))
        }
        fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I { vaddq_s32(to, add_columns(sum)) }
        fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
            vmlaq_s32(to, add_columns(sum), scale)
        }
    }
}

/// With the dot product: one instruction for four products of each row.
pub(crate) struct Dotprod;

/// `sums` plus four products in each lane; the standard library's function is not stable yet.
///
/// # Safety
/// The processor has the dot product.
#[inline]
#[target_feature(enable = "dotprod")]
unsafe fn sdot(mut sums: int32x4_t, w: int8x16_t, q: int8x16_t) -> int32x4_t {
    // SAFETY: reads and writes these three registers only.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {w:v}.16b, {q:v}.16b",
            sums = inout(vreg) sums,
            w = in(vreg) w,
            q = in(vreg) q,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}

impl Lanes for Dotprod {
    const WIDE: bool = true;
    type Sum = int32x4_t;
    common! { "neon,dotprod" }

    methods! {
        fn empty() -> Self::Sum { vdupq_n_s32(0) }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum { sdot(sum, w, q) }
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I { sdot(to, w, q) }
        fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I { vaddq_s32(to, sum) }
        fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
            vmlaq_s32(to, sum, scale)
        }
    }
}
