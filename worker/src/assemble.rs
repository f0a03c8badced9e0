//! From configuration and keys to chain, senders and edges.

use std::sync::Arc;

use antiphon_chain::{Chain, ChainConfig, Key, Sender, SenderOptions};
use antiphon_store::NetPolicy;

use crate::config::Config;
use crate::edges::Drand;
use crate::home::Home;
use crate::ports::{BeaconPort, EdgeError};
use crate::run::RunError;

/// Blocks after which a transaction that is in none of them lapses, and its votes are sent anew.
const LAPSE_BLOCKS: u64 = 12;

/// Who this worker is, and what signs for it.
pub(crate) struct Keys {
    pub(crate) worker: String,
    pub(crate) voter: Key,
    pub(crate) operator: Option<Arc<Sender>>,
    pub(crate) sender: Arc<Sender>,
}

pub(crate) async fn connect(config: &Config) -> Result<Chain, RunError> {
    let chain = ChainConfig {
        rpc: config.rpc.clone(),
        chain_id: Some(config.chain_id.clone()),
        prefix: config.prefix.clone(),
        denom: config.denom.clone(),
    };
    Ok(Chain::connect(chain).await?)
}

/// Who this worker is, and those of its spending keys that are in this home.
pub(crate) struct Signers {
    pub(crate) worker: String,
    pub(crate) operator: Option<Arc<Sender>>,
    pub(crate) sender: Option<Arc<Sender>>,
}

pub(crate) fn signers(config: &Config, home: &Home, chain: &Chain) -> Result<Signers, RunError> {
    let operator = home.key("operator")?;
    let worker = match (&operator, &config.address) {
        (Some(key), _) => key.address(&config.prefix)?,
        (None, Some(address)) => address.clone(),
        (None, None) => return Err(RunError::NoKey("operator")),
    };
    let options = SenderOptions {
        timeout_blocks: LAPSE_BLOCKS,
        ..SenderOptions::new(config.gas_price.clone())
    };
    let sender_of = |key| Sender::new(chain.clone(), Arc::new(key), options.clone()).map(Arc::new);
    Ok(Signers {
        worker,
        operator: operator.map(sender_of).transpose()?,
        sender: home.key("sender")?.map(sender_of).transpose()?,
    })
}

pub(crate) fn keys(config: &Config, home: &Home, chain: &Chain) -> Result<Keys, RunError> {
    let voter = home.key("voter")?.ok_or(RunError::NoKey("voter"))?;
    let Signers {
        worker,
        operator,
        sender,
    } = signers(config, home, chain)?;
    // One writer for each key: without a sender the operator's sequence is its.
    let sender = sender.or_else(|| operator.clone());
    Ok(Keys {
        worker,
        voter,
        operator,
        sender: sender.ok_or(RunError::NoKey("sender"))?,
    })
}

pub(crate) fn policy(config: &Config) -> NetPolicy {
    NetPolicy {
        allow_http_loopback: config.plain_http_loopback,
        listed: config.peers.iter().cloned().collect(),
        ..NetPolicy::default()
    }
}

pub(crate) fn beacon(config: &Config) -> Result<Option<Arc<dyn BeaconPort>>, EdgeError> {
    if config.beacon_urls.is_empty() {
        return Ok(None);
    }
    let drand = Drand::new(&config.beacon_urls, &config.beacon_chain_hash)?;
    Ok(Some(Arc::new(drand)))
}
