//! x86-64 with AVX2 and F16C: eight lanes; products with VNNI where present.

use crate::free::FREE;
use crate::simd::copies::copies;
use crate::simd::lanes::{Lanes, Task, entries, methods, runs};
use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256, __m256i, _mm_loadu_si128, _mm256_abs_epi8, _mm256_add_epi16, _mm256_add_epi32,
    _mm256_add_ps, _mm256_and_si256, _mm256_blend_epi16, _mm256_castsi256_ps, _mm256_cvtepi8_epi16,
    _mm256_cvtepi32_ps, _mm256_cvtepu8_epi16, _mm256_cvtepu16_epi32, _mm256_cvtph_ps,
    _mm256_dpbusd_avx_epi32, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_mullo_epi32, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256,
    _mm256_sign_epi8, _mm256_slli_epi16, _mm256_slli_epi32, _mm256_srai_epi32, _mm256_srli_epi16,
    _mm256_srli_epi32, _mm256_storeu_ps, _mm256_sub_epi32, _mm256_sub_ps, _mm256_xor_si256,
};

/// True if this processor has AVX2 and F16C.
pub(crate) fn available() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("f16c")
        && (!FREE || is_x86_feature_detected!("fma"))
}

/// The check that makes calls of AVX2 code sound.
#[inline(always)]
fn assert_available() {
    assert!(available(), "AVX2 code on a processor without it");
}

/// True if this processor also has VNNI for registers of this width.
pub(crate) fn has_vnni() -> bool {
    is_x86_feature_detected!("avxvnni")
}

#[cfg(not(antiphon_free_order))]
copies! { "avx2,f16c" }
#[cfg(antiphon_free_order)]
copies! { "avx2,f16c,fma" }
entries! { Avx2: 2 x 4, has_vnni() => Vnni: 2 x 4; 2 }

/// What does not depend on VNNI.
macro_rules! common {
    ($features:literal) => {
        const WIDTH: usize = 8;
        type F = __m256;
        type I = __m256i;
        type Raw = __m256i;
        type Weights = __m256i;
        type Quad = __m256i;
        type Sum = __m256i;
        type Pairs = __m256i;
        type Scale = __m256i;

        runs! { $features, antiphon_free_order: "fma" }

        methods! {
            fn zero() -> Self::F { _mm256_setzero_ps() }
            fn splat(value: f32) -> Self::F { _mm256_set1_ps(value) }
            fn load(from: *const f32) -> Self::F { _mm256_loadu_ps(from) }
            fn store(to: *mut f32, value: Self::F) -> () { _mm256_storeu_ps(to, value) }
            fn add(a: Self::F, b: Self::F) -> Self::F { _mm256_add_ps(a, b) }
            fn sub(a: Self::F, b: Self::F) -> Self::F { _mm256_sub_ps(a, b) }
            fn mul(a: Self::F, b: Self::F) -> Self::F { _mm256_mul_ps(a, b) }
            #[cfg(antiphon_free_order)]
            fn mul_add(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
                std::arch::x86_64::_mm256_fmadd_ps(a, b, c)
            }
            fn load_f16(from: *const u16) -> Self::F { _mm256_cvtph_ps(_mm_loadu_si128(from.cast())) }
            fn load_bf16(from: *const u16) -> Self::F {
                let wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(wide))
            }
            fn to_f32(value: Self::I) -> Self::F { _mm256_cvtepi32_ps(value) }

            fn no_sum() -> Self::I { _mm256_setzero_si256() }
            fn load_raw(from: *const u8) -> Self::Raw { _mm256_loadu_si256(from.cast()) }
            fn mask(value: Self::Raw, mask: u8) -> Self::Raw {
                _mm256_and_si256(value, _mm256_set1_epi8(mask.cast_signed()))
            }
            fn or(a: Self::Raw, b: Self::Raw) -> Self::Raw { _mm256_or_si256(a, b) }
            fn up4(value: Self::Raw) -> Self::Raw { _mm256_slli_epi16::<4>(value) }
            fn down4(value: Self::Raw) -> Self::Raw { _mm256_srli_epi16::<4>(value) }
            fn down2(value: Self::Raw) -> Self::Raw { _mm256_srli_epi16::<2>(value) }
            fn down1(value: Self::Raw) -> Self::Raw { _mm256_srli_epi16::<1>(value) }

            fn weights(raw: Self::Raw) -> Self::Weights { raw }
            fn quad(from: *const i8) -> Self::Quad {
                _mm256_set1_epi32(from.cast::<i32>().read_unaligned())
            }
            fn empty() -> Self::Sum { _mm256_setzero_si256() }
            fn load_pairs(from: *const u8) -> Self::Pairs {
                _mm256_cvtepu8_epi16(_mm_loadu_si128(from.cast()))
            }
            fn load_signed_pairs(from: *const u8) -> Self::Pairs {
                _mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast()))
            }
            fn dot_pairs(to: Self::I, pairs: Self::Pairs, sums: *const i16) -> Self::I {
                let sums = _mm256_set1_epi32(sums.cast::<i32>().read_unaligned());
                _mm256_add_epi32(to, _mm256_madd_epi16(pairs, sums))
            }
            fn minus_32(from: Self::I, value: Self::I) -> Self::I {
                _mm256_sub_epi32(from, _mm256_slli_epi32::<5>(value))
            }
        }
    };
}

/// AVX2 without VNNI. Sums of products are 16 bits wide: `maddubs` adds two products of an unsigned
/// weight and a signed quant without saturating, since they are at most 63 * 127.
pub(crate) struct Avx2;

impl Lanes for Avx2 {
    const WIDE: bool = false;
    const BYTE_OFFSET: f32 = 0.0;
    /// Magnitudes, and the weights for their signs.
    type Bytes = (__m256i, __m256i);
    common! { "avx2,f16c" }

    methods! {
        fn bytes(raw: Self::Raw) -> Self::Bytes { (_mm256_abs_epi8(raw), raw) }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, q))
        }
        // The sign moves from the weight to the quant; a sum of two is at most 2 * 128 * 127.
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            let sums = _mm256_maddubs_epi16(w.0, _mm256_sign_epi8(q, w.1));
            _mm256_add_epi32(to, _mm256_madd_epi16(sums, _mm256_set1_epi16(1)))
        }
        fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I {
            _mm256_add_epi32(to, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)))
        }
        fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
            _mm256_add_epi32(to, _mm256_madd_epi16(sum, scale))
        }
        // The scale in both halves of a lane.
        fn first(pairs: Self::Pairs) -> Self::Scale {
            _mm256_blend_epi16::<0b1010_1010>(pairs, _mm256_slli_epi32::<16>(pairs))
        }
        fn second(pairs: Self::Pairs) -> Self::Scale {
            _mm256_blend_epi16::<0b0101_0101>(pairs, _mm256_srli_epi32::<16>(pairs))
        }
    }
}

/// AVX2 with VNNI: `dpbusd` adds four products of an unsigned weight and a signed quant to 32 bits,
/// so signed bytes are made unsigned by adding 128.
pub(crate) struct Vnni;

impl Lanes for Vnni {
    const WIDE: bool = true;
    const BYTE_OFFSET: f32 = 128.0;
    type Bytes = __m256i;
    common! { "avx2,f16c,avxvnni" }

    methods! {
        fn bytes(raw: Self::Raw) -> Self::Bytes {
            _mm256_xor_si256(raw, _mm256_set1_epi8(-128))
        }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            _mm256_dpbusd_avx_epi32(sum, w, q)
        }
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            _mm256_dpbusd_avx_epi32(to, w, q)
        }
        fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I { _mm256_add_epi32(to, sum) }
        fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
            _mm256_add_epi32(to, _mm256_mullo_epi32(sum, scale))
        }
        fn first(pairs: Self::Pairs) -> Self::Scale {
            _mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(pairs))
        }
        fn second(pairs: Self::Pairs) -> Self::Scale { _mm256_srai_epi32::<16>(pairs) }
    }
}
