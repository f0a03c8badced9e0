//! The vectors of the specification, and properties over random cases.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

mod draw;
mod life;
mod rounds;
mod settle;
mod settle_properties;
mod stake;

use data_encoding::HEXLOWER;
use serde_json::Value;

/// One array of the protocol's vectors.
fn vectors(kind: &str) -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/vectors/protocol.json"
    );
    let text = std::fs::read(path).unwrap();
    let all: Value = serde_json::from_slice(&text).unwrap();
    let cases = all[kind].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "no vectors of kind {kind}");
    cases
}

/// An amount: a decimal string.
fn amount(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn small(value: &Value) -> u32 {
    u32::try_from(number(value)).unwrap()
}

fn round(value: &Value) -> u8 {
    u8::try_from(number(value)).unwrap()
}

fn slots(value: &Value) -> Vec<u16> {
    let slot = |value: &Value| u16::try_from(number(value)).unwrap();
    value.as_array().unwrap().iter().map(slot).collect()
}

fn hex<const N: usize>(value: &Value) -> [u8; N] {
    let bytes = HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap();
    bytes.try_into().unwrap()
}
