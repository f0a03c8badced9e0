//! A known-answer test for the start of a worker: a processor, compiler or mode that computes
//! otherwise is found before it votes.

use crate::attention::{KeysValues, Span, attend};
use crate::quantise::{Activations, Forms};
use crate::{Kernel, Matrix, ShapeError, TensorType};
use std::fmt;
use std::hint::black_box;

/// What the self test found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelfTestError {
    /// Arithmetic does not round to nearest even or drops subnormals.
    Arithmetic {
        /// Which property.
        what: &'static str,
        /// Bits got.
        got: u32,
        /// Bits wanted.
        want: u32,
    },
    /// A kernel gives other bits than the specification.
    Kernel {
        /// The kernel.
        kernel: &'static str,
        /// What it computed.
        what: &'static str,
        /// Digest of the bits got.
        got: u32,
        /// Digest wanted.
        want: u32,
    },
    /// A test matrix could not be packed, most likely a kernel that the processor lacks.
    Shape(ShapeError),
}

impl fmt::Display for SelfTestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arithmetic { what, got, want } => write!(
                f,
                "got {got:08x} for {what}, want {want:08x}: this process does not compute by IEEE 754 (flush-to-zero or another rounding mode), do not vote with it"
            ),
            Self::Kernel {
                kernel,
                what,
                got,
                want,
            } => write!(
                f,
                "kernel {kernel} got {got:08x} for {what}, want {want:08x}: do not vote with it"
            ),
            Self::Shape(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SelfTestError {}

impl From<ShapeError> for SelfTestError {
    fn from(error: ShapeError) -> Self {
        Self::Shape(error)
    }
}

/// Digests of the products of [`test_matrix`], one for each format.
const PRODUCTS: [u32; 11] = [
    0x61ff_81b1,
    0xab3c_befe,
    0x9b66_7fe6,
    0xf8b0_006e,
    0xc2a5_bd3a,
    0xb68d_fb84,
    0x7966_6a26,
    0x507f_e55a,
    0x4336_eb75,
    0x751d_5ba3,
    0xa49d_188f,
];
/// Digest of the exponential over its whole range.
const EXPONENTIALS: u32 = 0x9c8e_d743;
/// Digest of the norms.
const NORMS: u32 = 0xd007_8776;
/// Digest of the gates.
const GATES: u32 = 0x289f_ba6a;
/// Digest of the attentions.
const ATTENTIONS: u32 = 0x0e22_ae8a;
/// Digest of embedding rows.
const ROWS: u32 = 0xc126_2a94;
/// Vectors that the matrix is multiplied with: tiles of 8, 4, 2 and 1 of them all occur, on kernels
/// whose widest tile is of 4 too. The decoding of a token takes the last.
const VECTORS: usize = 15;

/// Checks arithmetic and the known answers of a kernel; a few milliseconds.
///
/// The fingerprint of the RoPE table needs SHA-256, which this crate lacks: see
/// [`crate::rope_table_bytes`].
///
/// # Errors
/// [`SelfTestError`] says what differs; such a process must not vote.
pub fn self_test(kernel: Kernel) -> Result<(), SelfTestError> {
    arithmetic()?;
    let known = |what, got, want| match got == want {
        true => Ok(()),
        false => Err(SelfTestError::Kernel {
            kernel: kernel.name(),
            what,
            got,
            want,
        }),
    };
    known("exponentials", exponentials(kernel), EXPONENTIALS)?;
    known("norms", norms(kernel), NORMS)?;
    known("gates", gates(kernel), GATES)?;
    known("attentions", attentions(kernel), ATTENTIONS)?;
    known("embedding rows", rows(kernel)?, ROWS)?;
    for (ty, want) in TensorType::ALL.into_iter().zip(PRODUCTS) {
        known(ty.name(), product(kernel, ty)?, want)?;
    }
    Ok(())
}

/// Subnormals are kept on input and output; ties go to even.
fn arithmetic() -> Result<(), SelfTestError> {
    let f = |bits: u32| black_box(f32::from_bits(bits));
    let half = f(0x3f00_0000);
    let checks = [
        ("a subnormal input", f(0x0000_0002) * half, 0x0000_0001),
        ("a subnormal result", f(0x0080_0000) * half, 0x0040_0000),
        (
            "a sum of subnormals",
            f(0x0000_0001) + f(0x0000_0001),
            0x0000_0002,
        ),
        (
            "a tie to even below",
            f(0x3f80_0000) + f(0x3380_0000),
            0x3f80_0000,
        ),
        (
            "a tie to even above",
            f(0x3f80_0001) + f(0x3380_0000),
            0x3f80_0002,
        ),
        (
            "a negative sum",
            f(0xbf80_0000) - f(0x3340_0000),
            0xbf80_0000,
        ),
        (
            "a positive sum",
            f(0x3f80_0000) + f(0x33c0_0000),
            0x3f80_0001,
        ),
        ("a square root", f(0x4000_0000).sqrt(), 0x3fb5_04f3),
        ("a quotient", f(0x3f80_0000) / f(0x4040_0000), 0x3eaa_aaab),
    ];
    match checks
        .into_iter()
        .find(|(_, got, want)| got.to_bits() != *want)
    {
        Some((what, got, want)) => Err(SelfTestError::Arithmetic {
            what,
            got: got.to_bits(),
            want,
        }),
        None => Ok(()),
    }
}

/// FNV-1a over the bits of floats: enough to notice a difference, no defence against an attack.
fn digest(values: &[f32]) -> u32 {
    let bytes = values.iter().flat_map(|v| v.to_bits().to_le_bytes());
    digest_bytes(bytes)
}

fn digest_bytes(bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes.into_iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// A fixed sequence of 32-bit numbers.
fn sequence(seed: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(seed), |x| {
        Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    })
    .skip(1)
    .map(|x| x ^ (x >> 15))
}

/// Values in -8..8 with many different exponents.
fn vector(seed: u32, len: usize) -> Vec<f32> {
    let value = |x: u32| (x as i32 >> 8) as f32 * f32::from_bits(0x3500_0000 - ((x & 3) << 23));
    sequence(seed).map(value).take(len).collect()
}

fn exponentials(kernel: Kernel) -> u32 {
    let mut x: Vec<f32> = (-3000..3000)
        .map(|i| i as f32 * f32::from_bits(0x3cf5_c28f))
        .collect();
    crate::elementary::exponentials(kernel, &mut x);
    digest(&x)
}

fn norms(kernel: Kernel) -> u32 {
    let (x, w, b) = (vector(3, 579), vector(5, 579), vector(13, 579));
    let eps = f32::from_bits(0x3727_c5ac);
    let mut y = vec![0.0; 2 * x.len()];
    let (rms, layer) = y.split_at_mut(x.len());
    crate::norm::rmsnorm(kernel, &x, &w, eps, rms);
    crate::norm::layernorm(kernel, &x, &w, &b, eps, layer);
    digest(&y)
}

fn gates(kernel: Kernel) -> u32 {
    let (gate, up) = (vector(17, 579), vector(19, 579));
    let (mut silu, mut gelu, mut alone) = (gate.clone(), gate.clone(), gate);
    crate::elementary::swiglu(kernel, &mut silu, &up);
    crate::elementary::geglu(kernel, &mut gelu, &up);
    crate::elementary::gelus(kernel, &mut alone);
    crate::elementary::residual(kernel, &mut alone, &up);
    digest(&[silu, gelu, alone].concat())
}

/// Tiles of one to four query heads; with a window, and without.
fn attentions(kernel: Kernel) -> u32 {
    let cases = (1..=4).flat_map(|heads| [(heads, 0), (heads, 5)]);
    digest(
        &cases
            .flat_map(|(heads, first)| attention(kernel, heads, first))
            .collect::<Vec<_>>(),
    )
}

/// Query heads of 20 elements on the second of two key heads, positions `first..37`.
fn attention(kernel: Kernel, heads: usize, first: usize) -> Vec<f32> {
    let (dim, kv_heads, last) = (20, 2, 36);
    let keys = vector(23, Span::scratch(last) * kv_heads * dim);
    let values = vector(29, (last + 1) * kv_heads * dim);
    let kv = KeysValues {
        keys: &keys,
        values: &values,
        kv_heads,
        head_dim: dim,
        scale: crate::attention_scale(dim),
    };
    let mut scratch = vec![0.0; heads * Span::scratch(last)];
    let mut out = vec![0.0; heads * dim];
    let (span, q) = (Span { first, last }, vector(31, heads * dim));
    // Scores are finite by construction.
    match attend(kernel, &kv, 1, span, &q, &mut scratch, &mut out) {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

/// The first and the last row of a matrix of each format, as numbers.
fn rows(kernel: Kernel) -> Result<u32, ShapeError> {
    let mut all = Vec::new();
    for ty in TensorType::ALL {
        let cols = columns(ty);
        let matrix = Matrix::pack(kernel, ty, 21, cols, &test_matrix(ty, 21, cols))?;
        for row in [0, 20] {
            let mut values = vec![0.0; cols];
            matrix.row_f32(row, &mut values);
            all.extend(values);
        }
    }
    Ok(digest(&all))
}

/// Columns of the matrices: whole blocks, and no power of two.
fn columns(ty: TensorType) -> usize {
    if ty.block_len() == 256 { 768 } else { 576 }
}

/// 21 rows (no multiple of 16) times [`VECTORS`] vectors.
fn product(kernel: Kernel, ty: TensorType) -> Result<u32, ShapeError> {
    let cols = columns(ty);
    let matrix = Matrix::pack(kernel, ty, 21, cols, &test_matrix(ty, 21, cols))?;
    let mut x = Activations::default();
    // The vectors are finite by construction.
    if x.load(kernel, Forms::of([ty]), &vector(11, VECTORS * cols), cols)
        .is_err()
    {
        return Ok(0);
    }
    let mut y = vec![0.0; VECTORS * 21];
    matrix.product(&x, &mut y);
    Ok(digest(&y))
}

/// What a kernel makes of a known tensor of each format: two builds whose fingerprints are equal
/// read each other's packed weights ([`Matrix::pack_into`]).
#[must_use]
pub fn layout_fingerprint(kernel: Kernel) -> Vec<u8> {
    let of = |ty: TensorType| {
        let cols = columns(ty);
        let Some(len) = Matrix::packed_len(kernel, ty, 21, cols) else {
            return 0;
        };
        let mut packed = vec![0; len];
        match Matrix::pack_into(
            kernel,
            ty,
            21,
            cols,
            &test_matrix(ty, 21, cols),
            &mut packed,
        ) {
            Ok(()) => digest_bytes(packed),
            Err(_) => 0,
        }
    };
    TensorType::ALL
        .into_iter()
        .flat_map(|ty| of(ty).to_le_bytes())
        .collect()
}

/// Rows with pseudo-random quants and finite scales.
fn test_matrix(ty: TensorType, rows: usize, cols: usize) -> Vec<u8> {
    let len = ty.row_bytes(cols).unwrap_or(0) * rows;
    let mut bytes: Vec<u8> = sequence(7).map(|x| (x >> 9) as u8).take(len).collect();
    for block in bytes.chunks_exact_mut(ty.block_bytes()) {
        for at in ty.exponents() {
            // The top exponent bit off and the one below on: between 2^-7 and 2 as f16.
            block[*at] = (block[*at] & 0x83) | 0x2c;
        }
    }
    bytes
}
