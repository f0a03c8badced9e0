//! Weights repacked so that vector lanes are output rows.
//!
//! A group is 16 rows. For each block of 32 columns a group holds its scales as f16, as in the
//! file, and lines of 64 bytes: lane `r` of a line (4 bytes) belongs to row `r`. A line is four
//! columns of 8-bit weights, or, for nibbles, columns `4g..` in the low and `16 + 4g..` in the high
//! halves. Only the layout changes, no value does.

use crate::TensorType;
use crate::dequant;
use std::ops::Range;

/// Rows of a group.
pub(crate) const GROUP: usize = 16;

/// 64 bytes on a cache line of their own.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Line(pub(crate) [u8; 64]);

/// One f16 for each row of a group.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct Halves(pub(crate) [u16; GROUP]);

/// The formats that have an interleaved kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Q4_0,
    Q4_1,
    Q8_0,
}

impl Kind {
    pub(crate) const fn of(ty: TensorType) -> Option<Self> {
        match ty {
            TensorType::Q4_0 => Some(Self::Q4_0),
            TensorType::Q4_1 => Some(Self::Q4_1),
            TensorType::Q8_0 => Some(Self::Q8_0),
            _ => None,
        }
    }

    const fn ty(self) -> TensorType {
        match self {
            Self::Q4_0 => TensorType::Q4_0,
            Self::Q4_1 => TensorType::Q4_1,
            Self::Q8_0 => TensorType::Q8_0,
        }
    }

    /// Lines for a block of a group.
    pub(crate) const fn lines(self) -> usize {
        match self {
            Self::Q4_0 | Self::Q4_1 => 4,
            Self::Q8_0 => 8,
        }
    }

    /// f16 values in a block's header: scale, and minimum if there is one.
    pub(crate) const fn headers(self) -> usize {
        match self {
            Self::Q4_0 | Self::Q8_0 => 1,
            Self::Q4_1 => 2,
        }
    }
}

/// A matrix of groups; rows past the last are zero.
#[derive(Debug)]
pub(crate) struct Interleaved {
    pub(crate) kind: Kind,
    /// Blocks of 32 columns in a row.
    pub(crate) blocks: usize,
    /// `[group][block][line]`.
    lines: Vec<Line>,
    /// `[group][block][header]`.
    headers: Vec<Halves>,
}

impl Interleaved {
    /// Repacks rows of the file; `bytes` holds `rows` whole rows.
    pub(crate) fn pack(kind: Kind, rows: usize, cols: usize, bytes: &[u8]) -> Self {
        let blocks = cols / 32;
        let places = rows.div_ceil(GROUP) * blocks;
        let mut packed = Self {
            kind,
            blocks,
            lines: vec![Line([0; 64]); places * kind.lines()],
            headers: vec![Halves([0; GROUP]); places * kind.headers()],
        };
        let row_bytes = blocks * kind.ty().block_bytes();
        for (row, bytes) in bytes.chunks_exact(row_bytes).enumerate() {
            packed.put_row(row, bytes);
        }
        packed
    }

    fn put_row(&mut self, row: usize, bytes: &[u8]) {
        let (lines, headers) = (self.kind.lines(), self.kind.headers());
        let lane = row % GROUP;
        let first = row / GROUP * self.blocks;
        for (b, block) in bytes.chunks_exact(self.kind.ty().block_bytes()).enumerate() {
            let place = first + b;
            let (header, quants) = block.split_at(2 * headers);
            let to = &mut self.headers[place * headers..(place + 1) * headers];
            for (to, half) in to.iter_mut().zip(header.as_chunks::<2>().0) {
                to.0[lane] = u16::from_le_bytes(*half);
            }
            let to = &mut self.lines[place * lines..(place + 1) * lines];
            for (to, four) in to.iter_mut().zip(quants.as_chunks::<4>().0) {
                to.0[4 * lane..4 * lane + 4].copy_from_slice(four);
            }
        }
    }

    /// Lines and headers of consecutive groups.
    pub(crate) fn groups(&self, groups: Range<usize>) -> (&[Line], &[Halves]) {
        let span = |unit: usize| groups.start * self.blocks * unit..groups.end * self.blocks * unit;
        (
            &self.lines[span(self.kind.lines())],
            &self.headers[span(self.kind.headers())],
        )
    }

    /// Dequantises one row.
    pub(crate) fn row_f32(&self, row: usize, out: &mut [f32]) {
        let (ty, headers) = (self.kind.ty(), self.kind.headers());
        let (lines, halves) = self.groups(row / GROUP..row / GROUP + 1);
        let lane = row % GROUP;
        let mut block = [0_u8; 34];
        for (b, out) in out.chunks_exact_mut(32).enumerate() {
            for h in 0..headers {
                let half = halves[b * headers + h].0[lane];
                block[2 * h..2 * h + 2].copy_from_slice(&half.to_le_bytes());
            }
            for (g, line) in lines[b * self.kind.lines()..(b + 1) * self.kind.lines()]
                .iter()
                .enumerate()
            {
                let to = 2 * headers + 4 * g;
                block[to..to + 4].copy_from_slice(&line.0[4 * lane..4 * lane + 4]);
            }
            dequant::block32(ty, &dequant::quants32(ty, &block), &block, out);
        }
    }
}
