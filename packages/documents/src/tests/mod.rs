//! The vectors of the specification, and properties over random documents.

mod digest;
mod manifest;
mod prompt;

use data_encoding::HEXLOWER;
use serde_json::Value;

/// One array of a file of vectors.
fn vectors(file: &str, kind: &str) -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/vectors/");
    let text = std::fs::read(format!("{folder}{file}")).unwrap();
    let all: Value = serde_json::from_slice(&text).unwrap();
    let cases = all[kind].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "no vectors of kind {kind}");
    cases
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number<T: TryFrom<u64>>(value: &Value) -> T {
    T::try_from(value.as_u64().unwrap()).ok().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(text(value).as_bytes()).unwrap()
}

fn hex<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

/// A document: `text`, `hex`, or `parts` of [text, repetitions].
fn document(case: &Value) -> Vec<u8> {
    if let Some(text) = case.get("text") {
        return text.as_str().unwrap().as_bytes().to_vec();
    }
    if let Some(hex) = case.get("hex") {
        return bytes(hex);
    }
    let parts = case["parts"].as_array().unwrap().iter();
    let repeated = parts.map(|part| text(&part[0]).repeat(number(&part[1])));
    repeated.collect::<String>().into_bytes()
}
