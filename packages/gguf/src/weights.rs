//! From a file that passed the preflight to the weights of its model.

use crate::{Gguf, GgufError, Tensor, preflight};
use antiphon_numerics::{
    Kernel, LayerWeights, Linear, Matrix, ModelError, Norm, Projections, ShapeError, Transformer,
    Weights,
};

/// Why a file gives no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BuildError {
    /// The preflight refused the file.
    #[error("the model file is refused: {0}")]
    Gguf(#[from] GgufError),
    /// A tensor cannot be packed.
    #[error("tensor {name:?} cannot be used: {source}")]
    Tensor {
        /// Its name.
        name: String,
        /// Why.
        source: ShapeError,
    },
    /// Settings and tensors do not fit together.
    #[error("the model cannot be used: {0}")]
    Model(#[from] ModelError),
}

/// Checks a GGUF file in memory and repacks its tensors: the numbers of a model without its
/// tokenizer, for callers that bring token ids and threads of their own.
///
/// # Errors
/// [`BuildError`]; each rule of the preflight has a variant of its own inside.
pub fn network(file: &[u8], kernel: Kernel) -> Result<Transformer, BuildError> {
    let gguf = preflight(file)?;
    let config = gguf.settings.config(&gguf.tensors)?;
    let weights = weights(&gguf, &|_, tensor| {
        let (rows, cols) = tensor.shape();
        Matrix::pack(kernel, tensor.format, rows, cols, tensor.data)
    })?;
    Ok(Transformer::new(config, weights, kernel)?)
}

/// The weights of a model; `pack` puts a tensor, by its name, where it is computed with.
///
/// # Errors
/// A tensor that its family needs is missing, or `pack` refuses one.
pub fn weights(gguf: &Gguf<'_>, pack: &Pack<'_>) -> Result<Weights, BuildError> {
    Packer { gguf, pack }.weights()
}

/// Gives the matrix of a tensor, by its name.
type Pack<'a> = dyn Fn(&str, &Tensor<'_>) -> Result<Matrix, ShapeError> + 'a;

/// Repacks tensors by name.
struct Packer<'a> {
    gguf: &'a Gguf<'a>,
    pack: &'a Pack<'a>,
}

impl Packer<'_> {
    fn weights(&self) -> Result<Weights, BuildError> {
        let blocks = 0..self.gguf.settings.blocks;
        Ok(Weights {
            layers: blocks
                .map(|block| self.layer(&format!("blk.{block}")))
                .collect::<Result<_, _>>()?,
            embedding: self.matrix("token_embd.weight")?,
            positions: self.optional("position_embd.weight", Self::matrix)?,
            output_norm: self.norm("output_norm")?,
            head: self.optional("output.weight", Self::matrix)?,
        })
    }

    /// A tensor that a family may have is there if it has it: the preflight saw to that.
    fn layer(&self, blk: &str) -> Result<LayerWeights, BuildError> {
        let linear = |name: &str| self.linear(&format!("{blk}.{name}"));
        let norm = |name: &str| self.norm(&format!("{blk}.{name}"));
        let own_norm = |name: &str| {
            let vector = self.optional(&format!("{blk}.{name}.weight"), Self::vector);
            vector.map(|weight| weight.map(Norm::from))
        };
        let gated = self.has(&format!("{blk}.ffn_gate.weight"));
        Ok(LayerWeights {
            attn_norm: norm("attn_norm")?,
            qkv: match self.has(&format!("{blk}.attn_qkv.weight")) {
                true => Projections::Fused(linear("attn_qkv")?),
                false => Projections::Split {
                    q: linear("attn_q")?,
                    k: linear("attn_k")?,
                    v: linear("attn_v")?,
                },
            },
            q_norm: own_norm("attn_q_norm")?,
            k_norm: own_norm("attn_k_norm")?,
            o: linear("attn_output")?,
            post_attn_norm: own_norm("post_attention_norm")?,
            ffn_norm: norm("ffn_norm")?,
            gate: gated.then(|| linear("ffn_gate")).transpose()?,
            up: linear("ffn_up")?,
            down: linear("ffn_down")?,
            post_ffn_norm: own_norm("post_ffw_norm")?,
        })
    }

    fn linear(&self, name: &str) -> Result<Linear, BuildError> {
        let matrix = self.matrix(&format!("{name}.weight"))?;
        let bias = self.optional(&format!("{name}.bias"), Self::vector)?;
        Ok(Linear { matrix, bias })
    }

    fn norm(&self, name: &str) -> Result<Norm, BuildError> {
        let weight = self.vector(&format!("{name}.weight"))?;
        let bias = self.optional(&format!("{name}.bias"), Self::vector)?;
        Ok(Norm { weight, bias })
    }

    fn has(&self, name: &str) -> bool {
        self.gguf.tensors.contains_key(name)
    }

    fn optional<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> Result<T, BuildError>,
    ) -> Result<Option<T>, BuildError> {
        self.has(name).then(|| read(self, name)).transpose()
    }

    fn tensor(&self, name: &str) -> Result<&Tensor<'_>, BuildError> {
        let family = self.gguf.settings.family.name();
        let missing = || GgufError::MissingTensor {
            tensor: name.to_owned(),
            family,
        };
        Ok(self.gguf.tensors.get(name).ok_or_else(missing)?)
    }

    fn vector(&self, name: &str) -> Result<Vec<f32>, BuildError> {
        Ok(self.tensor(name)?.floats())
    }

    fn matrix(&self, name: &str) -> Result<Matrix, BuildError> {
        let tensor = self.tensor(name)?;
        let matrix = (self.pack)(name, tensor);
        matrix.map_err(|source| BuildError::Tensor {
            name: name.to_owned(),
            source,
        })
    }
}
