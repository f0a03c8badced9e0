//! Votes against the protocol's vectors.

use antiphon_api::{Ballot, Hex};
use antiphon_chain::{Key, bech32, canonical};
use antiphon_documents::digest;
use antiphon_worker::duty::DutyKey;
use antiphon_worker::journal::Entry;
use antiphon_worker::vote::{Voter, commit_is_signed, reveal_opens};
use serde_json::Value;

use crate::answer;

fn vectors() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testdata/vectors/protocol.json"
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn hex<const N: usize>(value: &Value) -> Hex<N> {
    value.as_str().unwrap().parse().unwrap()
}

fn voter() -> Voter {
    let worker = bech32("wasm", &[7; 20]).unwrap();
    Voter::new(Key::from_secret(&[3; 32]).unwrap(), worker).unwrap()
}

#[test]
fn salts_commitments_and_signatures_are_those_of_the_vectors() {
    let vectors = vectors();
    let ballots: Vec<(Hex<32>, Ballot)> = vectors["ballot_digest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            (
                hex(&v["ballot_digest"]),
                serde_json::from_value(v["ballot"].clone()).unwrap(),
            )
        })
        .collect();
    let votes = vectors["votes"].as_array().unwrap();
    assert!(votes.len() >= 2);
    for vote in votes {
        let secret: Hex<32> = hex(&vote["voter_secret"]);
        let worker = vote["worker_bech32"].as_str().unwrap().to_owned();
        let voter = Voter::new(Key::from_secret(secret.bytes()).unwrap(), worker.clone()).unwrap();
        let task_digest = hex(&vote["task_digest"]);
        let round = u8::try_from(vote["round"].as_u64().unwrap()).unwrap();
        assert_eq!(voter.public_key(), hex(&vote["voter"]));
        assert_eq!(voter.salt(&task_digest, round), hex(&vote["salt"]));
        let wanted: Hex<32> = hex(&vote["ballot_digest"]);
        let (_, ballot) = ballots.iter().find(|(d, _)| *d == wanted).unwrap();
        let entry = voter.entry(DutyKey::new(5, round), task_digest, ballot.clone());
        assert_eq!(entry.commitment, hex(&vote["commitment"]));
        let commit = voter.commit(&entry).unwrap();
        assert_eq!(commit.signature, hex(&vote["signature"]));
        assert!(commit_is_signed(
            &commit,
            &canonical(&worker).unwrap(),
            &voter.public_key()
        ));
        let nonce: Hex<32> = hex(&vote["trace_nonce"]);
        assert_eq!(
            digest::trace_nonce(task_digest.bytes(), round),
            *nonce.bytes()
        );
    }
}

#[test]
fn a_vote_made_again_is_the_same_to_the_last_byte() {
    let entry = |v: &Voter| v.entry(DutyKey::new(8, 1), Hex([4; 32]), answer(1));
    let (one, two) = (voter(), voter());
    assert_eq!(entry(&one), entry(&two));
    assert_eq!(
        one.commit(&entry(&one)).unwrap(),
        two.commit(&entry(&two)).unwrap()
    );
    assert_eq!(one.reveal(&entry(&one)), two.reveal(&entry(&two)));
}

#[test]
fn a_commit_with_any_part_changed_is_not_signed() {
    let voter = voter();
    let entry = voter.entry(DutyKey::new(8, 1), Hex([4; 32]), answer(1));
    let good = voter.commit(&entry).unwrap();
    let signed = |item: &_| commit_is_signed(item, voter.canonical(), &voter.public_key());
    assert!(signed(&good));
    let mut bad = good.clone();
    bad.round = 0;
    assert!(!signed(&bad));
    let mut bad = good.clone();
    bad.task_digest = Hex([5; 32]);
    assert!(!signed(&bad));
    let mut bad = good.clone();
    bad.commitment = Hex([5; 32]);
    assert!(!signed(&bad));
    let mut bad = good.clone();
    bad.signature = Hex([0; 64]);
    assert!(!signed(&bad));
    assert!(!commit_is_signed(&good, &[8; 20], &voter.public_key()));
    assert!(!commit_is_signed(&good, voter.canonical(), &Hex([2; 33])));
}

#[test]
fn a_reveal_opens_its_own_commitment_only() {
    let voter = voter();
    let digest = Hex([4; 32]);
    let entry: Entry = voter.entry(DutyKey::new(8, 1), digest, answer(1));
    let good = voter.reveal(&entry);
    let opens = |item: &_| reveal_opens(item, voter.canonical(), &digest, &entry.commitment);
    assert!(opens(&good));
    let mut bad = good.clone();
    bad.salt = Hex([0; 32]);
    assert!(!opens(&bad));
    let mut bad = good.clone();
    bad.ballot = answer(2);
    assert!(!opens(&bad));
    let mut bad = good;
    bad.round = 0;
    assert!(!opens(&bad));
}
