//! The models that every engine and every machine should agree on.

use crate::{Family, Miniature, TensorType};
use TensorType::{BF16, F16, F32, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};

/// All formats of CN-1, quants of 32 first.
const ALL: [TensorType; 11] = [Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4K, Q5K, Q6K, F16, BF16, F32];

impl Miniature {
    /// A plain llama: 3 layers, 96 wide, 6 heads on 2, all formats of 32 in turn, tied head.
    #[must_use]
    pub fn llama() -> Self {
        Self {
            name: "llama",
            family: Family::Llama,
            seed: 1,
            layers: 3,
            width: 96,
            heads: 6,
            kv_heads: 2,
            head_dim: 16,
            rotary: 16,
            ffn: 160,
            context: 512,
            formats: ALL.to_vec(),
            embedding: Q8_0,
            head: None,
            rope_base: Some(10_000.0),
            rope_linear: None,
            rope_factors: false,
            window: 0,
        }
    }

    /// A model of each architecture with what is particular to it, and of each kind of format.
    #[must_use]
    pub fn gallery() -> Vec<Self> {
        vec![
            Self::llama(),
            Self::llama3(),
            Self::k_quants(),
            Self::scaled(),
            Self::qwen2(),
            Self::qwen3(),
            Self::gemma3(),
            Self::gpt2(),
        ]
    }

    /// Llama 3: factors, a large base, a head of its own.
    fn llama3() -> Self {
        Self {
            name: "llama3",
            seed: 2,
            heads: 8,
            head_dim: 12,
            rotary: 12,
            rope_base: Some(500_000.0),
            rope_factors: true,
            head: Some(Q5_1),
            embedding: F16,
            ..Self::llama()
        }
    }

    /// Rows of 256 and 512: K-quants everywhere, one key head for each query head.
    fn k_quants() -> Self {
        Self {
            name: "llama-k-quants",
            seed: 3,
            layers: 2,
            width: 256,
            heads: 4,
            kv_heads: 4,
            head_dim: 64,
            rotary: 64,
            ffn: 512,
            formats: vec![Q4K, Q6K, Q5K],
            embedding: Q6K,
            head: Some(Q4K),
            ..Self::llama()
        }
    }

    /// Linear scaling, part of each head rotated, heads wider than the residual vector.
    fn scaled() -> Self {
        Self {
            name: "llama-scaled",
            seed: 4,
            heads: 5,
            kv_heads: 1,
            head_dim: 32,
            rotary: 20,
            rope_linear: Some(2.5),
            rope_base: None,
            embedding: BF16,
            ..Self::llama()
        }
    }

    fn qwen2() -> Self {
        Self {
            name: "qwen2",
            family: Family::Qwen2,
            seed: 5,
            width: 128,
            heads: 8,
            kv_heads: 4,
            rope_base: Some(1_000_000.0),
            embedding: Q4_1,
            ..Self::llama()
        }
    }

    fn qwen3() -> Self {
        Self {
            name: "qwen3",
            family: Family::Qwen3,
            seed: 6,
            heads: 4,
            kv_heads: 2,
            head_dim: 40,
            rotary: 40,
            rope_base: Some(1_000_000.0),
            head: Some(Q8_0),
            embedding: Q5_0,
            ..Self::llama()
        }
    }

    /// Seven layers, the sixth of them global, a window of 5, linear scaling.
    fn gemma3() -> Self {
        Self {
            name: "gemma3",
            family: Family::Gemma3,
            seed: 7,
            layers: 7,
            width: 64,
            heads: 4,
            kv_heads: 1,
            head_dim: 24,
            rotary: 24,
            rope_base: None,
            rope_linear: Some(8.0),
            window: 5,
            ..Self::llama()
        }
    }

    fn gpt2() -> Self {
        Self {
            name: "gpt2",
            family: Family::Gpt2,
            seed: 8,
            heads: 4,
            kv_heads: 4,
            head_dim: 24,
            rotary: 24,
            rope_base: None,
            embedding: F16,
            ..Self::llama()
        }
    }
}
