//! The numbers of a model, as a loader hands them over.

use crate::rope::RopeSettings;
use crate::{Block, ModelError};

/// The numbers of a decoder-only transformer; neutral to the family.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What a block is made of.
    pub block: Block,
    /// Blocks.
    pub layers: usize,
    /// Length of the residual vector (`embedding_length`).
    pub width: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Elements of a head.
    pub head_dim: usize,
    /// Epsilon of the norms.
    pub eps: f32,
    /// Width of the feed-forward layer.
    pub ffn: usize,
    /// Token ids are below this.
    pub vocab: usize,
    /// Positions a sequence may have; the RoPE tables are made for this many.
    pub context: usize,
    /// Factor of the embedding; `None` is not a multiplication.
    pub embedding_scale: Option<f32>,
    /// Factor of the attention scores.
    pub attention_scale: f32,
    /// The rotary tables that layers choose from; none for a block without rotation.
    pub ropes: Vec<RopeSettings>,
    /// Each layer's reach, `layers` of them.
    pub reach: Vec<Reach>,
}

/// What the attention of one layer sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Index of the layer's rotary table.
    pub rope: usize,
    /// Positions back from the query, its own included; `None` is all.
    pub window: Option<usize>,
}

/// `1 / sqrt(dim)`, the usual factor of attention scores (CN-1 section 5.4).
#[must_use]
pub fn attention_scale(dim: usize) -> f32 {
    1.0 / (dim as f32).sqrt()
}

impl Config {
    /// Values of one position's queries.
    #[must_use]
    pub const fn query_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Values of one position's keys, and of its values.
    #[must_use]
    pub const fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Checks the ranges that the layers rely on.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        const DIM: usize = 1 << 20;
        let finite = |x: f32| x.is_finite() && x > 0.0;
        let rules = [
            ("layers", (1..=4096).contains(&self.layers), "1 to 4096"),
            ("width", (1..=DIM).contains(&self.width), "1 to 2^20"),
            ("heads", (1..=4096).contains(&self.heads), "1 to 4096"),
            ("head_dim", (1..=4096).contains(&self.head_dim), "1 to 4096"),
            ("kv_heads", self.kv_heads > 0, "at least 1"),
            (
                "kv_heads",
                self.kv_heads > 0 && self.heads.is_multiple_of(self.kv_heads),
                "a divisor of heads",
            ),
            (
                "eps",
                self.eps.is_finite() && self.eps >= 0.0,
                "finite and not negative",
            ),
            ("ffn", (1..=DIM).contains(&self.ffn), "1 to 2^20"),
            ("vocab", (1..=1 << 24).contains(&self.vocab), "1 to 2^24"),
            (
                "context",
                (1..=1 << 20).contains(&self.context),
                "1 to 2^20",
            ),
            (
                "embedding_scale",
                self.embedding_scale.is_none_or(finite),
                "finite and above 0",
            ),
            (
                "attention_scale",
                finite(self.attention_scale),
                "finite and above 0",
            ),
        ];
        first_broken(rules)?;
        self.check_reach()?;
        self.ropes.iter().try_for_each(|rope| self.check_rope(rope))
    }

    fn check_reach(&self) -> Result<(), ModelError> {
        let rotates = self.block.rotation.is_some();
        let table = |reach: &Reach| !rotates || reach.rope < self.ropes.len();
        let window = |reach: &Reach| reach.window.is_none_or(|window| window > 0);
        first_broken([
            (
                "reach",
                self.reach.len() == self.layers,
                "one for each layer",
            ),
            ("reach", self.reach.iter().all(table), "a table of ropes"),
            (
                "reach",
                self.reach.iter().all(window),
                "a window of at least 1",
            ),
        ])
    }

    fn check_rope(&self, rope: &RopeSettings) -> Result<(), ModelError> {
        self.check_rope_settings(rope)?;
        first_broken([(
            "rope_linear and rope_factors",
            rope.reaches(self.context),
            "large enough for angles below 2^31 quarter turns in the whole context",
        )])
    }

    fn check_rope_settings(&self, rope: &RopeSettings) -> Result<(), ModelError> {
        let positive = |x: f32| x.is_finite() && x > 0.0;
        let factors = rope.factors.as_deref();
        first_broken([
            (
                "rope_dim",
                rope.dim.is_multiple_of(2) && rope.dim <= self.head_dim,
                "even and at most head_dim",
            ),
            (
                "rope_base",
                rope.base.is_finite() && rope.base >= 1.0,
                "finite and at least 1",
            ),
            (
                "rope_factors",
                factors.is_none_or(|f| f.len() == rope.dim / 2),
                "rope_dim / 2 values",
            ),
            (
                "rope_factors",
                factors.is_none_or(|f| f.iter().all(|&x| positive(x))),
                "finite and above 0",
            ),
            (
                "rope_linear",
                rope.linear.is_none_or(positive),
                "finite and above 0",
            ),
        ])
    }
}

/// The error of the first rule that does not hold.
fn first_broken<const N: usize>(
    rules: [(&'static str, bool, &'static str); N],
) -> Result<(), ModelError> {
    match rules.into_iter().find(|rule| !rule.1) {
        Some((name, _, want)) => Err(ModelError::Setting { name, want }),
        None => Ok(()),
    }
}
