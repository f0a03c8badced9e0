//! gpt2 (CN-1 section 8.5): GPT-2.
//!
//! x = embedding(id) + position_embd[position]. For each block:
//!   a = layernorm(x, attn_norm); q, k, v = the thirds of attn_qkv * a + bias; no rotation;
//!   x = x + (attn_output * attention(q, k, v) + bias);
//!   a = layernorm(x, ffn_norm); x = x + (ffn_down * gelu(ffn_up * a + bias) + bias).
//! logits = head * layernorm(x, output_norm).
//!
//! Each query head has a key head of its own. Settings of rotation and of grouped heads are
//! refused.

use super::{COMMON, Definition, Numbers};
use crate::{Block, Config, FeedForward, NormKind, Qkv};

pub(super) const DEFINITION: Definition = Definition {
    name: "gpt2",
    block: BLOCK,
    settings: &[COMMON],
    epsilon: "attention.layer_norm_epsilon",
    rope_factors: false,
    config,
};

const BLOCK: Block = Block {
    norm: NormKind::Layer,
    qkv: Qkv::FusedBiased,
    head_norms: false,
    rotation: None,
    output_bias: true,
    post_norms: false,
    feed_forward: FeedForward::Gelu,
    learned_positions: true,
};

fn config(numbers: &Numbers) -> Config {
    numbers.config(BLOCK, None)
}
