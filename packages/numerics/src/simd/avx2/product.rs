//! The matrix product with AVX2 and F16C; its twin is [`crate::dot`]. Lanes are output rows.

use crate::interleaved::{GROUP, Halves, Interleaved, Kind, Line};
use crate::quantise::Activations;
use std::arch::x86_64::{
    __m128i, __m256, __m256i, _mm_loadu_si128, _mm256_abs_epi8, _mm256_add_epi16, _mm256_add_epi32,
    _mm256_add_ps, _mm256_and_si256, _mm256_cvtepi32_ps, _mm256_cvtph_ps, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256, _mm256_sign_epi8,
    _mm256_srli_epi16, _mm256_storeu_ps, _mm256_sub_ps,
};
use std::array::from_fn;
use std::ops::Range;

/// Blocks of 32 values in a segment.
const SEGMENT_BLOCKS: usize = 8;
/// Most vectors that share one pass over a group's weights.
const TILE: usize = 4;

/// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments.
pub(crate) fn product(
    w: &Interleaved,
    rows: Range<usize>,
    x: &Activations,
    out: &mut [f32],
    stride: usize,
) {
    super::assert_available();
    assert_eq!(x.len(), w.blocks * 32, "length of the input");
    let (blocks, vectors) = (w.blocks, x.vectors());
    assert!(
        x.a32.q.len() >= vectors * blocks * 32,
        "activations in blocks of 32"
    );
    assert!(x.a32.scale.len() >= vectors * blocks && x.a32.sum.len() >= vectors * blocks);
    let (lines, headers) = w.groups(rows.start / GROUP..rows.end.div_ceil(GROUP));
    let groups = lines.chunks_exact(blocks * w.kind.lines());
    let groups = groups.zip(headers.chunks_exact(blocks * w.kind.headers()));
    for (g, (lines, headers)) in groups.enumerate() {
        let from = g * GROUP;
        let len = GROUP.min(rows.len() - from);
        let mut at = 0;
        while at < vectors {
            let tile = if vectors - at >= TILE { TILE } else { 1 };
            let input = Input {
                lines,
                headers,
                x,
                at,
                blocks,
            };
            let mut values = [[0.0; GROUP]; TILE];
            // SAFETY: AVX2 and F16C were checked; `lines` and `headers` hold `blocks` blocks of
            // this kind; vectors `at..at + tile` are within the activations, checked above.
            unsafe {
                match (w.kind, tile) {
                    (Kind::Q4_0, TILE) => group::<Q4_0, TILE>(&input, &mut values),
                    (Kind::Q4_0, _) => group::<Q4_0, 1>(&input, &mut values),
                    (Kind::Q4_1, TILE) => group::<Q4_1, TILE>(&input, &mut values),
                    (Kind::Q4_1, _) => group::<Q4_1, 1>(&input, &mut values),
                    (Kind::Q8_0, TILE) => group::<Q8_0, TILE>(&input, &mut values),
                    (Kind::Q8_0, _) => group::<Q8_0, 1>(&input, &mut values),
                }
            }
            for (p, values) in values.iter().enumerate().take(tile) {
                let to = (at + p) * stride + from;
                out[to..to + len].copy_from_slice(&values[..len]);
            }
            at += tile;
        }
    }
}

/// One group's weights and the activations.
struct Input<'a> {
    lines: &'a [Line],
    headers: &'a [Halves],
    x: &'a Activations,
    /// First vector of the tile.
    at: usize,
    blocks: usize,
}

/// Two halves of a group: rows 0..8 and 8..16.
type Pair<T> = [T; 2];

/// How one format multiplies a block.
trait Format {
    const LINES: usize;
    const HEADERS: usize;

    /// Exact integer sums of a block for each vector.
    ///
    /// # Safety
    /// The processor has AVX2; `lines` points to `LINES` lines, each `q` to 32 bytes.
    unsafe fn isum<const P: usize>(lines: *const Line, q: [*const i8; P]) -> [Pair<__m256i>; P];

    /// The term of a block before the activation's scale.
    ///
    /// # Safety
    /// The processor has AVX2 and F16C; `header` points to `HEADERS` entries.
    unsafe fn scale(isum: __m256, sum: __m256, header: Pair<__m256>) -> __m256;
}

struct Q4_0;
struct Q4_1;
struct Q8_0;

impl Format for Q4_0 {
    const LINES: usize = 4;
    const HEADERS: usize = 1;

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn isum<const P: usize>(lines: *const Line, q: [*const i8; P]) -> [Pair<__m256i>; P] {
        // SAFETY: the caller's promise is the same.
        unsafe { nibble_sums(lines, q) }
    }

    /// Nibbles are biased by 8: all integers involved are far below 2^24, so the difference is
    /// the exact integer sum.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn scale(isum: __m256, sum: __m256, header: Pair<__m256>) -> __m256 {
        let exact = _mm256_sub_ps(isum, _mm256_mul_ps(_mm256_set1_ps(8.0), sum));
        _mm256_mul_ps(exact, header[0])
    }
}

impl Format for Q4_1 {
    const LINES: usize = 4;
    const HEADERS: usize = 2;

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn isum<const P: usize>(lines: *const Line, q: [*const i8; P]) -> [Pair<__m256i>; P] {
        // SAFETY: the caller's promise is the same.
        unsafe { nibble_sums(lines, q) }
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn scale(isum: __m256, sum: __m256, header: Pair<__m256>) -> __m256 {
        _mm256_add_ps(
            _mm256_mul_ps(isum, header[0]),
            _mm256_mul_ps(sum, header[1]),
        )
    }
}

impl Format for Q8_0 {
    const LINES: usize = 8;
    const HEADERS: usize = 1;

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn isum<const P: usize>(lines: *const Line, q: [*const i8; P]) -> [Pair<__m256i>; P] {
        // SAFETY: the caller's promise is the same.
        unsafe { byte_sums(lines, q) }
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn scale(isum: __m256, _: __m256, header: Pair<__m256>) -> __m256 {
        _mm256_mul_ps(isum, header[0])
    }
}

/// Four quants of a vector in every lane.
///
/// # Safety
/// `q + at` points to 4 readable bytes.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn four(q: *const i8, at: usize) -> __m256i {
    // SAFETY: the caller's promise.
    _mm256_set1_epi32(unsafe { q.add(at).cast::<i32>().read_unaligned() })
}

/// Half a line.
///
/// # Safety
/// `line` points to a line; `half` is 0 or 1.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn half_line(line: *const Line, half: usize) -> __m256i {
    // SAFETY: a line is 64 bytes.
    unsafe { _mm256_loadu_si256(line.cast::<__m256i>().add(half)) }
}

/// Sums of unsigned nibbles times quants. Eight pair sums of at most 2 * 15 * 127 stay below
/// 2^15, so one widening at the end is enough.
///
/// # Safety
/// As [`Format::isum`] with four lines.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn nibble_sums<const P: usize>(lines: *const Line, q: [*const i8; P]) -> [Pair<__m256i>; P] {
    let mask = _mm256_set1_epi8(15);
    let mut sums = [[_mm256_setzero_si256(); 2]; P];
    for g in 0..4 {
        // SAFETY: four lines, 32 quants: the caller's promise.
        let (w0, w1) = unsafe { (half_line(lines.add(g), 0), half_line(lines.add(g), 1)) };
        let low = [_mm256_and_si256(w0, mask), _mm256_and_si256(w1, mask)];
        let high = [
            _mm256_and_si256(_mm256_srli_epi16::<4>(w0), mask),
            _mm256_and_si256(_mm256_srli_epi16::<4>(w1), mask),
        ];
        for p in 0..P {
            // SAFETY: as above.
            let (ql, qh) = unsafe { (four(q[p], 4 * g), four(q[p], 16 + 4 * g)) };
            for h in 0..2 {
                let sum = _mm256_add_epi16(sums[p][h], _mm256_maddubs_epi16(low[h], ql));
                sums[p][h] = _mm256_add_epi16(sum, _mm256_maddubs_epi16(high[h], qh));
            }
        }
    }
    let ones = _mm256_set1_epi16(1);
    sums.map(|pair| pair.map(|sum| _mm256_madd_epi16(sum, ones)))
}

/// Sums of signed bytes times quants. The sign moves from the weight to the quant; a pair sum is
/// at most 2 * 128 * 127 and does not saturate.
///
/// # Safety
/// As [`Format::isum`] with eight lines.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn byte_sums<const P: usize>(lines: *const Line, q: [*const i8; P]) -> [Pair<__m256i>; P] {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_si256(); 2]; P];
    for g in 0..8 {
        // SAFETY: eight lines, 32 quants: the caller's promise.
        let w = unsafe { [half_line(lines.add(g), 0), half_line(lines.add(g), 1)] };
        let magnitude = w.map(|w| _mm256_abs_epi8(w));
        for p in 0..P {
            // SAFETY: as above.
            let quants = unsafe { four(q[p], 4 * g) };
            for h in 0..2 {
                let pairs = _mm256_maddubs_epi16(magnitude[h], _mm256_sign_epi8(quants, w[h]));
                sums[p][h] = _mm256_add_epi32(sums[p][h], _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    sums
}

/// Scales of 8 rows, widened; exact for subnormals too.
///
/// # Safety
/// The processor has F16C; `halves` points to an entry; `half` is 0 or 1.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn widen(halves: *const Halves, half: usize) -> __m256 {
    // SAFETY: an entry is 32 bytes.
    _mm256_cvtph_ps(unsafe { _mm_loadu_si128(halves.cast::<__m128i>().add(half)) })
}

/// A group of rows times `P` vectors.
///
/// # Safety
/// The processor has AVX2 and F16C; `input` holds `blocks` blocks of the format and vectors
/// `at..at + P` of `blocks * 32` quants; `P <= TILE`.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn group<F: Format, const P: usize>(input: &Input<'_>, out: &mut [[f32; GROUP]; TILE]) {
    let Input {
        lines,
        headers,
        x,
        at,
        blocks,
    } = *input;
    let zero = [[_mm256_setzero_ps(); 2]; P];
    let mut totals = zero;
    // SAFETY: `blocks` blocks of weights and of each vector `at..at + P`: the caller's promise.
    // Pointers move on by one block in each round and end at most one past the last.
    unsafe {
        let (mut line, mut header) = (lines.as_ptr(), headers.as_ptr());
        let first = at * blocks;
        let mut q: [*const i8; P] = from_fn(|p| x.a32.q.as_ptr().add((first + p * blocks) * 32));
        let mut sum: [*const f32; P] = from_fn(|p| x.a32.sum.as_ptr().add(first + p * blocks));
        let mut scale: [*const f32; P] = from_fn(|p| x.a32.scale.as_ptr().add(first + p * blocks));
        let mut left = blocks;
        while left > 0 {
            let mut segment = zero;
            let now = left.min(SEGMENT_BLOCKS);
            for _ in 0..now {
                let isums = F::isum::<P>(line, q);
                for h in 0..2 {
                    let scales = [widen(header, h), widen(header.add(F::HEADERS - 1), h)];
                    for p in 0..P {
                        let (s, da) = (_mm256_set1_ps(*sum[p]), _mm256_set1_ps(*scale[p]));
                        let term = F::scale(_mm256_cvtepi32_ps(isums[p][h]), s, scales);
                        segment[p][h] = _mm256_add_ps(segment[p][h], _mm256_mul_ps(term, da));
                    }
                }
                (line, header) = (line.add(F::LINES), header.add(F::HEADERS));
                q = q.map(|q| q.add(32));
                sum = sum.map(|sum| sum.add(1));
                scale = scale.map(|scale| scale.add(1));
            }
            for (totals, segment) in totals
                .as_flattened_mut()
                .iter_mut()
                .zip(segment.as_flattened())
            {
                *totals = _mm256_add_ps(*totals, *segment);
            }
            left -= now;
        }
    }
    for (out, totals) in out.iter_mut().zip(totals) {
        for (out, total) in out.as_chunks_mut::<8>().0.iter_mut().zip(totals) {
            // SAFETY: eight values.
            unsafe { _mm256_storeu_ps(out.as_mut_ptr(), total) };
        }
    }
}
