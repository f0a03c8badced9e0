//! The file as a person wrote it. Absent keys take the defaults shown by `init`.

use serde::{Deserialize, Serialize};

/// `[chain]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenChain {
    /// RPC endpoints, asked in this order.
    pub rpc: Vec<String>,
    /// The id every endpoint must report.
    pub chain_id: String,
    /// The contract's address.
    pub contract: String,
    /// The denom of gas and bond.
    pub denom: String,
    /// Prefix of the chain's addresses.
    pub prefix: String,
    /// Price of one unit of gas, such as `0.025uanti`.
    pub gas_price: String,
}

impl Default for WrittenChain {
    fn default() -> Self {
        Self {
            rpc: vec!["http://127.0.0.1:26657".to_owned()],
            chain_id: "antiphon-local-1".to_owned(),
            contract: String::new(),
            denom: "uanti".to_owned(),
            prefix: "wasm".to_owned(),
            gas_price: "0.025uanti".to_owned(),
        }
    }
}

/// `[worker]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenWorker {
    /// A name for people, on record.
    pub moniker: String,
    /// The worker's address; needed only when `keys/operator.json` is kept elsewhere.
    pub address: String,
    /// Bond to hold, in the smallest unit; topped up at start by the operator key, never lowered.
    pub bond: String,
    /// Where this worker listens for others: blocks and votes.
    pub listen: String,
    /// Where it tells its operator of health, numbers and duties.
    pub status_listen: String,
    /// The URL on record under which others reach `listen`; empty for none (behind NAT).
    pub endpoint: String,
    /// Start on tasks of served models before the committee is drawn.
    pub speculate: bool,
    /// Deliver callbacks to contracts that asked, when the fee is more than the gas.
    pub deliver: bool,
}

impl Default for WrittenWorker {
    fn default() -> Self {
        Self {
            moniker: String::new(),
            address: String::new(),
            bond: "0".to_owned(),
            listen: "127.0.0.1:7400".to_owned(),
            status_listen: "127.0.0.1:7500".to_owned(),
            endpoint: String::new(),
            speculate: true,
            deliver: true,
        }
    }
}

/// One `[[model]]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenModel {
    /// The model's id in the registry.
    pub id: u64,
    /// A GGUF file to import instead of fetching the weights from peers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub import: String,
    /// A file that holds the manifest, for a worker that starts before any peer serves it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manifest: String,
}

/// `[beacon]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenBeacon {
    /// drand HTTP endpoints, asked in this order; none means this worker relays no rounds.
    pub urls: Vec<String>,
    /// The beacon's chain hash, a part of its paths.
    pub chain_hash: String,
}

/// `[content]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenContent {
    /// Peers besides those on record.
    pub peers: Vec<String>,
    /// Plain http to loopback addresses is allowed: local networks only.
    pub plain_http_loopback: bool,
    /// Pause between two asks of the same source for a prompt.
    pub ask_again_after: String,
    /// Bytes of blocks kept besides models.
    pub quota_bytes: u64,
}

impl Default for WrittenContent {
    fn default() -> Self {
        Self {
            peers: Vec::new(),
            plain_http_loopback: false,
            ask_again_after: "5s".to_owned(),
            quota_bytes: 1 << 30,
        }
    }
}

/// `[inference]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenInference {
    /// Threads of the engine; 0 means one per processor.
    pub threads: u32,
    /// The child is killed when it gives no sign of life for this long.
    pub token_timeout: String,
    /// Address space of the child in bytes; 0 is three times the model, 1 GiB, 128 MiB a thread and 512 MiB for each
    /// job beyond the first.
    pub address_space_bytes: u64,
    /// Most jobs that the child computes at once, 1 to 64.
    pub jobs: u32,
    /// Folder of repacked weights, which workers on one machine may share; empty means `packed` in the home.
    pub packed_dir: String,
}

impl Default for WrittenInference {
    fn default() -> Self {
        Self {
            threads: 0,
            token_timeout: "60s".to_owned(),
            address_space_bytes: 0,
            jobs: 2,
            packed_dir: String::new(),
        }
    }
}

/// `[log]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenLog {
    /// `text` or `json`.
    pub format: String,
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `antiphon_worker=debug`.
    pub level: String,
}

impl Default for WrittenLog {
    fn default() -> Self {
        Self {
            format: "text".to_owned(),
            level: "info".to_owned(),
        }
    }
}

/// The whole file as written. Absent keys take the defaults that `init` shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Written {
    /// Where the network is.
    pub chain: WrittenChain,
    /// Who this worker is.
    pub worker: WrittenWorker,
    /// Models to hold seats of.
    #[serde(rename = "model", skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<WrittenModel>,
    /// Where randomness is read.
    pub beacon: WrittenBeacon,
    /// Where blocks are read.
    pub content: WrittenContent,
    /// How answers are computed.
    pub inference: WrittenInference,
    /// How the log looks.
    pub log: WrittenLog,
}
