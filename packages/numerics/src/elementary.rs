//! Rounding, exponential and gates (CN-1 section 1.4), each operation rounded once.

use crate::Kernel;
use crate::free::{self, FREE, mul_add};
use crate::kernel::dispatch;

/// Magnitude bits from which a value is infinite or NaN.
pub(crate) const INFINITE: u32 = 0x7f80_0000;

/// 1.5 * 2^23: adding it rounds to an integer, ties to even.
pub(crate) const MAGIC: f32 = f32::from_bits(0x4B40_0000);

const LOW: f32 = f32::from_bits(0xC2AE_0000);
const HIGH: f32 = f32::from_bits(0x42B0_0000);
const LOG2_E: f32 = f32::from_bits(0x3FB8_AA3B);
const LN2_HIGH: f32 = f32::from_bits(0x3F31_8000);
const LN2_LOW: f32 = f32::from_bits(0xB95E_8083);
const P5: f32 = f32::from_bits(0x3950_6967);
const P4: f32 = f32::from_bits(0x3AB7_43CE);
const P3: f32 = f32::from_bits(0x3C08_8908);
const P2: f32 = f32::from_bits(0x3D2A_A9C1);
const P1: f32 = f32::from_bits(0x3E2A_AAAA);
const P0: f32 = f32::from_bits(0x3F00_0000);
const GELU_CUBE: f32 = f32::from_bits(0x3D37_2713);
const GELU_SCALE: f32 = f32::from_bits(0x3FCC_422A);

/// True for NaN and infinity, by the bits.
#[inline(always)]
#[must_use]
pub fn not_finite(x: f32) -> bool {
    x.to_bits() & 0x7fff_ffff >= INFINITE
}

/// The canonical exponential: clamped to -87..=88, always normal, `expc(0) == 1` exactly.
#[inline(always)]
#[must_use]
pub fn expc(x: f32) -> f32 {
    let x = if x < LOW { LOW } else { x };
    let x = if x > HIGH { HIGH } else { x };
    let shifted = mul_add(x, LOG2_E, MAGIC);
    let n = shifted - MAGIC;
    // |n| < 2^22, so the low bits of the shifted value are the integer itself.
    let power = shifted.to_bits().wrapping_sub(MAGIC.to_bits());
    let y = match FREE {
        true => free::exp_above(n, x),
        false => exp_above(n, x),
    };
    f32::from_bits(y.to_bits().wrapping_add(power << 23))
}

/// `exp(x) / 2^n`, about 1.
#[inline(always)]
fn exp_above(n: f32, x: f32) -> f32 {
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = P5;
    p = p * r + P4;
    p = p * r + P3;
    p = p * r + P2;
    p = p * r + P1;
    p = p * r + P0;
    (p * (r * r) + r) + 1.0
}

/// `x / (1 + expc(-x))`.
#[inline(always)]
#[must_use]
pub fn silu(x: f32) -> f32 {
    x / (1.0 + expc(-x))
}

/// The tanh form of GELU, written as a sigmoid.
#[inline(always)]
#[must_use]
pub fn gelu(x: f32) -> f32 {
    let cube = (x * x) * x;
    let u = mul_add(GELU_CUBE, cube, x);
    let z = GELU_SCALE * u;
    x / (1.0 + expc(-z))
}

/// SwiGLU in place: `gate[i] = silu(gate[i]) * up[i]`.
pub(crate) fn swiglu(kernel: Kernel, gate: &mut [f32], up: &[f32]) {
    dispatch!(kernel, swiglu_body, swiglu(gate, up));
}

#[inline(always)]
pub(crate) fn swiglu_body(gate: &mut [f32], up: &[f32]) {
    for (g, &u) in gate.iter_mut().zip(up) {
        *g = silu(*g) * u;
    }
}

/// GeGLU in place: `gate[i] = gelu(gate[i]) * up[i]`.
pub(crate) fn geglu(kernel: Kernel, gate: &mut [f32], up: &[f32]) {
    dispatch!(kernel, geglu_body, geglu(gate, up));
}

#[inline(always)]
pub(crate) fn geglu_body(gate: &mut [f32], up: &[f32]) {
    for (g, &u) in gate.iter_mut().zip(up) {
        *g = gelu(*g) * u;
    }
}

/// GELU of each value, in place.
pub(crate) fn gelus(kernel: Kernel, x: &mut [f32]) {
    dispatch!(kernel, gelus_body, gelus(x));
}

#[inline(always)]
pub(crate) fn gelus_body(x: &mut [f32]) {
    for x in x {
        *x = gelu(*x);
    }
}

/// Residual in place: `x[i] = x[i] + o[i]`.
pub(crate) fn residual(kernel: Kernel, x: &mut [f32], o: &[f32]) {
    dispatch!(kernel, residual_body, residual(x, o));
}

#[inline(always)]
pub(crate) fn residual_body(x: &mut [f32], o: &[f32]) {
    for (x, &o) in x.iter_mut().zip(o) {
        *x += o;
    }
}

/// Multiplies each value, in place.
pub(crate) fn scale(x: &mut [f32], factor: f32) {
    for x in x {
        *x *= factor;
    }
}

/// The canonical exponential of each value, in place.
pub(crate) fn exponentials(kernel: Kernel, x: &mut [f32]) {
    dispatch!(kernel, exponentials_body, exponentials(x));
}

#[inline(always)]
pub(crate) fn exponentials_body(x: &mut [f32]) {
    for x in x {
        *x = expc(*x);
    }
}

/// True if any value is NaN or infinite; one pass without branches.
pub(crate) fn any_not_finite(kernel: Kernel, x: &[f32]) -> bool {
    dispatch!(kernel, greatest_magnitude, greatest_magnitude(x)) >= INFINITE
}

/// Greatest magnitude as bits; for finite values the order of bits is the order of values.
#[inline(always)]
pub(crate) fn greatest_magnitude(x: &[f32]) -> u32 {
    x.iter()
        .fold(0, |most, v| most.max(v.to_bits() & 0x7fff_ffff))
}
