//! From a ballot to the two messages that carry it: derived salt, commitment, signature.
//!
//! Everything here is a pure function of the voter's key and the task, so a worker that was killed, or
//! started again from a copy of its keys, makes the very same commitment.

use antiphon_api::{Ballot, CommitItem, Hex, RevealItem};
use antiphon_chain::{Key, KeyError, canonical};
use antiphon_documents::digest;
use hmac::{Hmac, Mac};
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use sha2::Sha256;

use crate::duty::{DutyKey, Vote};
use crate::journal::Entry;

/// Makes this worker's votes.
#[derive(Clone, Debug)]
pub struct Voter {
    key: Key,
    worker: String,
    canonical: Vec<u8>,
}

impl Voter {
    /// The voter of this worker.
    ///
    /// # Errors
    /// An address that is not bech32.
    pub fn new(key: Key, worker: String) -> Result<Self, KeyError> {
        let canonical = canonical(&worker)?;
        Ok(Self {
            key,
            worker,
            canonical,
        })
    }

    /// The worker voted for.
    #[must_use]
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// The worker's canonical address.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// What goes on record of the worker.
    #[must_use]
    pub fn public_key(&self) -> Hex<33> {
        Hex(self.key.public_key())
    }

    /// The salt of a round: HMAC-SHA256 under the voter's scalar.
    #[must_use]
    pub fn salt(&self, task_digest: &Hex<32>, round: u8) -> Hex<32> {
        let secret = self.key.secret();
        // HMAC takes a key of any length, so the error has no occasion; an all-zero salt would be it.
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_slice());
        let bytes = mac.map(|mut mac| {
            mac.update(&digest::salt_preimage(task_digest.bytes(), round));
            mac.finalize().into_bytes().into()
        });
        Hex(bytes.unwrap_or_default())
    }

    /// Binds a ballot to its task and round.
    #[must_use]
    pub fn entry(&self, key: DutyKey, task_digest: Hex<32>, ballot: Ballot) -> Entry {
        let salt = self.salt(&task_digest, key.round);
        let ballot_digest = digest::ballot_digest(&ballot);
        let commitment = digest::commitment(
            task_digest.bytes(),
            key.round,
            &self.canonical,
            &ballot_digest,
            salt.bytes(),
        );
        Entry {
            task: key.task,
            round: key.round,
            task_digest,
            ballot,
            commitment: Hex(commitment),
        }
    }

    /// The commit of a journaled vote.
    ///
    /// # Errors
    /// Never in practice: a signature with a zero part.
    pub fn commit(&self, entry: &Entry) -> Result<CommitItem, KeyError> {
        let signed = vote_digest(
            &entry.task_digest,
            entry.round,
            &self.canonical,
            &entry.commitment,
        );
        Ok(CommitItem {
            task: entry.task,
            round: entry.round,
            worker: self.worker.clone(),
            task_digest: entry.task_digest,
            commitment: entry.commitment,
            signature: Hex(self.key.sign_digest(&signed)?),
        })
    }

    /// The reveal of a journaled vote.
    #[must_use]
    pub fn reveal(&self, entry: &Entry) -> RevealItem {
        RevealItem {
            task: entry.task,
            round: entry.round,
            worker: self.worker.clone(),
            ballot: entry.ballot.clone(),
            salt: self.salt(&entry.task_digest, entry.round),
        }
    }
}

impl From<&Entry> for Vote {
    fn from(entry: &Entry) -> Self {
        Self {
            ballot: entry.ballot.clone(),
            commitment: entry.commitment,
        }
    }
}

fn vote_digest(task_digest: &Hex<32>, round: u8, worker: &[u8], commitment: &Hex<32>) -> [u8; 32] {
    digest::vote_digest(task_digest.bytes(), round, worker, commitment.bytes())
}

/// Whether a commit was signed by this voter for this worker.
#[must_use]
pub fn commit_is_signed(item: &CommitItem, worker: &[u8], voter: &Hex<33>) -> bool {
    let signed = vote_digest(&item.task_digest, item.round, worker, &item.commitment);
    let key = VerifyingKey::from_sec1_bytes(voter.bytes());
    let signature = Signature::from_slice(item.signature.bytes());
    match (key, signature) {
        // A high s is refused by the contract too.
        (Ok(key), Ok(signature)) if signature.normalize_s().is_none() => {
            key.verify_prehash(&signed, &signature).is_ok()
        }
        _ => false,
    }
}

/// Whether a reveal opens this commitment.
#[must_use]
pub fn reveal_opens(
    item: &RevealItem,
    worker: &[u8],
    task_digest: &Hex<32>,
    commitment: &Hex<32>,
) -> bool {
    let ballot = digest::ballot_digest(&item.ballot);
    let opened = digest::commitment(
        task_digest.bytes(),
        item.round,
        worker,
        &ballot,
        item.salt.bytes(),
    );
    opened == *commitment.bytes()
}
