//! Scores and values of attention with AVX2; the twins are in [`crate::attention`]. Lanes are
//! positions in the scores and head elements in the values.

use crate::attention::{BLOCK, Query, TILE};
use std::arch::x86_64::{
    __m256, _mm256_add_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_setzero_ps,
    _mm256_storeu_ps,
};
use std::array::from_fn;

/// Lanes of a vector.
const WIDTH: usize = 8;

/// Scores of whole blocks of positions for each head of the query.
pub(crate) fn scores(query: &Query<'_>, scores: &mut [f32]) {
    check(query, scores);
    let blocks = query.blocks();
    // SAFETY: `check` holds, and the blocks end with that of the last position.
    unsafe {
        match query.heads() {
            1 => score_tiles::<1, 4>(query, blocks, scores),
            2 => score_tiles::<2, 2>(query, blocks, scores),
            3 => score_tiles::<3, 2>(query, blocks, scores),
            _ => score_tiles::<4, 1>(query, blocks, scores),
        }
    }
}

/// Weighted values of each head, added to the sums in `out`.
pub(crate) fn values(query: &Query<'_>, weights: &[f32], out: &mut [f32]) {
    check(query, weights);
    assert_eq!(
        out.len(),
        query.heads() * query.kv.head_dim,
        "length of the output"
    );
    // SAFETY: `check` holds, and `out` has the right length.
    unsafe {
        match query.heads() {
            1 => value_tiles::<1, 8>(query, weights, out),
            2 => value_tiles::<2, 4>(query, weights, out),
            3 => value_tiles::<3, 4>(query, weights, out),
            _ => value_tiles::<4, 2>(query, weights, out),
        }
    }
}

/// Everything that the code below relies on.
fn check(query: &Query<'_>, weights: &[f32]) {
    super::assert_available();
    let (kv, last) = (query.kv, query.span.last);
    let stride = kv.kv_heads * kv.head_dim;
    assert!(
        (1..=TILE).contains(&query.heads()) && query.kv_head < kv.kv_heads,
        "heads"
    );
    assert!(
        query.q.len() == query.heads() * kv.head_dim,
        "length of the queries"
    );
    assert!(
        kv.keys.len() >= (last / BLOCK + 1) * BLOCK * stride,
        "length of the keys"
    );
    assert!(
        kv.values.len() >= (last + 1) * stride,
        "length of the values"
    );
    assert!(weights.len() >= query.scores_len(), "length of the scores");
    assert!(query.span.first <= last, "span");
}

/// # Safety
/// The processor has AVX2, [`check`] holds, `G` is the number of heads, and `blocks` are blocks of
/// the span.
#[target_feature(enable = "avx2,f16c")]
unsafe fn score_tiles<const G: usize, const B: usize>(
    query: &Query<'_>,
    blocks: std::ops::Range<usize>,
    scores: &mut [f32],
) {
    let mut block = blocks.start;
    // SAFETY: as promised by the caller, for blocks below `blocks.end`.
    unsafe {
        while block + B <= blocks.end {
            score_tile::<G, B>(query, block, scores);
            block += B;
        }
        while block < blocks.end {
            score_tile::<G, 1>(query, block, scores);
            block += 1;
        }
    }
}

/// Scores of `G` heads with `B` blocks of 16 positions.
///
/// # Safety
/// As [`score_tiles`], for blocks `block..block + B`.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn score_tile<const G: usize, const B: usize>(
    query: &Query<'_>,
    block: usize,
    scores: &mut [f32],
) {
    let dim = query.kv.head_dim;
    let room = query.room;
    let mut sums = [[[_mm256_setzero_ps(); 2]; B]; G];
    // SAFETY: `check` compared all lengths with the last position, head and element.
    unsafe {
        let mut keys: [*const f32; B] =
            from_fn(|b| query.kv.keys.as_ptr().add(query.keys_at(block + b)));
        let mut q: [*const f32; G] = from_fn(|g| query.q.as_ptr().add(g * dim));
        for _ in 0..dim {
            let element: [__m256; G] = from_fn(|g| _mm256_set1_ps(*q[g]));
            for b in 0..B {
                for half in 0..2 {
                    let k = _mm256_loadu_ps(keys[b].add(half * WIDTH));
                    for g in 0..G {
                        let product = _mm256_mul_ps(element[g], k);
                        sums[g][b][half] = _mm256_add_ps(sums[g][b][half], product);
                    }
                }
            }
            keys = keys.map(|keys| keys.add(BLOCK));
            q = q.map(|q| q.add(1));
        }
        let scale = _mm256_set1_ps(query.scale());
        for (g, sums) in sums.iter().enumerate() {
            let to = scores.as_mut_ptr().add(g * room + block * BLOCK);
            for (i, &sum) in sums.as_flattened().iter().enumerate() {
                _mm256_storeu_ps(to.add(i * WIDTH), _mm256_mul_ps(sum, scale));
            }
        }
    }
}

/// # Safety
/// The processor has AVX2, [`check`] holds, `G` is the number of heads, and `out` has `G` heads.
#[target_feature(enable = "avx2,f16c")]
unsafe fn value_tiles<const G: usize, const W: usize>(
    query: &Query<'_>,
    weights: &[f32],
    out: &mut [f32],
) {
    let dim = query.kv.head_dim;
    let mut d = 0;
    // SAFETY: as promised by the caller; elements stay below `dim`.
    unsafe {
        while d + W * WIDTH <= dim {
            value_tile::<G, W>(query, weights, d, out);
            d += W * WIDTH;
        }
        while d + WIDTH <= dim {
            value_tile::<G, 1>(query, weights, d, out);
            d += WIDTH;
        }
    }
    for d in d..dim {
        for g in 0..G {
            let before = out[g * dim + d];
            out[g * dim + d] = value(query, &weights[g * query.room..], d, before);
        }
    }
}

/// One element, for the rest of a head that fills no vector.
fn value(query: &Query<'_>, weights: &[f32], d: usize, before: f32) -> f32 {
    let stride = query.kv.kv_heads * query.kv.head_dim;
    let at = query.kv_head * query.kv.head_dim + d;
    let mut sum = before;
    for p in query.span.first..=query.span.last {
        sum += weights[p] * query.kv.values[p * stride + at];
    }
    sum
}

/// Elements `d..d + 8 * W` of `G` heads.
///
/// # Safety
/// As [`value_tiles`], with `d + 8 * W` at most the head's length.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn value_tile<const G: usize, const W: usize>(
    query: &Query<'_>,
    weights: &[f32],
    d: usize,
    out: &mut [f32],
) {
    let dim = query.kv.head_dim;
    let (stride, room) = (query.kv.kv_heads * dim, query.room);
    // SAFETY: `check` compared all lengths with the last position, head and element.
    unsafe {
        let mut sums: [[__m256; W]; G] =
            from_fn(|g| from_fn(|w| _mm256_loadu_ps(out.as_ptr().add(g * dim + d + w * WIDTH))));
        let first = query.span.first;
        let from = first * stride + query.kv_head * dim + d;
        let mut values = query.kv.values.as_ptr().add(from);
        let mut weight: [*const f32; G] = from_fn(|g| weights.as_ptr().add(g * room + first));
        for _ in first..=query.span.last {
            let e: [__m256; G] = from_fn(|g| _mm256_set1_ps(*weight[g]));
            for w in 0..W {
                let v = _mm256_loadu_ps(values.add(w * WIDTH));
                for g in 0..G {
                    sums[g][w] = _mm256_add_ps(sums[g][w], _mm256_mul_ps(e[g], v));
                }
            }
            // Past the last row the pointer is not read, so it may leave the slice.
            values = values.wrapping_add(stride);
            weight = weight.map(|weight| weight.add(1));
        }
        for (g, sums) in sums.iter().enumerate() {
            for (w, &sum) in sums.iter().enumerate() {
                let to = out.as_mut_ptr().add(g * dim + d + w * WIDTH);
                _mm256_storeu_ps(to, sum);
            }
        }
    }
}
