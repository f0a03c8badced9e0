//! Formats with blocks of 32 columns.

use super::units::{Bits, Five, Four, add_unit};
use super::{Input, SEGMENT, Tile, add_all, group_task};
use crate::interleaved::{Halves, Line};
use crate::simd::lanes::{Lanes, Task};
use std::array::from_fn;
use std::mem::size_of;

/// Blocks of 32 values in a segment.
const SEGMENT_BLOCKS: usize = SEGMENT / 32;

/// How one format multiplies a block.
pub(super) trait Format {
    const LINES: usize;
    /// True if the header has a minimum after the scale.
    const MINIMUM: bool = false;

    /// What the unsigned weights of the lines are larger by than the format's.
    fn bias<L: Lanes>() -> f32 {
        0.0
    }

    /// Exact integer sums of a block for each vector.
    ///
    /// # Safety
    /// As [`add_unit`].
    unsafe fn add<L: Lanes, const R: usize, const P: usize>(
        lines: *const u8,
        q: [*const i8; P],
        to: &mut [[L::I; R]; P],
    );
}

macro_rules! unit_format {
    ($name:ident, $bits:ty, bias $bias:literal, minimum $minimum:literal) => {
        pub(super) struct $name;

        impl Format for $name {
            const LINES: usize = <$bits>::UNIT.lines();
            const MINIMUM: bool = $minimum;

            fn bias<L: Lanes>() -> f32 {
                $bias
            }

            #[inline(always)]
            unsafe fn add<L: Lanes, const R: usize, const P: usize>(
                lines: *const u8,
                q: [*const i8; P],
                to: &mut [[L::I; R]; P],
            ) {
                // SAFETY: the caller's promise is the same.
                unsafe { add_unit::<L, $bits, R, P>(lines, q, None, to) }
            }
        }
    };
}

unit_format!(Q4_0, Four, bias 8.0, minimum false);
unit_format!(Q4_1, Four, bias 0.0, minimum true);
unit_format!(Q5_0, Five, bias 16.0, minimum false);
unit_format!(Q5_1, Five, bias 0.0, minimum true);

pub(super) struct Q8_0;

impl Format for Q8_0 {
    const LINES: usize = 8;

    fn bias<L: Lanes>() -> f32 {
        L::BYTE_OFFSET
    }

    #[inline(always)]
    unsafe fn add<L: Lanes, const R: usize, const P: usize>(
        lines: *const u8,
        q: [*const i8; P],
        to: &mut [[L::I; R]; P],
    ) {
        // SAFETY: eight lines, 32 quants: the caller's promise.
        unsafe {
            for g in 0..Self::LINES {
                let mut w = [L::bytes(L::load_raw(lines)); R];
                for r in 0..R {
                    w[r] = L::bytes(L::load_raw(lines.add(64 * g + 4 * r * L::WIDTH)));
                }
                for p in 0..P {
                    let quad = L::quad(q[p].add(4 * g));
                    for r in 0..R {
                        to[p][r] = L::dot_bytes(to[p][r], w[r], quad);
                    }
                }
            }
        }
    }
}

group_task!(Format);

/// `R` registers of rows from `row` on.
///
/// # Safety
/// As [`Lanes`]; `input` holds `blocks` blocks of the format and vectors `at..at + P`.
#[inline(always)]
unsafe fn rows<L: Lanes, F: Format, const R: usize, const P: usize>(
    input: &Input<'_>,
    row: usize,
) -> [[L::F; R]; P] {
    let Input {
        lines,
        headers,
        x,
        at,
        blocks,
    } = *input;
    let first = at * blocks;
    // SAFETY: pointers begin within the slices and move on by one block in each round, so they end
    // at most one past the last: the caller's promise. They stay on the lanes of `row`.
    unsafe {
        let mut line = lines.as_ptr().cast::<u8>().add(4 * row);
        let mut header = headers.as_ptr().cast::<u16>().add(row);
        let mut q: [*const i8; P] = from_fn(|p| x.a32.q.as_ptr().add((first + p * blocks) * 32));
        let mut sum: [*const f32; P] = from_fn(|p| x.a32.sum.as_ptr().add(first + p * blocks));
        let mut scale: [*const f32; P] = from_fn(|p| x.a32.scale.as_ptr().add(first + p * blocks));
        let mut totals = [[L::zero(); R]; P];
        let mut left = blocks;
        while left > 0 {
            let mut segment = [[L::zero(); R]; P];
            let now = left.min(SEGMENT_BLOCKS);
            for _ in 0..now {
                let mut isums = [[L::no_sum(); R]; P];
                F::add::<L, R, P>(line, q, &mut isums);
                let factors = Factors { sum, scale };
                add_terms::<L, F, R, P>(&isums, header, &factors, &mut segment);
                line = line.wrapping_add(F::LINES * size_of::<Line>());
                header =
                    header.wrapping_add((1 + usize::from(F::MINIMUM)) * size_of::<Halves>() / 2);
                for p in 0..P {
                    q[p] = q[p].add(32);
                    sum[p] = sum[p].add(1);
                    scale[p] = scale[p].add(1);
                }
            }
            add_all::<L, R, P>(&mut totals, &segment);
            left -= now;
        }
        totals
    }
}

/// What the block of each vector contributes apart from its quants.
struct Factors<const P: usize> {
    sum: [*const f32; P],
    scale: [*const f32; P],
}

/// Adds the terms of a block to the segment (CN-1 section 4).
///
/// A biased sum is below 2^24, and so are the bias times the sum of quants and their difference: the
/// f32 subtraction gives the exact integer.
///
/// # Safety
/// As [`Lanes`]; `header` points to the block's header at the lanes of the rows.
#[inline(always)]
unsafe fn add_terms<L: Lanes, F: Format, const R: usize, const P: usize>(
    isums: &[[L::I; R]; P],
    header: *const u16,
    factors: &Factors<P>,
    segment: &mut [[L::F; R]; P],
) {
    let bias = F::bias::<L>();
    // SAFETY: the caller's promise.
    unsafe {
        for r in 0..R {
            let d = L::load_f16(header.add(r * L::WIDTH));
            let m = match F::MINIMUM {
                true => L::load_f16(header.add(size_of::<Halves>() / 2 + r * L::WIDTH)),
                false => d,
            };
            for p in 0..P {
                let (sum, scale) = (*factors.sum[p], L::splat(*factors.scale[p]));
                let mut exact = L::to_f32(isums[p][r]);
                if bias != 0.0 {
                    exact = L::sub(exact, L::splat(bias * sum));
                }
                let term = match F::MINIMUM {
                    true => L::mul_add(exact, d, L::mul(L::splat(sum), m)),
                    false => L::mul(exact, d),
                };
                segment[p][r] = L::mul_add(term, scale, segment[p][r]);
            }
        }
    }
}
