//! Settings and tensors of a model, as a loader hands them over.

use crate::{Matrix, ModelError};

/// The numbers of a decoder-only transformer; neutral to the family.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
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
    /// Rotated elements of a head; even, at most `head_dim`.
    pub rope_dim: usize,
    /// RoPE base (`rope.freq_base`).
    pub rope_base: f32,
    /// Divisors of the frequencies, `rope_dim / 2` of them (`rope_freqs.weight`).
    pub rope_factors: Option<Vec<f32>>,
    /// Linear scaling of positions (`rope.scaling.factor`).
    pub rope_linear: Option<f32>,
    /// Epsilon of the norms.
    pub eps: f32,
    /// Width of the feed-forward layer.
    pub ffn: usize,
    /// Token ids are below this.
    pub vocab: usize,
    /// Positions a sequence may have; the RoPE table is made for this many.
    pub context: usize,
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
        let factors = self.rope_factors.as_deref();
        let positive = |x: f32| x.is_finite() && x > 0.0;
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
                "rope_dim",
                self.rope_dim.is_multiple_of(2) && self.rope_dim <= self.head_dim,
                "even and at most head_dim",
            ),
            (
                "rope_base",
                self.rope_base.is_finite() && self.rope_base >= 1.0,
                "finite and at least 1",
            ),
            (
                "rope_factors",
                factors.is_none_or(|f| f.len() == self.rope_dim / 2),
                "rope_dim / 2 values",
            ),
            (
                "rope_factors",
                factors.is_none_or(|f| f.iter().all(|&x| positive(x))),
                "finite and above 0",
            ),
            (
                "rope_linear",
                self.rope_linear.is_none_or(positive),
                "finite and above 0",
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
        ];
        match rules.into_iter().find(|rule| !rule.1) {
            Some((name, _, want)) => Err(ModelError::Setting { name, want }),
            None => Ok(()),
        }
    }
}

/// Tensors of one block.
#[derive(Debug)]
pub struct LayerWeights {
    /// `attn_norm`: width.
    pub attn_norm: Vec<f32>,
    /// `attn_q`: query width x width.
    pub q: Matrix,
    /// `attn_k`: key width x width.
    pub k: Matrix,
    /// `attn_v`: key width x width.
    pub v: Matrix,
    /// `attn_output`: width x query width.
    pub o: Matrix,
    /// `ffn_norm`: width.
    pub ffn_norm: Vec<f32>,
    /// `ffn_gate`: ffn x width.
    pub gate: Matrix,
    /// `ffn_up`: ffn x width.
    pub up: Matrix,
    /// `ffn_down`: width x ffn.
    pub down: Matrix,
}

/// Tensors of a model.
#[derive(Debug)]
pub struct Weights {
    /// The blocks in order.
    pub layers: Vec<LayerWeights>,
    /// `token_embd`: vocab x width.
    pub embedding: Matrix,
    /// `output_norm`: width.
    pub output_norm: Vec<f32>,
    /// `output`: vocab x width; `None` if the embedding serves as the head.
    pub head: Option<Matrix>,
}

impl Weights {
    /// Checks every shape against the settings.
    pub(crate) fn check(&self, config: &Config) -> Result<(), ModelError> {
        let (width, vocab) = (config.width, config.vocab);
        if self.layers.len() != config.layers {
            let (got, want) = (self.layers.len(), config.layers);
            return Err(ModelError::Layers { got, want });
        }
        for (i, layer) in self.layers.iter().enumerate() {
            layer.check(i, config)?;
        }
        shape("embedding", None, self.embedding.shape(), (vocab, width))?;
        shape("output_norm", None, (1, self.output_norm.len()), (1, width))?;
        let head = self.head.as_ref().unwrap_or(&self.embedding);
        shape("head", None, head.shape(), (vocab, width))
    }
}

impl LayerWeights {
    fn check(&self, layer: usize, config: &Config) -> Result<(), ModelError> {
        let (width, ffn) = (config.width, config.ffn);
        let (query, kv) = (config.query_width(), config.kv_width());
        let wanted = [
            ("attn_norm", (1, self.attn_norm.len()), (1, width)),
            ("q", self.q.shape(), (query, width)),
            ("k", self.k.shape(), (kv, width)),
            ("v", self.v.shape(), (kv, width)),
            ("o", self.o.shape(), (width, query)),
            ("ffn_norm", (1, self.ffn_norm.len()), (1, width)),
            ("gate", self.gate.shape(), (ffn, width)),
            ("up", self.up.shape(), (ffn, width)),
            ("down", self.down.shape(), (width, ffn)),
        ];
        wanted
            .into_iter()
            .try_for_each(|(name, got, want)| shape(name, Some(layer), got, want))
    }
}

fn shape(
    name: &'static str,
    layer: Option<usize>,
    got: (usize, usize),
    want: (usize, usize),
) -> Result<(), ModelError> {
    if got == want {
        Ok(())
    } else {
        Err(ModelError::Tensor {
            name,
            layer,
            got,
            want,
        })
    }
}
