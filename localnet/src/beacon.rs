//! A randomness beacon of one key behind the HTTP paths of drand, so that a worker that points at it can
//! point at the real one.
//!
//! Scheme `bls-unchained-g1-rfc9380`: round r is the signature on SHA-256(be64 r), on G1, by a key whose
//! public half is on G2; its randomness is SHA-256(signature). Round r is published at
//! genesis + (r − 1)·period.

mod server;

use std::path::Path;

use antiphon_api::{BeaconConfig, Hex};
use blst::min_sig::SecretKey;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use server::serve;

use crate::error::{Doing, LocalnetError, Result};

const DST: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
/// drand's name for the scheme.
pub const SCHEME: &str = "bls-unchained-g1-rfc9380";
/// drand's name of this beacon; the default one is left out of the chain hash.
const BEACON_ID: &str = "antiphon-local";
/// Seconds between rounds.
const PERIOD: u64 = 1;
/// Seconds the contract waits between a block's time and the first round that may draw.
const DELAY: u64 = 1;

/// A beacon: its key and its clock.
pub struct Beacon {
    secret: SecretKey,
    /// Unix time of round 1.
    genesis: u64,
    period: u64,
}

/// What is kept in the beacon's file, mode 0600.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BeaconFile {
    secret: String,
    genesis: u64,
    period: u64,
}

/// One round as drand's HTTP interface gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Its number, from 1.
    pub round: u64,
    /// SHA-256 of the signature, in hex.
    pub randomness: String,
    /// The signature, compressed, in hex.
    pub signature: String,
}

/// The beacon's description as drand's HTTP interface gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// Compressed, on G2, in hex.
    pub public_key: String,
    /// Seconds between rounds.
    pub period: u64,
    /// Unix time of round 1.
    pub genesis_time: u64,
    /// The chain hash, a part of every path.
    pub hash: String,
    /// Seed of the group; here the hash of the public key, as there is no group.
    #[serde(rename = "groupHash")]
    pub group_hash: String,
    /// The scheme.
    #[serde(rename = "schemeID")]
    pub scheme_id: String,
    /// The beacon's name.
    pub metadata: Metadata,
}

/// The beacon's name, in a table of its own as drand has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The name.
    #[serde(rename = "beaconID")]
    pub beacon_id: String,
}

impl Beacon {
    /// A beacon with a key made of this seed, whose round 1 is at `genesis`.
    ///
    /// # Errors
    /// Never in practice: 32 bytes are enough for a key.
    pub fn from_seed(seed: &[u8; 32], genesis: u64) -> Result<Self> {
        let secret = SecretKey::key_gen(seed, &[])
            .map_err(|error| LocalnetError::Beacon(format!("{error:?}")))?;
        Ok(Self {
            secret,
            genesis,
            period: PERIOD,
        })
    }

    /// Writes it to a file that only its owner can read.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file = BeaconFile {
            secret: HEXLOWER.encode(&self.secret.to_bytes()),
            genesis: self.genesis,
            period: self.period,
        };
        let text = serde_json::to_vec(&file).map_err(|e| LocalnetError::Beacon(e.to_string()))?;
        antiphon_chain::write_atomically(path, &text, 0o600)
            .doing(|| format!("write {}", path.display()))
    }

    /// Reads it from a file.
    ///
    /// # Errors
    /// The file cannot be read or holds no beacon.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).doing(|| format!("read {}", path.display()))?;
        let bad = |reason: &str| LocalnetError::Beacon(format!("{}: {reason}", path.display()));
        let file: BeaconFile = serde_json::from_slice(&text).map_err(|_| bad("not a beacon"))?;
        let bytes = HEXLOWER
            .decode(file.secret.as_bytes())
            .map_err(|_| bad("not hex"))?;
        if file.period == 0 {
            return Err(bad("a period of 0 s"));
        }
        Ok(Self {
            secret: SecretKey::from_bytes(&bytes).map_err(|_| bad("not a BLS key"))?,
            genesis: file.genesis,
            period: file.period,
        })
    }

    /// What the contract is instantiated with.
    #[must_use]
    pub fn config(&self) -> BeaconConfig {
        BeaconConfig {
            public_key: Hex(self.public_key()),
            genesis: self.genesis,
            period: self.period,
            delay_seconds: DELAY,
        }
    }

    /// The round published last at this Unix time; none before genesis.
    #[must_use]
    pub fn latest(&self, now: u64) -> Option<u64> {
        let since = now.checked_sub(self.genesis)?;
        since.checked_div(self.period)?.checked_add(1)
    }

    /// One round, whether it is published yet or not.
    #[must_use]
    pub fn round(&self, round: u64) -> Round {
        let message = Sha256::digest(round.to_be_bytes());
        let signature = self.secret.sign(&message, DST, &[]).compress();
        Round {
            round,
            randomness: HEXLOWER.encode(&Sha256::digest(signature)),
            signature: HEXLOWER.encode(&signature),
        }
    }

    /// The beacon's description.
    #[must_use]
    pub fn info(&self) -> Info {
        let public_key = self.public_key();
        let group = Sha256::digest(public_key);
        Info {
            public_key: HEXLOWER.encode(&public_key),
            period: self.period,
            genesis_time: self.genesis,
            hash: chain_hash(self.period, self.genesis, &public_key, &group, BEACON_ID),
            group_hash: HEXLOWER.encode(&group),
            scheme_id: SCHEME.to_owned(),
            metadata: Metadata {
                beacon_id: BEACON_ID.to_owned(),
            },
        }
    }

    fn public_key(&self) -> [u8; 96] {
        self.secret.sk_to_pk().compress()
    }
}

impl std::fmt::Debug for Beacon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Beacon({:?})", self.info())
    }
}

/// As drand computes it: SHA-256(be32 period ‖ be64 genesis ‖ public key ‖ group hash ‖ beacon's name).
fn chain_hash(period: u64, genesis: u64, public_key: &[u8], group: &[u8], name: &str) -> String {
    let period = u32::try_from(period).unwrap_or(u32::MAX);
    let hash = Sha256::new()
        .chain_update(period.to_be_bytes())
        .chain_update(genesis.to_be_bytes())
        .chain_update(public_key)
        .chain_update(group)
        .chain_update(name);
    HEXLOWER.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use blst::BLST_ERROR;
    use blst::min_sig::{PublicKey, Signature};

    /// drand's public beacon quicknet.
    const QUICKNET: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b\
        6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c7\
        6a4bc09e76eae8991ef5ece45a";

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    fn verifies(public_key: &[u8], round: u64, signature: &[u8]) -> bool {
        let key = PublicKey::from_bytes(public_key).unwrap();
        let signature = Signature::from_bytes(signature).unwrap();
        let message = Sha256::digest(round.to_be_bytes());
        signature.verify(true, &message, DST, &[], &key, true) == BLST_ERROR::BLST_SUCCESS
    }

    #[test]
    fn the_chain_hash_of_quicknet_comes_out_by_the_same_rule() {
        let group = hex("f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e");
        assert_eq!(
            chain_hash(3, 1_692_803_367, &hex(QUICKNET), &group, "quicknet"),
            "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
        );
    }

    #[test]
    fn a_signature_of_quicknet_and_one_of_ours_verify_alike() {
        let real = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b\
            6b63ed5e39";
        assert!(verifies(&hex(QUICKNET), 1000, &hex(real)));
        let beacon = Beacon::from_seed(&[7; 32], 1_000).unwrap();
        let ours = beacon.round(5);
        assert!(verifies(&beacon.public_key(), 5, &hex(&ours.signature)));
        assert!(!verifies(&beacon.public_key(), 6, &hex(&ours.signature)));
        assert_eq!(
            ours.randomness,
            HEXLOWER.encode(&Sha256::digest(hex(&ours.signature)))
        );
    }

    #[test]
    fn round_one_is_published_at_genesis() {
        let beacon = Beacon::from_seed(&[7; 32], 1_000).unwrap();
        assert_eq!(beacon.latest(999), None);
        assert_eq!(beacon.latest(1_000), Some(1));
        assert_eq!(beacon.latest(1_009), Some(10));
    }

    #[test]
    fn a_saved_beacon_is_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beacon.json");
        let beacon = Beacon::from_seed(&[7; 32], 1_000).unwrap();
        beacon.save(&path).unwrap();
        assert_eq!(Beacon::load(&path).unwrap().info(), beacon.info());
        std::fs::write(&path, "{}").unwrap();
        assert!(Beacon::load(&path).is_err());
    }
}
