//! The file's own vocabulary of 262,144 tokens, against two other programs.

use crate::llama::Llama;
use crate::load;
use antiphon_engine::tokenizer::CONTROL_NAMES;
use serde::Deserialize;

/// `testdata/gemma3/ids.py` writes it: ids by `sentencepiece`, with the vocabulary of the file.
#[derive(Deserialize)]
struct Ids {
    file_sha256: String,
    /// Of the texts that all vocabularies are tested with.
    ids: Vec<Vec<u32>>,
    more: Vec<(String, Vec<u32>)>,
}

fn ids() -> Ids {
    serde_json::from_str(include_str!("../../../../testdata/gemma3/ids.json")).unwrap()
}

fn texts() -> Vec<String> {
    serde_json::from_str(include_str!("../../../../testdata/tokenizers/texts.json")).unwrap()
}

#[test]
#[ignore = "a large file: cargo nightly-numerics runs it"]
fn sentencepiece_gives_every_text_the_same_ids() {
    let (model, want, texts) = (load(1, None), ids(), texts());
    let sha256 = data_encoding::HEXLOWER.encode(model.sha256());
    assert_eq!(sha256, want.file_sha256);
    assert_eq!(texts.len(), want.ids.len());
    let pairs = texts.into_iter().zip(want.ids).chain(want.more);
    let mut tokens = 0;
    let mut count = 0;
    for (text, want) in pairs {
        assert_eq!(model.tokenizer().encode(&text).unwrap(), want, "{text:?}");
        (tokens, count) = (tokens + want.len(), count + 1);
    }
    println!("  tokenizer: {count} texts, {tokens} tokens, as sentencepiece has them");
}

/// llama.cpp looks for the tokens of several spaces before it marks spaces, so a mark that a text
/// brings along is no space to it; sentencepiece, which these vocabularies are made with, tells no
/// difference. And it finds `<s>`, a token of this vocabulary for HTML, which is a control token
/// elsewhere and therefore never looked for here.
fn differs_by_design(text: &str) -> bool {
    text.contains('\u{2581}') || CONTROL_NAMES.iter().any(|name| text.contains(name))
}

#[test]
#[ignore = "a large file and another engine: cargo nightly-numerics runs it"]
fn llama_cpp_gives_every_text_the_same_ids() {
    let (model, mut llama) = (load(1, None), Llama::start("ANTIPHON_GEMMA"));
    assert_eq!(model.tokenizer().size() as usize, llama.vocabulary());
    let texts = texts()
        .into_iter()
        .chain(ids().more.into_iter().map(|pair| pair.0));
    let (other, same): (Vec<String>, Vec<String>) = texts.partition(|text| differs_by_design(text));
    for text in &same {
        let want = llama.ids(text);
        assert_eq!(model.tokenizer().encode(text).unwrap(), want, "{text:?}");
    }
    let mut different = 0;
    for text in &other {
        let ids = model.tokenizer().encode(text).unwrap();
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|id| model.tokenizer().token_bytes(*id).unwrap())
            .copied()
            .collect();
        let spaced = text.replace('\u{2581}', " ");
        assert_eq!(String::from_utf8(bytes).unwrap(), spaced, "{text:?}");
        different += usize::from(ids != llama.ids(text));
    }
    println!(
        "  tokenizer: {} texts as llama.cpp has them; of {} with marked spaces or control names {different} otherwise",
        same.len(),
        other.len()
    );
}
