//! Weights repacked so that vector lanes are output rows.
//!
//! A group is 16 rows. Each block of columns (32, 256, or 1 for plain formats) of a group is some
//! f16 headers, as in the file, and some lines of 64 bytes: lane `r` of a line (4 bytes) belongs to
//! row `r`. Only the layout changes, no value does, and a matrix takes as many bytes as in the file
//! (K-quants with minima 3 % more).
//!
//! | Format | headers | lines of a block |
//! |---|---|---|
//! | F32 | - | one column |
//! | F16, BF16 | the column | - |
//! | Q8_0 | d | 8 lines of four columns |
//! | Q4_0, Q4_1 | d, m | a unit |
//! | Q5_0, Q5_1 | d, m | a unit with a line of fifth bits |
//! | Q4_K, Q5_K | d, dmin | 4 lines of scales and minima, 8 units |
//! | Q6_K | d | 4 lines of scales, 8 units with two lines of fifth and sixth bits |
//!
//! A **unit** ([`crate::unit`]) is 32 columns: four lines of nibbles, then lines of higher bits.
//! A line of sub-block scales holds two **pairs**: 32 bytes each, for each row the scales (or
//! minima) of two sub-blocks that follow each other.

use crate::TensorType;
use crate::bytes::Bytes;
use crate::dequant::{self, block_quants_k, quants_6k, quants32, scales_k};
use crate::unit::{self, Unit};
use std::ops::Range;

/// Rows of a group.
pub(crate) const GROUP: usize = 16;
/// Lines of sub-block scales at the start of a K-quant's block.
pub(crate) const SCALE_LINES: usize = 4;
/// Bytes of a pair.
pub(crate) const PAIR: usize = 2 * GROUP;

/// 64 bytes, on a cache line of their own where the memory is aligned.
pub(crate) type Line = [u8; 64];

/// One f16 (or bf16), little endian, for each row of a group.
pub(crate) type Halves = [u8; 2 * GROUP];

/// Lines of a block of a group.
pub(crate) const fn lines(ty: TensorType) -> usize {
    match ty {
        TensorType::F16 | TensorType::BF16 => 0,
        TensorType::F32 => 1,
        TensorType::Q8_0 => 8,
        _ => match ty.block_len() {
            32 => unit_of(ty).lines(),
            _ => SCALE_LINES + 8 * unit_of(ty).lines(),
        },
    }
}

/// f16 values in a block's header: scale, and minimum if there is one.
pub(crate) const fn headers(ty: TensorType) -> usize {
    match ty {
        TensorType::F32 => 0,
        TensorType::Q4_1 | TensorType::Q5_1 | TensorType::Q4K | TensorType::Q5K => 2,
        _ => 1,
    }
}

/// The unit of a format that has units.
const fn unit_of(ty: TensorType) -> Unit {
    match ty {
        TensorType::Q5_0 | TensorType::Q5_1 | TensorType::Q5K => Unit::Five,
        TensorType::Q6K => Unit::Six,
        _ => Unit::Four,
    }
}

/// What is added to a signed quant so that its bits are unsigned.
const fn bias(ty: TensorType) -> i16 {
    match ty {
        TensorType::Q4_0 => 8,
        TensorType::Q5_0 => 16,
        TensorType::Q6K => 32,
        _ => 0,
    }
}

/// A matrix of groups; rows past the last are zero.
#[derive(Debug)]
pub(crate) struct Interleaved {
    pub(crate) ty: TensorType,
    /// Blocks in a row.
    pub(crate) blocks: usize,
    /// Lines `[group][block][line]`, then headers `[group][block][header]`.
    bytes: Bytes,
    /// Where the headers begin.
    headers: usize,
}

/// Places of a group and block.
const fn places(ty: TensorType, rows: usize, cols: usize) -> usize {
    rows.div_ceil(GROUP) * (cols / ty.block_len())
}

impl Interleaved {
    /// Bytes of a matrix in this layout.
    pub(crate) const fn len(ty: TensorType, rows: usize, cols: usize) -> usize {
        let block = lines(ty) * size_of::<Line>() + headers(ty) * size_of::<Halves>();
        // A single very long row becomes 16.
        places(ty, rows, cols).saturating_mul(block)
    }

    /// Repacks rows of the file, `bytes`, into `to`, which is zero and has [`Interleaved::len`].
    pub(crate) fn pack(ty: TensorType, rows: usize, cols: usize, bytes: &[u8], to: &mut [u8]) {
        let blocks = cols / ty.block_len();
        let middle = places(ty, rows, cols) * lines(ty) * size_of::<Line>();
        let (to_lines, to_headers) = to.split_at_mut(middle);
        let (to_lines, to_headers) = (to_lines.as_chunks_mut().0, to_headers.as_chunks_mut().0);
        let row_bytes = blocks * ty.block_bytes();
        for (row, bytes) in bytes.chunks_exact(row_bytes).enumerate() {
            let (first, lane) = (row / GROUP * blocks, row % GROUP);
            for (b, block) in bytes.chunks_exact(ty.block_bytes()).enumerate() {
                let place = first + b;
                let span = |unit: usize| place * unit..(place + 1) * unit;
                put_headers(ty, block, &mut to_headers[span(headers(ty))], lane);
                put_lines(ty, block, &mut to_lines[span(lines(ty))], lane);
            }
        }
    }

    /// Takes packed bytes; none if they have not [`Interleaved::len`].
    pub(crate) fn new(ty: TensorType, rows: usize, cols: usize, bytes: Bytes) -> Option<Self> {
        let whole = bytes.get().len() == Self::len(ty, rows, cols);
        whole.then(|| Self {
            ty,
            blocks: cols / ty.block_len(),
            bytes,
            headers: places(ty, rows, cols) * lines(ty) * size_of::<Line>(),
        })
    }

    /// Lines and headers of consecutive groups.
    pub(crate) fn groups(&self, groups: Range<usize>) -> (&[Line], &[Halves]) {
        let span = |unit: usize| groups.start * self.blocks * unit..groups.end * self.blocks * unit;
        let (all_lines, all_headers) = self.bytes.get().split_at(self.headers);
        (
            &all_lines.as_chunks().0[span(lines(self.ty))],
            &all_headers.as_chunks().0[span(headers(self.ty))],
        )
    }

    /// Dequantises one row.
    pub(crate) fn row_f32(&self, row: usize, out: &mut [f32]) {
        let ty = self.ty;
        let (all_lines, halves) = self.groups(row / GROUP..row / GROUP + 1);
        let lane = row % GROUP;
        for (b, out) in out.chunks_exact_mut(ty.block_len()).enumerate() {
            let halves = &halves[b * headers(ty)..(b + 1) * headers(ty)];
            let lines = &all_lines[b * lines(ty)..(b + 1) * lines(ty)];
            match ty.block_len() {
                1 => out[0] = plain(ty, lines, halves, lane),
                32 => block32(ty, lines, halves, lane, out),
                _ => block256(ty, lines, halves, lane, out),
            }
        }
    }
}

fn put_headers(ty: TensorType, block: &[u8], to: &mut [Halves], lane: usize) {
    let from = match ty {
        TensorType::Q6K => 208,
        _ => 0,
    };
    for (to, half) in to.iter_mut().zip(block[from..].as_chunks::<2>().0) {
        to[2 * lane..2 * lane + 2].copy_from_slice(half);
    }
}

fn put_lines(ty: TensorType, block: &[u8], to: &mut [Line], lane: usize) {
    match ty {
        TensorType::F16 | TensorType::BF16 => {}
        TensorType::F32 => put_quads(block, to, lane),
        // The file's nibbles are paired as a unit's are.
        TensorType::Q4_0 | TensorType::Q4_1 | TensorType::Q8_0 => {
            put_quads(&block[2 * headers(ty)..], to, lane);
        }
        TensorType::Q5_0 | TensorType::Q5_1 => {
            let quants = quants32(ty, block).map(|w| (w + bias(ty)) as u8);
            unit::put(unit_of(ty), &quants, to, lane);
        }
        TensorType::Q4K | TensorType::Q5K => {
            let (scale, min) = scales_k(&block[4..16]);
            put_scales(&[scale, min].concat(), to, lane);
            put_units(ty, &block_quants_k(ty, block), to, lane);
        }
        TensorType::Q6K => {
            let scales: [i16; 16] = std::array::from_fn(|g| i16::from(block[192 + g]));
            put_scales(&scales, to, lane);
            put_units(ty, &quants_6k(block), to, lane);
        }
    }
}

fn put_quads(bytes: &[u8], to: &mut [Line], lane: usize) {
    for (to, four) in to.iter_mut().zip(bytes.as_chunks::<4>().0) {
        to[4 * lane..4 * lane + 4].copy_from_slice(four);
    }
}

fn put_units(ty: TensorType, quants: &[i16; 256], to: &mut [Line], lane: usize) {
    let units = to[SCALE_LINES..].chunks_exact_mut(unit_of(ty).lines());
    for (to, quants) in units.zip(quants.as_chunks::<32>().0) {
        let quants = quants.map(|w| (w + bias(ty)) as u8);
        unit::put(unit_of(ty), &quants, to, lane);
    }
}

/// Sixteen sub-block scales (or eight and eight minima) of a row, as bytes.
fn put_scales(scales: &[i16], to: &mut [Line], lane: usize) {
    for (g, &scale) in scales.iter().enumerate() {
        let at = g / 2 * PAIR + 2 * lane + g % 2;
        to[at / 64][at % 64] = scale as u8;
    }
}

fn scales(lines: &[Line], lane: usize) -> [u8; 16] {
    std::array::from_fn(|g| {
        let at = g / 2 * PAIR + 2 * lane + g % 2;
        lines[at / 64][at % 64]
    })
}

fn plain(ty: TensorType, lines: &[Line], halves: &[Halves], lane: usize) -> f32 {
    let mut value = [0.0];
    match ty {
        TensorType::F32 => dequant::row(ty, &lines[0][4 * lane..4 * lane + 4], &mut value),
        _ => dequant::row(ty, &halves[0][2 * lane..2 * lane + 2], &mut value),
    }
    value[0]
}

fn block32(ty: TensorType, lines: &[Line], halves: &[Halves], lane: usize, out: &mut [f32]) {
    let mut header = [0; 4];
    for (to, halves) in header.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
        to.copy_from_slice(&halves[2 * lane..2 * lane + 2]);
    }
    let quants: [i16; 32] = match ty {
        TensorType::Q8_0 => {
            std::array::from_fn(|j| i16::from(lines[j / 4][4 * lane + j % 4] as i8))
        }
        _ => unit::get(unit_of(ty), lines, lane).map(|w| i16::from(w) - bias(ty)),
    };
    dequant::block32(ty, &quants, &header, out);
}

fn block256(ty: TensorType, lines: &[Line], halves: &[Halves], lane: usize, out: &mut [f32]) {
    let (lines_of_scales, units) = lines.split_at(SCALE_LINES);
    let scales = scales(lines_of_scales, lane);
    let mut quants = [0; 256];
    let units = units.chunks_exact(unit_of(ty).lines());
    for (to, lines) in quants.as_chunks_mut::<32>().0.iter_mut().zip(units) {
        *to = unit::get(unit_of(ty), lines, lane).map(|w| i16::from(w) - bias(ty));
    }
    let half = |i: usize| crate::format::f16_at(&halves[i], 2 * lane);
    if ty == TensorType::Q6K {
        let scales = scales.map(|s| i16::from(s as i8));
        dequant::values_6k(&quants, &scales, half(0), out);
    } else {
        let (scale, min) = scales.split_at(8);
        dequant::values_k(&quants, scale, min, (half(0), half(1)), out);
    }
}
