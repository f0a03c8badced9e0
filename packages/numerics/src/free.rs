//! What a build may do that is allowed any rounding: the adversary that shows what exactness costs.
//!
//! `--cfg antiphon_free_order`, which only `cargo bench-inference` sets, and for a program of its own,
//! makes the kernels compute like those of engines that promise no bits: multiply-adds are fused,
//! sums are taken in whatever order is fastest, constants are folded. Tiles, layouts and threads stay
//! as they are. Such a build does not compute CN-1: it fails the known answers of [`crate::self_test`],
//! its engine answers to another name, and worker and client do not compile with it.

/// True in such a build. A constant, so that the ordinary build has nothing of the other one in it
/// and both are compiled and linted always.
pub(crate) const FREE: bool = cfg!(antiphon_free_order);

/// Registers of a running sum: enough to hide the latency of a fused multiply-add.
const CHAINS: usize = 4;

/// Coefficients of `exp(r) = 1 + r + r^2 * (C2 + C3 * r + C4 * r^2 + C5 * r^3)`, relative error
/// 1.1e-7 for |r| <= ln(2) / 2.
const C2: f32 = f32::from_bits(0x3eff_fefe);
const C3: f32 = f32::from_bits(0x3e2a_abd7);
const C4: f32 = f32::from_bits(0x3d2b_9503);
const C5: f32 = f32::from_bits(0x3c08_313d);

/// `a * b + c`: two roundings, one in a free build.
#[inline(always)]
pub(crate) fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    if FREE { fused(a, b, c) } else { a * b + c }
}

/// One rounding; a single instruction where the code is compiled for it.
#[inline(always)]
#[allow(clippy::disallowed_methods, reason = "what CN-1 forbids, measured")]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    a.mul_add(b, c)
}

/// Folds values into several registers of lanes, then all lanes into one sum.
#[inline(always)]
pub(crate) fn sum<const N: usize>(x: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [[0.0_f32; N]; CHAINS];
    let (whole, rest) = x.as_chunks::<N>();
    let (rounds, last) = whole.as_chunks::<CHAINS>();
    for round in rounds {
        for c in 0..CHAINS {
            for j in 0..N {
                lanes[c][j] = f(lanes[c][j], round[c][j]);
            }
        }
    }
    for chunk in last {
        for j in 0..N {
            lanes[0][j] = f(lanes[0][j], chunk[j]);
        }
    }
    for (lane, &value) in lanes[0].iter_mut().zip(rest) {
        *lane = f(*lane, value);
    }
    all(lanes)
}

/// The sum of all lanes.
#[inline(always)]
fn all<const N: usize>(lanes: [[f32; N]; CHAINS]) -> f32 {
    let mut sum = [0.0_f32; N];
    for lanes in lanes {
        for j in 0..N {
            sum[j] += lanes[j];
        }
    }
    let mut width = N / 2;
    while width > 0 {
        for j in 0..width {
            sum[j] += sum[j + width];
        }
        width /= 2;
    }
    sum[0]
}

/// `exp(x) / 2^n` for the integer `n` nearest to `x / ln(2)`: a shorter polynomial, and the fused
/// product needs no second part of ln(2).
#[inline(always)]
pub(crate) fn exp_above(n: f32, x: f32) -> f32 {
    let r = fused(n, -std::f32::consts::LN_2, x);
    let (low, high) = (fused(C3, r, C2), fused(C5, r, C4));
    let square = r * r;
    fused(fused(high, square, low), square, r + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kernel, self_test};

    #[test]
    fn only_the_ordinary_build_rounds_products_and_passes_for_cn_1() {
        // x^2 - (1 + 2^-11) for x = 1 + 2^-12.
        let x = std::hint::black_box(1.000_244_1_f32);
        let rest = mul_add(x, x, -1.000_488_3);
        assert_eq!(rest == 0.0, !FREE);
        for kernel in Kernel::all().into_iter().filter(|k| k.available()) {
            assert_eq!(self_test(kernel).is_ok(), !FREE, "{kernel}");
        }
    }

    #[test]
    fn sums_and_exponentials_in_free_order_are_close() {
        let x: Vec<f32> = (0..579_u16).map(|i| f32::from(i) / 64.0 - 4.0).collect();
        let want: f64 = x.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let got = sum::<16>(&x, |sum, x| fused(x, x, sum));
        assert!((f64::from(got) / want - 1.0).abs() < 1e-6, "{got} {want}");
        for r in -34..=34_i8 {
            let r = f32::from(r) / 100.0;
            let ratio = exp_above(0.0, r) / crate::elementary::expc(r);
            assert!((ratio - 1.0).abs() < 3e-7, "{r}: {ratio}");
        }
    }
}
