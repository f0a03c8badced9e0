//! Exact prompt lengths, where the model's file is at hand: too long a conversation is then refused
//! before anything is paid. Only the file's tokenizer is kept.

use std::path::Path;

use antiphon_api::Hex;
use antiphon_documents::Prompt;
use antiphon_engine::template::Template;
use antiphon_engine::tokenizer::{FileTokenizer, Tokenizer};

use super::answers::ModelInfo;
use super::error::{ApiError, Code};
use crate::error::ClientError;

/// The tokenizer of one model file.
#[derive(Debug)]
pub struct TokenCounter {
    tokenizer: Tokenizer,
    context: u32,
    sha256: Hex<32>,
}

impl TokenCounter {
    /// Reads and hashes the file: it counts for the model whose manifest names this hash.
    ///
    /// # Errors
    /// The file cannot be read or is no model.
    pub fn load(path: &Path) -> Result<Self, ClientError> {
        let read = FileTokenizer::load(path);
        let read = read.map_err(|error| ClientError::Engine(error.to_string()))?;
        Ok(Self {
            tokenizer: read.tokenizer,
            context: read.context_length,
            sha256: Hex(read.sha256),
        })
    }

    /// Refuses a prompt that is longer than the model's context. Says nothing of other models.
    ///
    /// # Errors
    /// `context_length_exceeded`, with both numbers.
    pub fn check(&self, model: &ModelInfo, prompt: &Prompt) -> Result<(), ApiError> {
        let Some(facts) = model.facts.as_ref() else {
            return Ok(());
        };
        let Ok(template) = facts.chat_template.parse::<Template>() else {
            return Ok(());
        };
        if facts.weights_sha256 != self.sha256 {
            return Ok(());
        }
        let Ok(ids) = template.encode(&self.tokenizer, &prompt.messages) else {
            return Ok(());
        };
        let context = facts.context_tokens.min(self.context);
        let got = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        if got < context {
            return Ok(());
        }
        let message = format!(
            "the conversation has {got} tokens, and this model's context is {context}, of which the answer needs some. \
             Leave out earlier turns or shorten them; nothing was paid"
        );
        Err(ApiError::new(Code::ContextLengthExceeded, message).about("messages"))
    }
}
