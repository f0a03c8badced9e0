//! The vocabulary as the file lists it: token texts and their types.

use super::refused;
use crate::gguf::{GgufError, Metadata, wide};
use std::collections::BTreeMap;

/// What a token is for, `tokenizer.ggml.token_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 1: text can become it.
    Text,
    /// 2, 3 and 5: unknown, control, unused. They give no bytes (cn-1.md 7.4).
    Unknown,
    Control,
    Unused,
    /// 4: added by the user; stands for its own text, and templates may name it.
    UserDefined,
    /// 6: one byte, written `<0xHH>`; only SentencePiece has them.
    Byte,
}

impl Kind {
    const fn read(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Text,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => return None,
        })
    }
}

/// Tokens with their types, each id once.
pub(super) struct Vocabulary<'a> {
    pub(super) tokens: Vec<(u32, &'a str, Kind)>,
}

impl<'a> Vocabulary<'a> {
    /// Reads both lists. `bytes` tells whether this kind of tokenizer has tokens of single bytes.
    pub(super) fn read(
        metadata: &'a Metadata<'a>,
        size: u32,
        bytes: bool,
    ) -> Result<Self, GgufError> {
        let texts = metadata.strings("tokenizer.ggml.tokens")?;
        if wide(texts.len()) != u64::from(size) {
            let got = texts.len().to_string();
            let want = format!("{size}, the rows of token_embd.weight");
            return Err(refused("the number of tokens", &got, &want));
        }
        let kinds = metadata.i32s("tokenizer.ggml.token_type", texts.len())?;
        let lines = (0..size).zip(texts).zip(kinds);
        let tokens = lines
            .map(|((id, text), number)| Ok((id, *text, kind(id, text, *number, bytes)?)))
            .collect::<Result<Vec<_>, GgufError>>()?;
        Ok(Self { tokens })
    }

    /// Tokens a template may name.
    pub(super) fn control_ids(&self) -> Result<BTreeMap<String, u32>, GgufError> {
        let ids = self.unique(&[Kind::Control, Kind::UserDefined])?;
        Ok(ids
            .into_iter()
            .map(|(text, id)| (text.to_owned(), id))
            .collect())
    }

    /// Texts of the tokens of some types; a text that two of them share has no single id.
    pub(super) fn unique(&self, kinds: &[Kind]) -> Result<BTreeMap<&'a str, u32>, GgufError> {
        let mut ids = BTreeMap::new();
        for (id, text, _) in self.tokens.iter().filter(|(.., kind)| kinds.contains(kind)) {
            if let Some(first) = ids.insert(*text, *id) {
                let got = format!("the same text as token {first}, {text:?}");
                return Err(refused(&format!("token {id}"), &got, "each text once"));
            }
        }
        Ok(ids)
    }
}

/// The type of a token; text that can become it must not be empty.
fn kind(id: u32, text: &str, number: i32, bytes: bool) -> Result<Kind, GgufError> {
    let known = Kind::read(number).filter(|kind| bytes || *kind != Kind::Byte);
    let want = if bytes { "1 to 6" } else { "1 to 5" };
    let kind = known.ok_or_else(|| {
        refused(
            &format!("the type of token {id}"),
            &number.to_string(),
            want,
        )
    })?;
    if text.is_empty() && matches!(kind, Kind::Text | Kind::UserDefined) {
        let want = "at least one character";
        return Err(refused(&format!("the text of token {id}"), "empty", want));
    }
    Ok(kind)
}
