//! Small random models of every family.

use super::Random;
use antiphon_numerics::family::Numbers;
use antiphon_numerics::{
    Config, Family, Kernel, LayerWeights, Linear, Matrix, Norm, NormKind, Projections, Qkv,
    TensorType, Transformer, Weights,
};

/// Formats of the matrices of a layer, in the order q, k, v, o, gate, up, down.
pub(crate) type Formats = [TensorType; 7];

pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) config: Config,
    pub(crate) formats: Formats,
    pub(crate) embedding: TensorType,
    pub(crate) head: Option<TensorType>,
}

fn numbers(width: usize, heads: usize, kv_heads: usize, ffn: usize, vocab: usize) -> Numbers {
    Numbers {
        layers: 2,
        width,
        heads,
        kv_heads,
        head_dim: width / heads,
        ffn,
        vocab,
        context: 200,
        eps: 1e-5,
        rope_dim: width / heads / 2 * 2,
        rope_base: None,
        rope_local_base: None,
        rope_linear: None,
        rope_factors: None,
        window: None,
    }
}

/// Widths that are no multiple of 256, rows that are no multiple of 16, one group size each.
pub(crate) fn shapes() -> Vec<Shape> {
    let mut shapes = llamas();
    shapes.extend(others());
    shapes
}

fn llamas() -> Vec<Shape> {
    use TensorType::{BF16, F16, F32, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
    let config = |numbers| Family::Llama.config(&numbers);
    let scaled = Numbers {
        rope_dim: 12,
        rope_factors: Some(vec![1.0, 1.5, 2.0, 4.0, 8.0, 8.0]),
        rope_linear: Some(4.0),
        ..numbers(96, 6, 2, 352, 75)
    };
    vec![
        Shape {
            name: "llama, Q4_1",
            config: config(numbers(288, 9, 3, 416, 75)),
            formats: [Q4_1; 7],
            embedding: Q8_0,
            head: None,
        },
        Shape {
            name: "llama, scaled",
            config: config(scaled),
            formats: [Q4_0, Q8_0, Q5_0, Q4_0, Q8_0, Q4_1, Q5_1],
            embedding: Q4_1,
            head: Some(Q4_0),
        },
        Shape {
            name: "llama, K-quants",
            config: config(numbers(256, 4, 4, 512, 33)),
            formats: [Q4K, Q5K, Q6K, Q4_1, Q4K, Q6K, Q5K],
            embedding: Q6K,
            head: Some(BF16),
        },
        Shape {
            name: "llama, floats",
            config: config(numbers(160, 8, 1, 96, 50)),
            formats: [F32, F16, BF16, Q8_0, F32, Q4_0, Q4_1],
            embedding: F32,
            head: None,
        },
    ]
}

fn others() -> Vec<Shape> {
    use TensorType::{F16, Q4_0, Q4_1, Q4K, Q5_1, Q6K, Q8_0};
    let wide_heads = Numbers {
        head_dim: 32,
        rope_dim: 32,
        ..numbers(96, 6, 2, 160, 75)
    };
    let windows = Numbers {
        layers: 7,
        head_dim: 20,
        rope_dim: 20,
        window: Some(19),
        rope_linear: Some(8.0),
        ..numbers(64, 8, 1, 128, 40)
    };
    vec![
        Shape {
            name: "qwen2",
            config: Family::Qwen2.config(&numbers(192, 6, 3, 224, 53)),
            formats: [Q4_0, Q5_1, Q8_0, Q4_1, Q4_0, Q8_0, Q4_1],
            embedding: Q8_0,
            head: None,
        },
        Shape {
            name: "qwen3",
            config: Family::Qwen3.config(&wide_heads),
            formats: [Q8_0; 7],
            embedding: Q4_0,
            head: Some(Q8_0),
        },
        Shape {
            name: "gemma3",
            config: Family::Gemma3.config(&windows),
            formats: [Q4_1, Q4_0, Q8_0, Q4_0, Q5_1, Q4_1, Q8_0],
            embedding: F16,
            head: None,
        },
        Shape {
            name: "gpt2",
            config: Family::Gpt2.config(&numbers(256, 4, 4, 768, 91)),
            formats: [Q4K, Q6K, Q4_0, Q8_0, Q4_0, Q4K, Q6K],
            embedding: Q8_0,
            head: None,
        },
    ]
}

impl Shape {
    /// The model with weights from a seed; the same values for every kernel.
    pub(crate) fn model(&self, kernel: Kernel, seed: u64) -> Transformer {
        Transformer::new(self.config.clone(), self.weights(kernel, seed), kernel).unwrap()
    }

    pub(crate) fn weights(&self, kernel: Kernel, seed: u64) -> Weights {
        let (c, random) = (&self.config, &mut Random::new(seed));
        let layers = (0..c.layers).map(|_| self.layer(kernel, random)).collect();
        let mut matrix = |ty, rows| random.matrix(kernel, ty, rows, c.width);
        let embedding = matrix(self.embedding, c.vocab);
        let head = self.head.map(|ty| matrix(ty, c.vocab));
        let learned = c.block.learned_positions;
        let positions = learned.then(|| matrix(TensorType::F32, c.context));
        Weights {
            layers,
            embedding,
            positions,
            output_norm: self.norm(random),
            head,
        }
    }

    /// A norm of the block's kind over the residual vector.
    fn norm(&self, random: &mut Random) -> Norm {
        let (width, kind) = (self.config.width, self.config.block.norm);
        let weight = random.norm(width);
        let bias = (kind == NormKind::Layer).then(|| random.vector(width));
        Norm { weight, bias }
    }

    fn layer(&self, kernel: Kernel, random: &mut Random) -> LayerWeights {
        let (c, block) = (&self.config, &self.config.block);
        let (query, kv, plain) = (c.query_width(), c.kv_width(), !block.feed_forward.gated());
        let biased = block.qkv.biased();
        let shapes = [
            (query, c.width, biased),
            (kv, c.width, biased),
            (kv, c.width, biased),
            (c.width, query, block.output_bias),
            (c.ffn, c.width, false),
            (c.ffn, c.width, plain),
            (c.width, c.ffn, plain),
        ];
        let mut formats = self.formats.iter();
        let [q, k, v, o, gate, up, down] = shapes.map(|(rows, cols, biased)| {
            let format = *formats.next().unwrap();
            let matrix: Matrix = random.matrix(kernel, format, rows, cols);
            let bias = biased.then(|| random.vector(rows));
            Linear { matrix, bias }
        });
        let qkv = match block.qkv {
            Qkv::FusedBiased => {
                let (rows, ty) = (query + 2 * kv, self.formats[0]);
                let matrix = random.matrix(kernel, ty, rows, c.width);
                let bias = Some(random.vector(rows));
                Projections::Fused(Linear { matrix, bias })
            }
            Qkv::Split | Qkv::SplitBiased => Projections::Split { q, k, v },
        };
        let mut head_norm = || block.head_norms.then(|| random.norm(c.head_dim).into());
        let (q_norm, k_norm) = (head_norm(), head_norm());
        let mut post_norm = || block.post_norms.then(|| random.norm(c.width).into());
        let (post_attn_norm, post_ffn_norm) = (post_norm(), post_norm());
        LayerWeights {
            attn_norm: self.norm(random),
            qkv,
            q_norm,
            k_norm,
            o,
            post_attn_norm,
            ffn_norm: self.norm(random),
            gate: (!plain).then_some(gate),
            up,
            down,
            post_ffn_norm,
        }
    }
}
