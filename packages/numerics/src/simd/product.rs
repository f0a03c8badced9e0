//! The matrix product over any [`Lanes`]; its twin is [`crate::dot`]. Lanes are output rows.

mod k;
mod plain;
mod small;
mod units;

use super::lanes::Lanes;
use crate::free::FREE;
use crate::interleaved::{GROUP, Halves, Interleaved, Line, headers, lines};
use crate::quantise::Activations;
use crate::{TensorType, format};
use std::ops::Range;

/// Values of a segment; of any number if the order is free.
const SEGMENT: usize = if FREE {
    usize::MAX / 2
} else {
    format::SEGMENT
};

/// Most vectors that share one pass over a group's weights.
const TILE: usize = 8;

/// The values of a group for each vector of a tile.
type Tile = [[f32; GROUP]; TILE];

/// One group's weights, the activations, and where the results go.
#[derive(Clone, Copy)]
struct Input<'a> {
    lines: &'a [Line],
    headers: &'a [Halves],
    x: &'a Activations,
    /// First vector of the tile.
    at: usize,
    blocks: usize,
}

/// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments. `R`
/// registers of rows and at most `M` vectors, 4 or 8, are worked on together.
///
/// # Safety
/// The processor has the instruction set of `L`.
pub(crate) unsafe fn product<L: Lanes, const R: usize, const M: usize>(
    w: &Interleaved,
    rows: Range<usize>,
    x: &Activations,
    out: &mut [f32],
    stride: usize,
) {
    check(w, x);
    let (blocks, vectors) = (w.blocks, x.vectors());
    let (all_lines, all_headers) = w.groups(rows.start / GROUP..rows.end.div_ceil(GROUP));
    let mut values = [[0.0; GROUP]; TILE];
    for g in 0..rows.len().div_ceil(GROUP) {
        let span = |unit: usize| g * blocks * unit..(g + 1) * blocks * unit;
        let from = g * GROUP;
        let len = GROUP.min(rows.len() - from);
        let mut at = 0;
        while at < vectors {
            let tile = tile::<M>(vectors - at);
            let input = Input {
                lines: &all_lines[span(lines(w.ty))],
                headers: &all_headers[span(headers(w.ty))],
                x,
                at,
                blocks,
            };
            // SAFETY: the instruction set is there; the slices hold `blocks` blocks of this
            // format; `check` found the activations of all vectors, and `at + tile` is within.
            unsafe { group::<L, R, M>(w.ty, tile, &input, &mut values) };
            for (p, values) in values.iter().enumerate().take(tile) {
                put(values, len, &mut out[(at + p) * stride + from..]);
            }
            at += tile;
        }
    }
}

/// Stores the rows of a group that there are; a whole group without a call.
fn put(values: &[f32; GROUP], rows: usize, out: &mut [f32]) {
    match out.first_chunk_mut() {
        Some(out) if rows == GROUP => *out = *values,
        _ => out[..rows].copy_from_slice(&values[..rows]),
    }
}

/// Vectors of the next tile.
fn tile<const M: usize>(left: usize) -> usize {
    match left {
        left if left >= M => M,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

/// All that the code below relies on.
fn check(w: &Interleaved, x: &Activations) {
    let (block, vectors) = (w.ty.block_len(), x.vectors());
    let (values, blocks) = (vectors * x.len(), vectors * w.blocks);
    assert_eq!(x.len(), w.blocks * block, "length of the input");
    let there = match block {
        1 => x.plain.len() >= values,
        32 => x.a32.q.len() >= values && x.a32.scale.len() >= blocks && x.a32.sum.len() >= blocks,
        _ => x.a256.q.len() >= values && x.a256.scale.len() >= blocks && x.a256.sum.len() >= blocks,
    };
    assert!(there, "activations in blocks of {block}");
}

/// A group of rows times a tile of vectors.
///
/// # Safety
/// The processor has the instruction set of `L`; `input` holds `blocks` blocks of the format and
/// vectors `at..at + tile`.
unsafe fn group<L: Lanes, const R: usize, const M: usize>(
    ty: TensorType,
    tile: usize,
    input: &Input<'_>,
    out: &mut Tile,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match tile {
            1 => tiled::<L, R, 1>(ty, input, out),
            2 => tiled::<L, R, 2>(ty, input, out),
            4 => tiled::<L, R, 4>(ty, input, out),
            _ => tiled::<L, R, M>(ty, input, out),
        }
    }
}

/// # Safety
/// As [`group`] with `P` vectors.
unsafe fn tiled<L: Lanes, const R: usize, const P: usize>(
    ty: TensorType,
    input: &Input<'_>,
    out: &mut Tile,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match ty {
            TensorType::F32 => L::run(plain::Group::<L, plain::F32, R, P>::new(input, out)),
            TensorType::F16 => L::run(plain::Group::<L, plain::F16, R, P>::new(input, out)),
            TensorType::BF16 => L::run(plain::Group::<L, plain::Bf16, R, P>::new(input, out)),
            TensorType::Q4_0 => L::run(small::Group::<L, small::Q4_0, R, P>::new(input, out)),
            TensorType::Q4_1 => L::run(small::Group::<L, small::Q4_1, R, P>::new(input, out)),
            TensorType::Q5_0 => L::run(small::Group::<L, small::Q5_0, R, P>::new(input, out)),
            TensorType::Q5_1 => L::run(small::Group::<L, small::Q5_1, R, P>::new(input, out)),
            TensorType::Q8_0 => L::run(small::Group::<L, small::Q8_0, R, P>::new(input, out)),
            TensorType::Q4K => L::run(k::Group::<L, k::Q4K, R, P>::new(input, out)),
            TensorType::Q5K => L::run(k::Group::<L, k::Q5K, R, P>::new(input, out)),
            TensorType::Q6K => L::run(k::Group::<L, k::Q6K, R, P>::new(input, out)),
        }
    }
}

/// Declares the task of a format's group: `passes` of `R` registers over 16 rows.
macro_rules! group_task {
    ($format:ident) => {
        /// A group of rows times `P` vectors.
        pub(super) struct Group<'a, L, F, const R: usize, const P: usize> {
            input: &'a Input<'a>,
            out: &'a mut Tile,
            kind: std::marker::PhantomData<(L, F)>,
        }

        impl<'a, L, F, const R: usize, const P: usize> Group<'a, L, F, R, P> {
            pub(super) fn new(input: &'a Input<'a>, out: &'a mut Tile) -> Self {
                Self {
                    input,
                    out,
                    kind: std::marker::PhantomData,
                }
            }
        }

        impl<L: Lanes, F: $format, const R: usize, const P: usize> Task for Group<'_, L, F, R, P> {
            #[inline(always)]
            unsafe fn run(self) {
                let mut row = 0;
                while row < crate::interleaved::GROUP {
                    // SAFETY: the maker's promise; a pass ends at row 16 or before.
                    unsafe {
                        let totals = rows::<L, F, R, P>(self.input, row);
                        for p in 0..P {
                            for r in 0..R {
                                let to = self.out[p][row + r * L::WIDTH..].as_mut_ptr();
                                L::store(to, totals[p][r]);
                            }
                        }
                    }
                    row += R * L::WIDTH;
                }
            }
        }
    };
}
use group_task;

/// Adds `b` to `a`, register by register.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn add_all<L: Lanes, const R: usize, const P: usize>(
    a: &mut [[L::F; R]; P],
    b: &[[L::F; R]; P],
) {
    for p in 0..P {
        for r in 0..R {
            // SAFETY: the caller's promise.
            a[p][r] = unsafe { L::add(a[p][r], b[p][r]) };
        }
    }
}
