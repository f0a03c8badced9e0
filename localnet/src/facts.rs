//! `network.json`: everything that a client, or a person, needs to use a network that is up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use antiphon_api::Cid;
use serde::{Deserialize, Serialize};

use crate::error::{Doing, LocalnetError, Result};

/// The file's name in a network's home.
const FILE: &str = "network.json";

/// What is known about a network that is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The chain's id.
    pub chain_id: String,
    /// The one denom.
    pub denom: String,
    /// Prefix of addresses.
    pub prefix: String,
    /// Price of gas.
    pub gas_price: String,
    /// The chain's RPC.
    pub rpc: String,
    /// The chain's REST interface.
    pub rest: String,
    /// The contract's code.
    pub code_id: u64,
    /// The contract.
    pub contract: String,
    /// The model's id in the registry.
    pub model: u64,
    /// Its manifest.
    pub manifest: Cid,
    /// Its weights.
    pub weights: Cid,
    /// The beacon's address.
    pub beacon: String,
    /// The beacon's chain hash.
    pub beacon_hash: String,
    /// The OpenAI-compatible gateway, if there is one; it serves the page too, if it has one.
    #[serde(default)]
    pub gateway: Option<String>,
    /// The faucet, if there is one.
    #[serde(default)]
    pub faucet: Option<String>,
    /// Key files by whose they are.
    pub keys: BTreeMap<String, PathBuf>,
    /// The workers.
    pub workers: Vec<WorkerFacts>,
    /// Every process, by name.
    pub processes: BTreeMap<String, u32>,
}

/// What is known about one worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerFacts {
    /// Its name on chain.
    pub address: String,
    /// The address that pays its gas.
    pub sender: String,
    /// Where it serves blocks and takes votes.
    pub endpoint: String,
    /// Its folder.
    pub home: PathBuf,
}

impl Facts {
    /// Writes the file.
    pub(crate) fn save(&self, home: &Path) -> Result<()> {
        let path = home.join(FILE);
        let doing = || format!("write {}", path.display());
        let text = serde_json::to_vec_pretty(self)
            .map_err(std::io::Error::other)
            .doing(doing)?;
        antiphon_chain::write_atomically(&path, &text, 0o600).doing(doing)
    }

    /// Reads the file of a network's home.
    ///
    /// # Errors
    /// There is none, or it is of another version.
    pub fn load(home: &Path) -> Result<Self> {
        let none = |reason: String| LocalnetError::NoNetwork {
            home: home.to_owned(),
            reason,
        };
        let text = std::fs::read(home.join(FILE)).map_err(|e| none(format!("{FILE}: {e}")))?;
        serde_json::from_slice(&text).map_err(|e| none(format!("{FILE}: {e}")))
    }
}
