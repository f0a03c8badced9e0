//! Derivation, signatures and key files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use antiphon_chain::{Key, KeyError, bech32, canonical};
use data_encoding::HEXLOWER;
use serde_json::Value;

/// The mnemonic of 24 words that every wallet's tests use.
fn standard() -> String {
    format!("{}art", "abandon ".repeat(23))
}

#[test]
fn standard_mnemonic_gives_the_known_address() {
    let key = Key::from_mnemonic(&standard()).unwrap();
    let want = "cosmos1r5v5srda7xfth3hn2s26txvrcrntldjumt8mhl";
    assert_eq!(key.address("cosmos").unwrap(), want);
    let want = "wasm1r5v5srda7xfth3hn2s26txvrcrntldju3hkw75";
    assert_eq!(key.address("wasm").unwrap(), want);
    let public = HEXLOWER.encode(&key.public_key());
    let want = "02ba66a84cf7839af172a13e7fc9f5e7008cb8bca1585f8f3bafb3039eda3c1fdd";
    assert_eq!(public, want);
}

#[test]
fn wrong_words_are_refused_without_repeating_them() {
    for words in ["", "abandon", &format!("{}zoo", "abandon ".repeat(23))] {
        let error = Key::from_mnemonic(words).unwrap_err();
        assert!(matches!(error, KeyError::Mnemonic));
        assert!(!error.to_string().contains("abandon"));
    }
}

#[test]
fn vote_signatures_are_those_of_the_vectors() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../testdata/vectors/protocol.json")).unwrap();
    let votes = vectors["votes"].as_array().unwrap();
    assert!(votes.len() >= 3);
    for vote in votes {
        let text = |name: &str| vote[name].as_str().unwrap();
        let key = Key::from_hex(text("voter_secret")).unwrap();
        assert_eq!(HEXLOWER.encode(&key.public_key()), text("voter"));
        let digest = HEXLOWER.decode(text("signed").as_bytes()).unwrap();
        let signature = key.sign_digest(&digest.try_into().unwrap()).unwrap();
        assert_eq!(HEXLOWER.encode(&signature), text("signature"));
        let worker = HEXLOWER.decode(text("worker").as_bytes()).unwrap();
        assert_eq!(canonical(text("worker_bech32")).unwrap(), worker);
        assert_eq!(bech32("wasm", &worker).unwrap(), text("worker_bech32"));
    }
}

#[test]
fn a_key_survives_its_file() {
    let folder = tempfile::tempdir().unwrap();
    for key in [Key::random(), Key::generate().unwrap()] {
        let path = folder.path().join(key.address("wasm").unwrap());
        key.save(&path, "wasm").unwrap();
        let read = Key::load(&path).unwrap();
        assert_eq!(*read.secret(), *key.secret());
        assert_eq!(read.mnemonic(), key.mnemonic());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(
            key.save(&path, "wasm"),
            Err(KeyError::Exists { .. })
        ));
    }
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    Key::random().save(&path, "wasm").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let text = Key::load(&path).unwrap_err().to_string();
    assert!(text.contains("chmod 600"), "{text}");
}

#[test]
fn a_damaged_key_file_is_refused_without_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    Key::random().save(&path, "wasm").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let secret = text.split("\"secret\": \"").nth(1).unwrap()[..64].to_owned();
    let other = Key::random().address("wasm").unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let address = file["address"].as_str().unwrap();
    for bad in [
        text.replace(address, &other),
        text.replace("antiphon/key/1", "antiphon/key/9"),
        text.replace(&secret, &secret[..62]),
        text.replace("\"secret\"", "\"sekret\""),
        String::new(),
    ] {
        fs::write(&path, bad).unwrap();
        let error = Key::load(&path).unwrap_err();
        assert!(matches!(error, KeyError::Format { .. }), "{error}");
        assert!(!error.to_string().contains(&secret[..62]));
    }
}

#[test]
fn printing_a_key_shows_no_secret() {
    let key = Key::generate().unwrap();
    let shown = format!("{key:?}");
    assert!(!shown.contains(&HEXLOWER.encode(key.secret().as_slice())));
    assert!(!shown.contains(key.mnemonic().unwrap().split(' ').next().unwrap()));
}
