//! The chain's one node: started, waited for, restarted.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use antiphon_chain::{Chain, ChainConfig};
use tokio::time::sleep;

use crate::error::{During, LocalnetError, Result, tail};
use crate::genesis::CHAIN_ID;
use crate::process::{Guard, Process};

const FIRST_BLOCK_SECONDS: u64 = 30;
const POLL: Duration = Duration::from_millis(30);

/// How to run the node.
#[derive(Clone, Debug)]
pub(crate) struct NodePlan {
    pub(crate) wasmd: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) rpc: String,
}

impl NodePlan {
    /// Starts the node on the home that [`crate::genesis::Genesis`] wrote.
    pub(crate) fn start(&self, guard: &mut Guard) -> Result<Process> {
        let mut command = Command::new(&self.wasmd);
        command
            .args(["start", "--log_no_color", "--home"])
            .arg(&self.home);
        Process::start("wasmd", &mut command, &self.log, guard)
    }

    /// A view of the chain that refuses another chain on the same port.
    pub(crate) fn chain(&self) -> Result<Chain> {
        let mut config = ChainConfig::local(&self.rpc);
        config.chain_id = Some(CHAIN_ID.to_owned());
        Chain::new(config).during("the address of the chain's RPC")
    }

    /// Waits for a block above `height`.
    pub(crate) async fn wait(&self, node: &mut Process, chain: &Chain, height: u64) -> Result<()> {
        let step = format!("waiting for block {}", height.saturating_add(1));
        let began = Instant::now();
        let mut state = "the node does not answer yet".to_owned();
        while began.elapsed() < Duration::from_secs(FIRST_BLOCK_SECONDS) {
            node.check(&step)?;
            match chain.height().await {
                Ok(at) if at > height => return Ok(()),
                Ok(at) => state = format!("it stands at height {at}"),
                Err(error) if error.is_transient() => state = error.to_string(),
                Err(error) => return Err(error).during(&step),
            }
            sleep(POLL).await;
        }
        Err(too_late(step, FIRST_BLOCK_SECONDS, state, Some(&self.log)))
    }
}

/// [`LocalnetError::TooLate`] with the end of a log.
pub(crate) fn too_late(
    step: String,
    seconds: u64,
    state: String,
    log: Option<&Path>,
) -> LocalnetError {
    LocalnetError::TooLate {
        step,
        seconds,
        state,
        log: log.map(Path::to_owned),
        tail: log.map(tail).unwrap_or_default(),
    }
}
