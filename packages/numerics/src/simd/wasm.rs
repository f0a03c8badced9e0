//! wasm32 with `simd128`: four lanes. The choice is made when the module is built: a machine without
//! these instructions refuses the whole module. Relaxed ones are never used: their results differ
//! between processors.

use crate::simd::copies::copies;
use crate::simd::lanes::{Lanes, Task, entries, methods};
use std::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_splat, f32x4_sub, i16x8_load_extend_i8x8,
    i16x8_load_extend_u8x8, i16x8_shl, i16x8_shr, i32x4_add, i32x4_dot_i16x8, i32x4_mul, i32x4_shl,
    i32x4_shr, i32x4_splat, i32x4_sub, u8x16_splat, u16x8_shr, u16x8_splat,
    u32x4_load_extend_u16x4, v128, v128_and, v128_load, v128_load32_splat, v128_or, v128_store,
};

/// Nothing to check: the whole module is built for these instructions.
#[inline(always)]
fn assert_available() {}

copies! { "simd128" }
entries! { Wasm: 2 x 4; 4 }

/// Bytes are widened to 16 bits, those at even and at odd places apart; sums hold 32 bits.
pub(crate) struct Wasm;

impl Lanes for Wasm {
    const WIDTH: usize = 4;
    const WIDE: bool = true;
    const BYTE_OFFSET: f32 = 0.0;
    type F = v128;
    type I = v128;
    type Raw = v128;
    type Weights = [v128; 2];
    type Bytes = [v128; 2];
    type Quad = [v128; 2];
    type Sum = v128;
    type Pairs = v128;
    type Scale = v128;

    #[inline(always)]
    unsafe fn run<T: Task>(task: T) {
        // SAFETY: the caller's promise.
        unsafe { task.run() }
    }

    methods! {
        fn zero() -> Self::F { f32x4_splat(0.0) }
        fn splat(value: f32) -> Self::F { f32x4_splat(value) }
        fn load(from: *const f32) -> Self::F { v128_load(from.cast()) }
        fn store(to: *mut f32, value: Self::F) -> () { v128_store(to.cast(), value) }
        fn add(a: Self::F, b: Self::F) -> Self::F { f32x4_add(a, b) }
        fn sub(a: Self::F, b: Self::F) -> Self::F { f32x4_sub(a, b) }
        fn mul(a: Self::F, b: Self::F) -> Self::F { f32x4_mul(a, b) }
        // Exponent and mantissa in their places are the value times 2^-112, subnormal for a
        // subnormal; the product by 2^112 is exact.
        fn load_f16(from: *const u16) -> Self::F {
            let half = u32x4_load_extend_u16x4(from);
            let low = i32x4_shl(v128_and(half, i32x4_splat(0x7fff)), 13);
            let sign = i32x4_shl(v128_and(half, i32x4_splat(0x8000)), 16);
            f32x4_mul(v128_or(low, sign), f32x4_splat(f32::from_bits(0x7780_0000)))
        }
        fn load_bf16(from: *const u16) -> Self::F {
            i32x4_shl(u32x4_load_extend_u16x4(from), 16)
        }
        fn to_f32(value: Self::I) -> Self::F { f32x4_convert_i32x4(value) }

        fn no_sum() -> Self::I { i32x4_splat(0) }
        fn load_raw(from: *const u8) -> Self::Raw { v128_load(from.cast()) }
        fn mask(value: Self::Raw, mask: u8) -> Self::Raw { v128_and(value, u8x16_splat(mask)) }
        fn or(a: Self::Raw, b: Self::Raw) -> Self::Raw { v128_or(a, b) }
        fn up4(value: Self::Raw) -> Self::Raw { i16x8_shl(value, 4) }
        fn down4(value: Self::Raw) -> Self::Raw { u16x8_shr(value, 4) }
        fn down2(value: Self::Raw) -> Self::Raw { u16x8_shr(value, 2) }
        fn down1(value: Self::Raw) -> Self::Raw { u16x8_shr(value, 1) }

        fn weights(raw: Self::Raw) -> Self::Weights {
            [v128_and(raw, u16x8_splat(255)), u16x8_shr(raw, 8)]
        }
        fn bytes(raw: Self::Raw) -> Self::Bytes {
            [i16x8_shr(i16x8_shl(raw, 8), 8), i16x8_shr(raw, 8)]
        }
        fn quad(from: *const i8) -> Self::Quad { Self::bytes(v128_load32_splat(from.cast())) }
        fn empty() -> Self::Sum { i32x4_splat(0) }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            Self::dot_bytes(sum, w, q)
        }
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            let to = i32x4_add(to, i32x4_dot_i16x8(w[0], q[0]));
            i32x4_add(to, i32x4_dot_i16x8(w[1], q[1]))
        }
        fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I { i32x4_add(to, sum) }
        fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
            i32x4_add(to, i32x4_mul(sum, scale))
        }

        fn load_pairs(from: *const u8) -> Self::Pairs { i16x8_load_extend_u8x8(from) }
        fn load_signed_pairs(from: *const u8) -> Self::Pairs {
            i16x8_load_extend_i8x8(from.cast())
        }
        fn first(pairs: Self::Pairs) -> Self::Scale { i32x4_shr(i32x4_shl(pairs, 16), 16) }
        fn second(pairs: Self::Pairs) -> Self::Scale { i32x4_shr(pairs, 16) }
        fn dot_pairs(to: Self::I, pairs: Self::Pairs, sums: *const i16) -> Self::I {
            i32x4_add(to, i32x4_dot_i16x8(pairs, v128_load32_splat(sums.cast())))
        }
        fn minus_32(from: Self::I, value: Self::I) -> Self::I {
            i32x4_sub(from, i32x4_shl(value, 5))
        }
    }
}
