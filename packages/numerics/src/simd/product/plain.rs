//! Formats without blocks: every column is a term.

use super::{Input, SEGMENT, Tile, add_all, group_task};
use crate::interleaved::{Halves, Line};
use crate::simd::lanes::{Lanes, Task};
use std::array::from_fn;
use std::mem::size_of;

/// How one format stores a column.
pub(super) trait Format {
    /// Bytes of a column of a group.
    const BYTES: usize;

    /// The weights of a register of rows.
    ///
    /// # Safety
    /// As [`Lanes`]; `column` points to the group's column.
    unsafe fn load<L: Lanes>(column: *const u8, row: usize) -> L::F;
}

pub(super) struct F32;
pub(super) struct F16;
pub(super) struct Bf16;

impl Format for F32 {
    const BYTES: usize = size_of::<Line>();

    #[inline(always)]
    unsafe fn load<L: Lanes>(column: *const u8, row: usize) -> L::F {
        // SAFETY: the caller's promise.
        unsafe { L::load(column.cast::<f32>().add(row)) }
    }
}

impl Format for F16 {
    const BYTES: usize = size_of::<Halves>();

    #[inline(always)]
    unsafe fn load<L: Lanes>(column: *const u8, row: usize) -> L::F {
        // SAFETY: the caller's promise.
        unsafe { L::load_f16(column.cast::<u16>().add(row)) }
    }
}

impl Format for Bf16 {
    const BYTES: usize = size_of::<Halves>();

    #[inline(always)]
    unsafe fn load<L: Lanes>(column: *const u8, row: usize) -> L::F {
        // SAFETY: the caller's promise.
        unsafe { L::load_bf16(column.cast::<u16>().add(row)) }
    }
}

group_task!(Format);

/// `R` registers of rows from `row` on.
///
/// # Safety
/// As [`Lanes`]; `input` holds `blocks` columns of the format and vectors `at..at + P`.
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
    // SAFETY: columns below `blocks` of the weights and of each vector: the caller's promise.
    unsafe {
        let columns = match F::BYTES == size_of::<Line>() {
            true => lines.as_ptr().cast::<u8>(),
            false => headers.as_ptr().cast::<u8>(),
        };
        let x: [*const f32; P] = from_fn(|p| x.plain.as_ptr().add((at + p) * blocks));
        let mut totals = [[L::zero(); R]; P];
        let mut column = 0;
        while column < blocks {
            let mut segment = [[L::zero(); R]; P];
            let end = blocks.min(column + SEGMENT);
            while column < end {
                let from = columns.add(column * F::BYTES);
                for r in 0..R {
                    let w = F::load::<L>(from, row + r * L::WIDTH);
                    for p in 0..P {
                        let x = L::splat(*x[p].add(column));
                        segment[p][r] = L::mul_add(x, w, segment[p][r]);
                    }
                }
                column += 1;
            }
            add_all::<L, R, P>(&mut totals, &segment);
        }
        totals
    }
}
