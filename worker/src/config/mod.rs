//! Configuration in two stages: [`Written`] is the file as a person wrote it, [`Config`] is what the
//! program runs with. Nothing but this module sees the first.

mod template;
mod written;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use antiphon_api::MAX_ENDPOINT_BYTES;
use antiphon_chain::GasPrice;

pub use template::commented;
pub use written::{
    Written, WrittenBeacon, WrittenChain, WrittenContent, WrittenInference, WrittenLog,
    WrittenModel, WrittenWorker,
};

/// Why a configuration is refused. Every variant names the key and what it should hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML, an unknown key, or a value of another type.
    #[error("config.toml: {0}")]
    Syntax(String),
    /// A value that parses but cannot be used.
    #[error("config.toml: {key} is {got:?}, want {want}")]
    Value {
        /// The key, with its table.
        key: &'static str,
        /// What was written.
        got: String,
        /// What would be accepted.
        want: &'static str,
    },
    /// The file cannot be read.
    #[error(
        "cannot read {path}: {why}; make a home with `antiphon-worker init --home DIR`",
        path = .path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
}

/// A model this worker serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedModel {
    /// The model's id in the registry.
    pub id: u64,
    /// Weights to import.
    pub import: Option<PathBuf>,
    /// The manifest's file.
    pub manifest: Option<PathBuf>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors: one object a line.
    Json,
}

/// A configuration that can be run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The directory that holds everything of this worker.
    pub home: PathBuf,
    /// RPC endpoints, at least one.
    pub rpc: Vec<String>,
    /// The id every endpoint must report.
    pub chain_id: String,
    /// The contract.
    pub contract: String,
    /// The denom of gas and bond.
    pub denom: String,
    /// Prefix of addresses.
    pub prefix: String,
    /// Price of gas.
    pub gas_price: GasPrice,
    /// A name for people.
    pub moniker: Option<String>,
    /// The worker's address where the operator's key is kept elsewhere.
    pub address: Option<String>,
    /// Bond to hold.
    pub bond: u128,
    /// Where this worker listens.
    pub listen: SocketAddr,
    /// Where its operator asks.
    pub status_listen: SocketAddr,
    /// What is on record.
    pub endpoint: Option<String>,
    /// Start before the draw.
    pub speculate: bool,
    /// Deliver callbacks for their fee.
    pub deliver: bool,
    /// Models to serve, by id.
    pub models: Vec<ServedModel>,
    /// drand endpoints.
    pub beacon_urls: Vec<String>,
    /// drand chain hash.
    pub beacon_chain_hash: String,
    /// Static peers.
    pub peers: Vec<String>,
    /// Plain http to loopback.
    pub plain_http_loopback: bool,
    /// Pause between two asks.
    pub ask_again_after: Duration,
    /// Bytes of blocks.
    pub quota_bytes: u64,
    /// Threads of the engine, at least one.
    pub threads: usize,
    /// No sign of life.
    pub token_timeout: Duration,
    /// Address space of the child; none means by the models' sizes.
    pub address_space_bytes: Option<u64>,
    /// Most jobs that the child computes at once, at least one.
    pub jobs: usize,
    /// Folder of repacked weights.
    pub packed_dir: PathBuf,
    /// Log format.
    pub log_format: LogFormat,
    /// Log filter.
    pub log_level: String,
}

/// Reads a duration as a person writes it: a whole number and `ms`, `s`, `m` or `h`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

impl Written {
    /// Parses the file's text.
    ///
    /// # Errors
    /// Not TOML, or a key that does not exist.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|e| ConfigError::Syntax(e.to_string()))
    }

    /// Checks every value.
    ///
    /// # Errors
    /// The first value that cannot be used, with what would be.
    pub fn check(self, home: PathBuf) -> Result<Config, ConfigError> {
        let listen = check_socket("worker.listen", &self.worker.listen)?;
        let status_listen = check_socket("worker.status_listen", &self.worker.status_listen)?;
        let gas_price = check_chain(&self.chain)?;
        check_beacon(&self.beacon)?;
        let endpoint = check_endpoint(&self.worker.endpoint)?;
        let address = check_address(&self.worker.address, &self.chain.prefix)?;
        let bond = self.worker.bond.parse().map_err(|_| {
            refused(
                "worker.bond",
                &self.worker.bond,
                "a whole number of the smallest unit, as a string",
            )
        })?;
        let models = check_models(&self.models)?;
        let threads = match usize::try_from(self.inference.threads) {
            Ok(0) | Err(_) => std::thread::available_parallelism().map_or(1, usize::from),
            Ok(threads) => threads,
        };
        let packed_dir = some_text(self.inference.packed_dir);
        let packed_dir = packed_dir.map_or_else(|| home.join("packed"), PathBuf::from);
        Ok(Config {
            home,
            rpc: self.chain.rpc,
            chain_id: self.chain.chain_id,
            contract: self.chain.contract,
            denom: self.chain.denom,
            prefix: self.chain.prefix,
            gas_price,
            moniker: some_text(self.worker.moniker),
            address,
            bond,
            listen,
            status_listen,
            endpoint,
            speculate: self.worker.speculate,
            deliver: self.worker.deliver,
            models,
            beacon_urls: self.beacon.urls,
            beacon_chain_hash: self.beacon.chain_hash,
            peers: self.content.peers,
            plain_http_loopback: self.content.plain_http_loopback,
            ask_again_after: parse_duration(
                "content.ask_again_after",
                &self.content.ask_again_after,
            )?,
            quota_bytes: self.content.quota_bytes,
            threads,
            token_timeout: parse_duration(
                "inference.token_timeout",
                &self.inference.token_timeout,
            )?,
            address_space_bytes: (self.inference.address_space_bytes > 0)
                .then_some(self.inference.address_space_bytes),
            jobs: check_jobs(self.inference.jobs)?,
            packed_dir,
            log_format: check_format(&self.log.format)?,
            log_level: self.log.level,
        })
    }
}

fn refused(key: &'static str, got: &str, want: &'static str) -> ConfigError {
    let got = got.chars().take(160).collect();
    ConfigError::Value { key, got, want }
}

fn check_socket(key: &'static str, text: &str) -> Result<SocketAddr, ConfigError> {
    let want = "an address and port such as 127.0.0.1:7400";
    text.parse().map_err(|_| refused(key, text, want))
}

fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn parse_duration(key: &'static str, text: &str) -> Result<Duration, ConfigError> {
    duration(text)
        .filter(|d| !d.is_zero())
        .ok_or_else(|| refused(key, text, "a whole number and ms, s, m or h, such as 10s"))
}

fn check_jobs(jobs: u32) -> Result<usize, ConfigError> {
    let fits = usize::try_from(jobs).ok().filter(|n| (1..=64).contains(n));
    fits.ok_or_else(|| refused("inference.jobs", &jobs.to_string(), "1 to 64"))
}

fn check_format(text: &str) -> Result<LogFormat, ConfigError> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(refused("log.format", other, "text or json")),
    }
}

fn check_chain(chain: &WrittenChain) -> Result<GasPrice, ConfigError> {
    let http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if chain.rpc.is_empty() || !chain.rpc.iter().all(http) {
        let got = chain.rpc.join(", ");
        return Err(refused(
            "chain.rpc",
            &got,
            "at least one http:// or https:// URL",
        ));
    }
    if chain.chain_id.is_empty() {
        return Err(refused(
            "chain.chain_id",
            "",
            "the chain's id, such as antiphon-local-1",
        ));
    }
    let prefixed = chain.contract.strip_prefix(&format!("{}1", chain.prefix));
    if prefixed.is_none_or(|rest| rest.len() < 38) {
        return Err(refused(
            "chain.contract",
            &chain.contract,
            "the contract's address with chain.prefix",
        ));
    }
    chain.gas_price.parse().map_err(|_| {
        refused(
            "chain.gas_price",
            &chain.gas_price,
            "a decimal and a denom, such as 0.025uanti",
        )
    })
}

fn check_beacon(beacon: &WrittenBeacon) -> Result<(), ConfigError> {
    let hash = &beacon.chain_hash;
    let hex = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if beacon.urls.is_empty() || hex {
        return Ok(());
    }
    Err(refused(
        "beacon.chain_hash",
        hash,
        "64 lower-case hex digits when beacon.urls is set",
    ))
}

fn check_address(text: &str, prefix: &str) -> Result<Option<String>, ConfigError> {
    let ours = text.starts_with(&format!("{prefix}1")) && antiphon_chain::canonical(text).is_ok();
    if text.is_empty() || ours {
        return Ok(some_text(text.to_owned()));
    }
    Err(refused(
        "worker.address",
        text,
        "the worker's address with chain.prefix, or empty",
    ))
}

fn check_endpoint(text: &str) -> Result<Option<String>, ConfigError> {
    let text = text.trim_end_matches('/');
    if text.is_empty() {
        return Ok(None);
    }
    let url = text.starts_with("https://") || text.starts_with("http://");
    if url && text.len() <= MAX_ENDPOINT_BYTES {
        return Ok(Some(text.to_owned()));
    }
    Err(refused(
        "worker.endpoint",
        text,
        "a URL of at most 128 bytes, or empty",
    ))
}

fn check_models(models: &[WrittenModel]) -> Result<Vec<ServedModel>, ConfigError> {
    let path = |text: &String| (!text.is_empty()).then(|| PathBuf::from(text));
    let mut served = BTreeMap::new();
    for model in models {
        let entry = ServedModel {
            id: model.id,
            import: path(&model.import),
            manifest: path(&model.manifest),
        };
        if served.insert(model.id, entry).is_some() {
            return Err(refused(
                "model.id",
                &model.id.to_string(),
                "each model once",
            ));
        }
    }
    Ok(served.into_values().collect())
}
