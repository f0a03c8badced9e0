//! A beacon of one key, and workers with a voter key each.

use antiphon_api::*;
use antiphon_documents::digest::{
    ballot_digest, commitment, salt_preimage, trace_nonce, vote_digest,
};
use blst::min_sig::SecretKey;
use cosmwasm_std::{Addr, Api};
use hmac::{Hmac, Mac};
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// A beacon of one key, scheme bls-unchained-g1-rfc9380.
pub(super) struct Beacon {
    key: SecretKey,
    pub(super) genesis: u64,
    pub(super) period: u64,
}

impl Beacon {
    pub(super) fn new(genesis: u64) -> Self {
        Self {
            key: SecretKey::key_gen(&[7; 32], &[]).unwrap(),
            genesis,
            period: 1,
        }
    }

    pub(super) fn config(&self) -> BeaconConfig {
        BeaconConfig {
            public_key: Hex(self.key.sk_to_pk().compress()),
            genesis: self.genesis,
            period: self.period,
            delay_seconds: 1,
        }
    }

    pub(super) fn sign(&self, round: u64) -> Hex<48> {
        let message = Sha256::digest(round.to_be_bytes());
        Hex(self.key.sign(&message, DOMAIN, &[]).compress())
    }
}

/// An account with a voter key.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) address: Addr,
    voter: SigningKey,
}

impl Worker {
    pub(super) fn new(address: Addr, seed: u8) -> Self {
        let secret = Sha256::digest([b"voter".as_slice(), &[seed]].concat());
        let voter = SigningKey::from_slice(&secret).unwrap();
        Self { address, voter }
    }

    pub(super) fn public_key(&self) -> Hex<33> {
        let point = self.voter.verifying_key().to_encoded_point(true);
        Hex(point.as_bytes().try_into().unwrap())
    }

    /// The commit and the reveal of an answer.
    pub(super) fn vote(
        &self,
        api: &dyn Api,
        task: &TaskResponse,
        text: &str,
    ) -> (CommitItem, RevealItem) {
        let account = api.addr_canonicalize(self.address.as_str()).unwrap();
        let (digest, round) = (task.task_digest, task.round);
        let ballot = Ballot::Answer {
            cid: Cid::of_raw(text.as_bytes()),
            finish: Finish::Stop,
            output_tokens: task.max_output_tokens.min(16),
            prompt_tokens: 12,
            trace: Hex(Sha256::digest(trace_nonce(&digest.0, round)).into()),
        };
        let salt = self.salt(&digest.0, round);
        let bound = ballot_digest(&ballot);
        let commitment = commitment(&digest.0, round, account.as_slice(), &bound, &salt.0);
        let signed = vote_digest(&digest.0, round, account.as_slice(), &commitment);
        let worker = self.address.to_string();
        let commit = CommitItem {
            task: task.task,
            round,
            worker: worker.clone(),
            task_digest: digest,
            commitment: Hex(commitment),
            signature: self.sign(&signed),
        };
        let reveal = RevealItem {
            task: task.task,
            round,
            worker,
            ballot,
            salt,
        };
        (commit, reveal)
    }

    fn sign(&self, digest: &[u8; 32]) -> Hex<64> {
        let signature: Signature = self.voter.sign_prehash(digest).unwrap();
        let signature = signature.normalize_s().unwrap_or(signature);
        Hex(signature.to_bytes().into())
    }

    fn salt(&self, task_digest: &[u8; 32], round: u8) -> Hex<32> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.voter.to_bytes()).unwrap();
        mac.update(&salt_preimage(task_digest, round));
        Hex(mac.finalize().into_bytes().into())
    }
}
