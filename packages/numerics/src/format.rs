//! Weight formats of a GGUF file (CN-1 section 2).

/// Values in a segment of a sum along a row: terms are added within a segment, then segments.
pub(crate) const SEGMENT: usize = 256;

/// The weight formats that CN-1 defines; a loader refuses any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TensorType {
    /// IEEE binary32.
    F32,
    /// IEEE binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// 4 bits, scale.
    Q4_0,
    /// 4 bits, scale and minimum.
    Q4_1,
    /// 5 bits, scale.
    Q5_0,
    /// 5 bits, scale and minimum.
    Q5_1,
    /// 8 bits, scale.
    Q8_0,
    /// 4 bits, eight sub-blocks with 6-bit scales and minima.
    Q4K,
    /// 5 bits, eight sub-blocks with 6-bit scales and minima.
    Q5K,
    /// 6 bits, sixteen sub-blocks with 8-bit scales.
    Q6K,
}

impl TensorType {
    /// All formats, in the order of the specification's table.
    pub const ALL: [Self; 11] = [
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
    ];

    /// The format behind a GGUF tensor type id, if CN-1 knows it.
    #[must_use]
    pub fn from_gguf(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.gguf() == id)
    }

    /// The type id in a GGUF file.
    #[must_use]
    pub const fn gguf(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q4_1 => 3,
            Self::Q5_0 => 6,
            Self::Q5_1 => 7,
            Self::Q8_0 => 8,
            Self::Q4K => 12,
            Self::Q5K => 13,
            Self::Q6K => 14,
            Self::BF16 => 30,
        }
    }

    /// The name used by GGUF tools.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q8_0 => "Q8_0",
            Self::Q4K => "Q4_K",
            Self::Q5K => "Q5_K",
            Self::Q6K => "Q6_K",
        }
    }

    /// Values in a block; the length of a row is a multiple of it.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => 32,
            Self::Q4K | Self::Q5K | Self::Q6K => 256,
        }
    }

    /// Bytes of a block in the file.
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q4K => 144,
            Self::Q5K => 176,
            Self::Q6K => 210,
        }
    }

    /// Bytes of a row of `cols` values, or `None` if `cols` is not a whole number of blocks.
    #[must_use]
    pub const fn row_bytes(self, cols: usize) -> Option<usize> {
        if cols.is_multiple_of(self.block_len()) {
            (cols / self.block_len()).checked_mul(self.block_bytes())
        } else {
            None
        }
    }

    /// What a product with this format reads: see [`crate::quantise`].
    pub(crate) const fn form(self) -> Form {
        match self.block_len() {
            1 => Form::Plain,
            32 => Form::A32,
            _ => Form::A256,
        }
    }

    /// True if every scale and every plain value in `block` is finite.
    pub(crate) fn is_finite(self, block: &[u8]) -> bool {
        let half = |at: usize| u16_at(block, at) & 0x7c00 != 0x7c00;
        match self {
            Self::F32 => f32_at(block, 0).is_finite(),
            Self::BF16 => widen_bf16(u16_at(block, 0)).is_finite(),
            Self::F16 | Self::Q4_0 | Self::Q5_0 | Self::Q8_0 => half(0),
            Self::Q4_1 | Self::Q5_1 | Self::Q4K | Self::Q5K => half(0) && half(2),
            Self::Q6K => half(208),
        }
    }

    /// Offsets of the bytes of a block that hold the exponents of its scales or plain values.
    pub(crate) const fn exponents(self) -> &'static [usize] {
        match self {
            Self::F32 => &[3],
            Self::F16 | Self::BF16 | Self::Q4_0 | Self::Q5_0 | Self::Q8_0 => &[1],
            Self::Q4_1 | Self::Q5_1 | Self::Q4K | Self::Q5K => &[1, 3],
            Self::Q6K => &[209],
        }
    }
}

/// The form of activations that a weight format multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are, for F32, F16 and BF16 weights.
    Plain,
    /// 8-bit blocks of 32 values.
    A32,
    /// 8-bit blocks of 256 values.
    A256,
}

/// Little-endian `u16` at a byte offset.
#[inline(always)]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Little-endian `u32` at a byte offset.
#[inline(always)]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Little-endian `f32` at a byte offset.
#[inline(always)]
pub(crate) fn f32_at(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(u32_at(bytes, at))
}

/// The f16 at a byte offset, widened.
#[inline(always)]
pub(crate) fn f16_at(bytes: &[u8], at: usize) -> f32 {
    widen_f16(u16_at(bytes, at))
}

/// Widens binary16 to binary32; exact, subnormals included.
#[inline]
#[must_use]
pub(crate) fn widen_f16(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let exponent = u32::from(half >> 10) & 31;
    let mantissa = u32::from(half & 0x3ff);
    let magnitude = match exponent {
        // m * 2^-24; both factors and the product are exact.
        0 => (mantissa as f32 * f32::from_bits(0x3380_0000)).to_bits(),
        31 => 0x7f80_0000 | (mantissa << 13),
        _ => ((exponent + 112) << 23) | (mantissa << 13),
    };
    f32::from_bits(sign | magnitude)
}

/// Widens bfloat16 to binary32; exact.
#[inline]
#[must_use]
pub(crate) fn widen_bf16(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_widen_exactly_with_subnormals() {
        for (half, bits) in [
            (0x0000, 0x0000_0000),
            (0x8000, 0x8000_0000),
            (0x0001, 0x3380_0000),
            (0x83ff, 0xb87f_c000),
            (0x0400, 0x3880_0000),
            (0x3c00, 0x3f80_0000),
            (0xfbff, 0xc77f_e000),
        ] {
            assert_eq!(widen_f16(half).to_bits(), bits, "{half:04x}");
        }
    }

    #[test]
    fn ids_map_back_and_unknown_ids_are_refused() {
        for ty in TensorType::ALL {
            assert_eq!(TensorType::from_gguf(ty.gguf()), Some(ty));
        }
        assert_eq!(TensorType::from_gguf(10), None);
    }

    #[test]
    fn a_row_must_be_a_whole_number_of_blocks() {
        assert_eq!(TensorType::Q4_1.row_bytes(576), Some(360));
        assert_eq!(TensorType::Q4K.row_bytes(576), None);
    }
}
