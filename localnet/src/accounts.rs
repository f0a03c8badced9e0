//! Who has coins in the first block.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use antiphon_chain::Key;

use crate::error::Result;
use crate::genesis::PREFIX;

/// 1,000,000 ANTI: more than any test spends.
const RICH: u128 = 1_000_000_000_000;
/// What pays gas for thousands of votes.
const GAS_MONEY: u128 = 10_000_000_000;

/// Everybody's keys.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) validator: Arc<Key>,
    pub(crate) deployer: Arc<Key>,
    pub(crate) requester: Arc<Key>,
    pub(crate) gateway: Arc<Key>,
    pub(crate) faucet: Arc<Key>,
    pub(crate) workers: Vec<WorkerKeys>,
}

/// One worker's three keys.
#[derive(Debug)]
pub(crate) struct WorkerKeys {
    pub(crate) operator: Key,
    pub(crate) voter: Key,
    pub(crate) sender: Key,
}

impl Accounts {
    /// New keys.
    pub(crate) fn new(workers: usize) -> Result<Self> {
        let worker = |_| WorkerKeys {
            operator: Key::random(),
            voter: Key::random(),
            sender: Key::random(),
        };
        Ok(Self {
            // By words, as the chain's own program takes no other secret on its input.
            validator: Arc::new(Key::generate()?),
            deployer: Arc::new(Key::random()),
            requester: Arc::new(Key::random()),
            gateway: Arc::new(Key::random()),
            faucet: Arc::new(Key::random()),
            workers: (0..workers).map(worker).collect(),
        })
    }

    /// Addresses with the coins they start with. Voters have none: their key only signs.
    pub(crate) fn coins(&self) -> Result<Vec<(String, u128)>> {
        let mut coins = Vec::new();
        for (_, key) in self.named() {
            coins.push((key.address(PREFIX)?, RICH));
        }
        for keys in &self.workers {
            coins.push((keys.operator.address(PREFIX)?, RICH));
            coins.push((keys.sender.address(PREFIX)?, GAS_MONEY));
        }
        Ok(coins)
    }

    /// The accounts that are nobody's part in the protocol.
    const fn named(&self) -> [(&'static str, &Arc<Key>); 5] {
        [
            ("validator", &self.validator),
            ("deployer", &self.deployer),
            ("requester", &self.requester),
            ("gateway", &self.gateway),
            ("faucet", &self.faucet),
        ]
    }

    /// Writes the keys that people use, mode 0600, and gives their paths by name.
    pub(crate) fn save(&self, folder: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
        self.named()
            .into_iter()
            .map(|(name, key)| {
                let path = folder.join(format!("{name}.json"));
                key.save(&path, PREFIX)?;
                Ok((name, path))
            })
            .collect()
    }
}
