//! The matrix product for instruction sets with vectors of 16 bytes; its twin is [`crate::dot`].
//!
//! A vector of weights is four rows times four columns. Only its product with four quants is written
//! for each instruction set ([`Dot`]): the rest is arithmetic on arrays of 16 rows, which the
//! compiler turns into the vectors of the target.

use crate::TensorType;
use crate::format::SEGMENT;
use crate::interleaved::{self, GROUP, Halves, Interleaved, Line};
use crate::quantise::Activations;
use std::ops::Range;

/// Blocks of 32 values in a segment.
const SEGMENT_BLOCKS: usize = SEGMENT / 32;
/// Vectors of four rows in a group.
const QUADS: usize = GROUP / 4;

/// Exact products of 8-bit weights and quants.
pub(super) trait Dot {
    /// Four rows times four columns of weights.
    type Weights: Copy;
    /// Four quants, for each of four rows.
    type Quants: Copy;
    /// Sums of four rows in the making.
    type Sums: Copy;

    /// No product yet.
    fn zero() -> Self::Sums;
    /// Signed bytes.
    fn bytes(line: &[u8; 16]) -> Self::Weights;
    /// The low and the high halves of bytes.
    fn nibbles(line: &[u8; 16]) -> [Self::Weights; 2];
    /// Four quants of one vector.
    fn quants(q: &[i8; 4]) -> Self::Quants;
    /// Adds the products of each row.
    fn add(sums: Self::Sums, weights: Self::Weights, quants: Self::Quants) -> Self::Sums;
    /// The sums of four rows.
    fn finish(sums: Self::Sums) -> [i32; 4];
}

/// Without vector instructions.
pub(super) struct Plain;

impl Dot for Plain {
    type Weights = [i8; 16];
    type Quants = [i8; 4];
    type Sums = [i32; 4];

    #[inline(always)]
    fn zero() -> [i32; 4] {
        [0; 4]
    }

    #[inline(always)]
    fn bytes(line: &[u8; 16]) -> [i8; 16] {
        line.map(|byte| byte as i8)
    }

    #[inline(always)]
    fn nibbles(line: &[u8; 16]) -> [[i8; 16]; 2] {
        [
            line.map(|byte| (byte & 15) as i8),
            line.map(|byte| (byte >> 4) as i8),
        ]
    }

    #[inline(always)]
    fn quants(q: &[i8; 4]) -> [i8; 4] {
        *q
    }

    #[inline(always)]
    fn add(mut sums: [i32; 4], weights: [i8; 16], quants: [i8; 4]) -> [i32; 4] {
        for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<4>().0) {
            for (w, q) in weights.iter().zip(quants) {
                *sum += i32::from(*w) * i32::from(q);
            }
        }
        sums
    }

    #[inline(always)]
    fn finish(sums: [i32; 4]) -> [i32; 4] {
        sums
    }
}

/// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments.
#[inline(always)]
pub(super) fn product<D: Dot>(
    w: &Interleaved,
    rows: Range<usize>,
    x: &Activations,
    out: &mut [f32],
    stride: usize,
) {
    let blocks = w.blocks;
    let (lines, headers) = w.groups(rows.start / GROUP..rows.end.div_ceil(GROUP));
    let groups = lines.chunks_exact(blocks * interleaved::lines(w.ty));
    let groups = groups.zip(headers.chunks_exact(blocks * interleaved::headers(w.ty)));
    for (g, (lines, headers)) in groups.enumerate() {
        let group = Group {
            lines,
            headers,
            ty: w.ty,
        };
        let from = g * GROUP;
        let len = GROUP.min(rows.len() - from);
        let mut put = |at: usize, values: &[[f32; GROUP]]| {
            for (p, values) in values.iter().enumerate() {
                let to = (at + p) * stride + from;
                out[to..to + len].copy_from_slice(&values[..len]);
            }
        };
        let mut at = 0;
        while at + 4 <= x.vectors() {
            put(at, &group.times::<D, 4>(x, at));
            at += 4;
        }
        while at < x.vectors() {
            put(at, &group.times::<D, 1>(x, at));
            at += 1;
        }
    }
}

/// 16 rows of weights.
struct Group<'a> {
    lines: &'a [Line],
    headers: &'a [Halves],
    ty: TensorType,
}

impl Group<'_> {
    /// The rows times vectors `at..at + P`.
    #[inline(always)]
    fn times<D: Dot, const P: usize>(&self, x: &Activations, at: usize) -> [[f32; GROUP]; P] {
        let quants = x.a32.q.as_chunks::<32>().0;
        let blocks = x.len() / 32;
        let vector = |p: usize| (at + p) * blocks..(at + p + 1) * blocks;
        let q: [&[[i8; 32]]; P] = std::array::from_fn(|p| &quants[vector(p)]);
        let sum: [&[f32]; P] = std::array::from_fn(|p| &x.a32.sum[vector(p)]);
        let scale: [&[f32]; P] = std::array::from_fn(|p| &x.a32.scale[vector(p)]);
        let mut totals = [[0.0_f32; GROUP]; P];
        let mut segment = [[0.0_f32; GROUP]; P];
        let weights = self.lines.chunks_exact(interleaved::lines(self.ty));
        let weights = weights.zip(self.headers.chunks_exact(interleaved::headers(self.ty)));
        for (b, (lines, headers)) in weights.enumerate() {
            let q: [&[i8; 32]; P] = std::array::from_fn(|p| &q[p][b]);
            let isums = match self.ty {
                TensorType::Q8_0 => byte_sums::<D, P>(lines, q),
                _ => nibble_sums::<D, P>(lines, q),
            };
            let d = widen(&headers[0]);
            let m = widen(&headers[headers.len() - 1]);
            for p in 0..P {
                let (s, da) = (sum[p][b], scale[p][b]);
                for r in 0..GROUP {
                    let exact = isums[p][r] as f32;
                    let term = match self.ty {
                        // Nibbles are biased by 8: the difference is exact, far below 2^24.
                        TensorType::Q4_0 => (exact - 8.0 * s) * d[r],
                        TensorType::Q4_1 => exact * d[r] + s * m[r],
                        _ => exact * d[r],
                    };
                    segment[p][r] += term * da;
                }
            }
            if b % SEGMENT_BLOCKS == SEGMENT_BLOCKS - 1 || b + 1 == blocks {
                for p in 0..P {
                    for r in 0..GROUP {
                        totals[p][r] += segment[p][r];
                        segment[p][r] = 0.0;
                    }
                }
            }
        }
        totals
    }
}

/// Sums of a block of nibbles: line `g` has columns `4g..` and `16 + 4g..`.
#[inline(always)]
fn nibble_sums<D: Dot, const P: usize>(lines: &[Line], q: [&[i8; 32]; P]) -> [[i32; GROUP]; P] {
    let mut sums = [[D::zero(); QUADS]; P];
    for (g, line) in lines.iter().enumerate() {
        let quants: [_; P] = std::array::from_fn(|p| {
            let four = q[p].as_chunks::<4>().0;
            [D::quants(&four[g]), D::quants(&four[4 + g])]
        });
        for (j, line) in line.as_chunks::<16>().0.iter().enumerate() {
            let [low, high] = D::nibbles(line);
            for p in 0..P {
                let sum = D::add(sums[p][j], low, quants[p][0]);
                sums[p][j] = D::add(sum, high, quants[p][1]);
            }
        }
    }
    finish::<D, P>(sums)
}

/// Sums of a block of bytes: line `g` has columns `4g..`.
#[inline(always)]
fn byte_sums<D: Dot, const P: usize>(lines: &[Line], q: [&[i8; 32]; P]) -> [[i32; GROUP]; P] {
    let mut sums = [[D::zero(); QUADS]; P];
    for (g, line) in lines.iter().enumerate() {
        let quants: [_; P] = std::array::from_fn(|p| D::quants(&q[p].as_chunks::<4>().0[g]));
        for (j, line) in line.as_chunks::<16>().0.iter().enumerate() {
            let weights = D::bytes(line);
            for p in 0..P {
                sums[p][j] = D::add(sums[p][j], weights, quants[p]);
            }
        }
    }
    finish::<D, P>(sums)
}

#[inline(always)]
fn finish<D: Dot, const P: usize>(sums: [[D::Sums; QUADS]; P]) -> [[i32; GROUP]; P] {
    let mut all = [[0; GROUP]; P];
    for (all, sums) in all.iter_mut().zip(sums) {
        for (all, sums) in all.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
            *all = D::finish(sums);
        }
    }
    all
}

/// Scales of 16 rows, widened; exact for subnormals too, and infinite ones are refused at load.
#[inline(always)]
fn widen(halves: &Halves) -> [f32; GROUP] {
    let mut wide = [0.0; GROUP];
    for (wide, half) in wide.iter_mut().zip(halves.as_chunks::<2>().0) {
        let half = u32::from(u16::from_le_bytes(*half));
        // The magnitude as if its exponent were one of binary32, times 2^112.
        let magnitude = f32::from_bits((half & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
        *wide = f32::from_bits(magnitude.to_bits() | (half & 0x8000) << 16);
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Bytes;
    use crate::quantise::Forms;
    use crate::{Kernel, Matrix};

    /// Bytes with every bit in use, and scales between 2^-7 and 2.
    fn tensor(ty: TensorType, rows: usize, cols: usize) -> Vec<u8> {
        let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        let all = std::iter::successors(Some(9), next).map(|x| (x >> 9) as u8);
        let mut bytes: Vec<u8> = all.take(rows * ty.row_bytes(cols).unwrap()).collect();
        for block in bytes.chunks_exact_mut(ty.block_bytes()) {
            for at in ty.exponents() {
                block[*at] = (block[*at] & 0x83) | 0x2c;
            }
        }
        bytes
    }

    #[test]
    fn interleaved_rows_give_the_bits_of_the_rows_of_the_file() {
        let (rows, cols, vectors) = (21, 352, 6);
        let x: Vec<f32> = (0..vectors * cols)
            .map(|i| (i * 37 % 101) as f32 - 50.0)
            .collect();
        for ty in [TensorType::Q4_0, TensorType::Q4_1, TensorType::Q8_0] {
            let file = tensor(ty, rows, cols);
            let len = Interleaved::len(ty, rows, cols);
            let packed = Bytes::filled(len, |to| Interleaved::pack(ty, rows, cols, &file, to));
            let packed = Interleaved::new(ty, rows, cols, packed).unwrap();
            let mut acts = Activations::default();
            acts.load(Kernel::Scalar, Forms::of([ty]), &x, cols)
                .unwrap();
            let (mut got, mut want) = (vec![0.0; vectors * rows], vec![0.0; vectors * rows]);
            product::<Plain>(&packed, 0..rows, &acts, &mut got, rows);
            let matrix = Matrix::pack(Kernel::Scalar, ty, rows, cols, &file).unwrap();
            matrix.product(&acts, &mut want);
            let bits = |y: &[f32]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&got), bits(&want), "{ty:?}");
        }
    }
}
