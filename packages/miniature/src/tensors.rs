//! The tensors of each family, by the names and shapes of cn-1.md sect. 8.

use crate::gguf::Tensor;
use crate::metadata::VOCABULARY;
use crate::random::Random;
use crate::{Family, Miniature};
use antiphon_numerics::TensorType;

/// All tensors of a model.
pub(crate) fn of(model: &Miniature) -> Vec<Tensor> {
    let mut maker = Maker {
        model,
        random: Random::new(model.seed),
        turn: 0,
        tensors: Vec::new(),
    };
    maker.top();
    for layer in 0..model.layers {
        match model.family {
            Family::Llama => maker.llama(layer),
            Family::Qwen2 => maker.qwen2(layer),
            Family::Qwen3 => maker.qwen3(layer),
            Family::Gemma3 => maker.gemma3(layer),
            Family::Gpt2 => maker.gpt2(layer),
        }
    }
    maker.tensors
}

/// Makes tensors one after the other.
struct Maker<'a> {
    model: &'a Miniature,
    random: Random,
    /// Matrices so far: each takes the next format.
    turn: usize,
    tensors: Vec<Tensor>,
}

impl Maker<'_> {
    fn top(&mut self) {
        let (width, layers) = (self.model.width, self.model.family == Family::Gpt2);
        self.matrix_in(self.model.embedding, "token_embd", width, VOCABULARY);
        if layers {
            self.matrix_in(TensorType::F32, "position_embd", width, self.model.context);
            self.bias("output_norm", width);
        }
        self.norm("output_norm", width);
        if let Some(format) = self.model.head {
            self.matrix_in(format, "output", width, VOCABULARY);
        }
        if self.model.rope_factors {
            let half = self.model.rotary / 2;
            let factors = (0..half).map(|i| 1.0 + 7.0 * i as f32 / half as f32);
            let data = factors.flat_map(f32::to_le_bytes).collect();
            let tensor = Tensor::new("rope_freqs.weight", &[half], TensorType::F32, data);
            self.tensors.push(tensor);
        }
    }

    fn llama(&mut self, layer: u32) {
        self.attention(layer);
        self.gated(layer);
    }

    fn qwen2(&mut self, layer: u32) {
        self.llama(layer);
        let kv = self.model.kv_heads * self.model.head_dim;
        self.bias(&format!("blk.{layer}.attn_q"), self.model.query_width());
        self.bias(&format!("blk.{layer}.attn_k"), kv);
        self.bias(&format!("blk.{layer}.attn_v"), kv);
    }

    fn qwen3(&mut self, layer: u32) {
        self.llama(layer);
        self.norm(&format!("blk.{layer}.attn_q_norm"), self.model.head_dim);
        self.norm(&format!("blk.{layer}.attn_k_norm"), self.model.head_dim);
    }

    fn gemma3(&mut self, layer: u32) {
        self.qwen3(layer);
        self.norm(
            &format!("blk.{layer}.post_attention_norm"),
            self.model.width,
        );
        self.norm(&format!("blk.{layer}.post_ffw_norm"), self.model.width);
    }

    fn gpt2(&mut self, layer: u32) {
        let (width, ffn) = (self.model.width, self.model.ffn);
        for name in ["attn_norm", "ffn_norm"] {
            self.norm(&format!("blk.{layer}.{name}"), width);
            self.bias(&format!("blk.{layer}.{name}"), width);
        }
        for (name, cols, rows) in [
            ("attn_qkv", width, 3 * width),
            ("attn_output", width, width),
            ("ffn_up", width, ffn),
            ("ffn_down", ffn, width),
        ] {
            self.matrix(&format!("blk.{layer}.{name}"), cols, rows);
            self.bias(&format!("blk.{layer}.{name}"), rows);
        }
    }

    fn attention(&mut self, layer: u32) {
        let model = self.model;
        let (width, query) = (model.width, model.query_width());
        let kv = model.kv_heads * model.head_dim;
        self.norm(&format!("blk.{layer}.attn_norm"), width);
        self.matrix(&format!("blk.{layer}.attn_q"), width, query);
        self.matrix(&format!("blk.{layer}.attn_k"), width, kv);
        self.matrix(&format!("blk.{layer}.attn_v"), width, kv);
        self.matrix(&format!("blk.{layer}.attn_output"), query, width);
    }

    fn gated(&mut self, layer: u32) {
        let (width, ffn) = (self.model.width, self.model.ffn);
        self.norm(&format!("blk.{layer}.ffn_norm"), width);
        self.matrix(&format!("blk.{layer}.ffn_gate"), width, ffn);
        self.matrix(&format!("blk.{layer}.ffn_up"), width, ffn);
        self.matrix(&format!("blk.{layer}.ffn_down"), ffn, width);
    }

    /// A matrix in the next format whose blocks divide a row.
    fn matrix(&mut self, name: &str, cols: u32, rows: u32) {
        let formats = self.model.formats.iter().copied();
        let len = self.model.formats.len().max(1);
        let fits = |format: &TensorType| (cols as usize).is_multiple_of(format.block_len());
        let from_here = formats.cycle().skip(self.turn % len).take(len);
        let format = from_here.clone().find(fits).unwrap_or(TensorType::F32);
        self.turn += 1;
        self.matrix_in(format, name, cols, rows);
    }

    /// A matrix in this format, or in F32 if its blocks do not divide a row.
    fn matrix_in(&mut self, format: TensorType, name: &str, cols: u32, rows: u32) {
        let fits = (cols as usize).is_multiple_of(format.block_len());
        let format = if fits { format } else { TensorType::F32 };
        let data = self.random.matrix(format, rows, cols);
        let name = format!("{name}.weight");
        self.tensors
            .push(Tensor::new(&name, &[cols, rows], format, data));
    }

    /// Weights of a norm, between 0.5 and 1.5.
    fn norm(&mut self, name: &str, len: u32) {
        self.vector(format!("{name}.weight"), len, 0.5, 1.5);
    }

    fn bias(&mut self, name: &str, len: u32) {
        self.vector(format!("{name}.bias"), len, -0.25, 0.25);
    }

    fn vector(&mut self, name: String, len: u32, from: f32, to: f32) {
        let values = (0..len).map(|_| self.random.between(from, to));
        let data = values.flat_map(f32::to_le_bytes).collect();
        self.tensors
            .push(Tensor::new(&name, &[len], TensorType::F32, data));
    }
}
