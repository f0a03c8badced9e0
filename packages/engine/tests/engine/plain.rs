//! A second opinion: each family written down plainly in 64-bit floats, from the definition of the
//! model rather than from CN-1, with the system's own exponential, sine and power.
#![allow(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a reference that is compared within a tolerance, not bit by bit"
)]

use antiphon_engine::Kernel;
use antiphon_engine::gguf::{self, Gguf, Value};
use antiphon_numerics::Matrix;

/// A model that reads its file anew for each tensor: slow and plain.
pub(crate) struct Plain<'a> {
    gguf: Gguf<'a>,
    family: &'a str,
}

/// Keys and values of one layer, by position.
type Memory = Vec<(Vec<f64>, Vec<f64>)>;

impl<'a> Plain<'a> {
    pub(crate) fn new(file: &'a [u8]) -> Self {
        let gguf = gguf::preflight(file).unwrap();
        let family = gguf.metadata.str("general.architecture").unwrap();
        Self { gguf, family }
    }

    /// Logits after the last token.
    pub(crate) fn logits(&self, ids: &[u32]) -> Vec<f64> {
        let mut memory: Vec<Memory> = vec![Vec::new(); self.size("block_count")];
        let mut x = Vec::new();
        for (position, &id) in ids.iter().enumerate() {
            x = self.embed(id as usize, position);
            for (layer, memory) in memory.iter_mut().enumerate() {
                self.block(layer, position, &mut x, memory);
            }
        }
        let tied = !self.gguf.tensors.contains_key("output.weight");
        let head = if tied { "token_embd" } else { "output" };
        self.product(head, &self.norm("output_norm", &x))
    }

    fn embed(&self, id: usize, position: usize) -> Vec<f64> {
        let mut x = self.rows("token_embd.weight")[id].clone();
        if self.family == "gemma3" {
            let factor = (x.len() as f64).sqrt();
            x.iter_mut().for_each(|x| *x *= factor);
        }
        if self.family == "gpt2" {
            add(&mut x, &self.rows("position_embd.weight")[position]);
        }
        x
    }

    fn block(&self, layer: usize, position: usize, x: &mut [f64], memory: &mut Memory) {
        let name = |part: &str| format!("blk.{layer}.{part}");
        let a = self.norm(&name("attn_norm"), x);
        let (q, k, v) = self.projections(layer, position, &a);
        memory.push((k, v));
        let mut o = self.product(&name("attn_output"), &self.attention(layer, &q, memory));
        if self.family == "gemma3" {
            o = self.norm(&name("post_attention_norm"), &o);
        }
        add(x, &o);
        let a = self.norm(&name("ffn_norm"), x);
        let up = self.product(&name("ffn_up"), &a);
        let hidden = match self.family {
            "gpt2" => up.into_iter().map(gelu).collect(),
            "gemma3" => gated(self.product(&name("ffn_gate"), &a), &up, gelu),
            _ => gated(self.product(&name("ffn_gate"), &a), &up, silu),
        };
        let mut f = self.product(&name("ffn_down"), &hidden);
        if self.family == "gemma3" {
            f = self.norm(&name("post_ffw_norm"), &f);
        }
        add(x, &f);
    }

    /// Queries, keys and values of a position, normed and rotated.
    fn projections(
        &self,
        layer: usize,
        position: usize,
        a: &[f64],
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let name = |part: &str| format!("blk.{layer}.{part}");
        if self.family == "gpt2" {
            let all = self.product(&name("attn_qkv"), a);
            let n = a.len();
            return (all[..n].into(), all[n..2 * n].into(), all[2 * n..].into());
        }
        let turn = |part: &str| {
            let mut heads = self.product(&name(part), a);
            for head in heads.chunks_mut(self.head_dim()) {
                if matches!(self.family, "qwen3" | "gemma3") {
                    head.copy_from_slice(&self.norm(&name(&format!("{part}_norm")), head));
                }
                self.rotate(layer, position, head);
            }
            heads
        };
        (
            turn("attn_q"),
            turn("attn_k"),
            self.product(&name("attn_v"), a),
        )
    }

    fn attention(&self, layer: usize, q: &[f64], memory: &Memory) -> Vec<f64> {
        let (dim, heads) = (self.head_dim(), self.size("attention.head_count"));
        let kv_heads = memory[0].0.len() / dim;
        let first = match self.family {
            "gemma3" if !global(layer) => memory
                .len()
                .saturating_sub(self.size("attention.sliding_window")),
            _ => 0,
        };
        let mut out = Vec::new();
        for (head, q) in q.chunks(dim).enumerate() {
            let from = head * kv_heads / heads * dim;
            let part = from..from + dim;
            let score = |(k, _): &(Vec<f64>, Vec<f64>)| {
                let dot: f64 = q.iter().zip(&k[part.clone()]).map(|(q, k)| q * k).sum();
                (dot / (dim as f64).sqrt()).exp()
            };
            let weights: Vec<f64> = memory[first..].iter().map(score).collect();
            let sum: f64 = weights.iter().sum();
            out.extend(part.map(|d| {
                let values = weights.iter().zip(&memory[first..]);
                values.map(|(weight, (_, v))| weight * v[d]).sum::<f64>() / sum
            }));
        }
        out
    }

    fn rotate(&self, layer: usize, position: usize, head: &mut [f64]) {
        let dim = self
            .optional("rope.dimension_count")
            .unwrap_or(head.len() as f64);
        let local = self.family == "gemma3" && !global(layer);
        let default = if self.family == "gemma3" { 1e6 } else { 1e4 };
        let base = if local {
            1e4
        } else {
            self.optional("rope.freq_base").unwrap_or(default)
        };
        let scale = self
            .optional("rope.scaling.factor")
            .filter(|_| !local)
            .unwrap_or(1.0);
        let factors = self.gguf.tensors.contains_key("rope_freqs.weight");
        let half = dim as usize / 2;
        for i in 0..half {
            let factor = if factors {
                self.vector("rope_freqs.weight")[i]
            } else {
                1.0
            };
            let angle = position as f64 / base.powf(2.0 * i as f64 / dim) / factor / scale;
            let (a, b) = match self.family {
                "llama" => (2 * i, 2 * i + 1),
                _ => (i, i + half),
            };
            let (x, y) = (head[a], head[b]);
            head[a] = x * angle.cos() - y * angle.sin();
            head[b] = x * angle.sin() + y * angle.cos();
        }
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (n, weight) = (x.len() as f64, self.vector(&format!("{name}.weight")));
        let key = match self.family {
            "gpt2" => "attention.layer_norm_epsilon",
            _ => "attention.layer_norm_rms_epsilon",
        };
        let eps = self.optional(key).unwrap();
        let mean = if self.family == "gpt2" {
            x.iter().sum::<f64>() / n
        } else {
            0.0
        };
        let square = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        let normed = x
            .iter()
            .zip(&weight)
            .map(|(x, w)| (x - mean) / (square + eps).sqrt() * w);
        let mut normed: Vec<f64> = normed.collect();
        if self.family == "gpt2" {
            add(&mut normed, &self.vector(&format!("{name}.bias")));
        }
        normed
    }

    /// The product, and the bias that qwen2 and gpt2 have.
    fn product(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let rows = self.rows(&format!("{name}.weight"));
        let dot = |row: &Vec<f64>| row.iter().zip(x).map(|(w, x)| w * x).sum();
        let mut y: Vec<f64> = rows.iter().map(dot).collect();
        let bias = format!("{name}.bias");
        if self.gguf.tensors.contains_key(bias.as_str()) {
            add(&mut y, &self.vector(&bias));
        }
        y
    }

    fn rows(&self, name: &str) -> Vec<Vec<f64>> {
        let tensor = &self.gguf.tensors[name];
        let (cols, rows) = (tensor.dims[0] as usize, tensor.dims[1] as usize);
        let matrix = Matrix::pack(Kernel::Scalar, tensor.format, rows, cols, tensor.data).unwrap();
        let mut row = vec![0.0; cols];
        (0..rows)
            .map(|r| {
                matrix.row_f32(r, &mut row);
                row.iter().copied().map(f64::from).collect()
            })
            .collect()
    }

    fn vector(&self, name: &str) -> Vec<f64> {
        let (words, _) = self.gguf.tensors[name].data.as_chunks::<4>();
        words
            .iter()
            .map(|word| f32::from_le_bytes(*word).into())
            .collect()
    }

    fn optional(&self, key: &str) -> Option<f64> {
        match self.gguf.metadata.get(&format!("{}.{key}", self.family))? {
            Value::F32(x) => Some((*x).into()),
            Value::Unsigned(n) => Some(*n as f64),
            _ => None,
        }
    }

    fn size(&self, key: &str) -> usize {
        self.optional(key).unwrap() as usize
    }

    fn head_dim(&self) -> usize {
        let even = self.size("embedding_length") / self.size("attention.head_count");
        self.optional("attention.key_length")
            .map_or(even, |dim| dim as usize)
    }
}

/// Each sixth layer of gemma3.
fn global(layer: usize) -> bool {
    layer % 6 == 5
}

fn add(x: &mut [f64], y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

fn gated(mut gate: Vec<f64>, up: &[f64], f: fn(f64) -> f64) -> Vec<f64> {
    gate.iter_mut().zip(up).for_each(|(g, u)| *g = f(*g) * u);
    gate
}

fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

fn gelu(x: f64) -> f64 {
    let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
    0.5 * x * (1.0 + inner.tanh())
}
