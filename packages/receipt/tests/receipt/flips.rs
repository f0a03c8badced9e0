//! One changed byte.

use antiphon_receipt::{VERDICT, check};

use crate::build::{receipt, round, wrong};

/// Every byte of a receipt with each of these flips.
fn flips(text: &str, masks: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let positions = 0..text.len();
    positions.flat_map(move |at| {
        masks.iter().map(move |mask| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= mask;
            (at, bytes)
        })
    })
}

/// The first failing check of a changed receipt; bytes that are no text are not a receipt.
fn verdict(bytes: Vec<u8>) -> Option<&'static str> {
    let Ok(text) = String::from_utf8(bytes) else {
        return Some("form");
    };
    check(&text).failed().next().map(|failed| failed.name)
}

fn every_flip_fails(text: &str, masks: &[u8]) {
    assert_eq!(check(text).verdict(), VERDICT);
    for (at, bytes) in flips(text, masks) {
        let name = verdict(bytes);
        assert!(
            matches!(name, Some("form" | "digest")),
            "byte {at}: {name:?}"
        );
    }
}

#[test]
fn demand_05_any_flipped_byte_fails_the_receipt() {
    let text = receipt(&[5], &[round(4, 0, &[wrong(4, 0)])]).to_canonical();
    every_flip_fails(&text, &[0x01]);
}

#[test]
fn demand_05_any_flipped_byte_fails_the_receipt_of_a_real_network() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/receipts/ok-network.json"
    );
    every_flip_fails(&std::fs::read_to_string(path).unwrap(), &[0x01, 0x20]);
}

#[test]
fn a_flip_in_the_digest_itself_is_named_digest() {
    let text = receipt(&[5], &[round(5, 0, &[])]).to_canonical();
    let at = text.find("\"digest\":\"").unwrap() + "\"digest\":\"".len();
    let mut bytes = text.into_bytes();
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    assert_eq!(verdict(bytes), Some("digest"));
}
