//! The transactions of a task, read back from the chain's blocks.
//!
//! A node's index says at which heights they are; a node without one is asked for every block of the task's
//! life. Blocks hold everything a receipt needs: times, signed bytes, results, events.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use antiphon_chain::{ChainError, TxHash, TxResult, WasmEvent, unix_seconds};
use antiphon_receipt::What;
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ReceiptError;
use crate::error::ClientError;
use crate::network::Network;

/// Blocks read at most where there is no index: three rounds with all windows used up fit.
const MAX_SCAN: u64 = 2_000;
const PER_PAGE: u32 = 100;
/// Pages read at most of one kind of event: a task has some dozen transactions.
const MAX_PAGES: u32 = 5;
/// Blocks read at most on the word of an index.
const MAX_FOUND: usize = 512;

/// A transaction in its block.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its name.
    pub(super) hash: TxHash,
    /// Its block.
    pub(super) height: u64,
    /// The block's time, in Unix seconds.
    pub(super) time: u64,
    /// The signed bytes.
    pub(super) bytes: Vec<u8>,
    /// How it ended.
    pub(super) result: TxResult,
}

impl Found {
    /// The contract's events about the task; none if the transaction failed.
    pub(super) fn events(&self, contract: &str, task: u64) -> Vec<WasmEvent> {
        if self.result.code != 0 {
            return Vec::new();
        }
        let events = self.result.events.iter();
        events
            .filter_map(|event| WasmEvent::from_event(event, contract, 0))
            .filter(|event| event.number("task") == Some(task))
            .collect()
    }

    /// What it did to the task, in the order of [`What::ALL`].
    pub(super) fn whats(&self, contract: &str, task: u64) -> Vec<What> {
        let events = self.events(contract, task);
        let did = |what: &What| events.iter().any(|event| event.kind == what.name());
        What::ALL.into_iter().filter(did).collect()
    }
}

/// Everything of one block.
pub(super) async fn block(network: &Network, height: u64) -> Result<Vec<Found>, ChainError> {
    let rpc = network.chain.rpc();
    let params = json!({ "height": height.to_string() });
    let block = decode(rpc.call("block", params).await?)?.block;
    let time = unix_seconds(&block.header.time)?;
    let results = rpc.block_results(height).await?;
    let txs = block.data.txs.unwrap_or_default();
    let bytes: Result<Vec<_>, _> = txs
        .iter()
        .map(|tx| {
            BASE64
                .decode(tx.as_bytes())
                .map_err(|e| malformed(e.to_string()))
        })
        .collect();
    let pairs = bytes?.into_iter().zip(results.txs);
    let found = |(bytes, result): (Vec<u8>, TxResult)| Found {
        hash: TxHash::of(&bytes),
        height,
        time,
        bytes,
        result,
    };
    Ok(pairs.map(found).collect())
}

/// All transactions about a task within these heights, in the chain's order, by the node's index. Any contract
/// may emit events of these names: what the index says beyond the task's life, and beyond what a task can have,
/// is not looked at.
pub(super) async fn by_index(
    network: &Network,
    task: u64,
    life: &RangeInclusive<u64>,
) -> Result<Vec<Found>, ClientError> {
    let mut heights = BTreeSet::new();
    for what in What::ALL {
        let query = query(what, task, network.contract.address());
        let found = search(network, &query).await?.into_iter();
        heights.extend(found.filter(|height| life.contains(height)));
    }
    at(network, task, heights.into_iter().take(MAX_FOUND)).await
}

fn query(what: What, task: u64, contract: &str) -> String {
    let event = format!("wasm-{}", what.name());
    format!("{event}._contract_address='{contract}' AND {event}.task='{task}'")
}

/// The same from every block of the task's life.
pub(super) async fn by_scan(
    network: &Network,
    task: u64,
    life: RangeInclusive<u64>,
) -> Result<Vec<Found>, ClientError> {
    let (from, to) = (*life.start(), *life.end());
    let blocks = to.saturating_sub(from);
    let history = |said: String| ReceiptError::History {
        task,
        from,
        to,
        said,
    };
    if blocks > MAX_SCAN {
        let said = format!("it has no index, and {blocks} blocks are too many to read");
        return Err(history(said).into());
    }
    match at(network, task, life).await {
        Err(ClientError::Chain(ChainError::Rpc { message, .. })) => Err(history(message).into()),
        other => other,
    }
}

async fn at(
    network: &Network,
    task: u64,
    heights: impl IntoIterator<Item = u64>,
) -> Result<Vec<Found>, ClientError> {
    let contract = network.contract.address();
    let mut all = Vec::new();
    for height in heights {
        let txs = block(network, height).await?;
        all.extend(
            txs.into_iter()
                .filter(|tx| !tx.whats(contract, task).is_empty()),
        );
    }
    Ok(all)
}

async fn search(network: &Network, query: &str) -> Result<Vec<u64>, ChainError> {
    let mut heights = Vec::new();
    for page in 1..=MAX_PAGES {
        let found = match network.chain.rpc().tx_search(query, page, PER_PAGE).await {
            Ok(found) => found,
            // Beyond the last page is an error for the node.
            Err(ChainError::Rpc { .. }) if page > 1 => break,
            Err(error) => return Err(error),
        };
        heights.extend(found.txs.iter().map(|tx| tx.height));
        if found.txs.len() < PER_PAGE as usize {
            break;
        }
    }
    Ok(heights)
}

#[derive(Deserialize)]
struct Answer {
    block: Block,
}

#[derive(Deserialize)]
struct Block {
    header: Header,
    data: Data,
}

#[derive(Deserialize)]
struct Header {
    time: String,
}

/// A node writes null for no transactions.
#[derive(Deserialize)]
struct Data {
    txs: Option<Vec<String>>,
}

fn decode(value: Value) -> Result<Answer, ChainError> {
    serde_json::from_value(value).map_err(|error| malformed(error.to_string()))
}

fn malformed(got: String) -> ChainError {
    ChainError::Malformed {
        what: "block".to_owned(),
        got,
        want: "the answer of CometBFT 0.38".to_owned(),
    }
}
