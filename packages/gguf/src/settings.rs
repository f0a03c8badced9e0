//! The settings of a file: only those its family reads, each within bounds (cn-1.md sect. 8).

use super::tensors::vocabulary_rows;
use super::{GgufError, Metadata, Tensor};
use antiphon_numerics::family::Numbers;
use antiphon_numerics::{Config, Family, Qkv};
use std::collections::BTreeMap;

/// Bounds of single settings, above every published model, so that no later sum can overflow.
pub(super) const SIZE_LIMIT: u32 = 1 << 20;
/// Most heads, and most values in one: their product fits 32 bits.
const HEAD_LIMIT: u32 = 1 << 12;
/// Most blocks: Llama 3.1 405B has 126.
const BLOCK_LIMIT: u32 = 1024;

/// Most values of the RoPE tables, 512 MiB: a million positions of 128. A small hostile file could
/// ask for any amount otherwise.
const ROPE_LIMIT: u64 = 1 << 27;

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
    /// RoPE base, if the file names it.
    pub rope_base: Option<f32>,
    /// RoPE base of layers with a window, if the file names it.
    pub rope_local_base: Option<f32>,
    /// Linear RoPE scaling.
    pub rope_scale: Option<f32>,
    /// Positions that layers with a window see.
    pub window: Option<u32>,
    /// `{arch}.vocab_size`, if the file names it.
    pub vocabulary: Option<u32>,
}

impl Settings {
    /// Reads and checks the settings; refuses keys that are not on the list.
    pub(super) fn read(metadata: &Metadata<'_>) -> Result<Self, GgufError> {
        let family = family(metadata)?;
        check_keys(metadata, family)?;
        let keys = Keys { metadata, family };
        let embedding = keys.size("embedding_length", SIZE_LIMIT)?;
        let heads = keys.size("attention.head_count", HEAD_LIMIT)?;
        let even = embedding.checked_div(heads).unwrap_or(0);
        let head_dim = keys.optional_size("attention.key_length", even)?;
        let value_dim = keys.optional_size("attention.value_length", even)?;
        let value_key = keys.at("attention.value_length");
        require(value_dim == head_dim, &value_key, value_dim, head_dim)?;
        let head_fits = head_dim <= HEAD_LIMIT;
        let want = format!("at most {HEAD_LIMIT}");
        keys.require(head_fits, "attention.key_length", head_dim, want)?;
        let epsilon = family.definition().epsilon;
        let missing = || GgufError::MissingKey {
            key: keys.at(epsilon),
        };
        let settings = Self {
            family,
            blocks: keys.size("block_count", BLOCK_LIMIT)?,
            context_length: keys.size("context_length", SIZE_LIMIT)?,
            embedding,
            feed_forward: keys.size("feed_forward_length", SIZE_LIMIT)?,
            heads,
            kv_heads: keys.optional_size("attention.head_count_kv", heads)?,
            head_dim,
            rotary: keys.optional_size("rope.dimension_count", head_dim)?,
            epsilon: keys.float(epsilon)?.ok_or_else(missing)?,
            rope_base: keys.float("rope.freq_base")?,
            rope_local_base: keys.float("rope.local_freq_base")?,
            rope_scale: keys.rope_scale()?,
            window: metadata.optional_u32(&keys.at("attention.sliding_window"))?,
            vocabulary: metadata.optional_u32(&keys.at("vocab_size"))?,
        };
        settings.check(&keys)?;
        Ok(settings)
    }

    /// Rules between settings.
    fn check(&self, keys: &Keys<'_>) -> Result<(), GgufError> {
        let divides = self.heads.is_multiple_of(self.kv_heads);
        let want = format!("a divisor of {}", self.heads);
        keys.require(divides, "attention.head_count_kv", self.kv_heads, want)?;
        let block = &self.family.definition().block;
        if block.qkv == Qkv::FusedBiased {
            let divides = self.embedding.is_multiple_of(self.heads);
            let want = format!("a divisor of {}", self.embedding);
            keys.require(divides, "attention.head_count", self.heads, want)?;
        }
        if block.rotation.is_some() {
            self.check_rotation(keys)?;
        }
        let (epsilon, key) = (self.epsilon, self.family.definition().epsilon);
        let usable = epsilon.is_finite() && epsilon >= 0.0;
        keys.require(usable, key, epsilon, "a finite number from 0")?;
        self.check_window(keys)
    }

    fn check_rotation(&self, keys: &Keys<'_>) -> Result<(), GgufError> {
        let rotates = self.rotary.is_multiple_of(2) && self.rotary <= self.head_dim;
        let want = format!("an even number up to {}", self.head_dim);
        keys.require(rotates, "rope.dimension_count", self.rotary, want)?;
        let tables = if self.has_windows() { 2_u64 } else { 1 };
        let table = u64::from(self.context_length).saturating_mul(self.rotary.into());
        let values = table.saturating_mul(tables);
        let (what, want) = (
            "the values of the RoPE table",
            format!("at most {ROPE_LIMIT}"),
        );
        require(values <= ROPE_LIMIT, what, values, want)?;
        for (key, base) in [
            ("rope.freq_base", self.rope_base),
            ("rope.local_freq_base", self.rope_local_base),
        ] {
            let base = base.unwrap_or(1.0);
            let usable = base.is_finite() && base >= 1.0;
            keys.require(usable, key, base, "a finite number from 1")?;
        }
        Ok(())
    }

    /// Layers with a window are gemma3's alone; a window over the whole context is none.
    fn check_window(&self, keys: &Keys<'_>) -> Result<(), GgufError> {
        let key = "attention.sliding_window";
        if self.has_windows() {
            let missing = GgufError::MissingKey { key: keys.at(key) };
            let window = self.window.ok_or(missing)?;
            return positive(&keys.at(key), window, SIZE_LIMIT).map(drop);
        }
        let window = self.window.unwrap_or(self.context_length);
        let want = format!("at least the context of {}", self.context_length);
        keys.require(window >= self.context_length, key, window, want)
    }

    fn has_windows(&self) -> bool {
        self.family == Family::Gemma3
    }

    /// What the executor computes, for a vocabulary of this many rows.
    ///
    /// # Errors
    /// A tensor's length is none that this family has.
    pub fn config(&self, tensors: &BTreeMap<&str, Tensor<'_>>) -> Result<Config, GgufError> {
        let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let factors = tensors.get("rope_freqs.weight");
        let vocabulary = vocabulary_rows(self, tensors)?;
        Ok(self.family.config(&Numbers {
            layers: size(self.blocks),
            width: size(self.embedding),
            heads: size(self.heads),
            kv_heads: size(self.kv_heads),
            head_dim: size(self.head_dim),
            ffn: size(self.feed_forward),
            vocab: usize::try_from(vocabulary).unwrap_or(usize::MAX),
            context: size(self.context_length),
            eps: self.epsilon,
            rope_dim: size(self.rotary),
            rope_base: self.rope_base,
            rope_local_base: self.rope_local_base,
            rope_linear: self.rope_scale,
            rope_factors: factors.map(|tensor| tensor.floats()),
            window: self.window.map(size),
        }))
    }
}

fn family(metadata: &Metadata<'_>) -> Result<Family, GgufError> {
    let name = metadata.str("general.architecture")?;
    Family::from_name(name).ok_or_else(|| GgufError::UnsupportedFamily {
        got: name.to_owned(),
        known: Family::ALL.map(Family::name).join(", "),
    })
}

/// The settings under the family's prefix.
struct Keys<'a> {
    metadata: &'a Metadata<'a>,
    family: Family,
}

impl Keys<'_> {
    fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.family.name())
    }

    fn size(&self, key: &str, limit: u32) -> Result<u32, GgufError> {
        let key = self.at(key);
        positive(&key, self.metadata.u32(&key)?, limit)
    }

    fn optional_size(&self, key: &str, default: u32) -> Result<u32, GgufError> {
        let key = self.at(key);
        let got = self.metadata.optional_u32(&key)?.unwrap_or(default);
        positive(&key, got, SIZE_LIMIT)
    }

    fn float(&self, key: &str) -> Result<Option<f32>, GgufError> {
        self.metadata.optional_f32(&self.at(key))
    }

    fn require(
        &self,
        holds: bool,
        key: &str,
        got: impl ToString,
        want: impl ToString,
    ) -> Result<(), GgufError> {
        require(holds, &self.at(key), got, want)
    }

    fn rope_scale(&self) -> Result<Option<f32>, GgufError> {
        let (kind, factor) = ("rope.scaling.type", "rope.scaling.factor");
        match self.metadata.optional_str(&self.at(kind))? {
            None | Some("none") => Ok(None),
            Some("linear") => {
                let missing = || GgufError::MissingKey {
                    key: self.at(factor),
                };
                let scale = self.float(factor)?.ok_or_else(missing)?;
                let usable = scale.is_finite() && scale > 0.0;
                self.require(usable, factor, scale, "a finite number above 0")?;
                Ok(Some(scale))
            }
            Some(other) => {
                self.require(false, kind, other, "none or linear")?;
                Ok(None)
            }
        }
    }
}

fn check_keys(metadata: &Metadata<'_>, family: Family) -> Result<(), GgufError> {
    let known = |key: &str| {
        let own = key
            .strip_prefix(family.name())
            .and_then(|rest| rest.strip_prefix('.'));
        own.is_some_and(|rest| family.reads(rest))
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

fn positive(key: &str, got: u32, limit: u32) -> Result<u32, GgufError> {
    require(
        (1..=limit).contains(&got),
        key,
        got,
        format!("1 to {limit}"),
    )?;
    Ok(got)
}

pub(super) fn require(
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
