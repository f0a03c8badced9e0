//! x86-64 as every such processor is: four lanes; products with SSSE3 where present.

use crate::simd::copies::copies;
use crate::simd::lanes::{Lanes, Task, entries, methods, runs};
use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m128, __m128i, _mm_abs_epi8, _mm_add_epi16, _mm_add_epi32, _mm_add_ps, _mm_and_si128,
    _mm_andnot_si128, _mm_castsi128_ps, _mm_cvtepi32_ps, _mm_loadl_epi64, _mm_loadu_ps,
    _mm_loadu_si128, _mm_madd_epi16, _mm_maddubs_epi16, _mm_mul_ps, _mm_mullo_epi16, _mm_or_si128,
    _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_set1_ps, _mm_setzero_ps, _mm_setzero_si128,
    _mm_sign_epi8, _mm_slli_epi16, _mm_slli_epi32, _mm_srai_epi16, _mm_srli_epi16, _mm_srli_epi32,
    _mm_storeu_ps, _mm_sub_epi32, _mm_sub_ps, _mm_unpacklo_epi8, _mm_unpacklo_epi16,
};

/// True: SSE2 belongs to x86-64.
pub(crate) fn available() -> bool {
    true
}

/// Nothing to check; other instruction sets have something here.
#[inline(always)]
fn assert_available() {}

/// True if this processor also has SSSE3.
pub(crate) fn has_ssse3() -> bool {
    is_x86_feature_detected!("ssse3")
}

copies! { "sse2" }
// More vectors at once leave SSE2 alone short of registers: slower than one after the other.
entries! { Sse2: 2 x 1, has_ssse3() => Ssse3: 2 x 4; 4 }

/// What does not depend on SSSE3. Sums of products are 16 bits wide, as with AVX2.
macro_rules! common {
    ($features:literal) => {
        const WIDTH: usize = 4;
        const WIDE: bool = false;
        const BYTE_OFFSET: f32 = 0.0;
        type F = __m128;
        type I = __m128i;
        type Raw = __m128i;
        type Sum = __m128i;
        type Pairs = __m128i;
        /// The scale in both halves of a lane.
        type Scale = __m128i;

        runs! { $features }

        methods! {
            fn zero() -> Self::F { _mm_setzero_ps() }
            fn splat(value: f32) -> Self::F { _mm_set1_ps(value) }
            fn load(from: *const f32) -> Self::F { _mm_loadu_ps(from) }
            fn store(to: *mut f32, value: Self::F) -> () { _mm_storeu_ps(to, value) }
            fn add(a: Self::F, b: Self::F) -> Self::F { _mm_add_ps(a, b) }
            fn sub(a: Self::F, b: Self::F) -> Self::F { _mm_sub_ps(a, b) }
            fn mul(a: Self::F, b: Self::F) -> Self::F { _mm_mul_ps(a, b) }
            // Exponent and mantissa in their places are the value times 2^-112, subnormal for a
            // subnormal; the product by 2^112 is exact.
            fn load_f16(from: *const u16) -> Self::F {
                let half = _mm_unpacklo_epi16(_mm_loadl_epi64(from.cast()), _mm_setzero_si128());
                let low = _mm_and_si128(half, _mm_set1_epi32(0x7fff));
                let sign = _mm_slli_epi32::<16>(_mm_andnot_si128(_mm_set1_epi32(0x7fff), half));
                let small = _mm_or_si128(_mm_slli_epi32::<13>(low), sign);
                _mm_mul_ps(_mm_castsi128_ps(small), _mm_set1_ps(f32::from_bits(0x7780_0000)))
            }
            fn load_bf16(from: *const u16) -> Self::F {
                let half = _mm_loadl_epi64(from.cast());
                _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), half))
            }
            fn to_f32(value: Self::I) -> Self::F { _mm_cvtepi32_ps(value) }

            fn no_sum() -> Self::I { _mm_setzero_si128() }
            fn load_raw(from: *const u8) -> Self::Raw { _mm_loadu_si128(from.cast()) }
            fn mask(value: Self::Raw, mask: u8) -> Self::Raw {
                _mm_and_si128(value, _mm_set1_epi8(mask.cast_signed()))
            }
            fn or(a: Self::Raw, b: Self::Raw) -> Self::Raw { _mm_or_si128(a, b) }
            fn up4(value: Self::Raw) -> Self::Raw { _mm_slli_epi16::<4>(value) }
            fn down4(value: Self::Raw) -> Self::Raw { _mm_srli_epi16::<4>(value) }
            fn down2(value: Self::Raw) -> Self::Raw { _mm_srli_epi16::<2>(value) }
            fn down1(value: Self::Raw) -> Self::Raw { _mm_srli_epi16::<1>(value) }

            fn empty() -> Self::Sum { _mm_setzero_si128() }
            fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I {
                _mm_add_epi32(to, _mm_madd_epi16(sum, _mm_set1_epi16(1)))
            }
            fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
                _mm_add_epi32(to, _mm_madd_epi16(sum, scale))
            }
            fn load_pairs(from: *const u8) -> Self::Pairs {
                _mm_unpacklo_epi8(_mm_loadl_epi64(from.cast()), _mm_setzero_si128())
            }
            fn load_signed_pairs(from: *const u8) -> Self::Pairs {
                let high = _mm_unpacklo_epi8(_mm_setzero_si128(), _mm_loadl_epi64(from.cast()));
                _mm_srai_epi16::<8>(high)
            }
            fn first(pairs: Self::Pairs) -> Self::Scale {
                let low = _mm_and_si128(pairs, _mm_set1_epi32(0xffff));
                _mm_or_si128(low, _mm_slli_epi32::<16>(pairs))
            }
            fn second(pairs: Self::Pairs) -> Self::Scale {
                let high = _mm_andnot_si128(_mm_set1_epi32(0xffff), pairs);
                _mm_or_si128(high, _mm_srli_epi32::<16>(pairs))
            }
            fn dot_pairs(to: Self::I, pairs: Self::Pairs, sums: *const i16) -> Self::I {
                let sums = _mm_set1_epi32(sums.cast::<i32>().read_unaligned());
                _mm_add_epi32(to, _mm_madd_epi16(pairs, sums))
            }
            fn minus_32(from: Self::I, value: Self::I) -> Self::I {
                _mm_sub_epi32(from, _mm_slli_epi32::<5>(value))
            }
        }
    };
}

/// SSE2 alone: bytes are widened to 16 bits, those at even and at odd places apart.
pub(crate) struct Sse2;

impl Lanes for Sse2 {
    type Weights = [__m128i; 2];
    type Bytes = [__m128i; 2];
    type Quad = [__m128i; 2];
    common! { "sse2" }

    methods! {
        fn weights(raw: Self::Raw) -> Self::Weights {
            [_mm_and_si128(raw, _mm_set1_epi16(255)), _mm_srli_epi16::<8>(raw)]
        }
        fn bytes(raw: Self::Raw) -> Self::Bytes {
            [_mm_srai_epi16::<8>(_mm_slli_epi16::<8>(raw)), _mm_srai_epi16::<8>(raw)]
        }
        fn quad(from: *const i8) -> Self::Quad {
            Self::bytes(_mm_set1_epi32(from.cast::<i32>().read_unaligned()))
        }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            let sum = _mm_add_epi16(sum, _mm_mullo_epi16(w[0], q[0]));
            _mm_add_epi16(sum, _mm_mullo_epi16(w[1], q[1]))
        }
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            let to = _mm_add_epi32(to, _mm_madd_epi16(w[0], q[0]));
            _mm_add_epi32(to, _mm_madd_epi16(w[1], q[1]))
        }
    }
}

/// SSE2 with SSSE3: `maddubs` adds two products of an unsigned weight and a signed quant without
/// saturating, since they are at most 63 * 127.
pub(crate) struct Ssse3;

impl Lanes for Ssse3 {
    type Weights = __m128i;
    /// Magnitudes, and the weights for their signs.
    type Bytes = (__m128i, __m128i);
    type Quad = __m128i;
    common! { "ssse3" }

    methods! {
        fn weights(raw: Self::Raw) -> Self::Weights { raw }
        fn bytes(raw: Self::Raw) -> Self::Bytes { (_mm_abs_epi8(raw), raw) }
        fn quad(from: *const i8) -> Self::Quad {
            _mm_set1_epi32(from.cast::<i32>().read_unaligned())
        }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            _mm_add_epi16(sum, _mm_maddubs_epi16(w, q))
        }
        // The sign moves from the weight to the quant; a sum of two is at most 2 * 128 * 127.
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            let sums = _mm_maddubs_epi16(w.0, _mm_sign_epi8(q, w.1));
            _mm_add_epi32(to, _mm_madd_epi16(sums, _mm_set1_epi16(1)))
        }
    }
}
