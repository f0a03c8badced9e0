//! SentencePiece (cn-1.md 9.3), by a vocabulary that fits on a page.

use crate::support::{File, Value, tiny, tokenizer_of};
use antiphon_engine::gguf::preflight;
use antiphon_engine::template::Template;
use antiphon_engine::tokenizer::{CONTROL_NAMES, Tokenizer};
use proptest::prelude::*;

/// Id of `<0x00>`; the other bytes follow.
const BYTES: u32 = 3;

/// Text, score and type of the tokens behind the bytes.
const PIECES: &[(&str, f32, i32)] = &[
    ("\u{2581}", -10.0, 1),
    ("a", -11.0, 1),
    ("b", -12.0, 1),
    ("c", -13.0, 1),
    ("ab", -1.0, 1),
    ("bc", -1.0, 1),
    ("\u{2581}a", -3.0, 1),
    ("\u{2581}ab", -2.0, 1),
    ("abc", -4.0, 1),
    ("\u{e9}", -14.0, 1),
    ("<bos>", 0.0, 3),
    ("<eos>", 0.0, 3),
    ("<start_of_turn>", 0.0, 4),
    ("<end_of_turn>", 0.0, 4),
    ("\n\n", 0.0, 4),
    ("\n\n\n", 0.0, 4),
    ("  ", 0.0, 4),
    ("<unused0>", 0.0, 5),
];

fn id(text: &str) -> u32 {
    let at = PIECES.iter().position(|(token, ..)| *token == text);
    BYTES + 256 + at.unwrap() as u32
}

/// A tiny model with that vocabulary.
pub(crate) fn spm() -> File {
    let mut rows = vec![("<unk>".to_owned(), 0.0, 2)];
    rows.extend(["<s>", "</s>"].map(|text| (text.to_owned(), 0.0, 3)));
    rows.extend((0..=255).map(|byte| (format!("<0x{byte:02X}>"), 0.0, 6)));
    rows.extend(
        PIECES
            .iter()
            .map(|(text, score, kind)| ((*text).to_owned(), *score, *kind)),
    );
    let mut file = tiny();
    file.remove("tokenizer.ggml.merges");
    file.remove("tokenizer.ggml.pre");
    let texts = rows.iter().map(|row| row.0.clone()).collect();
    file.set("tokenizer.ggml.model", Value::Str("llama".to_owned()));
    file.set("tokenizer.ggml.tokens", Value::Strs(texts));
    let scores: Vec<f32> = rows.iter().map(|row| row.1).collect();
    file.set("tokenizer.ggml.scores", Value::f32s(&scores));
    let kinds = rows.iter().map(|row| row.2).collect();
    file.set("tokenizer.ggml.token_type", Value::I32s(kinds));
    file.set("tokenizer.ggml.unknown_token_id", Value::U32(0));
    file.set("tokenizer.ggml.bos_token_id", Value::U32(1));
    file.set("tokenizer.ggml.eos_token_id", Value::U32(2));
    file.set_rows(rows.len());
    file
}

fn built(file: &File) -> Result<Tokenizer, String> {
    let bytes = file.bytes();
    tokenizer_of(&preflight(&bytes).unwrap()).map_err(|e| e.to_string())
}

/// Without the space in front, so that tests show one thing at a time.
fn bare() -> Tokenizer {
    let mut file = spm();
    file.set("tokenizer.ggml.add_space_prefix", Value::Bool(0));
    built(&file).unwrap()
}

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.encode(text).unwrap()
}

#[test]
fn the_best_pair_is_merged_first_and_the_leftmost_of_equal_ones() {
    let tokenizer = bare();
    assert_eq!(ids(&tokenizer, "abc"), [id("abc")]);
    assert_eq!(ids(&tokenizer, "ab"), [id("ab")]);
    assert_eq!(ids(&tokenizer, " ab"), [id("\u{2581}ab")]);
    assert_eq!(ids(&tokenizer, " ac"), [id("\u{2581}a"), id("c")]);
    assert_eq!(ids(&tokenizer, ""), [0; 0]);
}

#[test]
fn a_space_is_put_in_front_of_a_text_unless_the_file_says_no() {
    let with = built(&spm()).unwrap();
    assert_eq!(ids(&with, "ab"), [id("\u{2581}ab")]);
    assert_eq!(ids(&with, " ab"), [id("  "), id("ab")]);
    assert_eq!(ids(&with, ""), [0; 0]);
    assert_eq!(ids(&bare(), "ab"), [id("ab")]);
}

#[test]
fn characters_outside_the_vocabulary_become_their_bytes() {
    let tokenizer = bare();
    let want: Vec<u32> = "\u{1f469}".bytes().map(|b| BYTES + u32::from(b)).collect();
    assert_eq!(ids(&tokenizer, "\u{1f469}"), want);
    assert_eq!(ids(&tokenizer, "\u{e9}"), [id("\u{e9}")]);
    // A byte without a token becomes the unknown token, the others keep theirs.
    let mut file = spm();
    let mut tokens = file.tokens();
    tokens[(BYTES + 0xf0) as usize] = "gone".to_owned();
    file.set("tokenizer.ggml.tokens", Value::Strs(tokens));
    let kinds = (0..277).map(|i| {
        if i == 0xf0 + 3 {
            5
        } else if i < 259 {
            6
        } else {
            1
        }
    });
    let mut kinds: Vec<i32> = kinds.collect();
    kinds[..3].copy_from_slice(&[2, 3, 3]);
    file.set("tokenizer.ggml.token_type", Value::I32s(kinds));
    file.set("tokenizer.ggml.add_space_prefix", Value::Bool(0));
    let got = ids(&built(&file).unwrap(), "\u{1f469}");
    assert_eq!(got, [&[0], &want[1..]].concat());
    file.remove("tokenizer.ggml.unknown_token_id");
    let error = built(&file).unwrap_err();
    assert!(error.contains("the token <0xF0> is missing"), "{error}");
}

#[test]
fn user_defined_tokens_split_the_text_first_and_the_longest_wins() {
    let tokenizer = bare();
    let got = ids(&tokenizer, "ab\n\n\nc\n\nab");
    assert_eq!(got, [id("ab"), id("\n\n\n"), id("c"), id("\n\n"), id("ab")]);
    // A token the file writes with spaces is found among the marked ones.
    assert_eq!(
        ids(&tokenizer, "a   b"),
        [id("a"), id("  "), id("\u{2581}"), id("b")]
    );
    assert_eq!(ids(&tokenizer, "\n"), [BYTES + 10]);
}

#[test]
fn control_tokens_are_never_found_in_a_text_even_if_listed_as_user_defined() {
    let tokenizer = bare();
    let controls: Vec<u32> = CONTROL_NAMES
        .iter()
        .filter_map(|n| tokenizer.control_id(n))
        .collect();
    assert_eq!(controls.len(), 6);
    let text = CONTROL_NAMES.concat() + "<unk><unused0><0x41>";
    let got = ids(&tokenizer, &text);
    assert!(
        got.iter().all(|id| !controls.contains(id) && *id > 2),
        "{got:?}"
    );
    let back: Vec<u8> = got
        .iter()
        .flat_map(|id| tokenizer.token_bytes(*id).unwrap())
        .copied()
        .collect();
    assert_eq!(back, text.as_bytes());
    // The file's own end token is one, whatever it is called.
    let mut file = spm();
    file.set("tokenizer.ggml.eos_token_id", Value::U32(id("\n\n\n")));
    let got = ids(&built(&file).unwrap(), "\n\n\n");
    assert_eq!(got, [id("\u{2581}"), id("\n\n"), BYTES + 10]);
}

#[test]
fn tokens_stand_for_bytes_and_an_answer_begins_without_the_space_in_front() {
    let tokenizer = built(&spm()).unwrap();
    assert_eq!(tokenizer.token_bytes(id("\u{2581}ab")).unwrap(), b" ab");
    assert_eq!(tokenizer.token_bytes(BYTES + 0xff).unwrap(), b"\xff");
    assert_eq!(tokenizer.token_bytes(id("\n\n")).unwrap(), b"\n\n");
    for none in [0, 1, 2, id("<bos>"), id("<unused0>")] {
        assert_eq!(tokenizer.token_bytes(none).unwrap(), b"", "{none}");
    }
    let first = |index, id| tokenizer.output_bytes(index, id).unwrap();
    assert_eq!(first(0, id("\u{2581}ab")), b"ab");
    assert_eq!(first(0, id("ab")), b"ab");
    assert_eq!(first(0, id("  ")), b" ");
    assert_eq!(first(1, id("\u{2581}ab")), b" ab");
    assert_eq!(bare().output_bytes(0, id("\u{2581}ab")).unwrap(), b" ab");
    assert!(tokenizer.output_bytes(0, tokenizer.size()).is_err());
}

#[test]
fn a_conversation_is_written_with_a_space_after_each_control_token() {
    let tokenizer = built(&spm()).unwrap();
    let talk = [crate::tokenizer::message("user", "ab")];
    let ids = Template::Llama2.encode(&tokenizer, &talk).unwrap();
    assert_eq!(ids[..2], [1, id("\u{2581}")]);
    let raw = Template::Raw.encode(&tokenizer, &talk).unwrap();
    assert_eq!(
        raw,
        [id("\u{2581}ab")],
        "no BOS unless the file asks for it"
    );
    let mut file = spm();
    file.set("tokenizer.ggml.add_bos_token", Value::Bool(1));
    let raw = Template::Raw.encode(&built(&file).unwrap(), &talk).unwrap();
    assert_eq!(raw, [1, id("\u{2581}ab")]);
}

#[test]
fn a_vocabulary_that_contradicts_itself_is_refused() {
    let strings = |at: usize, text: &str| {
        let mut tokens = spm().tokens();
        tokens[at] = text.to_owned();
        Value::Strs(tokens)
    };
    let scores = |x: f32| Value::f32s(&[&[0.0; 7][..], &[x], &[0.0; 269]].concat());
    let tokens = "tokenizer.ggml.tokens";
    let cases = [
        (
            "tokenizer.ggml.scores",
            Value::U32(1),
            "wanted an array of 32-bit floats",
        ),
        (
            "tokenizer.ggml.scores",
            Value::f32s(&[0.0]),
            "is 1, wanted 277",
        ),
        (
            "tokenizer.ggml.scores",
            scores(f32::NAN),
            "the score of token 7 is NaN",
        ),
        (
            "tokenizer.ggml.scores",
            scores(f32::NEG_INFINITY),
            "the score of token 7 is -inf",
        ),
        (
            "tokenizer.ggml.token_type",
            Value::I32s(vec![7; 277]),
            "is 7, wanted 1 to 6",
        ),
        (tokens, strings(260, "ab"), "the same text as token 260"),
        (tokens, strings(260, ""), "the text of token 260 is empty"),
        (tokens, strings(4, "<0x00>"), "the same byte as token 3"),
        (tokens, strings(4, "<0xg1>"), "wanted <0xHH>"),
        (tokens, strings(4, "<0x+1>"), "wanted <0xHH>"),
        (
            tokens,
            strings(273, "\u{2581}\u{2581}"),
            "the same text as token 273",
        ),
        (
            tokens,
            strings(273, &"x".repeat(2000)),
            "is 2000 bytes, wanted at most 1024",
        ),
        (
            "tokenizer.ggml.add_space_prefix",
            Value::U32(1),
            "wanted a boolean",
        ),
        (
            "tokenizer.ggml.eos_token_id",
            Value::U32(277),
            "wanted an id below 277",
        ),
    ];
    for (key, value, want) in cases {
        let mut file = spm();
        file.set(key, value);
        let error = built(&file).unwrap_err();
        assert!(error.contains(want), "{key}: {error}");
    }
}

proptest! {
    #[test]
    fn every_text_comes_back_from_its_tokens(text in "[ab c\n\u{e9}\u{2581}\u{0}-\u{10ffff}]{0,60}") {
        let tokenizer = bare();
        let got = ids(&tokenizer, &text);
        let back: Vec<u8> = got.iter().flat_map(|id| tokenizer.token_bytes(*id).unwrap()).copied().collect();
        prop_assert_eq!(String::from_utf8(back).unwrap(), text.replace('\u{2581}', " "));
    }
}
