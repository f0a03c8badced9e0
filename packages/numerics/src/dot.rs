//! The scalar reference of the matrix product (CN-1 section 4), on rows as they are in the file.

use crate::dequant::{block_quants_k, quants_6k, quants32, scales_k};
use crate::format::{Form, SEGMENT, TensorType, f16_at, f32_at, u16_at, widen_bf16};
use crate::quantise::Activations;

/// One row of weights times vector `at`.
#[inline(always)]
pub(crate) fn row(ty: TensorType, bytes: &[u8], x: &Activations, at: usize) -> f32 {
    match ty.form() {
        Form::Plain => plain(ty, bytes, &x.plain[at * x.len()..(at + 1) * x.len()]),
        Form::A32 => row32(ty, bytes, x, at),
        Form::A256 => row256(ty, bytes, x, at),
    }
}

fn plain(ty: TensorType, bytes: &[u8], x: &[f32]) -> f32 {
    let weight = |k: usize| match ty {
        TensorType::F32 => f32_at(bytes, 4 * k),
        TensorType::F16 => f16_at(bytes, 2 * k),
        _ => widen_bf16(u16_at(bytes, 2 * k)),
    };
    let mut total = 0.0;
    for (s, part) in x.chunks(SEGMENT).enumerate() {
        let mut segment = 0.0;
        for (i, &x) in part.iter().enumerate() {
            segment += x * weight(s * SEGMENT + i);
        }
        total += segment;
    }
    total
}

/// Exact integer sum; bounded by 520,192 for 32 and 133,169,152 for 256 values.
#[inline(always)]
fn isum(w: &[i32], q: &[i8]) -> i32 {
    let terms = w.iter().zip(q).map(|(&w, &q)| w.wrapping_mul(i32::from(q)));
    terms.fold(0, i32::wrapping_add)
}

#[inline(always)]
fn row32(ty: TensorType, bytes: &[u8], x: &Activations, at: usize) -> f32 {
    let blocks = x.len() / 32;
    let q = &x.a32.q[at * x.len()..(at + 1) * x.len()];
    let scale = &x.a32.scale[at * blocks..(at + 1) * blocks];
    let sum = &x.a32.sum[at * blocks..(at + 1) * blocks];
    let (mut total, mut segment) = (0.0, 0.0);
    for (b, block) in bytes.chunks_exact(ty.block_bytes()).enumerate() {
        let exact = isum(&quants32(ty, block), &q[32 * b..32 * b + 32]) as f32;
        let d = f16_at(block, 0);
        let term = match ty {
            TensorType::Q4_1 | TensorType::Q5_1 => {
                (exact * d + sum[b] * f16_at(block, 2)) * scale[b]
            }
            _ => (exact * d) * scale[b],
        };
        segment += term;
        if b % 8 == 7 || b + 1 == blocks {
            total += segment;
            segment = 0.0;
        }
    }
    total
}

fn row256(ty: TensorType, bytes: &[u8], x: &Activations, at: usize) -> f32 {
    let blocks = x.len() / 256;
    let mut total = 0.0;
    for (b, block) in bytes.chunks_exact(ty.block_bytes()).enumerate() {
        let at = at * blocks + b;
        let q = &x.a256.q[256 * at..256 * at + 256];
        let term = match ty {
            TensorType::Q6K => term_6k(block, q),
            _ => term_k(ty, block, q, &x.a256.sum[8 * at..8 * at + 8]),
        };
        // A segment is this one term: +0 plus the term, then the total plus the segment.
        total += 0.0 + term * x.a256.scale[at];
    }
    total
}

fn term_6k(block: &[u8], q: &[i8]) -> f32 {
    let mut w = quants_6k(block);
    for (v, w) in w.iter_mut().enumerate() {
        *w *= i32::from(block[192 + v / 16] as i8);
    }
    isum(&w, q) as f32 * f16_at(block, 208)
}

fn term_k(ty: TensorType, block: &[u8], q: &[i8], sums: &[i32]) -> f32 {
    let (scale, min) = scales_k(&block[4..16]);
    let mut w = block_quants_k(ty, block);
    for (v, w) in w.iter_mut().enumerate() {
        *w *= scale[v / 32];
    }
    let msum: i32 = min.iter().zip(sums).map(|(m, s)| m * s).sum();
    isum(&w, q) as f32 * f16_at(block, 0) - msum as f32 * f16_at(block, 2)
}
