//! Rotary positions (CN-1 sections 5.3 and 6): a table from a fixed series, then rotations.

use std::sync::OnceLock;

const LN2: f64 = f64::from_bits(0x3FE6_2E42_FEFA_39EF);
const PIO2: f64 = f64::from_bits(0x3FF9_21FB_5444_2D18);
const C1: f64 = f64::from_bits(0x3FF9_21FB_5440_0000);
const C2: f64 = f64::from_bits(0x3DD0_B461_1A62_6331);

/// Natural logarithm of `x >= 1`.
fn ln(mut x: f64) -> f64 {
    let mut e = 0.0;
    while x > 1.5 {
        x *= 0.5;
        e += 1.0;
    }
    let z = (x - 1.0) / (x + 1.0);
    let w = z * z;
    let mut s = 0.0;
    for k in (1..=41).rev().step_by(2) {
        s = s * w + 1.0 / f64::from(k);
    }
    (2.0 * z) * s + e * LN2
}

/// The greatest integer not above `x`, for |x| < 2^31.
fn floor(x: f64) -> i32 {
    let towards_zero = x as i32;
    towards_zero - i32::from(f64::from(towards_zero) > x)
}

/// Exponential of `x` in -700..=0, the range of frequencies.
fn exp(x: f64) -> f64 {
    let n = floor(x / LN2);
    let r = x - f64::from(n) * LN2;
    let mut s = 1.0;
    for k in (1..=20).rev() {
        s = (s * r) / f64::from(k) + 1.0;
    }
    // 2^n from its exponent field: exact.
    let power = f64::from_bits(((1023 + i64::from(n)) as u64) << 52);
    s * power
}

/// Sine and cosine of `x >= 0`, of less than 2^31 quarter turns.
fn sin_cos(x: f64) -> (f64, f64) {
    let q = floor(x / PIO2);
    let r = (x - f64::from(q) * C1) - f64::from(q) * C2;
    let w = r * r;
    let mut s = 0.0;
    for k in (3..=27).rev().step_by(2) {
        s = 1.0 - (s * w) / f64::from(k * (k - 1));
    }
    // The last step of the series for k = 1 is the multiplication by r.
    s *= r;
    let mut c = 0.0;
    for k in (2..=28).rev().step_by(2) {
        c = 1.0 - (c * w) / f64::from(k * (k - 1));
    }
    match q & 3 {
        0 => (s, c),
        1 => (c, -s),
        2 => (-s, -c),
        _ => (-c, s),
    }
}

/// What the frequencies of a model depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeSettings {
    /// Base, at least 1.
    pub base: f32,
    /// Rotated elements of a head, even.
    pub dim: usize,
    /// Divisors of the frequencies, `dim / 2` of them.
    pub factors: Option<Vec<f32>>,
    /// Linear scaling of positions.
    pub linear: Option<f32>,
}

impl RopeSettings {
    /// Whether every angle of so many positions is one whose quarter turns [`sin_cos`] can count.
    pub(crate) fn reaches(&self, positions: usize) -> bool {
        let most = positions as f64;
        (0..self.dim / 2).all(|i| most * self.frequency(i) / PIO2 < f64::from(i32::MAX))
    }

    fn frequency(&self, i: usize) -> f64 {
        let mut f = exp(((-ln(f64::from(self.base))) * ((2 * i) as f64)) / self.dim as f64);
        if let Some(factors) = &self.factors {
            f /= f64::from(factors[i]);
        }
        if let Some(scale) = self.linear {
            f /= f64::from(scale);
        }
        f
    }
}

/// Positions whose rows are computed together.
const BLOCK: usize = 256;

/// Cosines and sines for each position, computed in blocks when they are first asked for: a context
/// of a million positions costs nothing until it is used.
#[derive(Debug)]
pub struct RopeTable {
    frequencies: Vec<f64>,
    positions: usize,
    /// Rows of [`BLOCK`] positions; row `p`: cosines, then sines.
    blocks: Vec<OnceLock<Box<[f32]>>>,
}

impl RopeTable {
    /// A table for positions `0..positions`; an entry takes about 0.2 microseconds when its block is
    /// first used.
    #[must_use]
    pub fn new(settings: &RopeSettings, positions: usize) -> Self {
        let frequency = |i| settings.frequency(i);
        Self {
            frequencies: (0..settings.dim / 2).map(frequency).collect(),
            positions,
            blocks: (0..positions.div_ceil(BLOCK))
                .map(|_| OnceLock::new())
                .collect(),
        }
    }

    /// Cosines and sines of a position.
    ///
    /// # Panics
    /// If the table has no such position.
    #[must_use]
    pub fn row(&self, position: usize) -> (&[f32], &[f32]) {
        let half = self.frequencies.len();
        let first = position / BLOCK * BLOCK;
        let block = self.blocks[position / BLOCK].get_or_init(|| self.rows(first));
        let from = (position - first) * 2 * half;
        block[from..from + 2 * half].split_at(half)
    }

    /// The rows of a block, which begins at position `first`.
    fn rows(&self, first: usize) -> Box<[f32]> {
        let last = (first + BLOCK).min(self.positions);
        let mut rows = Vec::with_capacity((last - first) * 2 * self.frequencies.len());
        for p in first..last {
            let turns = self.frequencies.iter().map(|f| sin_cos(p as f64 * f));
            let (sines, cosines): (Vec<f32>, Vec<f32>) =
                turns.map(|(sin, cos)| (sin as f32, cos as f32)).unzip();
            rows.extend(cosines);
            rows.extend(sines);
        }
        rows.into_boxed_slice()
    }

    /// The table as its fingerprint is taken: rows, f32 little endian.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let rows = (0..self.positions).map(|p| self.row(p));
        rows.flat_map(|(cosines, sines)| cosines.iter().chain(sines))
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }
}

/// Bytes of a table without scaling, for the fingerprints of section 6.2.
#[must_use]
pub fn rope_table_bytes(base: f32, dim: usize, positions: usize) -> Vec<u8> {
    RopeTable::new(
        &RopeSettings {
            base,
            dim,
            factors: None,
            linear: None,
        },
        positions,
    )
    .bytes()
}

/// Which elements of a head form a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// `2i` with `2i + 1` (llama).
    Interleaved,
    /// `i` with `i + dim / 2` (qwen, gemma).
    Neox,
}

/// Rotates one head in place; elements past the rotary dimension stay.
#[inline]
pub fn rotate(pairing: Pairing, (cos, sin): (&[f32], &[f32]), head: &mut [f32]) {
    let half = cos.len();
    let turn = |a: f32, b: f32, c: f32, s: f32| (a * c - b * s, a * s + b * c);
    match pairing {
        Pairing::Interleaved => {
            let (pairs, _) = head.as_chunks_mut::<2>();
            for (pair, (&c, &s)) in pairs.iter_mut().zip(cos.iter().zip(sin)) {
                (pair[0], pair[1]) = turn(pair[0], pair[1], c, s);
            }
        }
        Pairing::Neox => {
            let (low, high) = head.split_at_mut(half);
            for ((a, b), (&c, &s)) in low.iter_mut().zip(high).zip(cos.iter().zip(sin)) {
                (*a, *b) = turn(*a, *b, c, s);
            }
        }
    }
}
