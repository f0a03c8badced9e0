//! The tensors of a file, by name.

use super::Definition;
use crate::{Config, NormKind, Qkv};

/// A tensor that a file of the family has or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorShape {
    /// Its name.
    pub name: String,
    /// Its dimensions as in the file, row length first; one of them is a vector, always F32.
    pub dims: Vec<usize>,
    /// True if it may be absent.
    pub optional: bool,
}

/// Collects tensors.
#[derive(Default)]
struct List(Vec<TensorShape>);

impl List {
    fn add(&mut self, name: String, dims: &[usize], optional: bool) {
        let dims = dims.to_vec();
        self.0.push(TensorShape {
            name,
            dims,
            optional,
        });
    }

    /// `{name}.weight` and, if `biased`, `{name}.bias` for each output.
    fn product(&mut self, name: &str, [inputs, outputs]: [usize; 2], biased: bool) {
        self.add(format!("{name}.weight"), &[inputs, outputs], false);
        if biased {
            self.add(format!("{name}.bias"), &[outputs], false);
        }
    }

    fn norm(&mut self, name: &str, len: usize, kind: NormKind) {
        self.add(format!("{name}.weight"), &[len], false);
        if kind == NormKind::Layer {
            self.add(format!("{name}.bias"), &[len], false);
        }
    }
}

/// Every tensor of a family with these numbers.
pub(super) fn list(family: &Definition, config: &Config) -> Vec<TensorShape> {
    let (width, vocab, mut list) = (config.width, config.vocab, List::default());
    list.product("token_embd", [width, vocab], false);
    if config.block.learned_positions {
        list.product("position_embd", [width, config.context], false);
    }
    list.norm("output_norm", width, config.block.norm);
    list.add("output.weight".to_owned(), &[width, vocab], true);
    if family.rope_factors {
        let dim = config.ropes.first().map_or(0, |rope| rope.dim);
        list.add("rope_freqs.weight".to_owned(), &[dim / 2], true);
    }
    for layer in 0..config.layers {
        block(&mut list, config, &format!("blk.{layer}"));
    }
    list.0
}

/// Tensors of one block; see [`crate::LayerWeights`].
fn block(list: &mut List, config: &Config, blk: &str) {
    let (block, width, ffn) = (&config.block, config.width, config.ffn);
    let (query, kv) = (config.query_width(), config.kv_width());
    list.norm(&format!("{blk}.attn_norm"), width, block.norm);
    let biased = block.qkv.biased();
    if block.qkv == Qkv::FusedBiased {
        list.product(&format!("{blk}.attn_qkv"), [width, query + 2 * kv], biased);
    } else {
        list.product(&format!("{blk}.attn_q"), [width, query], biased);
        list.product(&format!("{blk}.attn_k"), [width, kv], biased);
        list.product(&format!("{blk}.attn_v"), [width, kv], biased);
    }
    if block.head_norms {
        for name in ["attn_q_norm", "attn_k_norm"] {
            list.norm(&format!("{blk}.{name}"), config.head_dim, NormKind::Rms);
        }
    }
    list.product(
        &format!("{blk}.attn_output"),
        [query, width],
        block.output_bias,
    );
    list.norm(&format!("{blk}.ffn_norm"), width, block.norm);
    let gated = block.feed_forward.gated();
    if gated {
        list.product(&format!("{blk}.ffn_gate"), [width, ffn], false);
    }
    list.product(&format!("{blk}.ffn_up"), [width, ffn], !gated);
    list.product(&format!("{blk}.ffn_down"), [ffn, width], !gated);
    if block.post_norms {
        for name in ["post_attention_norm", "post_ffw_norm"] {
            list.norm(&format!("{blk}.{name}"), width, NormKind::Rms);
        }
    }
}
