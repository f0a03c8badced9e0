//! Numbers that look random and are the same everywhere.

use antiphon_numerics::TensorType;

/// A generator with 64 bits of state (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.bits() >> 32) as usize % end
    }

    /// One of them.
    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Between -1 and 1, now and then zero, subnormal or large.
    pub(crate) fn value(&mut self) -> f32 {
        let value = (self.bits() >> 40) as f32 / 8_388_608.0 - 1.0;
        match self.below(32) {
            0 => value * 1000.0,
            1 => value * f32::from_bits(0x0080_0000),
            2 => 0.0,
            3 => value * 1e-6,
            _ => value,
        }
    }

    pub(crate) fn vector(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.value()).collect()
    }

    /// A tensor of the file: any quants, finite scales of both signs, subnormal ones among them.
    pub(crate) fn tensor(&mut self, ty: TensorType, rows: usize, cols: usize) -> Vec<u8> {
        let len = ty.row_bytes(cols).unwrap_or_default() * rows;
        let mut bytes: Vec<u8> = (0..len).map(|_| (self.bits() >> 24) as u8).collect();
        for block in bytes.chunks_exact_mut(ty.block_bytes()) {
            for at in exponents(ty) {
                // The exponent of a half stays below 2, that of a float in the middle.
                block[*at] = match ty {
                    TensorType::F32 | TensorType::BF16 => block[*at] & 0x83 | 0x3c,
                    _ => block[*at] & if self.below(16) == 0 { 0x83 } else { 0xaf },
                };
            }
        }
        bytes
    }
}

/// Bytes of a block that hold the exponent of a scale or value.
const fn exponents(ty: TensorType) -> &'static [usize] {
    match ty {
        TensorType::F32 => &[3],
        TensorType::Q4_1 | TensorType::Q5_1 | TensorType::Q4K | TensorType::Q5K => &[1, 3],
        TensorType::Q6K => &[209],
        _ => &[1],
    }
}
