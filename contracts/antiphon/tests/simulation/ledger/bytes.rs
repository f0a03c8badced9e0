//! Hashes and signatures as protocol section 5 spells them, written out.

use antiphon_api::{Ballot, CommitItem, Finish, Hex};
use blst::BLST_ERROR;
use blst::min_sig::{PublicKey, Signature as BeaconSignature};
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::{Ledger, Model, Task};

pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// Two bytes of length, then the bytes.
fn lp(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn ballot_digest(ballot: &Ballot) -> [u8; 32] {
    match ballot {
        Ballot::Unavailable {} => hash(&[b"antiphon/ballot/1", &[2]]),
        Ballot::Invalid {} => hash(&[b"antiphon/ballot/1", &[3]]),
        Ballot::Answer {
            cid,
            finish,
            output_tokens,
            prompt_tokens,
            trace,
        } => hash(&[
            b"antiphon/ballot/1",
            &[1],
            cid.digest(),
            &prompt_tokens.to_be_bytes(),
            &output_tokens.to_be_bytes(),
            &[u8::from(*finish == Finish::Length)],
            &trace.0,
        ]),
    }
}

impl Ledger {
    pub(super) fn task_digest(&self, task: &Task, model: &Model) -> [u8; 32] {
        hash(&[
            b"antiphon/task/1",
            &lp(self.chain.as_bytes()),
            &lp(&self.contract),
            &task.id.to_be_bytes(),
            &lp(&self.names[&task.requester]),
            model.manifest.digest(),
            task.prompt.digest(),
            &task.max_output_tokens.to_be_bytes(),
            &task.prompt_bytes.to_be_bytes(),
        ])
    }

    /// What a member with this ballot and salt must have been bound to.
    pub(super) fn binding(
        &self,
        task: &Task,
        round: u8,
        worker: &str,
        ballot: &Ballot,
        salt: &Hex<32>,
    ) -> [u8; 32] {
        hash(&[
            b"antiphon/commit/1",
            &task.digest,
            &[round],
            &lp(&self.names[worker]),
            &ballot_digest(ballot),
            &salt.0,
        ])
    }

    /// Whether the voter key on record signed this vote, in the one form a signature has.
    pub(super) fn is_signed(&self, item: &CommitItem, voter: &[u8; 33]) -> bool {
        let signed = hash(&[
            b"antiphon/vote/1",
            &item.task_digest.0,
            &[item.round],
            &lp(&self.names[&item.worker]),
            &item.commitment.0,
        ]);
        let (Ok(key), Ok(signature)) = (
            VerifyingKey::from_sec1_bytes(voter),
            Signature::from_slice(&item.signature.0),
        ) else {
            return false;
        };
        signature.normalize_s().is_none() && key.verify_prehash(&signed, &signature).is_ok()
    }

    /// Whether the beacon signed this round.
    pub(super) fn is_beacons(&self, round: u64, signature: &Hex<48>) -> bool {
        const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
        let (Ok(key), Ok(signature)) = (
            PublicKey::key_validate(&self.beacon.public_key.0),
            BeaconSignature::sig_validate(&signature.0, true),
        ) else {
            return false;
        };
        let message = hash(&[&round.to_be_bytes()]);
        signature.verify(false, &message, DOMAIN, &[], &key, false) == BLST_ERROR::BLST_SUCCESS
    }
}
