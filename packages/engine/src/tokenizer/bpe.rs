//! Byte-level BPE, `tokenizer.ggml.model = gpt2` (cn-1.md 9.1), by the crate `tokenizers`.

use super::bytes::{TokenBytes, char_bytes};
use super::table::{Kind, Vocabulary};
use super::{TokenizerError, refused};
use crate::gguf::{GgufError, Metadata};
use std::collections::BTreeMap;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use tokenizers::{
    DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, TokenizerImpl,
};

type Crate = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// The encoder of a byte-level vocabulary.
pub(super) struct ByteLevelBpe(Crate);

impl ByteLevelBpe {
    pub(super) fn build(
        metadata: &Metadata<'_>,
        table: &Vocabulary<'_>,
    ) -> Result<Self, GgufError> {
        let pre = metadata.str("tokenizer.ggml.pre")?;
        let pre_tokenizer = pre_tokenizer(pre)?;
        let texts = table.unique(&[Kind::Text])?;
        let merges = merges(metadata, &texts)?;
        let vocabulary: Vocab = texts
            .into_iter()
            .map(|(text, id)| (text.to_owned(), id))
            .collect();
        let bpe = BPE::builder()
            .vocab_and_merges(vocabulary, merges)
            .ignore_merges(pre == "llama-bpe")
            .cache_capacity(0)
            .build()
            .map_err(|e| refused("tokenizer.ggml.merges", &e.to_string(), "a usable table"))?;
        let mut inner = Crate::new(bpe);
        inner.with_pre_tokenizer(Some(pre_tokenizer));
        Ok(Self(inner))
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self
            .0
            .encode_fast(text, false)
            .map_err(|e| TokenizerError::Encode(e.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// The merges in order of rank. Both parts and the result must be ordinary tokens: the crate
/// indexes out of bounds otherwise.
fn merges(
    metadata: &Metadata<'_>,
    texts: &BTreeMap<&str, u32>,
) -> Result<Vec<(String, String)>, GgufError> {
    let lines = metadata.strings("tokenizer.ggml.merges")?;
    let mut seen = BTreeMap::new();
    let mut merges = Vec::with_capacity(lines.len());
    for (rank, line) in lines.iter().enumerate() {
        let pair = merge(texts, line).ok_or_else(|| {
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

fn merge(texts: &BTreeMap<&str, u32>, line: &str) -> Option<(String, String)> {
    let (left, right) = line.split_once(' ')?;
    let whole = format!("{left}{right}");
    let known = |text: &str| texts.contains_key(text);
    (known(left) && known(right) && known(&whole)).then(|| (left.to_owned(), right.to_owned()))
}

/// What each token stands for.
pub(super) fn token_bytes(table: &Vocabulary<'_>) -> Result<TokenBytes, GgufError> {
    let characters = char_bytes();
    let mut all = TokenBytes::default();
    for (id, text, kind) in &table.tokens {
        match kind {
            Kind::Text => {
                let bytes: Option<Vec<u8>> =
                    text.chars().map(|c| characters.get(&c).copied()).collect();
                let bytes = bytes.ok_or_else(|| {
                    let want = "characters of the byte table of GPT-2";
                    refused(&format!("token {id}"), &format!("{text:?}"), want)
                })?;
                all.push(&bytes);
            }
            Kind::UserDefined => all.push(text.as_bytes()),
            Kind::Unknown | Kind::Control | Kind::Unused | Kind::Byte => all.push(&[]),
        }
    }
    Ok(all)
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
