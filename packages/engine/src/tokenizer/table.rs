//! The vocabulary as the file lists it: token texts, their types, and the merges.

use super::bytes::{TokenBytes, char_bytes};
use super::refused;
use crate::gguf::{GgufError, Metadata, wide};
use std::collections::BTreeMap;
use tokenizers::models::bpe::Vocab;

/// `tokenizer.ggml.token_type` of ordinary text.
const TEXT: i32 = 1;
/// Unknown, control, unused: they give no bytes (cn-1.md 7.4).
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
/// Added by the user: stands for its own text, and templates may name it.
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;

/// Tokens with their types, each id once.
pub(super) struct Vocabulary<'a> {
    tokens: Vec<(u32, &'a str, i32)>,
    texts: BTreeMap<&'a str, u32>,
}

impl<'a> Vocabulary<'a> {
    pub(super) fn read(metadata: &'a Metadata<'a>, size: u32) -> Result<Self, GgufError> {
        let texts = metadata.strings("tokenizer.ggml.tokens")?;
        if wide(texts.len()) != u64::from(size) {
            let got = texts.len().to_string();
            let want = format!("{size}, the rows of token_embd.weight");
            return Err(refused("the number of tokens", &got, &want));
        }
        let kinds = metadata.i32s("tokenizer.ggml.token_type", texts.len())?;
        let tokens: Vec<(u32, &str, i32)> = (0..size)
            .zip(texts)
            .zip(kinds)
            .map(|((id, text), kind)| (id, *text, *kind))
            .collect();
        for (id, _, kind) in &tokens {
            if !(TEXT..=UNUSED).contains(kind) {
                let what = format!("the type of token {id}");
                return Err(refused(&what, &kind.to_string(), "1 to 5"));
            }
        }
        let texts = unique(&tokens, &[TEXT])?;
        Ok(Self { tokens, texts })
    }

    /// Ordinary tokens, the only ones that text can become.
    pub(super) fn text_ids(&self) -> Vocab {
        self.texts
            .iter()
            .map(|(text, id)| ((*text).to_owned(), *id))
            .collect()
    }

    /// Tokens a template may name.
    pub(super) fn control_ids(&self) -> Result<BTreeMap<String, u32>, GgufError> {
        let ids = unique(&self.tokens, &[CONTROL, USER_DEFINED])?;
        Ok(ids
            .into_iter()
            .map(|(text, id)| (text.to_owned(), id))
            .collect())
    }

    /// The merges in order of rank. Both parts and the result must be ordinary tokens: the crate
    /// indexes out of bounds otherwise.
    pub(super) fn merges(
        &self,
        metadata: &Metadata<'_>,
    ) -> Result<Vec<(String, String)>, GgufError> {
        let lines = metadata.strings("tokenizer.ggml.merges")?;
        let mut seen = BTreeMap::new();
        let mut merges = Vec::with_capacity(lines.len());
        for (rank, line) in lines.iter().enumerate() {
            let pair = self.merge(line).ok_or_else(|| {
                let want = "two ordinary tokens, one space between, that join to a third";
                refused(&format!("merge {rank}"), &format!("{line:?}"), want)
            })?;
            if let Some(first) = seen.insert(*line, rank) {
                let got = format!("the same as merge {first}");
                return Err(refused(&format!("merge {rank}"), &got, "each merge once"));
            }
            merges.push(pair);
        }
        Ok(merges)
    }

    fn merge(&self, line: &str) -> Option<(String, String)> {
        let (left, right) = line.split_once(' ')?;
        let whole = format!("{left}{right}");
        let known = |text: &str| !text.is_empty() && self.texts.contains_key(text);
        (known(left) && known(right) && known(&whole)).then(|| (left.to_owned(), right.to_owned()))
    }

    /// What each token stands for.
    pub(super) fn token_bytes(&self) -> Result<TokenBytes, GgufError> {
        let table = char_bytes();
        let mut all = TokenBytes::default();
        for (id, text, kind) in &self.tokens {
            match *kind {
                TEXT => {
                    let bytes: Option<Vec<u8>> =
                        text.chars().map(|c| table.get(&c).copied()).collect();
                    let bytes = bytes.ok_or_else(|| {
                        let want = "characters of the byte table of GPT-2";
                        refused(&format!("token {id}"), &format!("{text:?}"), want)
                    })?;
                    all.push(&bytes);
                }
                USER_DEFINED => all.push(text.as_bytes()),
                UNKNOWN | CONTROL | UNUSED => all.push(&[]),
                _ => return Err(refused("a token type", &kind.to_string(), "1 to 5")),
            }
        }
        Ok(all)
    }
}

/// Texts of the tokens of some types; a text that two of them share has no single id.
fn unique<'a>(
    tokens: &[(u32, &'a str, i32)],
    kinds: &[i32],
) -> Result<BTreeMap<&'a str, u32>, GgufError> {
    let mut ids = BTreeMap::new();
    for (id, text, _) in tokens.iter().filter(|(_, _, kind)| kinds.contains(kind)) {
        if let Some(first) = ids.insert(*text, *id) {
            let got = format!("the same text as token {first}, {text:?}");
            return Err(refused(&format!("token {id}"), &got, "each text once"));
        }
    }
    Ok(ids)
}
