//! Grouped-query attention with an f32 cache (CN-1 section 5.4).
//!
//! Keys are stored in blocks of 16 positions, transposed, so that lanes are positions in the scores
//! and elements of a head in the values. Query heads that read one key head go together in tiles,
//! which only shares loads: each head has its own sums.

use crate::Kernel;
use crate::elementary::{any_not_finite, expc};
use crate::kernel::dispatch;
use crate::norm::{LANES, tree16};
use std::ops::Range;

/// Positions of a block of keys.
pub(crate) const BLOCK: usize = 16;
/// Most query heads that share one pass over keys and values.
pub(crate) const TILE: usize = 4;

/// Keys and values of one layer, or of some positions of it that follow each other.
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
    /// Factor of the scores, mostly [`crate::attention_scale`] of the head's elements.
    pub scale: f32,
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
    let pages = Pages {
        len: Span::scratch(span.last),
        cached: false,
        page: &|_| *kv,
    };
    attend_pages(kernel, &pages, kv_head, span, q, scratch, out)
}

/// Keys and values in pages of `len` positions, a multiple of [`BLOCK`].
pub(crate) struct Pages<'a> {
    pub(crate) len: usize,
    /// True if other queries read them at about the same time.
    pub(crate) cached: bool,
    /// Gives page `i`: positions `i * len` and on.
    pub(crate) page: &'a (dyn Fn(usize) -> KeysValues<'a> + 'a),
}

impl<'a> Pages<'a> {
    /// The pages of a span: where each begins, and the part of the span that is in it, counted
    /// from there.
    fn of(&self, span: Span) -> impl Iterator<Item = (usize, Span, KeysValues<'a>)> {
        (span.first / self.len..=span.last / self.len).map(move |i| {
            let start = i * self.len;
            let part = Span {
                first: span.first.saturating_sub(start),
                last: (span.last - start).min(self.len - 1),
            };
            (start, part, (self.page)(i))
        })
    }
}

/// As [`attend`], on pages: scores do not depend on each other, and the sums of the values go on
/// from page to page in the order of positions.
pub(crate) fn attend_pages(
    kernel: Kernel,
    pages: &Pages<'_>,
    kv_head: usize,
    span: Span,
    q: &[f32],
    scratch: &mut [f32],
    out: &mut [f32],
) -> Result<(), NotFiniteScore> {
    let (_, _, KeysValues { head_dim: dim, .. }) = match pages.of(span).next() {
        Some(first) => first,
        None => return Ok(()),
    };
    let room = Span::scratch(span.last);
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
        let query = |kv, part| Query {
            kv,
            kv_head,
            span: part,
            q,
            room,
            cached: pages.cached,
        };
        for (start, part, kv) in pages.of(span) {
            let (query, scores) = (query(kv, part), &mut scratch[start..]);
            dispatch!(kernel, scores_of, scores(&query, scores));
        }
        let mut inverses = [0.0; TILE];
        for (weights, inverse) in scratch.chunks_exact_mut(room).zip(&mut inverses) {
            if any_not_finite(kernel, &weights[span.first..=span.last]) {
                return Err(NotFiniteScore);
            }
            *inverse = softmax(kernel, weights, span).inv;
        }
        out.fill(0.0);
        for (start, part, kv) in pages.of(span) {
            let query = query(kv, part);
            dispatch!(kernel, values_of, values(&query, &scratch[start..], out));
        }
        for (out, inverse) in out.chunks_exact_mut(dim).zip(inverses) {
            out.iter_mut().for_each(|out| *out *= inverse);
        }
    }
    Ok(())
}

/// Query heads of one position that read the same key head, and a page of what they read.
pub(crate) struct Query<'a> {
    pub(crate) kv: KeysValues<'a>,
    pub(crate) kv_head: usize,
    /// Positions of the page that take part.
    pub(crate) span: Span,
    /// One head after the other, at most [`TILE`].
    pub(crate) q: &'a [f32],
    /// From the scores of a position to those of the next head.
    pub(crate) room: usize,
    /// As [`Pages::cached`].
    pub(crate) cached: bool,
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

    /// Factor of the scores.
    pub(crate) fn scale(&self) -> f32 {
        self.kv.scale
    }
}

/// What kernels with vectors ask.
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_feature = "simd128"
))]
impl Query<'_> {
    /// Heads of the query.
    pub(crate) fn heads(&self) -> usize {
        self.q.len() / self.kv.head_dim
    }

    /// The same for each head alone.
    pub(crate) fn each(&self) -> impl Iterator<Item = Query<'_>> {
        let heads = self.q.chunks_exact(self.kv.head_dim);
        heads.map(|q| Query { q, ..*self })
    }

    /// Scores of the page that a kernel reads or writes: those of the last head end with its last
    /// block.
    pub(crate) fn scores_len(&self) -> usize {
        (self.heads() - 1) * self.room + Span::scratch(self.span.last)
    }
}

/// Step 2: scores of whole blocks; lanes outside the span hold values that are not used.
fn scores_of(query: &Query<'_>, scores: &mut [f32]) {
    let (dim, scale) = (query.kv.head_dim, query.scale());
    for (head, q) in query.q.chunks_exact(dim).enumerate() {
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
            let at = head * query.room + block * BLOCK;
            for (to, sum) in scores[at..at + BLOCK].iter_mut().zip(sums) {
                *to = sum * scale;
            }
        }
    }
}

/// The sums of step 5, added to those of the pages before, which are in `out`.
fn values_of(query: &Query<'_>, weights: &[f32], out: &mut [f32]) {
    let (dim, stride) = (query.kv.head_dim, query.kv.kv_heads * query.kv.head_dim);
    let Span { first, last } = query.span;
    for (head, out) in out.chunks_exact_mut(dim).enumerate() {
        for p in first..=last {
            let weight = weights[head * query.room + p];
            let from = p * stride + query.kv_head * dim;
            for (out, &v) in out.iter_mut().zip(&query.kv.values[from..from + dim]) {
                *out += weight * v;
            }
        }
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
    let (blocks, _) = weights[first_block..Span::scratch(span.last)].as_chunks_mut::<BLOCK>();
    let mut lanes = [0.0_f32; LANES];
    let (start, end) = (span.first % BLOCK, span.last % BLOCK + 1);
    match blocks {
        [] => {}
        [only] => weigh_block(only, start..end, max, &mut lanes),
        [first, inner @ .., last] => {
            weigh_block(first, start..BLOCK, max, &mut lanes);
            for block in inner {
                weigh_block(block, 0..BLOCK, max, &mut lanes);
            }
            weigh_block(last, 0..end, max, &mut lanes);
        }
    }
    let sum = tree16(lanes);
    Softmax {
        max,
        sum,
        inv: 1.0 / sum,
    }
}

/// Scores of a block become weights, +0 outside the part that is taken, and are added to the lanes.
#[inline(always)]
fn weigh_block(block: &mut [f32; BLOCK], taken: Range<usize>, max: f32, lanes: &mut [f32; LANES]) {
    for e in block.iter_mut() {
        *e = expc(*e - max);
    }
    block[..taken.start].fill(0.0);
    block[taken.end..].fill(0.0);
    for j in 0..LANES {
        lanes[j] += block[j];
    }
}

/// Running maxima: four registers of the widest hide each other's latency.
const MAXIMA: usize = 2 * LANES;

/// Greatest of finite values; the order cannot change it.
#[inline(always)]
fn greatest(x: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let mut most = [f32::NEG_INFINITY; MAXIMA];
    let (whole, rest) = x.as_chunks::<MAXIMA>();
    for chunk in whole {
        for j in 0..MAXIMA {
            most[j] = larger(most[j], chunk[j]);
        }
    }
    for (most, &value) in most.iter_mut().zip(rest) {
        *most = larger(*most, value);
    }
    let mut width = MAXIMA / 2;
    while width > 0 {
        for j in 0..width {
            most[j] = larger(most[j], most[j + width]);
        }
        width /= 2;
    }
    most[0]
}

/// Stores the keys of one position, all heads, into the transposed blocks.
pub fn store_keys(keys: &mut [f32], position: usize, k: &[f32]) {
    let from = position / BLOCK * k.len() * BLOCK + position % BLOCK;
    for (to, &value) in keys[from..].iter_mut().step_by(BLOCK).zip(k) {
        *to = value;
    }
}

#[cfg(test)]
mod tests;
