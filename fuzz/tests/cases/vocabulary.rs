//! Merges, tokens and scores.

use super::{Case, Family, File, Value, case, changed, piece};
use antiphon_fuzz::seeds;

const MERGES: &str = "tokenizer.ggml.merges";
const SCORES: &str = "tokenizer.ggml.scores";

fn strings(list: &[&str]) -> Value {
    Value::Strs(list.iter().map(|&text| text.to_owned()).collect())
}

/// Puts a text at a place of the vocabulary.
fn token(file: &mut File, at: usize, text: &str) {
    let Some(Value::Strs(tokens)) = file.value("tokenizer.ggml.tokens") else {
        panic!("the seed has tokens");
    };
    tokens[at] = text.to_owned();
}

pub(super) fn merges() -> Vec<Case> {
    let merges = |name: &'static str, list: &'static [&'static str], want: &'static str| {
        case(name, want, move |f| f.set(MERGES, strings(list)))
    };
    vec![
        merges(
            "a merge of a token with itself that is none",
            &["he he"],
            "that join to a third",
        ),
        merges("a merge with nothing", &["he "], "that join to a third"),
        merges("a merge with two spaces", &["h  e"], "that join to a third"),
        merges(
            "a merge twice",
            &["h e", "l l", "h e"],
            "the same as merge 0",
        ),
        merges(
            "a merge into a control token",
            &["<|im_ start|>"],
            "that join to a third",
        ),
        case(
            "merges that are numbers",
            "wanted an array of strings",
            |f| f.set(MERGES, Value::I32s(vec![1; 8])),
        ),
        case("a merge of a megabyte", "that join to a third", |f| {
            f.set(MERGES, strings(&["x".repeat(1 << 20).as_str()]))
        }),
    ]
}

pub(super) fn tokens() -> Vec<Case> {
    vec![
        case("a token twice", "the same text as token 97", |f| {
            token(f, 98, "a")
        }),
        case("a control token twice", "the same text as token 262", |f| {
            token(f, 263, "<|endoftext|>")
        }),
        case("an empty token", "the text of token 99 is empty", |f| {
            token(f, 99, "")
        }),
        case("a token outside the byte table", "of the byte table", |f| {
            token(f, 99, "\u{4e00}")
        }),
        case("too few tokens", "the rows of token_embd", |f| {
            f.set("tokenizer.ggml.tokens", strings(&["a"]))
        }),
        case("too few types", "the length of", |f| {
            f.set("tokenizer.ggml.token_type", Value::I32s(vec![1]))
        }),
        case("a type of -1", "is -1, wanted 1 to 5", |f| {
            f.set("tokenizer.ggml.token_type", Value::I32s(vec![-1; 273]))
        }),
        case("types that are text", "is an array of strings", |f| {
            f.set("tokenizer.ggml.token_type", strings(&["1"]))
        }),
        case(
            "an end beyond the vocabulary",
            "wanted an id below 273",
            |f| f.set("tokenizer.ggml.eos_token_id", Value::U32(273)),
        ),
        case(
            "a beginning beyond the vocabulary",
            "wanted an id below 273",
            |f| {
                f.set("tokenizer.ggml.add_bos_token", Value::Bool(1));
                f.set("tokenizer.ggml.bos_token_id", Value::U32(u32::MAX));
            },
        ),
        case("another kind of tokenizer", "wanted gpt2", |f| {
            f.set("tokenizer.ggml.model", Value::Str("t5".into()))
        }),
        case("another pre-tokeniser", "wanted smollm", |f| {
            f.set("tokenizer.ggml.pre", Value::Str("tekken".into()))
        }),
    ]
}

pub(super) fn pieces() -> Vec<Case> {
    vec![
        piece("a score that is NaN", "the score of token 9 is NaN", |f| {
            f.set(
                SCORES,
                Value::F32s(
                    (0..275)
                        .map(|i| if i == 9 { f32::NAN } else { 0.0 })
                        .collect(),
                ),
            );
        }),
        piece(
            "too few scores",
            "the length of tokenizer.ggml.scores",
            |f| f.set(SCORES, Value::F32s(vec![0.0])),
        ),
        piece("a byte twice", "the same byte as token 9", |f| {
            token(f, 10, "<0x00>")
        }),
        piece("a byte that is none", "wanted <0xHH>", |f| {
            token(f, 10, "<0x100>")
        }),
        piece(
            "an empty user-defined token",
            "the text of token 7 is empty",
            |f| token(f, 7, ""),
        ),
        piece("a user-defined token of a kilobyte", "at most 1024", |f| {
            token(f, 7, &"y".repeat(1025))
        }),
        changed(
            "no token for bytes it lacks",
            "is missing",
            || seeds::pieces(Family::Llama, false, true),
            |f| {
                f.metadata
                    .retain(|(key, _)| key != "tokenizer.ggml.unknown_token_id");
            },
        ),
        changed(
            "an unknown token beyond the vocabulary",
            "is missing",
            || seeds::pieces(Family::Llama, false, true),
            |f| {
                f.set("tokenizer.ggml.unknown_token_id", Value::U32(1 << 20));
            },
        ),
    ]
}
