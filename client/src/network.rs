//! Which network to talk to: flags, then the environment, then a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use antiphon_chain::{Chain, ChainConfig, Contract, Key, Sender, SenderOptions, write_atomically};
use antiphon_store::{Client, NetPolicy};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::ClientError;
use crate::session::SessionFile;

/// `network.json`: everything a client needs to know of a network. Written by the local network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkFile {
    /// The chain's id; a node of another chain is refused.
    pub chain_id: String,
    /// RPC addresses, the best first; the file may hold one as a plain string.
    #[serde(deserialize_with = "one_or_many")]
    pub rpc: Vec<String>,
    /// The Antiphon contract.
    pub contract: String,
    /// The bech32 prefix of accounts.
    #[serde(default = "prefix")]
    pub prefix: String,
    /// The denom of all money.
    #[serde(default = "denom")]
    pub denom: String,
    /// What a unit of gas costs.
    #[serde(default = "gas_price")]
    pub gas_price: String,
    /// The model asked when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<u64>,
    /// The key that pays when none is named; a relative path starts at this file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// The session that asks when one is named, instead of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<PathBuf>,
    /// Key files by whose they are; `requester` pays when `key` is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, PathBuf>,
    /// Allows plain http to workers on loopback. Absent in a file: allowed if every node is on loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(url) => vec![url],
        OneOrMany::Many(urls) => urls,
    })
}

fn prefix() -> String {
    "wasm".to_owned()
}

fn denom() -> String {
    "uanti".to_owned()
}

fn gas_price() -> String {
    "0.025uanti".to_owned()
}

impl NetworkFile {
    /// A network on this machine, with the local network's prefix, denom and gas price.
    #[must_use]
    pub fn local(chain_id: &str, rpc: &str, contract: &str) -> Self {
        Self {
            chain_id: chain_id.to_owned(),
            rpc: vec![rpc.to_owned()],
            contract: contract.to_owned(),
            prefix: prefix(),
            denom: denom(),
            gas_price: gas_price(),
            model: None,
            key: None,
            session: None,
            keys: BTreeMap::new(),
            development: Some(true),
        }
    }

    /// Reads `network.json`.
    ///
    /// # Errors
    /// The file is missing or of another form.
    pub fn load(path: &Path) -> Result<Self, ClientError> {
        let fault = |cause: String| ClientError::File {
            path: path.to_owned(),
            cause,
        };
        let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
        let mut file: Self = serde_json::from_slice(&text)
            .map_err(|error| fault(format!("not a network file: {error}")))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let requester = || file.keys.get("requester").cloned();
        file.key = file
            .key
            .clone()
            .or_else(requester)
            .map(|key| folder.join(key));
        let local = file.rpc.iter().all(|url| is_loopback(url));
        file.development.get_or_insert(local);
        Ok(file)
    }

    /// Whether plain http to workers on loopback is allowed.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.development.unwrap_or(false)
    }

    /// Writes `network.json`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ClientError> {
        let fault = |cause: String| ClientError::File {
            path: path.to_owned(),
            cause,
        };
        let text = serde_json::to_vec_pretty(self).map_err(|error| fault(error.to_string()))?;
        write_atomically(path, &text, 0o644).map_err(|error| fault(error.to_string()))
    }
}

/// Where the network is, on every command that needs one.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NetworkFlags {
    /// File that describes the network, written by the local network
    #[arg(long, env = "ANTIPHON_NETWORK", value_name = "FILE", global = true)]
    pub network: Option<PathBuf>,
    /// RPC address of a chain node; repeat it for fail-over
    #[arg(
        long,
        env = "ANTIPHON_RPC",
        value_name = "URL",
        value_delimiter = ',',
        global = true
    )]
    pub rpc: Vec<String>,
    /// Address of the Antiphon contract
    #[arg(long, env = "ANTIPHON_CONTRACT", value_name = "ADDRESS", global = true)]
    pub contract: Option<String>,
    /// The chain's id: a node of another chain is refused
    #[arg(long, env = "ANTIPHON_CHAIN_ID", value_name = "ID", global = true)]
    pub chain_id: Option<String>,
    /// Key file of the paying account
    #[arg(long, env = "ANTIPHON_KEY", value_name = "FILE", global = true)]
    pub key: Option<PathBuf>,
    /// File of a session: questions are asked and paid by it, without the key
    #[arg(long, env = "ANTIPHON_SESSION", value_name = "FILE", global = true)]
    pub session: Option<PathBuf>,
    /// What a unit of gas costs, such as 0.025uanti
    #[arg(long, env = "ANTIPHON_GAS_PRICE", value_name = "PRICE", global = true)]
    pub gas_price: Option<String>,
    /// Allow plain http to workers on this machine
    #[arg(long, global = true)]
    pub development: bool,
}

/// A network that answered and is the right one.
#[derive(Clone, Debug)]
pub struct Network {
    /// What it was described as.
    pub file: NetworkFile,
    /// Its chain.
    pub chain: Chain,
    /// Its contract.
    pub contract: Contract,
    /// Asks workers for blocks.
    pub http: Client,
}

impl NetworkFlags {
    /// Flags and environment over the file.
    ///
    /// # Errors
    /// An RPC address or a contract is missing, with the ways to give it.
    pub fn resolve(&self) -> Result<NetworkFile, ClientError> {
        let file = self.network.as_deref().map(NetworkFile::load).transpose()?;
        let from_file = file.as_ref();
        let rpc = match (&self.rpc[..], from_file) {
            ([], Some(file)) => file.rpc.clone(),
            ([], None) => return Err(missing("an RPC address", "--rpc URL", "ANTIPHON_RPC")),
            (given, _) => given.to_vec(),
        };
        let contract = self.contract.clone();
        let contract = contract.or_else(|| from_file.map(|file| file.contract.clone()));
        let known = |pick: fn(&NetworkFile) -> String| from_file.map(pick);
        let gas = self.gas_price.clone();
        Ok(NetworkFile {
            rpc,
            contract: contract.ok_or_else(|| {
                missing("the contract", "--contract ADDRESS", "ANTIPHON_CONTRACT")
            })?,
            chain_id: self
                .chain_id
                .clone()
                .or_else(|| known(|f| f.chain_id.clone()))
                .unwrap_or_default(),
            prefix: known(|f| f.prefix.clone()).unwrap_or_else(prefix),
            denom: known(|f| f.denom.clone()).unwrap_or_else(denom),
            gas_price: gas
                .or_else(|| known(|f| f.gas_price.clone()))
                .unwrap_or_else(gas_price),
            model: from_file.and_then(|file| file.model),
            key: self
                .key
                .clone()
                .or_else(|| from_file.and_then(|file| file.key.clone())),
            session: self.session.clone(),
            keys: BTreeMap::new(),
            development: Some(
                self.development || from_file.is_some_and(NetworkFile::is_development),
            ),
        })
    }
}

/// Whether a URL, or a page's origin, is of this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let host = reqwest::Url::parse(url).ok();
    let host = host.as_ref().and_then(reqwest::Url::host_str);
    matches!(host, Some("127.0.0.1" | "localhost" | "[::1]"))
}

fn missing(what: &str, flag: &str, variable: &str) -> ClientError {
    ClientError::Usage(format!(
        "which network? {what} is missing: give {flag}, set {variable}, or name a --network FILE"
    ))
}

impl Network {
    /// Checks that a node of the right chain answers.
    ///
    /// # Errors
    /// No node answers, or it belongs to another chain.
    pub async fn connect(mut file: NetworkFile) -> Result<Self, ClientError> {
        let named = Some(file.chain_id.clone()).filter(|id| !id.is_empty());
        let chain = Chain::connect(ChainConfig {
            rpc: file.rpc.clone(),
            chain_id: named,
            prefix: file.prefix.clone(),
            denom: file.denom.clone(),
        })
        .await?;
        file.chain_id = chain.id().await?;
        let policy = if file.is_development() {
            NetPolicy::local()
        } else {
            NetPolicy::default()
        };
        Ok(Self {
            contract: chain.contract(&file.contract),
            http: Client::new(policy)?,
            chain,
            file,
        })
    }

    /// Who asks: the session if one is named, else the account itself.
    ///
    /// # Errors
    /// Neither a session nor a key was named, or its file cannot be used.
    pub fn sender(&self) -> Result<Sender, ClientError> {
        let Some(path) = self.file.session.as_deref() else {
            return self.owner();
        };
        let session = SessionFile::load(path, self)?;
        let mut options = SenderOptions::new(self.file.gas_price.parse()?);
        options.on_behalf_of = Some(session.granter.clone());
        let key = Arc::new(session.key()?);
        Ok(Sender::new(self.chain.clone(), key, options)?)
    }

    /// The account itself, whose key was named.
    ///
    /// # Errors
    /// No key was named, or its file cannot be used.
    pub fn owner(&self) -> Result<Sender, ClientError> {
        let path = self.file.key.as_deref().ok_or_else(|| {
            ClientError::Usage(
                "who pays? Name a key file with --key FILE or ANTIPHON_KEY; `antiphon keys new FILE` makes one"
                    .to_owned(),
            )
        })?;
        self.sender_with(Arc::new(Key::load(path)?))
    }

    /// An account that pays with this key.
    ///
    /// # Errors
    /// The gas price or the prefix is not usable.
    pub fn sender_with(&self, key: Arc<Key>) -> Result<Sender, ClientError> {
        let options = SenderOptions::new(self.file.gas_price.parse()?);
        Ok(Sender::new(self.chain.clone(), key, options)?)
    }
}
