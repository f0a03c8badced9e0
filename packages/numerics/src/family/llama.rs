//! llama (CN-1 section 8.1): SmolLM2, Llama 2 and 3, Alpaca, Mistral without a window.
//!
//! x = embedding(id). For each block:
//!   a = rmsnorm(x, attn_norm); q, k, v = attn_q, attn_k, attn_v times a; rotate q and k;
//!   x = x + attn_output * attention(q, k, v);
//!   a = rmsnorm(x, ffn_norm); x = x + ffn_down * (silu(ffn_gate * a) * (ffn_up * a)).
//! logits = head * rmsnorm(x, output_norm).
//!
//! Pairs of the rotation are neighbours, since the file's q and k rows are permuted so. Llama 3.1
//! and later divide the frequencies by `rope_freqs.weight`. A window smaller than the context, as
//! the first Mistral has, is refused, and so are experts and any scaling but linear.

use super::{COMMON, Definition, HEADS, Numbers, RMS_EPSILON, ROPE, WINDOW};
use crate::rope::Pairing;
use crate::{Block, Config, FeedForward, NormKind, Qkv};

pub(super) const DEFINITION: Definition = Definition {
    name: "llama",
    block: BLOCK,
    settings: &[COMMON, HEADS, ROPE, &[WINDOW]],
    epsilon: RMS_EPSILON,
    rope_factors: true,
    config,
};

pub(super) const BLOCK: Block = Block {
    norm: NormKind::Rms,
    qkv: Qkv::Split,
    head_norms: false,
    rotation: Some(Pairing::Interleaved),
    output_bias: false,
    post_norms: false,
    feed_forward: FeedForward::SwiGlu,
    learned_positions: false,
};

/// The base of the rotation if the file names none.
pub(super) const ROPE_BASE: f32 = 10_000.0;

fn config(numbers: &Numbers) -> Config {
    numbers.config(BLOCK, Some(numbers.rope(ROPE_BASE)))
}
