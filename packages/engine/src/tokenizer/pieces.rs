//! SentencePiece with scores, `tokenizer.ggml.model = llama` (cn-1.md 9.3): the vocabulary, and the
//! way from a text to its pieces.

use super::bytes::TokenBytes;
use super::control::is_control;
use super::merge::{Merger, Piece};
use super::refused;
use super::table::{Kind, Vocabulary};
use crate::gguf::{GgufError, Metadata};
use std::collections::{BTreeMap, HashMap};

/// Stands for a space inside tokens.
const SPACE: char = '\u{2581}';
/// Longest user-defined token in bytes. Gemma's longest is 93; each place of a text is compared
/// with as much, so that a hostile file cannot make that slow.
const USER_DEFINED_LIMIT: usize = 1024;

/// The encoder of a SentencePiece vocabulary.
pub(super) struct Pieces {
    /// Type 1: what symbols merge into.
    texts: HashMap<Box<str>, Piece>,
    /// Type 4, sorted: looked for before anything is merged.
    user_defined: Vec<(Box<str>, u32)>,
    /// The token of each byte, or the unknown token.
    bytes: Vec<u32>,
    /// Bytes of the longest type-1 token: nothing longer is looked up.
    longest: usize,
    prefix: bool,
}

impl Pieces {
    pub(super) fn build(
        metadata: &Metadata<'_>,
        table: &Vocabulary<'_>,
        named: &[u32],
    ) -> Result<Self, GgufError> {
        let ids = table.unique(&[Kind::Text])?;
        let scores = scores(metadata, table)?;
        let score = |id: u32| usize::try_from(id).ok().and_then(|id| scores.get(id));
        let piece = |id: u32| Piece {
            id,
            score: score(id).copied().unwrap_or(0.0),
        };
        let texts = ids.iter().map(|(text, id)| (Box::from(*text), piece(*id)));
        Ok(Self {
            longest: ids.keys().map(|text| text.len()).max().unwrap_or(0),
            texts: texts.collect(),
            user_defined: user_defined(table, named)?,
            bytes: byte_ids(metadata, table)?,
            prefix: prefix(metadata)?,
        })
    }

    /// The ids of one text, which starts the prompt or follows a control token.
    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        if text.is_empty() {
            return ids;
        }
        let start = if self.prefix { "\u{2581}" } else { "" };
        let spaced = [start, &with_spaces_marked(text)].concat();
        let mut plain = 0;
        let mut at = 0;
        while let Some(rest) = spaced.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some((length, id)) = self.user_defined_at(rest) {
                self.merge(spaced.get(plain..at).unwrap_or_default(), &mut ids);
                ids.push(id);
                at = at.saturating_add(length);
                plain = at;
            } else {
                at = at.saturating_add(rest.chars().next().map_or(1, char::len_utf8));
            }
        }
        self.merge(spaced.get(plain..).unwrap_or_default(), &mut ids);
        ids
    }

    /// The longest user-defined token that `text` starts with: its bytes and its id. The list is
    /// sorted, so that the candidates after each byte are a narrower part of it.
    fn user_defined_at(&self, text: &str) -> Option<(usize, u32)> {
        let mut candidates = &self.user_defined[..];
        let mut found = None;
        for (at, byte) in text.bytes().enumerate() {
            let of = |(token, _): &(Box<str>, u32)| token.as_bytes().get(at).copied();
            // Where all of them go on with this byte there is nothing to search for.
            let ends = (candidates.first(), candidates.last());
            if ends.0.and_then(of) != Some(byte) || ends.1.and_then(of) != Some(byte) {
                let from = candidates.partition_point(|token| of(token) < Some(byte));
                let to = candidates.partition_point(|token| of(token) <= Some(byte));
                candidates = candidates.get(from..to).unwrap_or_default();
            }
            let Some((token, id)) = candidates.first() else {
                break;
            };
            let length = at.saturating_add(1);
            if token.len() == length {
                found = Some((length, *id));
            }
        }
        found
    }

    /// Steps 3 and 4: a piece between user-defined tokens.
    fn merge(&self, text: &str, ids: &mut Vec<u32>) {
        let known = |part: &str| {
            let short = part.len() <= self.longest;
            short.then(|| self.texts.get(part).copied()).flatten()
        };
        for part in Merger::new(text, &known).run() {
            match known(part) {
                Some(piece) => ids.push(piece.id),
                None => ids.extend(
                    part.bytes()
                        .filter_map(|byte| self.bytes.get(usize::from(byte))),
                ),
            }
        }
    }
}

/// What each token stands for.
pub(super) fn token_bytes(table: &Vocabulary<'_>) -> Result<TokenBytes, GgufError> {
    let mut all = TokenBytes::default();
    for (id, text, kind) in &table.tokens {
        match kind {
            Kind::Text | Kind::UserDefined => all.push(text.replace(SPACE, " ").as_bytes()),
            Kind::Byte => all.push(&[byte_value(*id, text)?]),
            Kind::Unknown | Kind::Control | Kind::Unused => all.push(&[]),
        }
    }
    Ok(all)
}

/// Whether a space is put before texts, and taken from the first token of an answer.
pub(super) fn prefix(metadata: &Metadata<'_>) -> Result<bool, GgufError> {
    let set = metadata.optional_bool("tokenizer.ggml.add_space_prefix")?;
    Ok(set.unwrap_or(true))
}

fn with_spaces_marked(text: &str) -> String {
    text.replace(' ', "\u{2581}")
}

/// One finite score for each token; -0 becomes +0, which compares equal to it.
fn scores(metadata: &Metadata<'_>, table: &Vocabulary<'_>) -> Result<Vec<f32>, GgufError> {
    let scores = metadata.f32s("tokenizer.ggml.scores", table.tokens.len())?;
    match scores.iter().position(|score| !score.is_finite()) {
        None => Ok(scores.iter().map(|score| score + 0.0).collect()),
        Some(at) => {
            let got = scores.get(at).copied().unwrap_or_default().to_string();
            let what = format!("the score of token {at}");
            Err(refused(&what, &got, "a finite number"))
        }
    }
}

/// Tokens that texts are searched for, sorted by their text. Spaces in them are marked like those
/// of texts: converters write them both ways. `named` are ids with a part of their own in the
/// file, such as its end token: like the names of templates they are control tokens.
fn user_defined(table: &Vocabulary<'_>, named: &[u32]) -> Result<Vec<(Box<str>, u32)>, GgufError> {
    let mut found = BTreeMap::new();
    let listed = table.tokens.iter().filter(|(id, text, kind)| {
        *kind == Kind::UserDefined && !is_control(text) && !named.contains(id)
    });
    for (id, text, _) in listed {
        let marked = with_spaces_marked(text);
        if marked.len() > USER_DEFINED_LIMIT {
            let got = format!("{} bytes", marked.len());
            let want = format!("at most {USER_DEFINED_LIMIT}");
            return Err(refused(&format!("user-defined token {id}"), &got, &want));
        }
        if let Some(first) = found.insert(marked, *id) {
            let got = format!("the same text as token {first}");
            return Err(refused(&format!("token {id}"), &got, "each text once"));
        }
    }
    Ok(found
        .into_iter()
        .map(|(text, id)| (text.into_boxed_str(), id))
        .collect())
}

/// The token of each byte; where one is missing, the unknown token must stand in.
fn byte_ids(metadata: &Metadata<'_>, table: &Vocabulary<'_>) -> Result<Vec<u32>, GgufError> {
    let mut ids: BTreeMap<u8, u32> = BTreeMap::new();
    for (id, text, _) in table.tokens.iter().filter(|(.., kind)| *kind == Kind::Byte) {
        if let Some(first) = ids.insert(byte_value(*id, text)?, *id) {
            let got = format!("the same byte as token {first}");
            return Err(refused(&format!("token {id}"), &got, "each byte once"));
        }
    }
    let unknown = metadata.optional_u32("tokenizer.ggml.unknown_token_id")?;
    let size = table.tokens.len();
    let unknown = unknown.filter(|id| usize::try_from(*id).is_ok_and(|id| id < size));
    let id = |byte: u8| ids.get(&byte).copied().or(unknown);
    (0..=u8::MAX)
        .map(|byte| {
            id(byte).ok_or_else(|| {
                let want =
                    "a token for each byte, or tokenizer.ggml.unknown_token_id in the vocabulary";
                refused(&format!("the token <0x{byte:02X}>"), "missing", want)
            })
        })
        .collect()
}

fn byte_value(id: u32, text: &str) -> Result<u8, GgufError> {
    let digits = text
        .strip_prefix("<0x")
        .and_then(|rest| rest.strip_suffix('>'));
    let upper = |text: &&str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    digits
        .filter(|text| text.len() == 2)
        .filter(upper)
        .and_then(|text| u8::from_str_radix(text, 16).ok())
        .ok_or_else(|| {
            let want = "<0xHH>, the byte in capital hexadecimal digits";
            refused(&format!("byte token {id}"), &format!("{text:?}"), want)
        })
}
