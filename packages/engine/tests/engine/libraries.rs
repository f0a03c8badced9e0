//! testdata/tokenizers: the ids that other libraries give to texts and conversations, with small
//! vocabularies of every kind. `generate.py` there writes them.

use crate::support::{File, Value, tiny, tokenizer_of};
use crate::tokenizer::message;
use antiphon_engine::gguf::preflight;
use antiphon_engine::template::{Segment, Template};
use antiphon_engine::tokenizer::Tokenizer;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Vectors {
    model: String,
    pre: Option<String>,
    add_space_prefix: Option<bool>,
    unknown: Option<u32>,
    tokens: Vec<String>,
    types: Vec<i32>,
    scores: Option<Vec<f32>>,
    merges: Option<Vec<String>>,
    /// Instead of the common ones.
    texts: Option<Vec<String>>,
    /// For each of the texts.
    ids: Vec<Vec<u32>>,
    /// Ids and the text they give, repaired where it is no UTF-8.
    decode: Vec<(Vec<u32>, String)>,
}

#[derive(Deserialize)]
struct Conversation {
    template: String,
    messages: Vec<(String, String)>,
    /// As the published template writes it.
    text: String,
    /// Whose ids they are.
    vocabulary: Option<String>,
    ids: Option<Vec<u32>>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/tokenizers")
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    read_in(&folder(), name)
}

fn read_in<T: DeserializeOwned>(folder: &Path, name: &str) -> T {
    let text = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Every vocabulary of a folder.
fn vocabularies(folder: &Path) -> BTreeMap<String, Vectors> {
    let files = std::fs::read_dir(folder).unwrap();
    let names = files.filter_map(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").map(str::to_owned)
    });
    names
        .filter(|name| !matches!(&**name, "texts" | "chat"))
        .map(|name| (name.clone(), read_in(folder, &name)))
        .collect()
}

/// A tiny model with the vocabulary, as a converter would write it.
fn file(vectors: &Vectors) -> File {
    let mut file = tiny();
    let set = |file: &mut File, key: &str, value| file.set(&format!("tokenizer.ggml.{key}"), value);
    file.remove("tokenizer.ggml.merges");
    file.remove("tokenizer.ggml.pre");
    set(&mut file, "model", Value::Str(vectors.model.clone()));
    set(&mut file, "tokens", Value::Strs(vectors.tokens.clone()));
    set(&mut file, "token_type", Value::I32s(vectors.types.clone()));
    set(&mut file, "eos_token_id", Value::U32(2));
    if let Some(pre) = &vectors.pre {
        set(&mut file, "pre", Value::Str(pre.clone()));
    }
    if let Some(merges) = &vectors.merges {
        set(&mut file, "merges", Value::Strs(merges.clone()));
    }
    if let Some(scores) = &vectors.scores {
        set(&mut file, "scores", Value::f32s(scores));
    }
    if let Some(prefix) = vectors.add_space_prefix {
        set(&mut file, "add_space_prefix", Value::Bool(prefix.into()));
    }
    if let Some(id) = vectors.unknown {
        set(&mut file, "unknown_token_id", Value::U32(id));
    }
    file.set_rows(vectors.tokens.len());
    file
}

fn tokenizer(vectors: &Vectors) -> Tokenizer {
    let bytes = file(vectors).bytes();
    tokenizer_of(&preflight(&bytes).unwrap()).unwrap()
}

/// Each text has the ids that the libraries give; returns how many texts and tokens that were.
fn check_ids(name: &str, vectors: &Vectors, tokenizer: &Tokenizer) -> (usize, usize) {
    let common = || read::<Vec<String>>("texts");
    let texts = vectors.texts.clone().unwrap_or_else(common);
    assert_eq!(vectors.ids.len(), texts.len(), "{name}");
    for (text, want) in texts.iter().zip(&vectors.ids) {
        assert_eq!(&tokenizer.encode(text).unwrap(), want, "{name}: {text:?}");
    }
    (texts.len(), vectors.ids.iter().map(Vec::len).sum())
}

/// Ids give the text that the libraries give.
fn check_texts(name: &str, vectors: &Vectors, tokenizer: &Tokenizer) {
    assert!(!vectors.decode.is_empty(), "{name}");
    for (ids, want) in &vectors.decode {
        let bytes: Vec<u8> = (0..)
            .zip(ids)
            .flat_map(|(index, id)| tokenizer.output_bytes(index, *id).unwrap())
            .copied()
            .collect();
        assert_eq!(&String::from_utf8_lossy(&bytes), want, "{name}: {ids:?}");
    }
}

#[test]
fn every_text_gets_the_ids_that_the_libraries_give() {
    let vocabularies = vocabularies(&folder());
    assert!(vocabularies.len() >= 6);
    for (name, vectors) in vocabularies {
        check_ids(&name, &vectors, &tokenizer(&vectors));
    }
}

#[test]
fn ids_give_the_text_that_the_libraries_give() {
    for (name, vectors) in vocabularies(&folder()) {
        check_texts(&name, &vectors, &tokenizer(&vectors));
    }
}

#[test]
#[ignore = "published vocabularies: cargo nightly-tokenizers fetches them"]
fn published_vocabularies_give_what_the_libraries_give_both_ways() {
    let folder = std::env::var_os("ANTIPHON_VOCABULARIES");
    let folder =
        folder.expect("ANTIPHON_VOCABULARIES is not set: cargo nightly-tokenizers sets it");
    let vocabularies = vocabularies(Path::new(&folder));
    assert!(vocabularies.len() >= 5, "{:?}", vocabularies.keys());
    for (name, vectors) in vocabularies {
        let tokenizer = tokenizer(&vectors);
        let (texts, tokens) = check_ids(&name, &vectors, &tokenizer);
        check_texts(&name, &vectors, &tokenizer);
        println!("  {name}: {texts} texts, {tokens} tokens: every id equal");
    }
}

#[test]
fn conversations_are_written_as_the_published_templates_write_them() {
    let mut tokenizers = BTreeMap::new();
    let mut with_ids = 0;
    for talk in read::<Vec<Conversation>>("chat") {
        let template: Template = talk.template.parse().unwrap();
        let messages: Vec<_> = talk
            .messages
            .iter()
            .map(|(role, text)| message(role, text))
            .collect();
        let segments = template.segments(&messages).unwrap();
        let text: String = segments
            .into_iter()
            .map(|segment| match segment {
                Segment::Id(name) => name.to_owned(),
                Segment::Bos => String::new(),
                Segment::Text(text) => text,
            })
            .collect();
        assert_eq!(text, talk.text, "{template}");
        let Some((name, want)) = talk.vocabulary.zip(talk.ids) else {
            continue;
        };
        let tokenizer = tokenizers
            .entry(name.clone())
            .or_insert_with(|| tokenizer(&read(&name)));
        assert_eq!(
            template.encode(tokenizer, &messages).unwrap(),
            want,
            "{template}: {text}"
        );
        with_ids += 1;
    }
    assert_eq!(with_ids, 7 * 7);
}
