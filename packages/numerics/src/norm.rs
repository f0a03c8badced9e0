//! Norms (CN-1 section 5.1) on sums over sixteen lanes.

use crate::Kernel;
use crate::free::{self, FREE, mul_add};
use crate::kernel::dispatch;

/// Lanes of a sum whose order the specification fixes.
pub(crate) const LANES: usize = 16;

/// Adds sixteen lanes pairwise: distance 8, 4, 2, 1.
#[inline(always)]
pub(crate) fn tree16(mut lanes: [f32; LANES]) -> f32 {
    for width in [8, 4, 2, 1] {
        for j in 0..width {
            lanes[j] += lanes[j + width];
        }
    }
    lanes[0]
}

/// Folds `x_i` into lane `i mod 16` by `f` in ascending order, then adds the lanes by [`tree16`].
#[inline(always)]
pub(crate) fn lanesum(x: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    if FREE {
        return free::sum::<LANES>(x, f);
    }
    let mut lanes = [0.0_f32; LANES];
    let (whole, rest) = x.as_chunks::<LANES>();
    for chunk in whole {
        for j in 0..LANES {
            lanes[j] = f(lanes[j], chunk[j]);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = f(*lane, value);
    }
    tree16(lanes)
}

#[inline(always)]
fn inverse(sum: f32, n: usize, eps: f32) -> f32 {
    1.0 / (sum / n as f32 + eps).sqrt()
}

#[inline(always)]
pub(crate) fn rmsnorm_body(x: &[f32], w: &[f32], eps: f32, y: &mut [f32]) {
    let inv = inverse(lanesum(x, |sum, v| mul_add(v, v, sum)), x.len(), eps);
    for ((y, &x), &w) in y.iter_mut().zip(x).zip(w) {
        *y = (x * inv) * w;
    }
}

#[inline(always)]
pub(crate) fn layernorm_body(x: &[f32], w: &[f32], b: &[f32], eps: f32, y: &mut [f32]) {
    let mean = lanesum(x, |sum, v| sum + v) / x.len() as f32;
    let sum = lanesum(x, |sum, v| {
        let c = v - mean;
        mul_add(c, c, sum)
    });
    let inv = inverse(sum, x.len(), eps);
    for (((y, &x), &w), &b) in y.iter_mut().zip(x).zip(w).zip(b) {
        *y = mul_add((x - mean) * inv, w, b);
    }
}

/// Root-mean-square norm of `x` with weights `w` into `y`; all of one length.
pub fn rmsnorm(kernel: Kernel, x: &[f32], w: &[f32], eps: f32, y: &mut [f32]) {
    dispatch!(kernel, rmsnorm_body, rmsnorm(x, w, eps, y));
}

/// Layer norm of `x` with weights `w` and biases `b` into `y`; all of one length.
pub fn layernorm(kernel: Kernel, x: &[f32], w: &[f32], b: &[f32], eps: f32, y: &mut [f32]) {
    dispatch!(kernel, layernorm_body, layernorm(x, w, b, eps, y));
}
