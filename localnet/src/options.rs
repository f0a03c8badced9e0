//! What a local network is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{LocalnetError, Result};

/// The manifest of SmolLM2-135M-Instruct Q4_1, written by `antiphon model manifest`.
pub const MANIFEST: &[u8] = include_bytes!("../models/smollm2-135m-instruct-q4_1.json");

/// Told what happens, one line at a time.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// Files and programs, made by `cargo xtask setup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The chain's program.
    pub wasmd: PathBuf,
    /// The contract's wasm.
    pub contract: PathBuf,
    /// The model's weights.
    pub model: PathBuf,
    /// The folder with `antiphon-worker` and `antiphon-localnet`.
    pub bin_dir: PathBuf,
}

impl Parts {
    /// From `ANTIPHON_WASMD`, `ANTIPHON_CONTRACT_WASM`, `ANTIPHON_MODEL` and `ANTIPHON_BIN_DIR`.
    ///
    /// # Errors
    /// One of them is not set.
    pub fn from_env() -> Result<Self> {
        let path = |variable: &'static str| {
            std::env::var_os(variable)
                .map(PathBuf::from)
                .ok_or(LocalnetError::Unset { variable })
        };
        Ok(Self {
            wasmd: path("ANTIPHON_WASMD")?,
            contract: path("ANTIPHON_CONTRACT_WASM")?,
            model: path("ANTIPHON_MODEL")?,
            bin_dir: path("ANTIPHON_BIN_DIR")?,
        })
    }

    /// One of our own programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// Checks that everything is there.
    ///
    /// # Errors
    /// The first part that is not.
    pub fn check(&self) -> Result<()> {
        there("chain program (wasmd)", &self.wasmd)?;
        there("contract", &self.contract)?;
        there("model", &self.model)?;
        there("worker program", &self.program("antiphon-worker"))?;
        there("beacon program", &self.program("antiphon-localnet"))
    }
}

/// A file that must exist.
pub(crate) fn there(what: &'static str, path: &Path) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    Err(LocalnetError::Missing {
        what,
        path: path.to_owned(),
    })
}

/// Ports on the loopback address; 0 takes a free one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The chain's RPC.
    pub rpc: u16,
    /// The chain's peers; nobody connects, but it wants one.
    pub p2p: u16,
    /// The chain's REST interface.
    pub rest: u16,
    /// The beacon.
    pub beacon: u16,
    /// The first worker; the others follow.
    pub workers: u16,
    /// The gateway, which also serves the page.
    pub gateway: u16,
    /// The faucet.
    pub faucet: u16,
}

impl Ports {
    /// The numbers that tools expect: RPC 26657, peers 26656, REST 1317, beacon 8090, workers 7400 on,
    /// gateway 8787, faucet 8788.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            rpc: 26657,
            p2p: 26656,
            rest: 1317,
            beacon: 8090,
            workers: 7400,
            gateway: 8787,
            faucet: 8788,
        }
    }
}

/// How one worker differs from the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerOptions {
    /// Another program than `antiphon-worker`, with the same command line.
    pub program: Option<PathBuf>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
}

/// Everything that can be chosen about a local network.
#[derive(Clone)]
pub struct Options {
    /// What it is made of.
    pub parts: Parts,
    /// Where it listens.
    pub ports: Ports,
    /// Milliseconds between blocks.
    pub block_time_ms: u64,
    /// Its folder, which must be empty or absent; a temporary one if none, removed at the end.
    pub home: Option<PathBuf>,
    /// Workers, each with a bond and a seat.
    pub workers: usize,
    /// Differences by worker, from 0.
    pub per_worker: BTreeMap<usize, WorkerOptions>,
    /// Workers start on tasks before their committee is drawn.
    pub speculate: bool,
    /// Threads of each worker's engine; the processors shared out among the workers if none.
    pub engine_threads: Option<u32>,
    /// The model's manifest, canonical bytes.
    pub manifest: Vec<u8>,
    /// Starts an OpenAI-compatible gateway.
    pub gateway: bool,
    /// Starts a faucet.
    pub faucet: bool,
    /// The page's static files: the gateway serves them. Starts both of the above.
    pub web: Option<PathBuf>,
    /// Told what happens.
    pub progress: Progress,
}

impl Options {
    /// Five workers, blocks every 300 ms, free ports, a temporary folder, silent.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            ports: Ports::default(),
            block_time_ms: 300,
            home: None,
            workers: 5,
            per_worker: BTreeMap::new(),
            speculate: true,
            engine_threads: None,
            manifest: MANIFEST.to_vec(),
            gateway: false,
            faucet: false,
            web: None,
            progress: Arc::new(|_| {}),
        }
    }
}

impl Options {
    /// Whether there is a gateway.
    pub(crate) const fn has_gateway(&self) -> bool {
        self.gateway || self.web.is_some()
    }

    /// Whether there is a faucet.
    pub(crate) const fn has_faucet(&self) -> bool {
        self.faucet || self.web.is_some()
    }

    /// Checks that all files are there.
    pub(crate) fn check(&self) -> Result<()> {
        self.parts.check()?;
        if self.has_gateway() {
            there("gateway program", &self.parts.program("antiphon"))?;
        }
        self.web.as_ref().map_or(Ok(()), |page| {
            let file = page.join("index.html");
            if file.is_file() {
                return Ok(());
            }
            Err(LocalnetError::Option {
                option: "web",
                got: format!("{}, in which there is no index.html", page.display()),
                want: "the folder of the built page: `npm run build` in web/ makes web/dist",
            })
        })
    }

    /// Threads of each worker's engine.
    pub(crate) fn threads(&self) -> u32 {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let share = processors.checked_div(self.workers).unwrap_or(1).max(1);
        self.engine_threads
            .unwrap_or_else(|| u32::try_from(share).unwrap_or(1))
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("parts", &self.parts)
            .field("ports", &self.ports)
            .field("block_time_ms", &self.block_time_ms)
            .field("home", &self.home)
            .field("workers", &self.workers)
            .field("per_worker", &self.per_worker)
            .field("speculate", &self.speculate)
            .field("engine_threads", &self.engine_threads)
            .field("gateway", &self.gateway)
            .field("faucet", &self.faucet)
            .field("web", &self.web)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_manifest_is_canonical_and_names_the_pinned_weights() {
        let manifest = antiphon_documents::Manifest::parse(MANIFEST).unwrap();
        assert_eq!(
            manifest.weights.cid.to_string(),
            "bafybeidd4va46is4xmnlwbnl3gluqqdvr34o6alhgit7g5s7ruylrv64b4"
        );
    }

    #[test]
    fn a_wrong_path_to_the_chain_program_is_named_with_the_remedy() {
        let parts = Parts {
            wasmd: PathBuf::from("/nowhere/wasmd"),
            contract: PathBuf::new(),
            model: PathBuf::new(),
            bin_dir: PathBuf::new(),
        };
        let text = parts.check().unwrap_err().to_string();
        assert!(
            text.contains("/nowhere/wasmd") && text.contains("cargo xtask setup"),
            "{text}"
        );
    }
}
