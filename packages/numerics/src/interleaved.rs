//! Weights repacked so that vector lanes are output rows.
//!
//! A group is 16 rows. For each block of 32 columns a group holds its scales as f16, as in the
//! file, and lines of 64 bytes: lane `r` of a line (4 bytes) belongs to row `r`. A line is four
//! columns of 8-bit weights, or, for nibbles, columns `4g..` in the low and `16 + 4g..` in the high
//! halves. Only the layout changes, no value does.

use crate::TensorType;
use crate::bytes::Bytes;
use crate::dequant;
use std::ops::Range;

/// Rows of a group.
pub(crate) const GROUP: usize = 16;

/// 64 bytes, on a cache line of their own where the memory is aligned.
pub(crate) type Line = [u8; 64];

/// One f16, little endian, for each row of a group.
pub(crate) type Halves = [u8; 2 * GROUP];

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
    /// Lines `[group][block][line]`, then headers `[group][block][header]`.
    bytes: Bytes,
    /// Where the headers begin.
    headers: usize,
}

/// Places of a group and block: groups of 16 rows times blocks of 32 columns.
const fn places(rows: usize, cols: usize) -> usize {
    rows.div_ceil(GROUP) * (cols / 32)
}

impl Interleaved {
    /// Bytes of a matrix in this layout.
    pub(crate) const fn len(kind: Kind, rows: usize, cols: usize) -> usize {
        let unit = kind.lines() * size_of::<Line>() + kind.headers() * size_of::<Halves>();
        // A single very long row becomes 16.
        places(rows, cols).saturating_mul(unit)
    }

    /// Repacks rows of the file, `bytes`, into `to`, which is zero and has [`Interleaved::len`].
    pub(crate) fn pack(kind: Kind, rows: usize, cols: usize, bytes: &[u8], to: &mut [u8]) {
        let blocks = cols / 32;
        let (lines, headers) = to.split_at_mut(places(rows, cols) * kind.lines() * 64);
        let (lines, headers) = (lines.as_chunks_mut().0, headers.as_chunks_mut().0);
        let row_bytes = blocks * kind.ty().block_bytes();
        for (row, bytes) in bytes.chunks_exact(row_bytes).enumerate() {
            put_row(kind, row, blocks, bytes, lines, headers);
        }
    }

    /// Takes packed bytes; none if they have not [`Interleaved::len`].
    pub(crate) fn new(kind: Kind, rows: usize, cols: usize, bytes: Bytes) -> Option<Self> {
        let whole = bytes.get().len() == Self::len(kind, rows, cols);
        whole.then(|| Self {
            kind,
            blocks: cols / 32,
            bytes,
            headers: places(rows, cols) * kind.lines() * size_of::<Line>(),
        })
    }

    /// Lines and headers of consecutive groups.
    pub(crate) fn groups(&self, groups: Range<usize>) -> (&[Line], &[Halves]) {
        let span = |unit: usize| groups.start * self.blocks * unit..groups.end * self.blocks * unit;
        let (lines, headers) = self.bytes.get().split_at(self.headers);
        (
            &lines.as_chunks().0[span(self.kind.lines())],
            &headers.as_chunks().0[span(self.kind.headers())],
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
                let half = &halves[b * headers + h][2 * lane..2 * lane + 2];
                block[2 * h..2 * h + 2].copy_from_slice(half);
            }
            for (g, line) in lines[b * self.kind.lines()..(b + 1) * self.kind.lines()]
                .iter()
                .enumerate()
            {
                let to = 2 * headers + 4 * g;
                block[to..to + 4].copy_from_slice(&line[4 * lane..4 * lane + 4]);
            }
            dequant::block32(ty, &dequant::quants32(ty, &block), &block, out);
        }
    }
}

/// Puts one row of the file into its lane.
fn put_row(
    kind: Kind,
    row: usize,
    blocks: usize,
    bytes: &[u8],
    lines: &mut [Line],
    halves: &mut [Halves],
) {
    let (count, headers) = (kind.lines(), kind.headers());
    let lane = row % GROUP;
    let first = row / GROUP * blocks;
    for (b, block) in bytes.chunks_exact(kind.ty().block_bytes()).enumerate() {
        let place = first + b;
        let (header, quants) = block.split_at(2 * headers);
        let to = &mut halves[place * headers..(place + 1) * headers];
        for (to, half) in to.iter_mut().zip(header.as_chunks::<2>().0) {
            to[2 * lane..2 * lane + 2].copy_from_slice(half);
        }
        let to = &mut lines[place * count..(place + 1) * count];
        for (to, four) in to.iter_mut().zip(quants.as_chunks::<4>().0) {
            to[4 * lane..4 * lane + 4].copy_from_slice(four);
        }
    }
}
