//! gemma3 (CN-1 section 8.4): the text part of Gemma 3.
//!
//! x = embedding(id) * sqrt(width). For each block:
//!   a = rmsnorm(x, attn_norm); q, k, v; norm of each head and rotation as [`super::qwen3`];
//!   x = rmsnorm(attn_output * attention(q, k, v), post_attention_norm) + x;
//!   a = rmsnorm(x, ffn_norm);
//!   x = rmsnorm(ffn_down * (gelu(ffn_gate * a) * (ffn_up * a)), post_ffw_norm) + x.
//! logits = head * rmsnorm(x, output_norm).
//!
//! Five local layers, which see a window and rotate by a base of their own, come before each global
//! layer, which sees everything and alone has linear scaling. The one that Gemma adds to its norms'
//! weights is in the file already. Soft caps are refused.

use super::{COMMON, Definition, HEADS, Numbers, RMS_EPSILON, ROPE, WINDOW, qwen3};
use crate::rope::RopeSettings;
use crate::{Block, Config, FeedForward, Reach, attention_scale};

pub(super) const DEFINITION: Definition = Definition {
    name: "gemma3",
    block: BLOCK,
    settings: &[COMMON, HEADS, ROPE, &[WINDOW, "rope.local_freq_base"]],
    epsilon: RMS_EPSILON,
    rope_factors: false,
    config,
};

const BLOCK: Block = Block {
    post_norms: true,
    feed_forward: FeedForward::GeGlu,
    ..qwen3::BLOCK
};

/// Each sixth layer is global.
const PERIOD: usize = 6;
/// Layers of the 27B model, which scales scores by its width instead of its heads' dimension.
const LAYERS_27B: usize = 62;
/// Bases of the rotation if the file names none.
const GLOBAL_BASE: f32 = 1_000_000.0;
const LOCAL_BASE: f32 = 10_000.0;

fn config(numbers: &Numbers) -> Config {
    let global = numbers.rope(GLOBAL_BASE);
    let local = RopeSettings {
        base: numbers.rope_local_base.unwrap_or(LOCAL_BASE),
        linear: None,
        ..global.clone()
    };
    let reach = |layer: usize| match (layer + 1).is_multiple_of(PERIOD) {
        true => Reach {
            rope: 0,
            window: None,
        },
        false => Reach {
            rope: 1,
            window: numbers.window,
        },
    };
    let scaled = match numbers.layers {
        LAYERS_27B => numbers.width / numbers.heads.max(1),
        _ => numbers.head_dim,
    };
    Config {
        embedding_scale: Some((numbers.width as f32).sqrt()),
        attention_scale: attention_scale(scaled),
        ropes: vec![global, local],
        reach: (0..numbers.layers).map(reach).collect(),
        ..numbers.config(BLOCK, None)
    }
}
