//! Weights back to f32, for the embedding lookup (CN-1 section 2).

use crate::format::{TensorType, f16_at, f32_at, u16_at, u32_at, widen_bf16};

/// Integer quants of a 32-value block: nibbles, and for 5 bits their high bits. 16 bits are enough
/// for every quant times its sub-block's scale (at most 4096), and multiply fast.
#[inline(always)]
fn nibbles<const HIGH: bool>(qs: &[u8], high: u32, bias: i16) -> [i16; 32] {
    let mut w = [0; 32];
    let (low, up) = w.split_at_mut(16);
    // Two plain loops, which compilers turn into vector code.
    for (w, &q) in low.iter_mut().zip(&qs[..16]) {
        *w = i16::from(q & 15).wrapping_sub(bias);
    }
    for (w, &q) in up.iter_mut().zip(&qs[..16]) {
        *w = i16::from(q >> 4).wrapping_sub(bias);
    }
    if HIGH {
        for (j, w) in w.iter_mut().enumerate() {
            *w = w.wrapping_add(((high >> j) & 1) as i16 * 16);
        }
    }
    w
}

/// Integer quants of a block of 32.
#[inline(always)]
pub(crate) fn quants32(ty: TensorType, block: &[u8]) -> [i16; 32] {
    match ty {
        TensorType::Q4_0 => nibbles::<false>(&block[2..], 0, 8),
        TensorType::Q4_1 => nibbles::<false>(&block[4..], 0, 0),
        TensorType::Q5_0 => nibbles::<true>(&block[6..], u32_at(block, 2), 16),
        TensorType::Q5_1 => nibbles::<true>(&block[8..], u32_at(block, 4), 0),
        _ => {
            let mut w = [0; 32];
            for (w, &q) in w.iter_mut().zip(&block[2..34]) {
                *w = i16::from(q as i8);
            }
            w
        }
    }
}

/// Scales and minima of the eight sub-blocks of Q4_K and Q5_K, 6 bits each.
pub(crate) fn scales_k(s: &[u8]) -> ([i16; 8], [i16; 8]) {
    let (mut scale, mut min) = ([0; 8], [0; 8]);
    for g in 0..4 {
        scale[g] = i16::from(s[g] & 63);
        min[g] = i16::from(s[g + 4] & 63);
        scale[g + 4] = i16::from((s[g + 8] & 15) | ((s[g] >> 6) << 4));
        min[g + 4] = i16::from((s[g + 8] >> 4) | ((s[g + 4] >> 6) << 4));
    }
    (scale, min)
}

/// Integer quants of a Q4_K block, or of a Q5_K block if `high` holds its fifth bits.
pub(crate) fn quants_k(qs: &[u8], high: Option<&[u8]>) -> [i16; 256] {
    std::array::from_fn(|v| {
        let (g, l) = (v / 32, v % 32);
        let byte = qs[32 * (v / 64) + l];
        let low = if v % 64 < 32 { byte & 15 } else { byte >> 4 };
        let fifth = high.map_or(0, |qh| (qh[l] >> g) & 1);
        i16::from(low + 16 * fifth)
    })
}

/// Integer quants of a Q6_K block.
pub(crate) fn quants_6k(block: &[u8]) -> [i16; 256] {
    std::array::from_fn(|v| {
        let (h, g, l) = (v / 128, v % 128 / 32, v % 32);
        let byte = block[64 * h + l + 32 * (g % 2)];
        let low = if g < 2 { byte & 15 } else { byte >> 4 };
        let high = (block[128 + 32 * h + l] >> (2 * g)) & 3;
        i16::from(low) + 16 * i16::from(high) - 32
    })
}

/// The quants of a Q4_K or Q5_K block of the file.
pub(crate) fn block_quants_k(ty: TensorType, block: &[u8]) -> [i16; 256] {
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
pub(crate) fn block32(ty: TensorType, w: &[i16; 32], block: &[u8], out: &mut [f32]) {
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
    let d = (f16_at(block, 0), f16_at(block, 2));
    let (scale, min) = scales_k(&block[4..16]);
    values_k(
        &block_quants_k(ty, block),
        &scale.map(|s| s as u8),
        &min.map(|m| m as u8),
        d,
        out,
    );
}

/// Values of a Q4_K or Q5_K block from its quants, sub-block scales and minima, and their scales.
pub(crate) fn values_k(
    quants: &[i16; 256],
    scale: &[u8],
    min: &[u8],
    (d, dmin): (f32, f32),
    out: &mut [f32],
) {
    for (v, (out, &w)) in out.iter_mut().zip(quants).enumerate() {
        let (scale, min) = (i16::from(scale[v / 32]), i16::from(min[v / 32]));
        *out = (scale * w) as f32 * d - min as f32 * dmin;
    }
}

fn block_6k(block: &[u8], out: &mut [f32]) {
    let scales: [i16; 16] = std::array::from_fn(|g| i16::from(block[192 + g] as i8));
    values_6k(&quants_6k(block), &scales, f16_at(block, 208), out);
}

/// Values of a Q6_K block from its quants, sub-block scales and their scale.
pub(crate) fn values_6k(quants: &[i16; 256], scales: &[i16; 16], d: f32, out: &mut [f32]) {
    for (v, (out, &w)) in out.iter_mut().zip(quants).enumerate() {
        *out = (scales[v / 16] * w) as f32 * d;
    }
}
