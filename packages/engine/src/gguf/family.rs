//! What a family demands of a file: its settings, and exactly its tensors (cn-1.md sect. 8).

use super::{GgufError, Metadata, Tensor};
use antiphon_numerics::TensorType;
use std::collections::BTreeMap;

/// Bounds of single settings, above every published model, so that no later sum can overflow.
const SIZE_LIMIT: u32 = 1 << 20;
/// Most blocks: Llama 3.1 405B has 126.
const BLOCK_LIMIT: u32 = 1024;

/// Most values of the RoPE table, 512 MiB: a million positions of 128. A small hostile file could
/// ask for any amount otherwise.
const ROPE_LIMIT: u64 = 1 << 27;

/// Keys under `{arch}.` that the llama family reads; any other may change what it computes.
const LLAMA_KEYS: [&str; 15] = [
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.layer_norm_rms_epsilon",
    "attention.sliding_window",
    "attention.value_length",
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.scaling.factor",
    "rope.scaling.type",
    "vocab_size",
];

/// A model family this engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// cn-1.md 8.1: Llama 2 and 3, Mistral without a window, SmolLM2.
    Llama,
}

impl Family {
    /// The value of `general.architecture`, and the prefix of the family's keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
        }
    }

    fn from_name(name: &str) -> Result<Self, GgufError> {
        match name {
            "llama" => Ok(Self::Llama),
            _ => Err(GgufError::UnsupportedFamily {
                got: name.to_owned(),
                known: "llama",
            }),
        }
    }
}

/// The settings of a model, checked against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The family.
    pub family: Family,
    /// Layers.
    pub blocks: u32,
    /// Longest context the model was made for, in tokens.
    pub context_length: u32,
    /// Length of the residual vector.
    pub embedding: u32,
    /// Length of the vector inside the feed-forward part.
    pub feed_forward: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads.
    pub kv_heads: u32,
    /// Values in a head.
    pub head_dim: u32,
    /// Values of a head that are rotated.
    pub rotary: u32,
    /// The epsilon of the norms.
    pub epsilon: f32,
    /// RoPE base.
    pub rope_base: f32,
    /// Linear RoPE scaling.
    pub rope_scale: Option<f32>,
    /// `{arch}.vocab_size`, if the file names it.
    pub vocabulary: Option<u32>,
}

impl Settings {
    /// Reads and checks the settings; refuses keys that are not on the list.
    pub(super) fn read(metadata: &Metadata<'_>) -> Result<Self, GgufError> {
        let family = Family::from_name(metadata.str("general.architecture")?)?;
        check_keys(metadata, family)?;
        let at = |key: &str| format!("{}.{key}", family.name());
        let size = |key: &str| positive(&at(key), metadata.u32(&at(key))?, SIZE_LIMIT);
        let optional = |key: &str, default: u32| {
            let got = metadata.optional_u32(&at(key))?.unwrap_or(default);
            positive(&at(key), got, SIZE_LIMIT)
        };
        let embedding = size("embedding_length")?;
        let heads = size("attention.head_count")?;
        let even = embedding.checked_div(heads).unwrap_or(0);
        let head_dim = optional("attention.key_length", even)?;
        let value_dim = optional("attention.value_length", even)?;
        require(
            value_dim == head_dim,
            &at("attention.value_length"),
            value_dim,
            head_dim,
        )?;
        let epsilon_key = at("attention.layer_norm_rms_epsilon");
        let epsilon = metadata.optional_f32(&epsilon_key)?;
        let settings = Self {
            family,
            blocks: positive(
                &at("block_count"),
                metadata.u32(&at("block_count"))?,
                BLOCK_LIMIT,
            )?,
            context_length: size("context_length")?,
            embedding,
            feed_forward: size("feed_forward_length")?,
            heads,
            kv_heads: optional("attention.head_count_kv", heads)?,
            head_dim,
            rotary: optional("rope.dimension_count", head_dim)?,
            epsilon: epsilon.ok_or(GgufError::MissingKey { key: epsilon_key })?,
            rope_base: metadata
                .optional_f32(&at("rope.freq_base"))?
                .unwrap_or(10_000.0),
            rope_scale: rope_scale(metadata, family)?,
            vocabulary: metadata.optional_u32(&at("vocab_size"))?,
        };
        settings.check(metadata)?;
        Ok(settings)
    }

    /// Rules between settings.
    fn check(&self, metadata: &Metadata<'_>) -> Result<(), GgufError> {
        let at = |key: &str| format!("{}.{key}", self.family.name());
        let key = at("attention.head_count_kv");
        let divides = self.heads.is_multiple_of(self.kv_heads);
        require(
            divides,
            &key,
            self.kv_heads,
            format!("a divisor of {}", self.heads),
        )?;
        let rotates = self.rotary.is_multiple_of(2) && self.rotary <= self.head_dim;
        let want = format!("an even number up to {}", self.head_dim);
        require(rotates, &at("rope.dimension_count"), self.rotary, want)?;
        let table = u64::from(self.context_length).saturating_mul(self.rotary.into());
        let what = "the values of the RoPE table";
        require(
            table <= ROPE_LIMIT,
            what,
            table,
            format!("at most {ROPE_LIMIT}"),
        )?;
        let base = self.rope_base;
        let usable = base.is_finite() && base >= 1.0;
        require(
            usable,
            &at("rope.freq_base"),
            base,
            "a finite number from 1",
        )?;
        let (epsilon, key) = (self.epsilon, at("attention.layer_norm_rms_epsilon"));
        let usable = epsilon.is_finite() && epsilon >= 0.0;
        require(usable, &key, epsilon, "a finite number from 0")?;
        let key = at("attention.sliding_window");
        let window = metadata.optional_u32(&key)?.unwrap_or(self.context_length);
        let want = format!("at least the context of {}", self.context_length);
        require(window >= self.context_length, &key, window, want)
    }

    /// Exactly the tensors of the family, each with its shape.
    pub(super) fn check_tensors(
        &self,
        tensors: &BTreeMap<&str, Tensor<'_>>,
    ) -> Result<(), GgufError> {
        let vocabulary = self.vocabulary_rows(tensors)?;
        let wanted = self.shapes(vocabulary);
        let family = self.family.name();
        for name in tensors.keys() {
            if !wanted.contains_key(*name) {
                return Err(GgufError::UnknownTensor {
                    tensor: (*name).to_owned(),
                    family,
                });
            }
        }
        for (name, want) in wanted {
            match tensors.get(name.as_str()) {
                None if is_optional(&name) => {}
                None => {
                    return Err(GgufError::MissingTensor {
                        tensor: name,
                        family,
                    });
                }
                Some(tensor) => check_tensor(name, tensor, want)?,
            }
        }
        Ok(())
    }

    /// The vocabulary is what the embedding holds; `vocab_size`, if named, must agree.
    fn vocabulary_rows(&self, tensors: &BTreeMap<&str, Tensor<'_>>) -> Result<u64, GgufError> {
        let name = "token_embd.weight";
        let missing = || GgufError::MissingTensor {
            tensor: name.to_owned(),
            family: self.family.name(),
        };
        let rows = tensors
            .get(name)
            .ok_or_else(missing)?
            .dims
            .get(1)
            .copied()
            .unwrap_or(1);
        let limit = u64::from(SIZE_LIMIT);
        if rows > limit {
            return Err(GgufError::TooLarge {
                what: "the vocabulary",
                got: rows,
                limit,
            });
        }
        Ok(self.vocabulary.map_or(rows, u64::from))
    }

    /// Every tensor of the family with its shape, row length first.
    fn shapes(&self, vocabulary: u64) -> BTreeMap<String, Vec<u64>> {
        let n = u64::from(self.embedding);
        let ff = u64::from(self.feed_forward);
        let head = u64::from(self.head_dim);
        let q = u64::from(self.heads).saturating_mul(head);
        let kv = u64::from(self.kv_heads).saturating_mul(head);
        let half = u64::from(self.rotary.checked_div(2).unwrap_or(0));
        let mut shapes = BTreeMap::from([
            ("token_embd.weight".to_owned(), vec![n, vocabulary]),
            ("output.weight".to_owned(), vec![n, vocabulary]),
            ("output_norm.weight".to_owned(), vec![n]),
            ("rope_freqs.weight".to_owned(), vec![half]),
        ]);
        for block in 0..self.blocks {
            let mut add = |name: &str, shape: &[u64]| {
                shapes.insert(format!("blk.{block}.{name}.weight"), shape.to_vec());
            };
            add("attn_norm", &[n]);
            add("attn_q", &[n, q]);
            add("attn_k", &[n, kv]);
            add("attn_v", &[n, kv]);
            add("attn_output", &[q, n]);
            add("ffn_norm", &[n]);
            add("ffn_gate", &[n, ff]);
            add("ffn_up", &[n, ff]);
            add("ffn_down", &[ff, n]);
        }
        shapes
    }
}

/// `output.weight` (else the embedding is the head) and `rope_freqs.weight`, cn-1.md sect. 8.
fn is_optional(name: &str) -> bool {
    matches!(name, "output.weight" | "rope_freqs.weight")
}

fn check_tensor(name: String, tensor: &Tensor<'_>, want: Vec<u64>) -> Result<(), GgufError> {
    if tensor.dims != want {
        return Err(GgufError::Shape {
            tensor: name,
            got: tensor.dims.clone(),
            want,
        });
    }
    if want.len() == 1 && tensor.format != TensorType::F32 {
        return Err(GgufError::VectorType {
            tensor: name,
            got: tensor.format.gguf(),
        });
    }
    if name == "rope_freqs.weight" {
        let positive = |word: &[u8; 4]| f32::from_le_bytes(*word) > 0.0;
        let (words, _) = tensor.data.as_chunks::<4>();
        require(
            words.iter().all(positive),
            &name,
            "a factor of 0 or less",
            "positive factors",
        )?;
    }
    Ok(())
}

fn check_keys(metadata: &Metadata<'_>, family: Family) -> Result<(), GgufError> {
    let known = |key: &str| {
        let own = key
            .strip_prefix(family.name())
            .and_then(|rest| rest.strip_prefix('.'));
        own.is_some_and(|rest| LLAMA_KEYS.contains(&rest))
            || ["general.", "tokenizer.", "quantize."]
                .iter()
                .any(|p| key.starts_with(p))
    };
    match metadata.keys().find(|key| !known(key)) {
        None => Ok(()),
        Some(key) => Err(GgufError::UnknownKey {
            key: key.to_owned(),
            family: family.name().to_owned(),
        }),
    }
}

fn rope_scale(metadata: &Metadata<'_>, family: Family) -> Result<Option<f32>, GgufError> {
    let at = |key: &str| format!("{}.rope.scaling.{key}", family.name());
    match metadata.optional_str(&at("type"))? {
        None | Some("none") => Ok(None),
        Some("linear") => {
            let key = at("factor");
            let Some(factor) = metadata.optional_f32(&key)? else {
                return Err(GgufError::MissingKey { key });
            };
            let usable = factor.is_finite() && factor > 0.0;
            require(usable, &key, factor, "a finite number above 0")?;
            Ok(Some(factor))
        }
        Some(other) => {
            require(false, &at("type"), other, "none or linear")?;
            Ok(None)
        }
    }
}

fn positive(key: &str, got: u32, limit: u32) -> Result<u32, GgufError> {
    require(
        (1..=limit).contains(&got),
        key,
        got,
        format!("1 to {limit}"),
    )?;
    Ok(got)
}

fn require(
    holds: bool,
    key: &str,
    got: impl ToString,
    want: impl ToString,
) -> Result<(), GgufError> {
    if holds {
        return Ok(());
    }
    Err(GgufError::Setting {
        key: key.to_owned(),
        got: got.to_string(),
        want: want.to_string(),
    })
}
