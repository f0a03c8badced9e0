//! Reproducible numbers, and tensors of them in each format.

use antiphon_numerics::TensorType;

/// A 64-bit congruential generator, its upper bits used.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        let (times, plus) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.0 = self.0.wrapping_mul(times).wrapping_add(plus);
        (self.0 >> 32) as u32
    }

    fn byte(&mut self) -> u8 {
        (self.bits() >> 24) as u8
    }

    /// Between `from` and `to`.
    pub fn between(&mut self, from: f32, to: f32) -> f32 {
        let unit = (self.bits() >> 8) as f32 / 16_777_216.0;
        from + (to - from) * unit
    }

    /// Rows of `cols` values with a deviation of about `1 / sqrt(cols)`, so that a product has the
    /// size of its input.
    pub(crate) fn matrix(&mut self, format: TensorType, rows: u32, cols: u32) -> Vec<u8> {
        let size = 1.0 / (cols as f32).sqrt();
        let blocks = rows as usize * cols as usize / format.block_len();
        (0..blocks).flat_map(|_| self.block(format, size)).collect()
    }

    /// A block whose values have a deviation of about `size`.
    fn block(&mut self, format: TensorType, size: f32) -> Vec<u8> {
        use TensorType as T;
        // A uniform value in -1..1 has a deviation of 1 / sqrt(3).
        let plain = self.between(-1.732, 1.732) * size;
        let mut block: Vec<u8> = (0..format.block_bytes()).map(|_| self.byte()).collect();
        let mut put = |at: usize, value: f32| {
            block[at..at + 2].copy_from_slice(&half(value).to_le_bytes());
        };
        // Random quants of b bits have a deviation of 2^b / sqrt(12); a minimum centres unsigned
        // ones. A sub-scale of 6 bits is 36 on average (root of mean square), an 8-bit one 74.
        match format {
            T::F32 => return plain.to_le_bytes().to_vec(),
            T::F16 => return half(plain).to_le_bytes().to_vec(),
            T::BF16 => return ((plain.to_bits() >> 16) as u16).to_le_bytes().to_vec(),
            T::Q4_0 => put(0, size / 4.6),
            T::Q5_0 => put(0, size / 9.2),
            T::Q8_0 => put(0, size / 73.9),
            T::Q4_1 | T::Q5_1 => {
                let (step, middle) = match format {
                    T::Q4_1 => (size / 4.6, 7.5),
                    _ => (size / 9.2, 15.5),
                };
                put(0, step);
                put(2, -step * middle);
            }
            T::Q4K | T::Q5K => {
                let (step, middle) = match format {
                    T::Q4K => (size / 170.0, 7.5),
                    _ => (size / 340.0, 15.5),
                };
                put(0, step);
                put(2, step * middle);
            }
            T::Q6K => put(208, size / 1360.0),
        }
        block
    }
}

/// The half-precision bits of a small number, rounded towards zero; subnormals too.
fn half(value: f32) -> u16 {
    let sign = if value < 0.0 { 0x8000 } else { 0 };
    let magnitude = value.abs();
    // Below 2^-14 a half counts steps of 2^-24.
    let bits = if magnitude < 6.103_515_6e-5 {
        (magnitude * 16_777_216.0) as u16
    } else {
        let bits = magnitude.to_bits();
        (((bits >> 23) - 112) << 10 | (bits >> 13) & 0x3ff) as u16
    };
    sign | bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_those_of_the_format() {
        for (value, bits) in [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (0.099_975_586, 0x2e66),
            (6.103_515_6e-5, 0x0400),
            (5.960_464_5e-8, 0x0001),
            (0.0, 0x0000),
        ] {
            assert_eq!(half(value), bits, "{value}");
        }
    }

    #[test]
    fn a_seed_gives_its_own_sequence_each_time() {
        let take = |seed| {
            let mut random = Random::new(seed);
            (0..4).map(|_| random.bits()).collect::<Vec<_>>()
        };
        assert_eq!(take(3), take(3));
        assert_ne!(take(3), take(4));
    }
}
