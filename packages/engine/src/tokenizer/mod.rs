//! Text to token ids and back (cn-1.md sect. 9): byte-level BPE or SentencePiece, built from the
//! file's own tables.

mod bpe;
mod bytes;
mod control;
mod file;
mod merge;
mod pieces;
mod table;

use crate::gguf::{GgufError, Metadata};
use std::collections::BTreeMap;
use std::fmt;
use table::Vocabulary;

pub use control::CONTROL_NAMES;
pub use file::FileTokenizer;

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

/// What turns texts into ids.
enum Encoder {
    Bytes(Box<bpe::ByteLevelBpe>),
    Pieces(Box<pieces::Pieces>),
}

/// A model's tokenizer.
pub struct Tokenizer {
    encoder: Encoder,
    bytes: bytes::TokenBytes,
    /// Whether answers begin without the space that texts are given in front.
    drops_space: bool,
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
    /// A table that is missing or inconsistent, or a kind of tokenizer that is not built here.
    pub fn from_metadata(metadata: &Metadata<'_>, vocabulary: u32) -> Result<Self, GgufError> {
        let built = match metadata.str("tokenizer.ggml.model")? {
            "gpt2" => Self::byte_level(metadata, vocabulary),
            "llama" => Self::sentence_piece(metadata, vocabulary),
            other => Err(refused(
                "tokenizer.ggml.model",
                other,
                "gpt2 (byte-level BPE) or llama (SentencePiece)",
            )),
        };
        built.map_err(GgufError::clipped)
    }

    /// cn-1.md 9.1.
    fn byte_level(metadata: &Metadata<'_>, vocabulary: u32) -> Result<Self, GgufError> {
        let table = Vocabulary::read(metadata, vocabulary, false)?;
        let encoder = bpe::ByteLevelBpe::build(metadata, &table)?;
        Ok(Self {
            encoder: Encoder::Bytes(Box::new(encoder)),
            bytes: bpe::token_bytes(&table)?,
            drops_space: false,
            control: table.control_ids()?,
            end: end_ids(metadata, vocabulary)?,
            bos: bos_id(metadata, vocabulary)?,
        })
    }

    /// cn-1.md 9.3.
    fn sentence_piece(metadata: &Metadata<'_>, vocabulary: u32) -> Result<Self, GgufError> {
        let table = Vocabulary::read(metadata, vocabulary, true)?;
        let end = end_ids(metadata, vocabulary)?;
        let bos = metadata.optional_u32("tokenizer.ggml.bos_token_id")?;
        let named: Vec<u32> = end.iter().copied().chain(bos).collect();
        let encoder = pieces::Pieces::build(metadata, &table, &named)?;
        Ok(Self {
            encoder: Encoder::Pieces(Box::new(encoder)),
            bytes: pieces::token_bytes(&table)?,
            drops_space: pieces::prefix(metadata)?,
            control: table.control_ids()?,
            end,
            bos: bos_id(metadata, vocabulary)?,
        })
    }

    /// Number of tokens.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.bytes.count()
    }

    /// The ids of a text that starts the prompt or follows a control token, none of them a control
    /// token whatever the text says.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`] if the crate refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        match &self.encoder {
            Encoder::Bytes(bpe) => bpe.encode(text),
            Encoder::Pieces(pieces) => Ok(pieces.encode(text)),
        }
    }

    /// The bytes of output token `index` (from 0): those of the token, but the first one of an
    /// answer loses one leading space where texts are given one in front (cn-1.md 9.3).
    ///
    /// # Errors
    /// [`TokenizerError::IdRange`].
    pub fn output_bytes(&self, index: u32, id: u32) -> Result<&[u8], TokenizerError> {
        let bytes = self.token_bytes(id)?;
        let dropped = bytes.strip_prefix(b" ");
        Ok(dropped
            .filter(|_| index == 0 && self.drops_space)
            .unwrap_or(bytes))
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
