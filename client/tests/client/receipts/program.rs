//! `antiphon receipt` and `antiphon verify` as programs.

use serde_json::Value;

use super::world::ReceiptWorld;
use crate::binary::{Ran, antiphon, text_of};

fn path(name: &str) -> String {
    format!("{}/../testdata/receipts/{name}", env!("CARGO_MANIFEST_DIR"))
}

async fn verify(arguments: &[&str]) -> Ran {
    antiphon(&[&["verify"], arguments].concat(), "").await
}

#[tokio::test]
async fn demand_05_a_good_receipt_is_consistent_and_a_changed_one_exits_6_with_the_check() {
    let good = verify(&[&path("ok-network.json")]).await;
    assert_eq!(good.code, 0, "{}", good.err);
    let verdict = "consistent; whether it happened on this chain is what --rpc shows";
    assert!(good.out.trim_end().ends_with(verdict), "{}", good.out);
    for (name, check) in [
        ("bad-digest.json", "digest"),
        ("bad-form.json", "form"),
        ("bad-commitments.json", "commitments"),
        ("bad-quorum.json", "quorum"),
        ("bad-conduct.json", "conduct"),
        ("bad-transactions.json", "transactions"),
    ] {
        let bad = verify(&[&path(name)]).await;
        assert_eq!(bad.code, 6, "{name}");
        let said = format!("VERIFICATION FAILED: {check}:");
        assert!(bad.err.contains(&said), "{}", bad.err);
        assert!(!bad.out.contains("\nconsistent"), "{}", bad.out);
    }
}

#[tokio::test]
async fn programs_read_one_object_with_every_check() {
    let ran = verify(&[&path("bad-answer.json"), "--json"]).await;
    assert_eq!(ran.code, 6);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(
        (&report["online"], &report["replayed"]),
        (&false.into(), &false.into())
    );
    let checks = report["checks"].as_array().unwrap();
    let failed: Vec<_> = checks.iter().filter(|it| it["ok"] == false).collect();
    assert_eq!((checks.len(), failed.len()), (14, 1));
    assert_eq!(failed[0]["name"], "answer");
}

#[tokio::test]
async fn bytes_that_are_no_text_have_failed_form() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.json");
    std::fs::write(&file, [0x7b, 0xff]).unwrap();
    let ran = verify(&[text_of(&file)]).await;
    assert_eq!(ran.code, 6);
    assert!(
        ran.err.contains("form: not UTF-8 text at byte 1"),
        "{}",
        ran.err
    );
    std::fs::write(&file, vec![b' '; 1_048_577]).unwrap();
    let ran = verify(&[text_of(&file)]).await;
    assert_eq!(ran.code, 6);
    assert!(
        ran.err.contains("want a receipt of at most 1048576"),
        "{}",
        ran.err
    );
    let absent = folder.path().join("absent.json");
    assert_eq!(verify(&[text_of(&absent)]).await.code, 1);
}

#[tokio::test]
async fn a_receipt_is_written_verified_and_compared_with_its_chain() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.json");
    let contract = world.ledger().receipt.contract.clone();
    let network = [
        "--rpc",
        &world.url,
        "--contract",
        &contract,
        "--development",
    ];
    let arguments = ["receipt", "17", "--output", text_of(&file)];
    let ran = antiphon(&[&arguments[..], &network].concat(), "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let printed = antiphon(&[&["receipt", "17"][..], &network].concat(), "").await;
    assert_eq!(printed.out, std::fs::read_to_string(&file).unwrap());
    let ran = verify(&[text_of(&file), "--rpc", &world.url]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let happened = "consistent, and it happened on this chain";
    let compare = format!(
        "{happened} at contract {contract}, which only the receipt names: compare it, or give --network or --contract"
    );
    assert!(ran.out.trim_end().ends_with(&compare), "{}", ran.out);
    let ran = verify(&[&[text_of(&file)][..], &network].concat()).await;
    assert!(ran.out.trim_end().ends_with(happened), "{}", ran.out);
    // A node that is down says nothing about a receipt.
    let ran = verify(&[text_of(&file), "--rpc", "http://127.0.0.1:1"]).await;
    assert_eq!(ran.code, 3);
}

/// Whoever makes up a receipt can put a contract of his own on the chain, which says the same.
#[tokio::test]
async fn a_contract_that_only_the_receipt_names_is_told_to_programs_too() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.json");
    let contract = world.ledger().receipt.contract.clone();
    let network = ["--rpc", &world.url, "--contract", &contract];
    let arguments = ["receipt", "17", "--development", "--output", text_of(&file)];
    let made = antiphon(&[&arguments[..], &network].concat(), "").await;
    assert_eq!(made.code, 0, "{}", made.err);
    for (named, alone) in [(&network[..], false), (&network[..2], true), (&[], false)] {
        let ran = verify(&[&[text_of(&file), "--json"], named].concat()).await;
        assert_eq!(ran.code, 0, "{}", ran.err);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["contract_from_receipt"], alone);
        let said = report["verdict"].as_str().unwrap();
        assert_eq!(said.contains("which only the receipt names"), alone);
        let asked = (!named.is_empty()).then_some(contract.as_str());
        assert_eq!(report["contract"].as_str(), asked);
    }
}

#[tokio::test]
async fn a_replay_without_its_model_is_told_at_once() {
    let file = path("ok-network.json");
    assert_eq!(verify(&[&file, "--replay"]).await.code, 2);
    let folder = tempfile::tempdir().unwrap();
    let ran = verify(&[&file, "--replay", "--gguf", text_of(folder.path())]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("98362432 bytes"), "{}", ran.err);
    // A receipt without an answer has nothing to run again.
    let failed = path("ok-failed.json");
    let ran = verify(&[&failed, "--replay", "--gguf", text_of(folder.path())]).await;
    assert_eq!(ran.code, 6);
    assert!(ran.err.contains("replay_answer"), "{}", ran.err);
}
