//! Scales and plain weights must be finite (cn-1.md 1.1, rule 6).

use super::wide;
use antiphon_numerics::TensorType;

/// Index of the first block with a scale or value that is NaN or infinite.
pub(super) fn first_not_finite(format: TensorType, data: &[u8]) -> Option<u64> {
    let bad: fn(&[u8]) -> bool = match format {
        TensorType::F32 => |b| all_ones(b, 2, 0x7f80),
        TensorType::BF16 => |b| all_ones(b, 0, 0x7f80),
        TensorType::F16 | TensorType::Q4_0 | TensorType::Q5_0 | TensorType::Q8_0 => {
            |b| all_ones(b, 0, 0x7c00)
        }
        TensorType::Q4_1 | TensorType::Q5_1 | TensorType::Q4K | TensorType::Q5K => {
            |b| all_ones(b, 0, 0x7c00) || all_ones(b, 2, 0x7c00)
        }
        TensorType::Q6K => |b| all_ones(b, 208, 0x7c00),
    };
    data.chunks_exact(format.block_bytes())
        .position(bad)
        .map(wide)
}

/// Whether the 16 bits at `at` have every exponent bit of `mask` set. The exponent of an f32 lies
/// in its upper half, so one test serves all three float widths.
fn all_ones(block: &[u8], at: usize, mask: u16) -> bool {
    match block.get(at..).and_then(|rest| rest.first_chunk::<2>()) {
        Some(bytes) => u16::from_le_bytes(*bytes) & mask == mask,
        None => true,
    }
}
