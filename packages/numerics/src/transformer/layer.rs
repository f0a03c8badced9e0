//! The parts of a layer that one token and several tokens share.

use super::Transformer;
use crate::attention::Span;
use crate::block::FeedForward;
use crate::cache::sized;
use crate::elementary::{geglu, gelus, residual, swiglu};
use crate::rope::rotate;
use crate::{LayerWeights, Matrix, Norm, Projections};

impl Transformer {
    /// Norms and rotates the heads of one position's queries and keys.
    pub(super) fn turn_heads(
        &self,
        layer: usize,
        position: usize,
        q: &mut [f32],
        k: &mut [f32],
        copy: &mut Vec<f32>,
    ) {
        let (config, weights) = (&self.config, &self.weights.layers[layer]);
        let turn = config.block.rotation.map(|pairing| {
            let table = &self.ropes[config.reach[layer].rope];
            (pairing, table.row(position))
        });
        for (heads, norm) in [(q, &weights.q_norm), (k, &weights.k_norm)] {
            for head in heads.chunks_exact_mut(config.head_dim) {
                if let Some(norm) = norm {
                    let copy = sized(copy, head.len());
                    copy.copy_from_slice(head);
                    norm.apply(self.kernel, config.eps, copy, head);
                }
                if let Some((pairing, row)) = turn {
                    rotate(pairing, row, head);
                }
            }
        }
    }

    /// The positions that a query at `last` sees.
    pub(super) fn span(&self, layer: usize, last: usize) -> Span {
        let window = self.config.reach[layer].window;
        Span {
            first: window.map_or(0, |window| (last + 1).saturating_sub(window)),
            last,
        }
    }

    /// The hidden values of a feed-forward part, from its gate's product and the other one.
    pub(super) fn gate(&self, gate: &mut [f32], up: &[f32]) {
        match self.config.block.feed_forward {
            FeedForward::SwiGlu => swiglu(self.kernel, gate, up),
            FeedForward::GeGlu => geglu(self.kernel, gate, up),
            FeedForward::Gelu => gelus(self.kernel, gate),
        }
    }

    /// Adds a part's result to the residual vectors, after its norm if it has one.
    pub(super) fn add_result(
        &self,
        norm: Option<&Norm>,
        result: &[f32],
        copy: &mut Vec<f32>,
        x: &mut [f32],
    ) {
        match norm {
            None => residual(self.kernel, x, result),
            Some(norm) => {
                let normed = sized(copy, result.len());
                norm.apply(self.kernel, self.config.eps, result, normed);
                residual(self.kernel, x, normed);
            }
        }
    }
}

impl LayerWeights {
    /// The matrices that read the first norm.
    pub(super) fn attention_readers(&self) -> [&Matrix; 3] {
        match &self.qkv {
            Projections::Split { q, k, v } => [&q.matrix, &k.matrix, &v.matrix],
            Projections::Fused(qkv) => [&qkv.matrix; 3],
        }
    }

    /// The matrices that read the second norm.
    pub(super) fn ffn_readers(&self) -> [&Matrix; 2] {
        let up = &self.up.matrix;
        [self.gate.as_ref().map_or(up, |gate| &gate.matrix), up]
    }
}

/// Hands the outputs of a fused product to queries, keys and values, vector by vector.
pub(super) fn deal(fused: &[f32], q: &mut [f32], k: &mut [f32], v: &mut [f32], vectors: usize) {
    let (query, width) = (q.len() / vectors, k.len() / vectors);
    let heads = q.chunks_exact_mut(query).zip(k.chunks_exact_mut(width));
    let each = heads.zip(v.chunks_exact_mut(width));
    for (fused, ((q, k), v)) in fused.chunks_exact(query + 2 * width).zip(each) {
        q.copy_from_slice(&fused[..query]);
        k.copy_from_slice(&fused[query..query + width]);
        v.copy_from_slice(&fused[query + width..]);
    }
}
