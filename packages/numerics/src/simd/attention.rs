//! Scores and values of attention over any [`Lanes`]; the twins are in [`crate::attention`]. Lanes
//! are positions in the scores and head elements in the values.

use super::lanes::{Lanes, Task};
use crate::attention::{BLOCK, Query, Span, TILE};
use crate::free::FREE;
use std::array::from_fn;
use std::ops::Range;

/// Scores of whole blocks of positions for each head of the query; `A` registers are a block.
///
/// # Safety
/// The processor has the instruction set of `L`, and `A * L::WIDTH` is 16.
pub(crate) unsafe fn scores<L: Lanes, const A: usize>(query: &Query<'_>, scores: &mut [f32]) {
    check(query, scores);
    if one_by_one::<L>(query) {
        for (one, scores) in query.each().zip(scores.chunks_mut(query.room)) {
            // SAFETY: `check` holds for this head too, and the blocks end with the last position's.
            unsafe { L::run(Scores::<L, A, 1, 4>::new(&one, one.blocks(), scores)) };
        }
        return;
    }
    let blocks = query.blocks();
    // SAFETY: `check` holds, and the blocks end with that of the last position.
    unsafe {
        match query.heads() {
            1 => L::run(Scores::<L, A, 1, 4>::new(query, blocks, scores)),
            2 => L::run(Scores::<L, A, 2, 2>::new(query, blocks, scores)),
            // A product takes a register of its own, a fused multiply-add none: sixteen registers
            // (eight lanes) hold fewer exact sums, and thirty-two have room for more.
            3 if L::WIDTH == 16 && !FREE => {
                L::run(Scores::<L, A, 3, 4>::new(query, blocks, scores))
            }
            3 if L::WIDTH == 8 && !FREE => L::run(Scores::<L, A, 3, 1>::new(query, blocks, scores)),
            3 => L::run(Scores::<L, A, 3, 2>::new(query, blocks, scores)),
            _ => L::run(Scores::<L, A, 4, 1>::new(query, blocks, scores)),
        }
    }
}

/// Weighted values of each head, added to the sums in `out`.
///
/// # Safety
/// The processor has the instruction set of `L`.
pub(crate) unsafe fn values<L: Lanes>(query: &Query<'_>, weights: &[f32], out: &mut [f32]) {
    check(query, weights);
    assert_eq!(
        out.len(),
        query.heads() * query.kv.head_dim,
        "length of the output"
    );
    if one_by_one::<L>(query) {
        let heads = weights
            .chunks(query.room)
            .zip(out.chunks_exact_mut(query.kv.head_dim));
        for (one, (weights, out)) in query.each().zip(heads) {
            // SAFETY: `check` holds for this head too, and `out` has its length.
            unsafe { L::run(Values::<L, 1, 8>::new(&one, weights, out)) };
        }
        return;
    }
    // SAFETY: `check` holds, and `out` has the right length.
    unsafe {
        match query.heads() {
            1 => L::run(Values::<L, 1, 8>::new(query, weights, out)),
            2 => L::run(Values::<L, 2, 4>::new(query, weights, out)),
            3 if L::WIDTH == 8 && !FREE => L::run(Values::<L, 3, 2>::new(query, weights, out)),
            3 => L::run(Values::<L, 3, 4>::new(query, weights, out)),
            _ => L::run(Values::<L, 4, 2>::new(query, weights, out)),
        }
    }
}

/// True if heads are computed one after the other rather than together.
///
/// Keys and values of a long sequence come from memory, and the fewer instructions there are to a line
/// of them, the more lines are under way at once. Where an operand may be in memory, one head alone
/// needs fewest: heads that share a load keep it in a register, of which sixteen are soon full. What
/// other queries read too is in a cache, and there the shared loads are worth more.
fn one_by_one<L: Lanes>(query: &Query<'_>) -> bool {
    cfg!(target_arch = "x86_64") && L::WIDTH < 16 && !query.cached
}

/// Everything that the code below relies on.
fn check(query: &Query<'_>, weights: &[f32]) {
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
    assert!(query.room >= Span::scratch(last), "room of a head");
}

/// Scores of `G` heads, in tiles of `B` blocks.
struct Scores<'a, L, const A: usize, const G: usize, const B: usize> {
    query: &'a Query<'a>,
    blocks: Range<usize>,
    scores: &'a mut [f32],
    lanes: std::marker::PhantomData<L>,
}

impl<'a, L: Lanes, const A: usize, const G: usize, const B: usize> Scores<'a, L, A, G, B> {
    fn new(query: &'a Query<'a>, blocks: Range<usize>, scores: &'a mut [f32]) -> Self {
        let lanes = std::marker::PhantomData;
        Self {
            query,
            blocks,
            scores,
            lanes,
        }
    }
}

impl<L: Lanes, const A: usize, const G: usize, const B: usize> Task for Scores<'_, L, A, G, B> {
    #[inline(always)]
    unsafe fn run(self) {
        let mut block = self.blocks.start;
        // SAFETY: the maker's promise, for blocks below the last.
        unsafe {
            while block + B <= self.blocks.end {
                score_tile::<L, A, G, B>(self.query, block, self.scores);
                block += B;
            }
            while block < self.blocks.end {
                score_tile::<L, A, G, 1>(self.query, block, self.scores);
                block += 1;
            }
        }
    }
}

/// Scores of `G` heads with `B` blocks of 16 positions.
///
/// # Safety
/// As [`Lanes`]; [`check`] holds, `G` is the number of heads, and blocks `block..block + B` are of
/// the span.
#[inline(always)]
unsafe fn score_tile<L: Lanes, const A: usize, const G: usize, const B: usize>(
    query: &Query<'_>,
    block: usize,
    scores: &mut [f32],
) {
    let dim = query.kv.head_dim;
    let room = query.room;
    // SAFETY: `check` compared all lengths with the last position, head and element.
    unsafe {
        let mut sums = [[[L::zero(); A]; B]; G];
        let keys: [*const f32; B] =
            from_fn(|b| query.kv.keys.as_ptr().add(query.keys_at(block + b)));
        let q: [*const f32; G] = from_fn(|g| query.q.as_ptr().add(g * dim));
        for d in 0..dim {
            let mut element = [L::zero(); G];
            for g in 0..G {
                element[g] = L::splat(*q[g].add(d));
            }
            for b in 0..B {
                for a in 0..A {
                    let k = L::load(keys[b].add(d * BLOCK + a * L::WIDTH));
                    for g in 0..G {
                        sums[g][b][a] = L::mul_add(element[g], k, sums[g][b][a]);
                    }
                }
            }
        }
        let scale = L::splat(query.scale());
        for g in 0..G {
            let to = scores.as_mut_ptr().add(g * room + block * BLOCK);
            for b in 0..B {
                for a in 0..A {
                    let score = L::mul(sums[g][b][a], scale);
                    L::store(to.add(b * BLOCK + a * L::WIDTH), score);
                }
            }
        }
    }
}

/// Values of `G` heads, in tiles of `W` registers of elements.
struct Values<'a, L, const G: usize, const W: usize> {
    query: &'a Query<'a>,
    weights: &'a [f32],
    out: &'a mut [f32],
    lanes: std::marker::PhantomData<L>,
}

impl<'a, L: Lanes, const G: usize, const W: usize> Values<'a, L, G, W> {
    fn new(query: &'a Query<'a>, weights: &'a [f32], out: &'a mut [f32]) -> Self {
        let lanes = std::marker::PhantomData;
        Self {
            query,
            weights,
            out,
            lanes,
        }
    }
}

impl<L: Lanes, const G: usize, const W: usize> Task for Values<'_, L, G, W> {
    #[inline(always)]
    unsafe fn run(self) {
        let Self {
            query,
            weights,
            out,
            ..
        } = self;
        let dim = query.kv.head_dim;
        let mut d = 0;
        // SAFETY: the maker's promise; elements stay below `dim`.
        unsafe {
            while d + W * L::WIDTH <= dim {
                value_tile::<L, G, W>(query, weights, d, out);
                d += W * L::WIDTH;
            }
            while d + L::WIDTH <= dim {
                value_tile::<L, G, 1>(query, weights, d, out);
                d += L::WIDTH;
            }
        }
        for d in d..dim {
            for g in 0..G {
                let before = out[g * dim + d];
                out[g * dim + d] = value(query, &weights[g * query.room..], d, before);
            }
        }
    }
}

/// One element, for the rest of a head that fills no register.
fn value(query: &Query<'_>, weights: &[f32], d: usize, before: f32) -> f32 {
    let stride = query.kv.kv_heads * query.kv.head_dim;
    let at = query.kv_head * query.kv.head_dim + d;
    let mut sum = before;
    for p in query.span.first..=query.span.last {
        sum += weights[p] * query.kv.values[p * stride + at];
    }
    sum
}

/// Elements `d..d + W * L::WIDTH` of `G` heads.
///
/// # Safety
/// As [`Lanes`]; [`check`] holds, `out` has `G` heads, and the elements are within a head.
#[inline(always)]
unsafe fn value_tile<L: Lanes, const G: usize, const W: usize>(
    query: &Query<'_>,
    weights: &[f32],
    d: usize,
    out: &mut [f32],
) {
    let dim = query.kv.head_dim;
    let (stride, room) = (query.kv.kv_heads * dim, query.room);
    // SAFETY: `check` compared all lengths with the last position, head and element.
    unsafe {
        let mut sums = [[L::zero(); W]; G];
        for g in 0..G {
            for w in 0..W {
                sums[g][w] = L::load(out.as_ptr().add(g * dim + d + w * L::WIDTH));
            }
        }
        let values = query.kv.values.as_ptr().add(query.kv_head * dim + d);
        for p in query.span.first..=query.span.last {
            let values = values.add(p * stride);
            let mut e = [L::zero(); G];
            for g in 0..G {
                e[g] = L::splat(*weights.as_ptr().add(g * room + p));
            }
            for w in 0..W {
                let v = L::load(values.add(w * L::WIDTH));
                for g in 0..G {
                    sums[g][w] = L::mul_add(e[g], v, sums[g][w]);
                }
            }
        }
        for g in 0..G {
            for w in 0..W {
                let to = out.as_mut_ptr().add(g * dim + d + w * L::WIDTH);
                L::store(to, sums[g][w]);
            }
        }
    }
}
