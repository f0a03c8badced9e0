//! Tensors of a model, as a loader hands them over.

use crate::block::{NormKind, Qkv};
use crate::elementary::residual;
use crate::quantise::Activations;
use crate::{Config, Kernel, Matrix, ModelError};
use std::ops::Range;

/// A norm's weights; with biases it is a layer norm, without a root-mean-square norm.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// Weights.
    pub weight: Vec<f32>,
    /// Biases, as many as weights.
    pub bias: Option<Vec<f32>>,
}

impl From<Vec<f32>> for Norm {
    fn from(weight: Vec<f32>) -> Self {
        Self { weight, bias: None }
    }
}

impl Norm {
    /// Norms vectors of one length, one after the other in `x`, into `y`.
    pub(crate) fn apply(&self, kernel: Kernel, eps: f32, x: &[f32], y: &mut [f32]) {
        let (n, w) = (self.weight.len(), &self.weight);
        for (x, y) in x.chunks_exact(n).zip(y.chunks_exact_mut(n)) {
            match &self.bias {
                None => crate::norm::rmsnorm(kernel, x, w, eps, y),
                Some(b) => crate::norm::layernorm(kernel, x, w, b, eps, y),
            }
        }
    }
}

/// A matrix product with an optional bias.
#[derive(Debug)]
pub struct Linear {
    /// Outputs x inputs.
    pub matrix: Matrix,
    /// Added to the product, one for each output.
    pub bias: Option<Vec<f32>>,
}

impl From<Matrix> for Linear {
    fn from(matrix: Matrix) -> Self {
        Self { matrix, bias: None }
    }
}

impl Linear {
    /// The outputs `rows` of each vector: `[vector][row]`.
    pub(crate) fn rows(
        &self,
        kernel: Kernel,
        rows: Range<usize>,
        x: &Activations,
        out: &mut [f32],
    ) {
        let stride = rows.len();
        self.matrix.product_part(rows.clone(), x, out, stride);
        if let Some(bias) = &self.bias {
            for out in out.chunks_exact_mut(stride) {
                residual(kernel, out, &bias[rows.clone()]);
            }
        }
    }

    /// All outputs of each vector.
    pub(crate) fn product(&self, kernel: Kernel, x: &Activations, out: &mut [f32]) {
        self.matrix.product(x, out);
        if let Some(bias) = &self.bias {
            for out in out.chunks_exact_mut(bias.len()) {
                residual(kernel, out, bias);
            }
        }
    }
}

/// What makes queries, keys and values.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one for each layer: a few hundred bytes beside its weights"
)]
pub enum Projections {
    /// A tensor each.
    Split {
        /// `attn_q`: query width x width.
        q: Linear,
        /// `attn_k`: key width x width.
        k: Linear,
        /// `attn_v`: key width x width.
        v: Linear,
    },
    /// `attn_qkv`: the rows of q, then k, then v.
    Fused(Linear),
}

/// Tensors of one block; [`crate::Block`] says which of the optional ones there must be.
#[derive(Debug)]
pub struct LayerWeights {
    /// `attn_norm`: width.
    pub attn_norm: Norm,
    /// `attn_q`, `attn_k` and `attn_v`, or `attn_qkv`.
    pub qkv: Projections,
    /// `attn_q_norm`: head dimension.
    pub q_norm: Option<Norm>,
    /// `attn_k_norm`: head dimension.
    pub k_norm: Option<Norm>,
    /// `attn_output`: width x query width.
    pub o: Linear,
    /// `post_attention_norm`: width.
    pub post_attn_norm: Option<Norm>,
    /// `ffn_norm`: width.
    pub ffn_norm: Norm,
    /// `ffn_gate`: ffn x width.
    pub gate: Option<Linear>,
    /// `ffn_up`: ffn x width.
    pub up: Linear,
    /// `ffn_down`: width x ffn.
    pub down: Linear,
    /// `post_ffw_norm`: width.
    pub post_ffn_norm: Option<Norm>,
}

/// Tensors of a model.
#[derive(Debug)]
pub struct Weights {
    /// The blocks in order.
    pub layers: Vec<LayerWeights>,
    /// `token_embd`: vocab x width.
    pub embedding: Matrix,
    /// `position_embd`: context x width.
    pub positions: Option<Matrix>,
    /// `output_norm`: width.
    pub output_norm: Norm,
    /// `output`: vocab x width; `None` if the embedding serves as the head.
    pub head: Option<Matrix>,
}

impl Weights {
    /// Checks every shape against the settings.
    pub(crate) fn check(&self, config: &Config) -> Result<(), ModelError> {
        if self.layers.len() != config.layers {
            let (got, want) = (self.layers.len(), config.layers);
            return Err(ModelError::Layers { got, want });
        }
        for (layer, weights) in self.layers.iter().enumerate() {
            weights.check(&Wanted::new(config, Some(layer)))?;
        }
        let wanted = Wanted::new(config, None);
        let (table, positions) = ((config.vocab, config.width), (config.context, config.width));
        let learned = config.block.learned_positions.then_some(positions);
        let head = self.head.as_ref().unwrap_or(&self.embedding);
        wanted.same("embedding", Some(self.embedding.shape()), Some(table))?;
        wanted.same(
            "positions",
            self.positions.as_ref().map(Matrix::shape),
            learned,
        )?;
        wanted.norm("output_norm", &self.output_norm)?;
        wanted.same("head", Some(head.shape()), Some(table))
    }
}

impl LayerWeights {
    fn check(&self, wanted: &Wanted<'_>) -> Result<(), ModelError> {
        let (config, block) = (wanted.config, &wanted.config.block);
        let (width, ffn, dim) = (config.width, config.ffn, config.head_dim);
        let (query, plain) = (config.query_width(), !block.feed_forward.gated());
        wanted.norm("attn_norm", &self.attn_norm)?;
        wanted.projections(&self.qkv)?;
        wanted.optional(
            "q_norm",
            self.q_norm.as_ref(),
            block.head_norms.then_some(dim),
        )?;
        wanted.optional(
            "k_norm",
            self.k_norm.as_ref(),
            block.head_norms.then_some(dim),
        )?;
        wanted.linear("o", &self.o, (width, query), block.output_bias)?;
        let post = block.post_norms.then_some(width);
        wanted.optional("post_attn_norm", self.post_attn_norm.as_ref(), post)?;
        wanted.norm("ffn_norm", &self.ffn_norm)?;
        match (&self.gate, plain) {
            (Some(gate), false) => wanted.linear("gate", gate, (ffn, width), false)?,
            (gate, _) => {
                let got = gate.as_ref().map(|gate| gate.matrix.shape());
                wanted.same("gate", got, (!plain).then_some((ffn, width)))?;
            }
        }
        wanted.linear("up", &self.up, (ffn, width), plain)?;
        wanted.linear("down", &self.down, (width, ffn), plain)?;
        wanted.optional("post_ffn_norm", self.post_ffn_norm.as_ref(), post)
    }
}

/// The shapes that the settings demand of one layer, or of what is outside the layers.
struct Wanted<'a> {
    config: &'a Config,
    layer: Option<usize>,
}

impl<'a> Wanted<'a> {
    const fn new(config: &'a Config, layer: Option<usize>) -> Self {
        Self { config, layer }
    }

    /// A norm of the block's kind over the residual vector.
    fn norm(&self, name: &'static str, norm: &Norm) -> Result<(), ModelError> {
        let width = self.config.width;
        let bias = (self.config.block.norm == NormKind::Layer).then_some((1, width));
        self.same(name, Some((1, norm.weight.len())), Some((1, width)))?;
        self.same(name, row(norm.bias.as_deref()), bias)
    }

    /// A root-mean-square norm that some blocks have.
    fn optional(
        &self,
        name: &'static str,
        norm: Option<&Norm>,
        want: Option<usize>,
    ) -> Result<(), ModelError> {
        let got = norm.map(|norm| (1, norm.weight.len()));
        self.same(name, got, want.map(|len| (1, len)))?;
        self.same(name, row(norm.and_then(|norm| norm.bias.as_deref())), None)
    }

    fn projections(&self, got: &Projections) -> Result<(), ModelError> {
        let (width, biased) = (self.config.width, self.config.block.qkv.biased());
        let (query, kv) = (self.config.query_width(), self.config.kv_width());
        match (got, self.config.block.qkv) {
            (Projections::Split { q, k, v }, Qkv::Split | Qkv::SplitBiased) => {
                self.linear("q", q, (query, width), biased)?;
                self.linear("k", k, (kv, width), biased)?;
                self.linear("v", v, (kv, width), biased)
            }
            (Projections::Fused(qkv), Qkv::FusedBiased) => {
                self.linear("qkv", qkv, (query + 2 * kv, width), biased)
            }
            (Projections::Split { .. }, _) => self.presence("qkv", true),
            (Projections::Fused(_), _) => self.presence("qkv", false),
        }
    }

    fn presence(&self, name: &'static str, wanted: bool) -> Result<(), ModelError> {
        let layer = self.layer;
        Err(ModelError::Presence {
            name,
            layer,
            wanted,
        })
    }

    fn linear(
        &self,
        name: &'static str,
        linear: &Linear,
        want: (usize, usize),
        biased: bool,
    ) -> Result<(), ModelError> {
        self.same(name, Some(linear.matrix.shape()), Some(want))?;
        self.same(
            name,
            row(linear.bias.as_deref()),
            biased.then_some((1, want.0)),
        )
    }

    fn same(
        &self,
        name: &'static str,
        got: Option<(usize, usize)>,
        want: Option<(usize, usize)>,
    ) -> Result<(), ModelError> {
        if got == want {
            return Ok(());
        }
        match (got, want) {
            (Some(got), Some(want)) => Err(ModelError::Tensor {
                name,
                layer: self.layer,
                got,
                want,
            }),
            (got, _) => self.presence(name, got.is_none()),
        }
    }
}

/// A vector as one row.
fn row(vector: Option<&[f32]>) -> Option<(usize, usize)> {
    vector.map(|values| (1, values.len()))
}
