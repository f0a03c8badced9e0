//! vectors/tokenizer.json, and tokenizers that other files describe.

use crate::support::{self, Value, smollm2_tokenizer, tiny, tokenizer_of};
use antiphon_documents::{Message, Role};
use antiphon_engine::decode::Output;
use antiphon_engine::gguf::preflight;
use antiphon_engine::template::Template;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    encode: Vec<Encode>,
    chatml: Vec<Chat>,
    detokenise: Vec<Detokenise>,
}

#[derive(Deserialize)]
struct Encode {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Chat {
    messages: Vec<Turn>,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Turn {
    role: String,
    content: String,
}

#[derive(Deserialize)]
struct Detokenise {
    name: String,
    ids: Vec<u32>,
    bytes: String,
    output: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/tokenizer.json")).unwrap()
}

pub(crate) fn message(role: &str, content: &str) -> Message {
    let role = match role {
        "system" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        other => panic!("role {other}"),
    };
    Message {
        role,
        content: content.to_owned(),
    }
}

#[test]
fn texts_of_the_vectors_give_their_ids() {
    let tokenizer = smollm2_tokenizer();
    for case in vectors().encode {
        assert_eq!(
            tokenizer.encode(&case.text).unwrap(),
            case.ids,
            "{:?}",
            case.text
        );
    }
}

#[test]
fn conversations_of_the_vectors_give_their_ids() {
    let tokenizer = smollm2_tokenizer();
    for case in vectors().chatml {
        let messages: Vec<_> = case
            .messages
            .iter()
            .map(|m| message(&m.role, &m.content))
            .collect();
        let ids = Template::ChatmlSmollm2
            .encode(tokenizer, &messages)
            .unwrap();
        assert_eq!(ids, case.ids);
    }
}

#[test]
fn ids_of_the_vectors_give_their_bytes_and_text() {
    let tokenizer = smollm2_tokenizer();
    for case in vectors().detokenise {
        let bytes: Vec<u8> = case
            .ids
            .iter()
            .flat_map(|id| tokenizer.token_bytes(*id).unwrap().to_vec())
            .collect();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&bytes),
            case.bytes,
            "{}",
            case.name
        );
        let mut output = Output::new(&[]);
        output.push(&bytes);
        assert_eq!(output.into_text().0, case.output, "{}", case.name);
    }
}

#[test]
fn the_model_ends_answers_at_two_tokens() {
    let tokenizer = smollm2_tokenizer();
    assert_eq!(tokenizer.end_ids(), [2]);
    assert_eq!(tokenizer.control_id("<|endoftext|>"), Some(0));
    assert_eq!(tokenizer.control_id("<|im_end|>"), Some(2));
    assert_eq!(tokenizer.control_id("the"), None);
}

/// Pieces of a text under a pre-tokeniser, made visible by merging whole words.
fn ids(pre: &str, merges: &[&str], extra: &[&str], text: &str) -> Vec<u32> {
    let mut file = tiny();
    let mut tokens = file.tokens();
    for (at, token) in extra.iter().enumerate() {
        tokens[261 + at] = (*token).to_owned();
    }
    file.set("tokenizer.ggml.tokens", Value::Strs(tokens));
    let merges = merges.iter().map(|&m| m.to_owned()).collect();
    file.set("tokenizer.ggml.merges", Value::Strs(merges));
    file.set("tokenizer.ggml.pre", Value::Str(pre.to_owned()));
    let bytes = file.bytes();
    let gguf = preflight(&bytes).unwrap();
    tokenizer_of(&gguf).unwrap().encode(text).unwrap()
}

#[test]
fn digits_are_split_as_the_pre_tokeniser_says() {
    let merges = ["1 2", "12 3"];
    let extra = ["12", "123"];
    assert_eq!(ids("gpt-2", &merges, &extra, "123"), [262]);
    assert_eq!(ids("smollm", &merges, &extra, "123"), [49, 50, 51]);
    assert_eq!(ids("qwen2", &merges, &extra, "123"), [49, 50, 51]);
    assert_eq!(ids("llama-bpe", &merges, &extra, "1234"), [262, 52]);
}

#[test]
fn llama_takes_whole_words_of_its_vocabulary_without_merging() {
    assert_eq!(ids("llama-bpe", &["h e"], &["he", "hat"], "hat"), [262]);
    assert_eq!(
        ids("gpt-2", &["h e"], &["he", "hat"], "hat"),
        [104, 97, 116]
    );
}

#[test]
fn user_defined_tokens_have_bytes_and_the_others_none() {
    let bytes = tiny().bytes();
    let tokenizer = tokenizer_of(&preflight(&bytes).unwrap()).unwrap();
    assert_eq!(tokenizer.token_bytes(263).unwrap(), b"<extra>");
    for id in 256..=260 {
        assert_eq!(tokenizer.token_bytes(id).unwrap(), b"", "{id}");
    }
    assert_eq!(tokenizer.token_bytes(32).unwrap(), b" ");
    assert_eq!(tokenizer.token_bytes(0xff).unwrap(), b"\xff");
    assert_eq!(
        tokenizer.token_bytes(264).unwrap_err().to_string(),
        "token id 264 is not below the vocabulary size 264"
    );
    assert_eq!(support::TINY_VOCABULARY, tokenizer.size());
}

#[test]
fn every_byte_string_survives_encoding() {
    let bytes = tiny().bytes();
    let tokenizer = tokenizer_of(&preflight(&bytes).unwrap()).unwrap();
    for text in [
        "hello",
        "\0\u{4}\u{ffff}",
        "a\u{300}\u{1f469}\u{200d}",
        "  \t\n <|im_end|>",
    ] {
        let ids = tokenizer.encode(text).unwrap();
        let back: Vec<u8> = ids
            .iter()
            .flat_map(|id| tokenizer.token_bytes(*id).unwrap().to_vec())
            .collect();
        assert_eq!(back, text.as_bytes());
        assert!(
            ids.iter().all(|id| *id < 256 || *id > 260),
            "a control token in {ids:?}"
        );
    }
}
