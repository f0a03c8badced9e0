//! Text to token ids and back (cn-1.md sect. 9.1): byte-level BPE built from the file's own tables.

mod bytes;
mod file;
mod table;

use crate::gguf::{GgufError, Metadata};
use std::collections::BTreeMap;
use std::fmt;
use table::Vocabulary;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use tokenizers::{
    DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, TokenizerImpl,
};

pub use file::FileTokenizer;

type Crate = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// The text could not be encoded, or an id is not in the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenizerError {
    /// A template names a control token that this vocabulary lacks.
    #[error(
        "the vocabulary has no control token {name:?}, which the chat template needs: choose the template this model was made for"
    )]
    NoControlToken {
        /// The token's text.
        name: String,
    },
    /// An id at or above the vocabulary size.
    #[error("token id {got} is not below the vocabulary size {size}")]
    IdRange {
        /// The id.
        got: u32,
        /// Number of tokens.
        size: u32,
    },
    /// The tokenizer crate refused the text.
    #[error("the text could not be tokenised: {0}")]
    Encode(String),
}

/// A model's tokenizer.
pub struct Tokenizer {
    inner: Crate,
    bytes: bytes::TokenBytes,
    control: BTreeMap<String, u32>,
    end: Vec<u32>,
    bos: Option<u32>,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("tokens", &self.size())
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Builds the tokenizer a file describes. `vocabulary` is the number of rows of its embedding.
    ///
    /// # Errors
    /// A table that is missing or inconsistent, or a kind of tokenizer that is not built here
    /// (SentencePiece, an unknown pre-tokeniser).
    pub fn from_metadata(metadata: &Metadata<'_>, vocabulary: u32) -> Result<Self, GgufError> {
        let model = metadata.str("tokenizer.ggml.model")?;
        if model != "gpt2" {
            return Err(refused(
                "tokenizer.ggml.model",
                model,
                "gpt2 (byte-level BPE)",
            ));
        }
        let pre = metadata.str("tokenizer.ggml.pre")?;
        let pre_tokenizer = pre_tokenizer(pre)?;
        let table = Vocabulary::read(metadata, vocabulary)?;
        let bpe = BPE::builder()
            .vocab_and_merges(table.text_ids(), table.merges(metadata)?)
            .ignore_merges(pre == "llama-bpe")
            .cache_capacity(0)
            .build()
            .map_err(|e| refused("tokenizer.ggml.merges", &e.to_string(), "a usable table"))?;
        let mut inner = Crate::new(bpe);
        inner.with_pre_tokenizer(Some(pre_tokenizer));
        Ok(Self {
            inner,
            bytes: table.token_bytes()?,
            control: table.control_ids()?,
            end: end_ids(metadata, vocabulary)?,
            bos: bos_id(metadata, vocabulary)?,
        })
    }

    /// Number of tokens.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.bytes.count()
    }

    /// The ids of a text, none of them a control token whatever the text says.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`] if the crate refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self
            .inner
            .encode_fast(text, false)
            .map_err(|e| TokenizerError::Encode(e.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The bytes a token stands for: none for control, unknown and unused tokens.
    ///
    /// # Errors
    /// [`TokenizerError::IdRange`].
    pub fn token_bytes(&self, id: u32) -> Result<&[u8], TokenizerError> {
        self.bytes.get(id).ok_or(TokenizerError::IdRange {
            got: id,
            size: self.size(),
        })
    }

    /// The id of a token of type 3 (control) or 4 (user defined) with exactly this text.
    #[must_use]
    pub fn control_id(&self, name: &str) -> Option<u32> {
        self.control.get(name).copied()
    }

    /// The ids named by the file itself that end an answer.
    #[must_use]
    pub fn end_ids(&self) -> &[u32] {
        &self.end
    }

    /// The BOS id, if the file asks for BOS; only the template `raw` reads it.
    #[must_use]
    pub const fn bos_id(&self) -> Option<u32> {
        self.bos
    }
}

/// The regular expressions of cn-1.md 9.1; `{1,3}` or single digits.
fn regex(digits: &str) -> String {
    format!(
        r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
}

fn pre_tokenizer(name: &str) -> Result<PreTokenizerWrapper, GgufError> {
    let with_regex = || PreTokenizerWrapper::from(ByteLevel::new(false, true, true));
    Ok(match name {
        "gpt-2" => with_regex(),
        "smollm" => Sequence::new(vec![Digits::new(true).into(), with_regex()]).into(),
        "llama-bpe" => split_then_bytes(&regex(r"\p{N}{1,3}"))?,
        "qwen2" => split_then_bytes(&regex(r"\p{N}"))?,
        _ => {
            let want = "smollm, gpt-2, llama-bpe or qwen2";
            return Err(refused("tokenizer.ggml.pre", name, want));
        }
    })
}

fn split_then_bytes(regex: &str) -> Result<PreTokenizerWrapper, GgufError> {
    let pattern = SplitPattern::Regex(regex.to_owned());
    let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(|e| {
        refused(
            "the pre-tokeniser's expression",
            &e.to_string(),
            "a valid one",
        )
    })?;
    let bytes = ByteLevel::new(false, true, false);
    Ok(Sequence::new(vec![split.into(), bytes.into()]).into())
}

fn end_ids(metadata: &Metadata<'_>, vocabulary: u32) -> Result<Vec<u32>, GgufError> {
    let eos = metadata.u32("tokenizer.ggml.eos_token_id")?;
    let eot = metadata.optional_u32("tokenizer.ggml.eot_token_id")?;
    let ids: Vec<u32> = [Some(eos), eot].into_iter().flatten().collect();
    ids.iter()
        .try_for_each(|id| in_vocabulary("an end token id", *id, vocabulary))?;
    Ok(ids)
}

fn bos_id(metadata: &Metadata<'_>, vocabulary: u32) -> Result<Option<u32>, GgufError> {
    if !metadata
        .optional_bool("tokenizer.ggml.add_bos_token")?
        .unwrap_or(false)
    {
        return Ok(None);
    }
    let id = metadata.u32("tokenizer.ggml.bos_token_id")?;
    in_vocabulary("tokenizer.ggml.bos_token_id", id, vocabulary)?;
    Ok(Some(id))
}

fn in_vocabulary(what: &str, id: u32, vocabulary: u32) -> Result<(), GgufError> {
    if id < vocabulary {
        return Ok(());
    }
    Err(refused(
        what,
        &id.to_string(),
        &format!("an id below {vocabulary}"),
    ))
}

fn refused(what: &str, got: &str, want: &str) -> GgufError {
    GgufError::Tokenizer {
        what: what.to_owned(),
        got: got.to_owned(),
        want: want.to_owned(),
    }
}
