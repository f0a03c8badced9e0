//! Model families (CN-1 section 8): what each computes, and what its files name.
//!
//! A family is a [`Definition`], one readable file each. Tensor names and settings are those of
//! GGUF; the settings' names here lack the prefix `{family}.`.

mod gemma3;
mod gpt2;
mod llama;
mod qwen2;
mod qwen3;
mod tensors;

pub use tensors::TensorShape;

use crate::rope::RopeSettings;
use crate::{Block, Config, Reach, attention_scale};

/// A family that CN-1 defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// CN-1 8.1: SmolLM2, Llama 2 and 3, Alpaca, Mistral without a window.
    Llama,
    /// CN-1 8.2: Qwen2 and Qwen2.5.
    Qwen2,
    /// CN-1 8.3: Qwen3 without experts.
    Qwen3,
    /// CN-1 8.4: the text part of Gemma 3.
    Gemma3,
    /// CN-1 8.5: GPT-2.
    Gpt2,
}

/// All that is particular to a family.
#[derive(Debug)]
pub struct Definition {
    /// The value of `general.architecture`, and the prefix of the family's settings.
    pub name: &'static str,
    /// What a block is made of.
    pub block: Block,
    /// Settings that a file may name; any other may change what the model computes.
    pub settings: &'static [&'static [&'static str]],
    /// The setting with the epsilon of the norms.
    pub epsilon: &'static str,
    /// True if the file may have divisors of the rotary frequencies (`rope_freqs.weight`).
    pub rope_factors: bool,
    config: fn(&Numbers) -> Config,
}

/// Settings of any file without experts.
const COMMON: &[&str] = &[
    "attention.head_count",
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "vocab_size",
];
/// Settings of grouped heads with a length of their own.
const HEADS: &[&str] = &[
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
];
/// Settings of the rotation.
const ROPE: &[&str] = &[
    "rope.dimension_count",
    "rope.freq_base",
    "rope.scaling.factor",
    "rope.scaling.type",
];
/// The epsilon of a root-mean-square norm.
const RMS_EPSILON: &str = "attention.layer_norm_rms_epsilon";
/// The window of attention; a family without windows takes one that covers the whole context.
const WINDOW: &str = "attention.sliding_window";

/// The settings of a file, defaults of CN-1 section 8 filled in where they do not depend on the
/// family.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// `block_count`.
    pub layers: usize,
    /// `embedding_length`.
    pub width: usize,
    /// `attention.head_count`.
    pub heads: usize,
    /// `attention.head_count_kv`.
    pub kv_heads: usize,
    /// `attention.key_length`.
    pub head_dim: usize,
    /// `feed_forward_length`.
    pub ffn: usize,
    /// Rows of `token_embd.weight`.
    pub vocab: usize,
    /// `context_length`.
    pub context: usize,
    /// The epsilon of the norms.
    pub eps: f32,
    /// `rope.dimension_count`.
    pub rope_dim: usize,
    /// `rope.freq_base`.
    pub rope_base: Option<f32>,
    /// `rope.local_freq_base`, the base of layers with a window.
    pub rope_local_base: Option<f32>,
    /// `rope.scaling.factor` with `rope.scaling.type` linear.
    pub rope_linear: Option<f32>,
    /// `rope_freqs.weight`.
    pub rope_factors: Option<Vec<f32>>,
    /// `attention.sliding_window`.
    pub window: Option<usize>,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 5] = [
        Self::Llama,
        Self::Qwen2,
        Self::Qwen3,
        Self::Gemma3,
        Self::Gpt2,
    ];

    /// What the family is.
    #[must_use]
    pub const fn definition(self) -> &'static Definition {
        match self {
            Self::Llama => &llama::DEFINITION,
            Self::Qwen2 => &qwen2::DEFINITION,
            Self::Qwen3 => &qwen3::DEFINITION,
            Self::Gemma3 => &gemma3::DEFINITION,
            Self::Gpt2 => &gpt2::DEFINITION,
        }
    }

    /// The value of `general.architecture`, and the prefix of the family's settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.definition().name
    }

    /// The family of a `general.architecture`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// True if the family reads the setting (without its prefix).
    #[must_use]
    pub fn reads(self, setting: &str) -> bool {
        let mut lists = self.definition().settings.iter();
        setting == self.definition().epsilon || lists.any(|list| list.contains(&setting))
    }

    /// What the executor computes for these numbers; it is checked when a model is built.
    #[must_use]
    pub fn config(self, numbers: &Numbers) -> Config {
        (self.definition().config)(numbers)
    }

    /// Every tensor that a file of this family has or may have, and no other.
    #[must_use]
    pub fn tensors(self, config: &Config) -> Vec<TensorShape> {
        tensors::list(self.definition(), config)
    }
}

impl Numbers {
    /// A config whose layers all see everything, with one rotary table.
    fn config(&self, block: Block, rope: Option<RopeSettings>) -> Config {
        Config {
            block,
            layers: self.layers,
            width: self.width,
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
            eps: self.eps,
            ffn: self.ffn,
            vocab: self.vocab,
            context: self.context,
            embedding_scale: None,
            attention_scale: attention_scale(self.head_dim),
            ropes: rope.into_iter().collect(),
            reach: vec![Reach::default(); self.layers],
        }
    }

    /// The rotary table with all scaling that the file names.
    fn rope(&self, default_base: f32) -> RopeSettings {
        RopeSettings {
            base: self.rope_base.unwrap_or(default_base),
            dim: self.rope_dim,
            factors: self.rope_factors.clone(),
            linear: self.rope_linear,
        }
    }
}
