//! Grouped-query attention with an f32 cache (CN-1 section 5.4).
//!
//! Keys are stored in blocks of 16 positions, transposed, so that lanes are positions in the scores
//! and elements of a head in the values. Query heads that read one key head go together in tiles,
//! which only shares loads: each head has its own sums.

use crate::Kernel;
use crate::elementary::{any_not_finite, expc};
use crate::kernel::dispatch;
use crate::norm::{LANES, tree16};

/// Positions of a block of keys.
pub(crate) const BLOCK: usize = 16;
/// Most query heads that share one pass over keys and values.
pub(crate) const TILE: usize = 4;

/// Keys and values of one layer.
#[derive(Clone, Copy, Debug)]
pub struct KeysValues<'a> {
    /// `[position / 16][kv head][element][position % 16]`.
    pub keys: &'a [f32],
    /// `[position][kv head][element]`.
    pub values: &'a [f32],
    /// Key heads.
    pub kv_heads: usize,
    /// Elements of a head.
    pub head_dim: usize,
}

/// Positions that take part, both included; the query is at the last.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// First position, 0 without a window.
    pub first: usize,
    /// Position of the query.
    pub last: usize,
}

impl Span {
    /// Values of scratch that one query head needs.
    #[must_use]
    pub const fn scratch(last: usize) -> usize {
        (last / BLOCK + 1) * BLOCK
    }
}

/// A score is NaN or infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFiniteScore;

/// The steps of a softmax that the test vectors show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softmax {
    /// Greatest score.
    pub max: f32,
    /// Sum of the weights.
    pub sum: f32,
    /// 1 / sum.
    pub inv: f32,
}

/// Attention of query heads `q` (one after the other) on key head `kv_head` into `out`.
///
/// `scratch` holds [`Span::scratch`] values for each head of `q`; afterwards the weights are
/// there, at their absolute positions.
///
/// # Errors
/// [`NotFiniteScore`], which is a job error.
///
/// # Panics
/// If a slice is too short for the shapes.
pub fn attend(
    kernel: Kernel,
    kv: &KeysValues<'_>,
    kv_head: usize,
    span: Span,
    q: &[f32],
    scratch: &mut [f32],
    out: &mut [f32],
) -> Result<(), NotFiniteScore> {
    let (dim, room) = (kv.head_dim, Span::scratch(span.last));
    assert!(
        out.len() == q.len() && q.len().is_multiple_of(dim),
        "whole heads in and out"
    );
    assert!(
        scratch.len() >= q.len() / dim * room,
        "scratch for each head"
    );
    let tiles = q.chunks(TILE * dim).zip(out.chunks_mut(TILE * dim));
    for ((q, out), scratch) in tiles.zip(scratch.chunks_mut(TILE * room)) {
        let query = Query {
            kv,
            kv_head,
            span,
            q,
        };
        dispatch!(kernel, scores, scores(&query, scratch));
        for (weights, out) in scratch
            .chunks_exact_mut(room)
            .zip(out.chunks_exact_mut(dim))
        {
            if any_not_finite(kernel, &weights[span.first..=span.last]) {
                return Err(NotFiniteScore);
            }
            // The sums of step 5 are multiplied by this at their end.
            out[0] = softmax(kernel, weights, span).inv;
        }
        dispatch!(kernel, values, values(&query, scratch, out));
    }
    Ok(())
}

/// Query heads of one position that read the same key head.
pub(crate) struct Query<'a> {
    pub(crate) kv: &'a KeysValues<'a>,
    pub(crate) kv_head: usize,
    pub(crate) span: Span,
    /// One head after the other, at most [`TILE`].
    pub(crate) q: &'a [f32],
}

impl Query<'_> {
    /// Where the keys of a block of positions begin.
    pub(crate) fn keys_at(&self, block: usize) -> usize {
        (block * self.kv.kv_heads + self.kv_head) * self.kv.head_dim * BLOCK
    }

    /// Blocks of positions that take part.
    pub(crate) fn blocks(&self) -> std::ops::Range<usize> {
        self.span.first / BLOCK..self.span.last / BLOCK + 1
    }

    /// `1 / sqrt(head_dim)`.
    pub(crate) fn scale(&self) -> f32 {
        1.0 / (self.kv.head_dim as f32).sqrt()
    }
}

/// Step 2: scores of whole blocks; lanes outside the span hold values that are not used.
fn scores(query: &Query<'_>, scores: &mut [f32]) {
    let (dim, room) = (query.kv.head_dim, Span::scratch(query.span.last));
    let scale = query.scale();
    for (q, scores) in query.q.chunks_exact(dim).zip(scores.chunks_exact_mut(room)) {
        for block in query.blocks() {
            let from = query.keys_at(block);
            let keys = query.kv.keys[from..from + dim * BLOCK]
                .as_chunks::<BLOCK>()
                .0;
            let mut sums = [0.0_f32; BLOCK];
            for (k, &q) in keys.iter().zip(q) {
                for (sum, &k) in sums.iter_mut().zip(k) {
                    *sum += q * k;
                }
            }
            let to = &mut scores[block * BLOCK..(block + 1) * BLOCK];
            for (to, sum) in to.iter_mut().zip(sums) {
                *to = sum * scale;
            }
        }
    }
}

/// Step 5; the first element of each head of `out` holds the inverse sum of its weights.
fn values(query: &Query<'_>, weights: &[f32], out: &mut [f32]) {
    let (dim, stride) = (query.kv.head_dim, query.kv.kv_heads * query.kv.head_dim);
    let Span { first, last } = query.span;
    let heads = weights
        .chunks_exact(Span::scratch(last))
        .zip(out.chunks_exact_mut(dim));
    for (weights, out) in heads {
        let inv = out[0];
        out.fill(0.0);
        for (p, &weight) in weights.iter().enumerate().take(last + 1).skip(first) {
            let from = p * stride + query.kv_head * dim;
            for (out, &v) in out.iter_mut().zip(&query.kv.values[from..from + dim]) {
                *out += weight * v;
            }
        }
        out.iter_mut().for_each(|out| *out *= inv);
    }
}

/// Steps 3 and 4 on scores at their absolute positions, [`Span::scratch`] of them, which become
/// weights.
pub fn softmax(kernel: Kernel, scores: &mut [f32], span: Span) -> Softmax {
    dispatch!(kernel, weigh, weigh(scores, span))
}

/// Steps 3 and 4 in place: scores become weights, +0 outside the span.
#[inline(always)]
pub(crate) fn weigh(weights: &mut [f32], span: Span) -> Softmax {
    let first_block = span.first / BLOCK * BLOCK;
    let max = greatest(&weights[span.first..=span.last]);
    let (blocks, _) = weights[first_block..].as_chunks_mut::<BLOCK>();
    for block in blocks.iter_mut() {
        for e in block.iter_mut() {
            *e = expc(*e - max);
        }
    }
    weights[first_block..span.first].fill(0.0);
    weights[span.last + 1..].fill(0.0);
    let mut lanes = [0.0_f32; LANES];
    for block in weights[first_block..].as_chunks::<BLOCK>().0 {
        for j in 0..LANES {
            lanes[j] += block[j];
        }
    }
    let sum = tree16(lanes);
    Softmax {
        max,
        sum,
        inv: 1.0 / sum,
    }
}

/// Greatest of finite values; sixteen running maxima, since the order cannot change the result.
#[inline(always)]
fn greatest(x: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let mut most = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = x.as_chunks::<LANES>();
    for chunk in whole {
        for j in 0..LANES {
            most[j] = larger(most[j], chunk[j]);
        }
    }
    most.into_iter()
        .chain(rest.iter().copied())
        .fold(f32::NEG_INFINITY, larger)
}

/// Stores the keys of one position, all heads, into the transposed blocks.
pub fn store_keys(keys: &mut [f32], position: usize, k: &[f32]) {
    let from = position / BLOCK * k.len() * BLOCK + position % BLOCK;
    for (to, &value) in keys[from..].iter_mut().step_by(BLOCK).zip(k) {
        *to = value;
    }
}
