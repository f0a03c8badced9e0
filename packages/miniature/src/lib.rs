//! Small GGUF models of the true architectures, made from a seed: several layers, grouped heads,
//! odd sizes, any mixture of formats. For tests, benches and comparisons; no program uses it.
//!
//! A [`Miniature`] says what the model is like, [`Miniature::file`] gives it in parts that a test
//! may damage, [`Miniature::bytes`] as a file. [`Miniature::gallery`] is the set that every engine
//! and every machine should agree on. The lists of tensors and settings here are written from
//! cn-1.md sect. 8 by hand, apart from those of the loader that they test.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of small models, chosen here; the arithmetic makes test data"
)]

mod gallery;
mod gguf;
mod metadata;
mod random;
mod tensors;

pub use antiphon_numerics::{Family, TensorType};
pub use gguf::{File, Tensor, Value};
pub use metadata::VOCABULARY;
pub use random::Random;

/// What a small model is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Miniature {
    /// A name for reports.
    pub name: &'static str,
    /// The architecture.
    pub family: Family,
    /// Another seed gives other weights.
    pub seed: u64,
    /// Blocks.
    pub layers: u32,
    /// Length of the residual vector.
    pub width: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; gpt2 has as many as query heads, whatever this says.
    pub kv_heads: u32,
    /// Elements of a head; gpt2 has `width / heads`, whatever this says.
    pub head_dim: u32,
    /// Rotated elements of a head.
    pub rotary: u32,
    /// Width of the feed-forward part.
    pub ffn: u32,
    /// Longest context.
    pub context: u32,
    /// Formats that the matrices take in turn; one whose blocks do not divide a row is passed over,
    /// and F32 stands in if none fits.
    pub formats: Vec<TensorType>,
    /// The format of the embedding.
    pub embedding: TensorType,
    /// The format of a head of its own; none means that the embedding serves as the head.
    pub head: Option<TensorType>,
    /// Base of the rotation, if the file shall name it.
    pub rope_base: Option<f32>,
    /// Linear scaling of positions.
    pub rope_linear: Option<f32>,
    /// Divisors of the frequencies.
    pub rope_factors: bool,
    /// Window of gemma3's local layers.
    pub window: u32,
}

impl Miniature {
    /// The model as a GGUF file in parts.
    #[must_use]
    pub fn file(&self) -> File {
        File::new(metadata::of(self), tensors::of(self))
    }

    /// The model as the bytes of a GGUF file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.file().bytes()
    }

    /// The same model with every matrix, embedding and head in one format, as far as rows allow.
    #[must_use]
    pub fn in_format(mut self, format: TensorType) -> Self {
        self.formats = vec![format];
        self.embedding = format;
        self.head = self.head.map(|_| format);
        self
    }

    /// Values of one position's queries.
    fn query_width(&self) -> u32 {
        match self.family {
            Family::Gpt2 => self.width,
            _ => self.heads * self.head_dim,
        }
    }
}
