//! Settings and tokenizers that contradict themselves are refused.

use crate::damaged::{after, text};
use crate::support::{Value, tiny, tokenizer_of};
use antiphon_engine::gguf::{GgufError, preflight};

/// The error of its tokenizer, the file itself being sound.
fn tokenizer_after(key: &str, value: Value) -> String {
    let mut file = tiny();
    file.set(key, value);
    let bytes = file.bytes();
    let gguf = preflight(&bytes).unwrap();
    tokenizer_of(&gguf).unwrap_err().to_string()
}

#[test]
fn settings_are_there_typed_and_in_range() {
    for key in [
        "general.architecture",
        "llama.block_count",
        "llama.context_length",
    ] {
        let error = after(|f| f.remove(key));
        assert_eq!(error, GgufError::MissingKey { key: key.into() });
    }
    let error = after(|f| f.set("general.architecture", text("mamba")));
    assert!(
        matches!(error, GgufError::UnsupportedFamily { .. }),
        "{error}"
    );
    let error = after(|f| f.set("llama.block_count", text("2")));
    assert!(matches!(error, GgufError::WrongType { .. }), "{error}");
    let settings = [
        ("llama.block_count", Value::U32(0)),
        ("llama.context_length", Value::U32(u32::MAX)),
        ("llama.block_count", Value::U32(u32::MAX)),
        ("llama.attention.head_count", Value::U32(0)),
        ("llama.attention.head_count", Value::U32(4_097)),
        ("llama.attention.head_count_kv", Value::U32(3)),
        ("llama.attention.value_length", Value::U32(16)),
        ("llama.attention.sliding_window", Value::U32(127)),
        (
            "llama.attention.layer_norm_rms_epsilon",
            Value::F32(f32::NAN),
        ),
        ("llama.rope.dimension_count", Value::U32(33)),
        ("llama.rope.dimension_count", Value::U32(34)),
        ("llama.rope.freq_base", Value::F32(0.5)),
        ("llama.rope.freq_base", Value::F32(f32::INFINITY)),
        ("llama.rope.scaling.type", text("yarn")),
    ];
    for (key, value) in settings {
        let error = after(|f| f.set(key, value));
        assert!(matches!(error, GgufError::Setting { .. }), "{key}: {error}");
    }
    let error = after(|f| f.set("llama.vocab_size", Value::U32(263)));
    assert!(matches!(error, GgufError::Shape { .. }), "{error}");
}

#[test]
fn a_small_file_cannot_ask_for_a_huge_table() {
    let error = after(|f| {
        f.set("llama.context_length", Value::U32(1 << 20));
        f.set("llama.attention.key_length", Value::U32(4096));
        f.set("llama.attention.value_length", Value::U32(4096));
    });
    assert!(
        error
            .to_string()
            .starts_with("the values of the RoPE table is"),
        "{error}"
    );
}

#[test]
fn a_tokenizer_that_contradicts_itself_is_refused() {
    let strings = |list: &[&str]| Value::Strs(list.iter().map(|&s| s.to_owned()).collect());
    let cases = [
        (
            "tokenizer.ggml.model",
            text("bert"),
            "tokenizer.ggml.model is bert, wanted gpt2 (byte-level BPE) or llama (SentencePiece)",
        ),
        (
            "tokenizer.ggml.pre",
            text("tekken"),
            "wanted smollm, gpt-2, llama-bpe or qwen2",
        ),
        (
            "tokenizer.ggml.tokens",
            strings(&["a"]),
            "wanted 264, the rows of token_embd.weight",
        ),
        (
            "tokenizer.ggml.token_type",
            Value::I32s(vec![1; 3]),
            "is 3, wanted 264",
        ),
        (
            "tokenizer.ggml.token_type",
            Value::I32s(vec![6; 264]),
            "type of token 0 is 6, wanted 1 to 5",
        ),
        (
            "tokenizer.ggml.merges",
            strings(&["q u"]),
            "that join to a third",
        ),
        (
            "tokenizer.ggml.merges",
            strings(&[" he"]),
            "that join to a third",
        ),
        (
            "tokenizer.ggml.merges",
            strings(&["he"]),
            "that join to a third",
        ),
        (
            "tokenizer.ggml.merges",
            strings(&["h e", "h e"]),
            "the same as merge 0",
        ),
        (
            "tokenizer.ggml.eos_token_id",
            Value::U32(264),
            "wanted an id below 264",
        ),
    ];
    for (key, value, want) in cases {
        let error = tokenizer_after(key, value);
        assert!(error.contains(want), "{key}: {error}");
    }
}

#[test]
fn two_tokens_of_one_text_are_refused() {
    for (first, second) in [(256, 257), (65, 66)] {
        let mut file = tiny();
        let mut tokens = file.tokens();
        tokens[second] = tokens[first].clone();
        file.set("tokenizer.ggml.tokens", Value::Strs(tokens));
        let bytes = file.bytes();
        let error = tokenizer_of(&preflight(&bytes).unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("the same text as token {first}")),
            "{error}"
        );
    }
}

#[test]
fn a_token_outside_the_byte_table_is_refused() {
    let mut file = tiny();
    let mut tokens = file.tokens();
    tokens[3] = "\u{4e00}".to_owned();
    file.set("tokenizer.ggml.tokens", Value::Strs(tokens));
    let bytes = file.bytes();
    let error = tokenizer_of(&preflight(&bytes).unwrap())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("wanted characters of the byte table of GPT-2"),
        "{error}"
    );
}
