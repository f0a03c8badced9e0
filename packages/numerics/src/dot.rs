//! The scalar reference of the matrix product (CN-1 section 4), on rows as they are in the file.

use crate::dequant::{self, block_quants_k, quants_6k, quants32, scales_k};
use crate::format::{Form, SEGMENT, TensorType, f16_at};
use crate::quantise::Activations;

/// One row of weights, unpacked once for all vectors that it multiplies.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Values of a format without blocks.
    plain: Vec<f32>,
    /// Integer quants, those of 256-value blocks multiplied by the scale of their sub-block.
    quants: Vec<i16>,
    /// Scale and minimum of each block; formats without a minimum have 0 there.
    scales: Vec<(f32, f32)>,
    /// Integer minima of the sub-blocks of Q4_K and Q5_K.
    minima: Vec<i16>,
}

impl Row {
    /// Takes a row of the file.
    pub(crate) fn unpack(&mut self, ty: TensorType, bytes: &[u8], cols: usize) {
        self.quants.clear();
        self.scales.clear();
        self.minima.clear();
        match ty.form() {
            Form::Plain => {
                self.plain.resize(cols, 0.0);
                dequant::row(ty, bytes, &mut self.plain);
            }
            Form::A32 => {
                let blocks = bytes.chunks_exact(ty.block_bytes());
                blocks.for_each(|block| self.unpack32(ty, block));
            }
            Form::A256 => {
                let blocks = bytes.chunks_exact(ty.block_bytes());
                blocks.for_each(|block| self.unpack256(ty, block));
            }
        }
    }

    fn unpack32(&mut self, ty: TensorType, block: &[u8]) {
        let minimum = match ty {
            TensorType::Q4_1 | TensorType::Q5_1 => f16_at(block, 2),
            _ => 0.0,
        };
        self.scales.push((f16_at(block, 0), minimum));
        self.quants.extend_from_slice(&quants32(ty, block));
    }

    fn unpack256(&mut self, ty: TensorType, block: &[u8]) {
        if ty == TensorType::Q6K {
            self.scales.push((f16_at(block, 208), 0.0));
            let scale = |v: usize| i16::from(block[192 + v / 16] as i8);
            let quants = quants_6k(block);
            self.quants
                .extend(quants.iter().enumerate().map(|(v, w)| w * scale(v)));
        } else {
            let (scale, minimum) = scales_k(&block[4..16]);
            self.scales.push((f16_at(block, 0), f16_at(block, 2)));
            self.minima.extend_from_slice(&minimum);
            let quants = block_quants_k(ty, block);
            self.quants
                .extend(quants.iter().enumerate().map(|(v, w)| w * scale[v / 32]));
        }
    }

    /// The row times vector `at`.
    pub(crate) fn dot(&self, ty: TensorType, x: &Activations, at: usize) -> f32 {
        match ty.form() {
            Form::Plain => dot_plain(&self.plain, &x.plain[at * x.len()..(at + 1) * x.len()]),
            Form::A32 => match ty {
                TensorType::Q4_1 | TensorType::Q5_1 => {
                    self.dot32(x, at, |exact, sum, (d, m)| exact * d + sum * m)
                }
                _ => self.dot32(x, at, |exact, _, (d, _)| exact * d),
            },
            Form::A256 => self.dot256(ty, x, at),
        }
    }

    #[inline(always)]
    fn dot32(&self, x: &Activations, at: usize, term: impl Fn(f32, f32, (f32, f32)) -> f32) -> f32 {
        let blocks = x.len() / 32;
        let q = x.a32.q[at * x.len()..(at + 1) * x.len()]
            .as_chunks::<32>()
            .0;
        let scale = &x.a32.scale[at * blocks..(at + 1) * blocks];
        let sum = &x.a32.sum[at * blocks..(at + 1) * blocks];
        let weights = self.quants.as_chunks::<32>().0.iter().zip(&self.scales);
        let (mut total, mut segment) = (0.0, 0.0);
        for (b, ((w, &scales), q)) in weights.zip(q).enumerate() {
            segment += term(isum(w, q) as f32, sum[b], scales) * scale[b];
            if b % (SEGMENT / 32) == SEGMENT / 32 - 1 || b + 1 == blocks {
                total += segment;
                segment = 0.0;
            }
        }
        total
    }

    fn dot256(&self, ty: TensorType, x: &Activations, at: usize) -> f32 {
        let blocks = x.len() / 256;
        let weights = self.quants.as_chunks::<256>().0.iter().zip(&self.scales);
        let q = x.a256.q[at * x.len()..(at + 1) * x.len()]
            .as_chunks::<256>()
            .0;
        let mut total = 0.0;
        for (b, ((w, &(d, dmin)), q)) in weights.zip(q).enumerate() {
            let exact = isum(w, q) as f32;
            let at = at * blocks + b;
            let term = match ty {
                TensorType::Q6K => exact * d,
                _ => {
                    let sums = &x.a256.sum[at].of_32;
                    let minima = self.minima[8 * b..8 * b + 8].iter().zip(sums);
                    let msum: i32 = minima.map(|(&m, &s)| i32::from(m) * i32::from(s)).sum();
                    exact * d - msum as f32 * dmin
                }
            };
            // A segment is this one term: +0 plus the term, then the total plus the segment.
            total += 0.0 + term * x.a256.scale[at];
        }
        total
    }
}

fn dot_plain(w: &[f32], x: &[f32]) -> f32 {
    let mut total = 0.0;
    for (w, x) in w.chunks(SEGMENT).zip(x.chunks(SEGMENT)) {
        let mut segment = 0.0;
        for (&w, &x) in w.iter().zip(x) {
            segment += x * w;
        }
        total += segment;
    }
    total
}

/// Exact integer sum; bounded by 520,192 for 32 and 133,169,152 for 256 values.
#[inline(always)]
fn isum<const N: usize>(w: &[i16; N], q: &[i8; N]) -> i32 {
    // Widened first: multiplying 16-bit values in pairs is one instruction on most processors.
    let mut wide = [0_i16; N];
    for (wide, &q) in wide.iter_mut().zip(q) {
        *wide = i16::from(q);
    }
    let mut sum = 0_i32;
    for (&w, q) in w.iter().zip(wide) {
        sum = sum.wrapping_add(i32::from(w) * i32::from(q));
    }
    sum
}
