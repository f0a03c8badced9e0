//! qwen2 (CN-1 section 8.2): Qwen2 and Qwen2.5.
//!
//! As [`super::llama`], with a bias on q, k and v (added before the rotation), and the rotation
//! pairs the halves of a head.

use super::llama::ROPE_BASE;
use super::{COMMON, Definition, HEADS, Numbers, RMS_EPSILON, ROPE, WINDOW, llama};
use crate::rope::Pairing;
use crate::{Block, Config, Qkv};

pub(super) const DEFINITION: Definition = Definition {
    name: "qwen2",
    block: BLOCK,
    settings: &[COMMON, HEADS, ROPE, &[WINDOW]],
    epsilon: RMS_EPSILON,
    rope_factors: true,
    config,
};

const BLOCK: Block = Block {
    qkv: Qkv::SplitBiased,
    rotation: Some(Pairing::Neox),
    ..llama::BLOCK
};

fn config(numbers: &Numbers) -> Config {
    numbers.config(BLOCK, Some(numbers.rope(ROPE_BASE)))
}
