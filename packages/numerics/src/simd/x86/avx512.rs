//! x86-64 with AVX-512 F and BW: sixteen lanes; products with VNNI where present.

use crate::simd::copies::copies;
use crate::simd::lanes::{Lanes, Task, entries, methods, runs};
use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m512, __m512i, __mmask64, _mm256_loadu_si256, _mm512_abs_epi8, _mm512_add_epi16,
    _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512, _mm512_castsi512_ps, _mm512_cvtepi8_epi16,
    _mm512_cvtepi32_ps, _mm512_cvtepu8_epi16, _mm512_cvtepu16_epi32, _mm512_cvtph_ps,
    _mm512_dpbusd_epi32, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_madd_epi16,
    _mm512_maddubs_epi16, _mm512_mask_blend_epi16, _mm512_mask_sub_epi8, _mm512_movepi8_mask,
    _mm512_mul_ps, _mm512_mullo_epi32, _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi16,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_slli_epi16,
    _mm512_slli_epi32, _mm512_srai_epi32, _mm512_srli_epi16, _mm512_srli_epi32, _mm512_storeu_ps,
    _mm512_sub_epi32, _mm512_sub_ps, _mm512_xor_si512,
};

/// True if this processor has AVX-512 F and BW.
pub(crate) fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")
}

/// The check that makes calls of AVX-512 code sound.
#[inline(always)]
fn assert_available() {
    assert!(available(), "AVX-512 code on a processor without it");
}

/// True if this processor also has VNNI.
pub(crate) fn has_vnni() -> bool {
    is_x86_feature_detected!("avx512vnni")
}

copies! { "avx512f,avx512bw" }
entries! { Avx512: 1 x 8, has_vnni() => Vnni: 1 x 8; 1 }

/// What does not depend on VNNI.
macro_rules! common {
    ($features:literal) => {
        const WIDTH: usize = 16;
        type F = __m512;
        type I = __m512i;
        type Raw = __m512i;
        type Weights = __m512i;
        type Quad = __m512i;
        type Sum = __m512i;
        type Pairs = __m512i;
        type Scale = __m512i;

        runs! { $features }

        methods! {
            fn zero() -> Self::F { _mm512_setzero_ps() }
            fn splat(value: f32) -> Self::F { _mm512_set1_ps(value) }
            fn load(from: *const f32) -> Self::F { _mm512_loadu_ps(from) }
            fn store(to: *mut f32, value: Self::F) -> () { _mm512_storeu_ps(to, value) }
            fn add(a: Self::F, b: Self::F) -> Self::F { _mm512_add_ps(a, b) }
            fn sub(a: Self::F, b: Self::F) -> Self::F { _mm512_sub_ps(a, b) }
            fn mul(a: Self::F, b: Self::F) -> Self::F { _mm512_mul_ps(a, b) }
            #[cfg(antiphon_free_order)]
            fn mul_add(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
                std::arch::x86_64::_mm512_fmadd_ps(a, b, c)
            }
            fn load_f16(from: *const u16) -> Self::F {
                _mm512_cvtph_ps(_mm256_loadu_si256(from.cast()))
            }
            fn load_bf16(from: *const u16) -> Self::F {
                let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
                _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
            }
            fn to_f32(value: Self::I) -> Self::F { _mm512_cvtepi32_ps(value) }

            fn no_sum() -> Self::I { _mm512_setzero_si512() }
            fn load_raw(from: *const u8) -> Self::Raw { _mm512_loadu_si512(from.cast()) }
            fn mask(value: Self::Raw, mask: u8) -> Self::Raw {
                _mm512_and_si512(value, _mm512_set1_epi8(mask.cast_signed()))
            }
            fn or(a: Self::Raw, b: Self::Raw) -> Self::Raw { _mm512_or_si512(a, b) }
            fn up4(value: Self::Raw) -> Self::Raw { _mm512_slli_epi16::<4>(value) }
            fn down4(value: Self::Raw) -> Self::Raw { _mm512_srli_epi16::<4>(value) }
            fn down2(value: Self::Raw) -> Self::Raw { _mm512_srli_epi16::<2>(value) }
            fn down1(value: Self::Raw) -> Self::Raw { _mm512_srli_epi16::<1>(value) }

            fn weights(raw: Self::Raw) -> Self::Weights { raw }
            fn quad(from: *const i8) -> Self::Quad {
                _mm512_set1_epi32(from.cast::<i32>().read_unaligned())
            }
            fn empty() -> Self::Sum { _mm512_setzero_si512() }
            fn load_pairs(from: *const u8) -> Self::Pairs {
                _mm512_cvtepu8_epi16(_mm256_loadu_si256(from.cast()))
            }
            fn load_signed_pairs(from: *const u8) -> Self::Pairs {
                _mm512_cvtepi8_epi16(_mm256_loadu_si256(from.cast()))
            }
            fn dot_pairs(to: Self::I, pairs: Self::Pairs, sums: *const i16) -> Self::I {
                let sums = _mm512_set1_epi32(sums.cast::<i32>().read_unaligned());
                _mm512_add_epi32(to, _mm512_madd_epi16(pairs, sums))
            }
            fn minus_32(from: Self::I, value: Self::I) -> Self::I {
                _mm512_sub_epi32(from, _mm512_slli_epi32::<5>(value))
            }
        }
    };
}

/// AVX-512 without VNNI; sums of products are 16 bits wide, as with AVX2.
pub(crate) struct Avx512;

impl Lanes for Avx512 {
    const WIDE: bool = false;
    const BYTE_OFFSET: f32 = 0.0;
    /// Magnitudes, and which weights are negative.
    type Bytes = (__m512i, __mmask64);
    common! { "avx512f,avx512bw" }

    methods! {
        fn bytes(raw: Self::Raw) -> Self::Bytes { (_mm512_abs_epi8(raw), _mm512_movepi8_mask(raw)) }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            _mm512_add_epi16(sum, _mm512_maddubs_epi16(w, q))
        }
        // The sign moves from the weight to the quant; a sum of two is at most 2 * 128 * 127.
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            let signed = _mm512_mask_sub_epi8(q, w.1, _mm512_setzero_si512(), q);
            let sums = _mm512_maddubs_epi16(w.0, signed);
            _mm512_add_epi32(to, _mm512_madd_epi16(sums, _mm512_set1_epi16(1)))
        }
        fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I {
            _mm512_add_epi32(to, _mm512_madd_epi16(sum, _mm512_set1_epi16(1)))
        }
        fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
            _mm512_add_epi32(to, _mm512_madd_epi16(sum, scale))
        }
        // The scale in both halves of a lane.
        fn first(pairs: Self::Pairs) -> Self::Scale {
            _mm512_mask_blend_epi16(0xAAAA_AAAA, pairs, _mm512_slli_epi32::<16>(pairs))
        }
        fn second(pairs: Self::Pairs) -> Self::Scale {
            _mm512_mask_blend_epi16(0x5555_5555, pairs, _mm512_srli_epi32::<16>(pairs))
        }
    }
}

/// AVX-512 with VNNI: `dpbusd` adds four products of an unsigned weight and a signed quant to 32
/// bits, so signed bytes are made unsigned by adding 128.
pub(crate) struct Vnni;

impl Lanes for Vnni {
    const WIDE: bool = true;
    const BYTE_OFFSET: f32 = 128.0;
    type Bytes = __m512i;
    common! { "avx512f,avx512bw,avx512vnni" }

    methods! {
        fn bytes(raw: Self::Raw) -> Self::Bytes {
            _mm512_xor_si512(raw, _mm512_set1_epi8(-128))
        }
        fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum {
            _mm512_dpbusd_epi32(sum, w, q)
        }
        fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I {
            _mm512_dpbusd_epi32(to, w, q)
        }
        fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I { _mm512_add_epi32(to, sum) }
        fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I {
            _mm512_add_epi32(to, _mm512_mullo_epi32(sum, scale))
        }
        fn first(pairs: Self::Pairs) -> Self::Scale {
            _mm512_srai_epi32::<16>(_mm512_slli_epi32::<16>(pairs))
        }
        fn second(pairs: Self::Pairs) -> Self::Scale { _mm512_srai_epi32::<16>(pairs) }
    }
}
