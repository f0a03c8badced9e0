//! Who acts: a beacon with one BLS key, workers with a voter key each.

use antiphon_api::{BeaconConfig, Hex};
use blst::min_sig::SecretKey;
use cosmwasm_std::Addr;
use hmac::{Hmac, Mac};
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// A beacon of one key, scheme bls-unchained-g1-rfc9380.
#[derive(Clone)]
pub struct Beacon {
    key: SecretKey,
    pub genesis: u64,
    pub period: u64,
}

impl Beacon {
    pub fn new(seed: u8, genesis: u64) -> Self {
        let key = SecretKey::key_gen(&[seed; 32], &[]).unwrap();
        Self {
            key,
            genesis,
            period: 1,
        }
    }

    pub fn config(&self, delay_seconds: u64) -> BeaconConfig {
        BeaconConfig {
            public_key: Hex(self.key.sk_to_pk().compress()),
            genesis: self.genesis,
            period: self.period,
            delay_seconds,
        }
    }

    pub fn sign(&self, round: u64) -> Hex<48> {
        let message = Sha256::digest(round.to_be_bytes());
        Hex(self.key.sign(&message, DOMAIN, &[]).compress())
    }
}

/// An account with a voter key.
#[derive(Clone)]
pub struct Worker {
    pub address: Addr,
    pub voter: SigningKey,
}

impl Worker {
    pub fn new(address: Addr, seed: u8) -> Self {
        let secret = Sha256::digest([b"voter".as_slice(), &[seed]].concat());
        let voter = SigningKey::from_slice(&secret).unwrap();
        Self { address, voter }
    }

    pub fn public_key(&self) -> Hex<33> {
        let point = self.voter.verifying_key().to_encoded_point(true);
        Hex(point.as_bytes().try_into().unwrap())
    }

    pub fn sign(&self, digest: &[u8; 32]) -> Hex<64> {
        let signature: Signature = self.voter.sign_prehash(digest).unwrap();
        let signature = signature.normalize_s().unwrap_or(signature);
        Hex(signature.to_bytes().into())
    }

    /// The salt as a worker derives it.
    pub fn salt(&self, task_digest: &[u8; 32], round: u8) -> Hex<32> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.voter.to_bytes()).unwrap();
        mac.update(&antiphon_documents::digest::salt_preimage(
            task_digest,
            round,
        ));
        Hex(mac.finalize().into_bytes().into())
    }
}
