//! Who acts: accounts of 20 bytes, as keys have; a beacon of one key; workers with a voter key each.

use antiphon_api::{Ballot, BeaconConfig, Cid, CommitItem, Finish, Hex, RevealItem};
use antiphon_documents::digest::{ballot_digest, commitment, trace_nonce, vote_digest};
use antiphon_vm::meter::api;
use blst::min_sig::SecretKey;
use cosmwasm_std::{Addr, Api, CanonicalAddr};
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// The account of a name, as long as those of keys.
pub fn account(name: &str) -> CanonicalAddr {
    CanonicalAddr::from(&hash(&[name.as_bytes()])[..20])
}

pub fn address(name: &str) -> Addr {
    api().addr_humanize(&account(name)).unwrap()
}

/// The address of a contract: 32 bytes.
pub fn contract(name: &str) -> Addr {
    let account = CanonicalAddr::from(hash(&[name.as_bytes()]).as_slice());
    api().addr_humanize(&account).unwrap()
}

/// A beacon of one key, scheme bls-unchained-g1-rfc9380.
#[derive(Clone)]
pub struct Beacon {
    key: SecretKey,
    genesis: u64,
}

impl Beacon {
    pub fn new(genesis: u64) -> Self {
        let key = SecretKey::key_gen(&[7; 32], &[]).unwrap();
        Self { key, genesis }
    }

    pub fn config(&self) -> BeaconConfig {
        BeaconConfig {
            public_key: Hex(self.key.sk_to_pk().compress()),
            genesis: self.genesis,
            period: 1,
            delay_seconds: 1,
        }
    }

    pub fn sign(&self, round: u64) -> Hex<48> {
        let message = Sha256::digest(round.to_be_bytes());
        Hex(self.key.sign(&message, DOMAIN, &[]).compress())
    }
}

/// A worker and its voter key.
#[derive(Clone)]
pub struct Worker {
    pub address: Addr,
    account: CanonicalAddr,
    voter: SigningKey,
}

impl Worker {
    pub fn new(index: usize) -> Self {
        let name = format!("worker {index}");
        let voter = SigningKey::from_slice(&hash(&[b"voter", name.as_bytes()])).unwrap();
        Self {
            address: address(&name),
            account: account(&name),
            voter,
        }
    }

    pub fn public_key(&self) -> Hex<33> {
        let point = self.voter.verifying_key().to_encoded_point(true);
        Hex(point.as_bytes().try_into().unwrap())
    }

    fn salt(&self, digest: &Hex<32>, round: u8) -> [u8; 32] {
        hash(&[b"salt", &self.account, &digest.0, &[round]])
    }

    pub fn commit(&self, task: u64, digest: Hex<32>, round: u8, ballot: &Ballot) -> CommitItem {
        let salt = self.salt(&digest, round);
        let bound = commitment(
            &digest.0,
            round,
            &self.account,
            &ballot_digest(ballot),
            &salt,
        );
        let signed = vote_digest(&digest.0, round, &self.account, &bound);
        let signature: Signature = self.voter.sign_prehash(&signed).unwrap();
        let signature = signature.normalize_s().unwrap_or(signature);
        CommitItem {
            task,
            round,
            worker: self.address.to_string(),
            task_digest: digest,
            commitment: Hex(bound),
            signature: Hex(signature.to_bytes().into()),
        }
    }

    pub fn reveal(&self, task: u64, digest: Hex<32>, round: u8, ballot: Ballot) -> RevealItem {
        RevealItem {
            task,
            round,
            worker: self.address.to_string(),
            salt: Hex(self.salt(&digest, round)),
            ballot,
        }
    }
}

/// The answer of a text, with a trace bound to task and round.
pub fn answer(text: &str, digest: &Hex<32>, round: u8) -> Ballot {
    Ballot::Answer {
        cid: Cid::of_raw(text.as_bytes()),
        finish: Finish::Stop,
        output_tokens: 200,
        prompt_tokens: 100,
        trace: Hex(hash(&[text.as_bytes(), &trace_nonce(&digest.0, round)])),
    }
}
