//! Formats with blocks of 256 columns: one term each, from sums that are exact in 32 bits.

use super::units::{Bits, Five, Four, Scales, Six, add_unit};
use super::{Input, Tile, group_task};
use crate::interleaved::{Halves, Line, PAIR, SCALE_LINES};
use crate::quantise::Sums;
use crate::simd::lanes::{Lanes, Task};
use std::array::from_fn;
use std::mem::size_of;

/// How one format multiplies a block.
pub(super) trait Format {
    type Bits: Bits;
}

pub(super) struct Q4K;
pub(super) struct Q5K;
pub(super) struct Q6K;

impl Format for Q4K {
    type Bits = Four;
}
impl Format for Q5K {
    type Bits = Five;
}
impl Format for Q6K {
    type Bits = Six;
}

/// Q6_K: sixteen signed scales and no minima. Otherwise: eight scales, eight minima.
const fn no_minima<F: Format>() -> bool {
    F::Bits::HALVES
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
    let lines_of_block = SCALE_LINES + 8 * F::Bits::UNIT.lines();
    let halves_of_block = (2 - usize::from(no_minima::<F>())) * size_of::<Halves>() / 2;
    // SAFETY: block `b < blocks` of the weights and of each vector: the caller's promise. Pointers
    // are on the lanes of `row`, those of pairs on its two bytes.
    unsafe {
        let mut totals = [[L::zero(); R]; P];
        for b in 0..blocks {
            let block = lines.as_ptr().add(b * lines_of_block).cast::<u8>();
            let header = headers
                .as_ptr()
                .cast::<u16>()
                .add(b * halves_of_block + row);
            let place: [usize; P] = from_fn(|p| (at + p) * blocks + b);
            let q: [*const i8; P] = from_fn(|p| x.a256.q.as_ptr().add(place[p] * 256));
            let sums: [*const Sums; P] = from_fn(|p| x.a256.sum.as_ptr().add(place[p]));
            let units = block.add(SCALE_LINES * size_of::<Line>() + 4 * row);
            let pairs = block.add(2 * row);
            let mut isums = [[L::no_sum(); R]; P];
            let mut others = [[L::no_sum(); R]; P];
            if no_minima::<F>() {
                sum_16::<L, F::Bits, R, P>(pairs, units, q, &mut isums);
                pair_sums::<L, R, P, true>(pairs, 8, sums, &mut others);
            } else {
                sum_32::<L, F::Bits, R, P>(pairs, units, q, &mut isums);
                pair_sums::<L, R, P, false>(pairs.add(4 * PAIR), 4, sums, &mut others);
            }
            for p in 0..P {
                let scale = L::splat(*x.a256.scale.as_ptr().add(place[p]));
                for r in 0..R {
                    let term = term::<L, F>(isums[p][r], others[p][r], header.add(r * L::WIDTH));
                    totals[p][r] = L::mul_add(term, scale, totals[p][r]);
                }
            }
        }
        totals
    }
}

/// The term of a block before the activation's scale. A segment is this one term, and the total is
/// never -0, so the segment's +0 need not be added.
///
/// # Safety
/// As [`Lanes`]; `header` points to the scale at the lanes of the rows.
#[inline(always)]
unsafe fn term<L: Lanes, F: Format>(isum: L::I, other: L::I, header: *const u16) -> L::F {
    // SAFETY: the caller's promise.
    unsafe {
        let d = L::load_f16(header);
        if no_minima::<F>() {
            // The bits are weights + 32: the correction is an exact integer too.
            return L::mul(L::to_f32(L::minus_32(isum, other)), d);
        }
        let dmin = L::load_f16(header.add(size_of::<Halves>() / 2));
        L::sub(L::mul(L::to_f32(isum), d), L::mul(L::to_f32(other), dmin))
    }
}

/// Sums of eight sub-blocks of 32, each times its unsigned scale.
///
/// # Safety
/// As [`Lanes`]; pointers are to the block's scales, units and quants.
#[inline(always)]
unsafe fn sum_32<L: Lanes, U: Bits, const R: usize, const P: usize>(
    pairs: *const u8,
    units: *const u8,
    q: [*const i8; P],
    to: &mut [[L::I; R]; P],
) {
    let unit_bytes = U::UNIT.lines() * size_of::<Line>();
    // SAFETY: four pairs, eight units, 256 quants: the caller's promise.
    unsafe {
        for i in 0..4 {
            let (first, second) = scales::<L, R, false>(pairs.add(i * PAIR));
            let unit = units.add(2 * i * unit_bytes);
            let quants: [*const i8; P] = from_fn(|p| q[p].add(64 * i));
            add_unit::<L, U, R, P>(unit, quants, Some([first; 2]), to);
            let quants: [*const i8; P] = from_fn(|p| q[p].add(64 * i + 32));
            add_unit::<L, U, R, P>(unit.add(unit_bytes), quants, Some([second; 2]), to);
        }
    }
}

/// Sums of sixteen sub-blocks of 16, each times its signed scale.
///
/// # Safety
/// As [`Lanes`]; pointers are to the block's scales, units and quants.
#[inline(always)]
unsafe fn sum_16<L: Lanes, U: Bits, const R: usize, const P: usize>(
    pairs: *const u8,
    units: *const u8,
    q: [*const i8; P],
    to: &mut [[L::I; R]; P],
) {
    // SAFETY: eight pairs, eight units, 256 quants: the caller's promise.
    unsafe {
        for i in 0..8 {
            let (first, second) = scales::<L, R, true>(pairs.add(i * PAIR));
            let scales: Scales<L, R> = [first, second];
            let unit = units.add(i * U::UNIT.lines() * size_of::<Line>());
            let quants: [*const i8; P] = from_fn(|p| q[p].add(32 * i));
            add_unit::<L, U, R, P>(unit, quants, Some(scales), to);
        }
    }
}

/// Loads a pair of scales for `R` registers of rows.
///
/// # Safety
/// As [`Lanes`]; `from` points to the pair at its first row.
#[inline(always)]
unsafe fn scales<L: Lanes, const R: usize, const SIGNED: bool>(
    from: *const u8,
) -> ([L::Scale; R], [L::Scale; R]) {
    // SAFETY: the caller's promise.
    unsafe {
        let pairs = load_pairs::<L, R, SIGNED>(from);
        let mut first = [L::first(pairs[0]); R];
        let mut second = [L::second(pairs[0]); R];
        for r in 1..R {
            first[r] = L::first(pairs[r]);
            second[r] = L::second(pairs[r]);
        }
        (first, second)
    }
}

/// # Safety
/// As [`scales`].
#[inline(always)]
unsafe fn load_pairs<L: Lanes, const R: usize, const SIGNED: bool>(
    from: *const u8,
) -> [L::Pairs; R] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut pairs = [L::load_pairs(from); R];
        for r in 0..R {
            let from = from.add(2 * r * L::WIDTH);
            pairs[r] = match SIGNED {
                true => L::load_signed_pairs(from),
                false => L::load_pairs(from),
            };
        }
        pairs
    }
}

/// Adds the products of scales or minima and sums of quants: of 16 quants for `SIGNED` scales,
/// otherwise of 32.
///
/// # Safety
/// As [`Lanes`]; `from` points to `count` pairs, each of `sums` to a block's sums.
#[inline(always)]
unsafe fn pair_sums<L: Lanes, const R: usize, const P: usize, const SIGNED: bool>(
    from: *const u8,
    count: usize,
    sums: [*const Sums; P],
    to: &mut [[L::I; R]; P],
) {
    // SAFETY: the caller's promise.
    unsafe {
        for i in 0..count {
            let pairs = load_pairs::<L, R, SIGNED>(from.add(i * PAIR));
            for p in 0..P {
                let sums = match SIGNED {
                    true => (&raw const (*sums[p]).of_16).cast::<i16>(),
                    false => (&raw const (*sums[p]).of_32).cast::<i16>(),
                };
                for r in 0..R {
                    to[p][r] = L::dot_pairs(to[p][r], pairs[r], sums.add(2 * i));
                }
            }
        }
    }
}
