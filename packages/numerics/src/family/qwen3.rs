//! qwen3 (CN-1 section 8.3): Qwen3 without experts.
//!
//! As [`super::llama`], but each head of q goes through rmsnorm(head, attn_q_norm) and each head of
//! k through rmsnorm(head, attn_k_norm) before the rotation, which pairs the halves of a head.

use super::llama::ROPE_BASE;
use super::{COMMON, Definition, HEADS, Numbers, RMS_EPSILON, ROPE, WINDOW, llama};
use crate::rope::Pairing;
use crate::{Block, Config};

pub(super) const DEFINITION: Definition = Definition {
    name: "qwen3",
    block: BLOCK,
    settings: &[COMMON, HEADS, ROPE, &[WINDOW]],
    epsilon: RMS_EPSILON,
    rope_factors: true,
    config,
};

pub(super) const BLOCK: Block = Block {
    head_norms: true,
    rotation: Some(Pairing::Neox),
    ..llama::BLOCK
};

fn config(numbers: &Numbers) -> Config {
    numbers.config(BLOCK, Some(numbers.rope(ROPE_BASE)))
}
