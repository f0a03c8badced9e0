//! Which network: flags over the file.

use antiphon_client::{NetworkFile, NetworkFlags};
use serde_json::json;

#[test]
fn flags_win_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    let text = json!({
        "chain_id": "a-1", "rpc": "http://127.0.0.1:1", "contract": "wasm1file", "keys":
        { "requester": "keys/requester.json" }, "model": 3, "rest": "unknown to us",
    });
    std::fs::write(&path, text.to_string()).unwrap();
    let flags = NetworkFlags {
        network: Some(path),
        contract: Some("wasm1flag".to_owned()),
        ..NetworkFlags::default()
    };
    let file = flags.resolve().unwrap();
    assert_eq!(file.contract, "wasm1flag");
    assert_eq!(file.rpc, ["http://127.0.0.1:1"]);
    assert_eq!(file.model, Some(3));
    assert_eq!(file.key, Some(folder.path().join("keys/requester.json")));
    assert!(file.is_development(), "a file whose node is on loopback");
}

#[test]
fn plain_http_needs_the_flag_when_there_is_no_file() {
    let flags = NetworkFlags {
        rpc: vec!["http://127.0.0.1:1".to_owned()],
        contract: Some("wasm1flag".to_owned()),
        ..NetworkFlags::default()
    };
    assert!(!flags.resolve().unwrap().is_development());
}

#[test]
fn a_missing_address_names_flag_variable_and_file() {
    let text = NetworkFlags::default().resolve().unwrap_err().to_string();
    for way in ["--rpc", "ANTIPHON_RPC", "--network"] {
        assert!(text.contains(way), "{text}");
    }
}

#[test]
fn a_file_that_is_no_network_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    std::fs::write(&path, "[]").unwrap();
    let error = NetworkFile::load(&path).unwrap_err();
    assert!(error.to_string().contains("not a network file"), "{error}");
}
