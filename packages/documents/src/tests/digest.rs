use antiphon_content::Cid;
use hmac::{Hmac, Mac};
use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::ecdsa::{Signature, SigningKey};
use proptest::prelude::*;
use serde_json::Value;
use sha2::Sha256;

use super::{bytes, hex, number, text, vectors};
use crate::Ballot;
use crate::digest::{
    TaskIdentity, ballot_digest, commitment, salt_preimage, task_digest, trace_nonce, vote_digest,
};

fn cases(kind: &str) -> Vec<Value> {
    vectors("protocol.json", kind)
}

#[test]
fn task_digests_are_those_of_the_vectors() {
    for case in cases("task_digest") {
        let (contract, requester) = (bytes(&case["contract"]), bytes(&case["requester"]));
        let manifest: Cid = text(&case["manifest"]).parse().unwrap();
        let prompt: Cid = text(&case["prompt"]).parse().unwrap();
        assert_eq!(manifest.digest(), &hex::<32>(&case["manifest_digest"]));
        assert_eq!(prompt.digest(), &hex::<32>(&case["prompt_digest"]));
        let digest = task_digest(&TaskIdentity {
            chain_id: text(&case["chain_id"]),
            contract: &contract,
            task: text(&case["task"]).parse().unwrap(),
            requester: &requester,
            manifest: &manifest,
            prompt: &prompt,
            max_output_tokens: number(&case["max_output_tokens"]),
            prompt_bytes: number(&case["prompt_bytes"]),
        });
        assert_eq!(digest, hex::<32>(&case["task_digest"]));
    }
}

#[test]
fn ballot_digests_are_those_of_the_vectors() {
    for case in cases("ballot_digest") {
        let ballot: Ballot = serde_json::from_value(case["ballot"].clone()).unwrap();
        assert_eq!(ballot_digest(&ballot), hex::<32>(&case["ballot_digest"]));
        assert_eq!(serde_json::to_value(&ballot).unwrap(), case["ballot"]);
    }
}

#[test]
fn votes_are_committed_signed_and_salted_as_in_the_vectors() {
    for case in cases("votes") {
        let task = hex::<32>(&case["task_digest"]);
        let round: u8 = number(&case["round"]);
        let worker = bytes(&case["worker"]);
        let secret = hex::<32>(&case["voter_secret"]);

        let mut salt = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        salt.update(&salt_preimage(&task, round));
        let salt: [u8; 32] = salt.finalize().into_bytes().into();
        assert_eq!(salt, hex::<32>(&case["salt"]));

        let ballot = hex::<32>(&case["ballot_digest"]);
        let commitment = commitment(&task, round, &worker, &ballot, &salt);
        assert_eq!(commitment, hex::<32>(&case["commitment"]));
        let signed = vote_digest(&task, round, &worker, &commitment);
        assert_eq!(signed, hex::<32>(&case["signed"]));
        assert_signature(&case, &secret, &signed);
        assert_eq!(trace_nonce(&task, round), hex::<32>(&case["trace_nonce"]));
    }
}

fn assert_signature(case: &Value, secret: &[u8; 32], signed: &[u8; 32]) {
    let key = SigningKey::from_slice(secret).unwrap();
    let voter = key.verifying_key();
    let point = voter.to_encoded_point(true);
    assert_eq!(point.as_bytes(), hex::<33>(&case["voter"]));
    let signature: Signature = key.sign_prehash(signed).unwrap();
    assert!(signature.normalize_s().is_none(), "s is low already");
    let written: [u8; 64] = signature.to_bytes().into();
    assert_eq!(written, hex::<64>(&case["signature"]));
    voter.verify_prehash(signed, &signature).unwrap();
}

#[test]
fn a_ballot_with_an_unknown_field_is_refused() {
    for text in [
        r#"{"unavailable":{"why":1}}"#,
        r#"{"invalid":{"x":1}}"#,
        r#"{"answer":{}}"#,
        r#"{"other":{}}"#,
    ] {
        assert!(serde_json::from_str::<Ballot>(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn a_commitment_opens_for_its_own_task_round_and_worker_only(
        task: [u8; 32], other: [u8; 32], round in 0_u8..3, worker: [u8; 20], stranger: [u8; 20],
        ballot: [u8; 32], salt: [u8; 32],
    ) {
        prop_assume!(task != other && worker != stranger);
        let own = commitment(&task, round, &worker, &ballot, &salt);
        prop_assert_ne!(own, commitment(&other, round, &worker, &ballot, &salt));
        prop_assert_ne!(own, commitment(&task, round.wrapping_add(1), &worker, &ballot, &salt));
        prop_assert_ne!(own, commitment(&task, round, &stranger, &ballot, &salt));
        prop_assert_ne!(own, commitment(&task, round, &worker, &salt, &ballot));
        prop_assert_ne!(own, vote_digest(&task, round, &worker, &own));
    }

    #[test]
    fn lengths_keep_neighbouring_fields_apart(bytes in proptest::collection::vec(any::<u8>(), 2..40)) {
        let cid = Cid::of_raw(b"x");
        let identity = |contract: &[u8], requester: &[u8]| task_digest(&TaskIdentity {
            chain_id: "c", contract, task: 0, requester, manifest: &cid, prompt: &cid,
            max_output_tokens: 1, prompt_bytes: 1,
        });
        let (head, tail) = bytes.split_at(1);
        prop_assert_ne!(identity(head, tail), identity(&bytes, &[]));
    }
}
