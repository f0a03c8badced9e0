//! Small random models.

use super::Random;
use antiphon_numerics::{Config, Kernel, LayerWeights, Llama, Matrix, TensorType, Weights};

/// Formats of the matrices of a layer, in the order q, k, v, o, gate, up, down.
pub(crate) type Formats = [TensorType; 7];

pub(crate) struct Shape {
    pub(crate) config: Config,
    pub(crate) formats: Formats,
    pub(crate) embedding: TensorType,
    pub(crate) head: Option<TensorType>,
}

fn config(width: usize, heads: usize, kv_heads: usize, ffn: usize, vocab: usize) -> Config {
    Config {
        layers: 2,
        width,
        heads,
        kv_heads,
        head_dim: width / heads,
        rope_dim: width / heads / 2 * 2,
        rope_base: 10_000.0,
        rope_factors: None,
        rope_linear: None,
        eps: 1e-5,
        ffn,
        vocab,
        context: 200,
    }
}

/// Widths that are no multiple of 256, rows that are no multiple of 16, one group size each.
pub(crate) fn shapes() -> Vec<Shape> {
    use TensorType::{BF16, F16, F32, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
    let scaled = Config {
        rope_dim: 12,
        rope_factors: Some(vec![1.0, 1.5, 2.0, 4.0, 8.0, 8.0]),
        rope_linear: Some(4.0),
        ..config(96, 6, 2, 352, 75)
    };
    vec![
        Shape {
            config: config(288, 9, 3, 416, 75),
            formats: [Q4_1; 7],
            embedding: Q8_0,
            head: None,
        },
        Shape {
            config: scaled,
            formats: [Q4_0, Q8_0, Q5_0, Q4_0, Q8_0, Q4_1, Q5_1],
            embedding: Q4_1,
            head: Some(Q4_0),
        },
        Shape {
            config: config(256, 4, 4, 512, 33),
            formats: [Q4K, Q5K, Q6K, Q4_1, Q4K, Q6K, Q5K],
            embedding: Q6K,
            head: Some(BF16),
        },
        Shape {
            config: config(160, 8, 1, 96, 50),
            formats: [F32, F16, BF16, Q8_0, F32, Q4_0, Q4_1],
            embedding: F32,
            head: None,
        },
    ]
}

impl Shape {
    /// The model with weights from a seed; the same values for every kernel.
    pub(crate) fn model(&self, kernel: Kernel, seed: u64) -> Llama {
        Llama::new(self.config.clone(), self.weights(kernel, seed), kernel).unwrap()
    }

    pub(crate) fn weights(&self, kernel: Kernel, seed: u64) -> Weights {
        let (c, mut random) = (&self.config, Random::new(seed));
        let layers = (0..c.layers)
            .map(|_| self.layer(kernel, &mut random))
            .collect();
        let mut matrix = |ty, rows| random.matrix(kernel, ty, rows, c.width);
        let (embedding, head) = (
            matrix(self.embedding, c.vocab),
            self.head.map(|ty| matrix(ty, c.vocab)),
        );
        Weights {
            layers,
            embedding,
            output_norm: random.norm(c.width),
            head,
        }
    }

    fn layer(&self, kernel: Kernel, random: &mut Random) -> LayerWeights {
        let c = &self.config;
        let (query, kv) = (c.query_width(), c.kv_width());
        let shapes = [
            (query, c.width),
            (kv, c.width),
            (kv, c.width),
            (c.width, query),
            (c.ffn, c.width),
            (c.ffn, c.width),
            (c.width, c.ffn),
        ];
        let mut at = 0;
        let [q, k, v, o, gate, up, down] = shapes.map(|(rows, cols)| -> Matrix {
            at += 1;
            random.matrix(kernel, self.formats[at - 1], rows, cols)
        });
        let (attn_norm, ffn_norm) = (random.norm(c.width), random.norm(c.width));
        LayerWeights {
            attn_norm,
            q,
            k,
            v,
            o,
            ffn_norm,
            gate,
            up,
            down,
        }
    }
}
