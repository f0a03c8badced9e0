//! Weights back to f32, for the embedding lookup (CN-1 section 2).

use crate::format::{TensorType, f16_at, f32_at, u16_at, u32_at, widen_bf16};

/// Integer quants of a 32-value block from its nibbles and, for 5 bits, its high bits.
#[inline(always)]
pub(crate) fn nibbles(qs: &[u8], high: u32, bias: i32) -> [i32; 32] {
    let mut w = [0; 32];
    for j in 0..16 {
        w[j] = i32::from(qs[j] & 15) + ((((high >> j) & 1) << 4) as i32) - bias;
        w[j + 16] = i32::from(qs[j] >> 4) + ((((high >> (j + 16)) & 1) << 4) as i32) - bias;
    }
    w
}

/// Integer quants of a block of 32.
#[inline(always)]
pub(crate) fn quants32(ty: TensorType, block: &[u8]) -> [i32; 32] {
    match ty {
        TensorType::Q4_0 => nibbles(&block[2..], 0, 8),
        TensorType::Q4_1 => nibbles(&block[4..], 0, 0),
        TensorType::Q5_0 => nibbles(&block[6..], u32_at(block, 2), 16),
        TensorType::Q5_1 => nibbles(&block[8..], u32_at(block, 4), 0),
        _ => std::array::from_fn(|j| i32::from(block[2 + j] as i8)),
    }
}

/// Scales and minima of the eight sub-blocks of Q4_K and Q5_K, 6 bits each.
pub(crate) fn scales_k(s: &[u8]) -> ([i32; 8], [i32; 8]) {
    let (mut scale, mut min) = ([0; 8], [0; 8]);
    for g in 0..4 {
        scale[g] = i32::from(s[g] & 63);
        min[g] = i32::from(s[g + 4] & 63);
        scale[g + 4] = i32::from((s[g + 8] & 15) | ((s[g] >> 6) << 4));
        min[g + 4] = i32::from((s[g + 8] >> 4) | ((s[g + 4] >> 6) << 4));
    }
    (scale, min)
}

/// Integer quants of a Q4_K block, or of a Q5_K block if `high` holds its fifth bits.
pub(crate) fn quants_k(qs: &[u8], high: Option<&[u8]>) -> [i32; 256] {
    std::array::from_fn(|v| {
        let (g, l) = (v / 32, v % 32);
        let byte = qs[32 * (v / 64) + l];
        let low = if v % 64 < 32 { byte & 15 } else { byte >> 4 };
        let fifth = high.map_or(0, |qh| (qh[l] >> g) & 1);
        i32::from(low + 16 * fifth)
    })
}

/// Integer quants of a Q6_K block.
pub(crate) fn quants_6k(block: &[u8]) -> [i32; 256] {
    std::array::from_fn(|v| {
        let (h, g, l) = (v / 128, v % 128 / 32, v % 32);
        let byte = block[64 * h + l + 32 * (g % 2)];
        let low = if g < 2 { byte & 15 } else { byte >> 4 };
        let high = (block[128 + 32 * h + l] >> (2 * g)) & 3;
        i32::from(low) + 16 * i32::from(high) - 32
    })
}

/// The quants of a Q4_K or Q5_K block of the file.
pub(crate) fn block_quants_k(ty: TensorType, block: &[u8]) -> [i32; 256] {
    match ty {
        TensorType::Q5K => quants_k(&block[48..], Some(&block[16..48])),
        _ => quants_k(&block[16..], None),
    }
}

/// Dequantises one row of the file.
pub(crate) fn row(ty: TensorType, bytes: &[u8], out: &mut [f32]) {
    let blocks = bytes.chunks_exact(ty.block_bytes());
    for (block, out) in blocks.zip(out.chunks_exact_mut(ty.block_len())) {
        match ty {
            TensorType::F32 => out[0] = f32_at(block, 0),
            TensorType::F16 => out[0] = f16_at(block, 0),
            TensorType::BF16 => out[0] = widen_bf16(u16_at(block, 0)),
            TensorType::Q4K | TensorType::Q5K => block_k(ty, block, out),
            TensorType::Q6K => block_6k(block, out),
            _ => block32(ty, &quants32(ty, block), block, out),
        }
    }
}

/// Dequantises a block of 32 whose header is at the start of `block`.
pub(crate) fn block32(ty: TensorType, w: &[i32; 32], block: &[u8], out: &mut [f32]) {
    let d = f16_at(block, 0);
    let m = match ty {
        TensorType::Q4_1 | TensorType::Q5_1 => Some(f16_at(block, 2)),
        _ => None,
    };
    for (out, &w) in out.iter_mut().zip(w) {
        *out = match m {
            Some(m) => w as f32 * d + m,
            None => w as f32 * d,
        };
    }
}

fn block_k(ty: TensorType, block: &[u8], out: &mut [f32]) {
    let (d, dmin) = (f16_at(block, 0), f16_at(block, 2));
    let (scale, min) = scales_k(&block[4..16]);
    let quants = block_quants_k(ty, block);
    for (v, (out, &w)) in out.iter_mut().zip(&quants).enumerate() {
        *out = (scale[v / 32] * w) as f32 * d - min[v / 32] as f32 * dmin;
    }
}

fn block_6k(block: &[u8], out: &mut [f32]) {
    let d = f16_at(block, 208);
    for (v, (out, &w)) in out.iter_mut().zip(&quants_6k(block)).enumerate() {
        *out = (i32::from(block[192 + v / 16] as i8) * w) as f32 * d;
    }
}
