//! What a task's transactions cost, read back from the chain's own index.

use std::collections::BTreeMap;

use antiphon_api::ExecuteMsg;
use antiphon_chain::{ChainError, TxFound, executed};

use crate::error::ClientError;
use crate::network::Network;

const PER_PAGE: u32 = 100;
/// One task makes some dozen transactions; others share its blocks.
const MAX_PAGES: u32 = 20;

/// Gas and number of transactions by message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Summed gas.
    pub gas: BTreeMap<String, u64>,
    /// Number of transactions.
    pub transactions: BTreeMap<String, u64>,
}

/// Sums the gas of all transactions since `from` that are about this task, beacon rounds included.
///
/// # Errors
/// The node has no index, or does not answer.
pub async fn gas_by_message(
    network: &Network,
    task: u64,
    from: u64,
) -> Result<Counted, ClientError> {
    let contract = network.contract.address();
    let query = format!("execute._contract_address='{contract}' AND tx.height>={from}");
    let mut counted = Counted::default();
    for page in 1..=MAX_PAGES {
        let found = match network.chain.rpc().tx_search(&query, page, PER_PAGE).await {
            Ok(found) => found,
            // Beyond the last page is an error for the node.
            Err(ChainError::Rpc { .. }) if page > 1 => break,
            Err(error) => return Err(error.into()),
        };
        let full = found.txs.len() >= PER_PAGE as usize;
        for tx in &found.txs {
            counted.add(tx, contract, task);
        }
        if !full {
            break;
        }
    }
    Ok(counted)
}

impl Counted {
    fn add(&mut self, tx: &TxFound, contract: &str, task: u64) {
        let messages = executed(&tx.tx);
        let ours = messages.iter().filter(|(to, _)| to == contract);
        let names: Vec<_> = ours
            .filter_map(|(_, json)| name_if_about(json, tx, task))
            .collect();
        // A transaction of several messages has one figure: it counts for its first.
        let Some(name) = names.first() else {
            return;
        };
        let gas = self.gas.entry((*name).to_owned()).or_default();
        *gas = gas.saturating_add(tx.result.gas_used);
        let number = self.transactions.entry((*name).to_owned()).or_default();
        *number = number.saturating_add(1);
    }
}

fn name_if_about(json: &[u8], tx: &TxFound, task: u64) -> Option<&'static str> {
    let msg: ExecuteMsg = serde_json::from_slice(json).ok()?;
    let (name, about) = match msg {
        ExecuteMsg::PostTask { .. } => ("post_task", emitted(tx, "wasm-task_added", task)),
        ExecuteMsg::PublishBeacon { .. } => {
            ("publish_beacon", emitted(tx, "wasm-committee_drawn", task))
        }
        ExecuteMsg::Commit { commits } => ("commit", commits.iter().any(|c| c.task == task)),
        ExecuteMsg::Reveal { reveals } => ("reveal", reveals.iter().any(|r| r.task == task)),
        ExecuteMsg::Appeal { task: appealed, .. } => ("appeal", appealed == task),
        ExecuteMsg::Advance { tasks } => ("advance", tasks.contains(&task)),
        _ => return None,
    };
    about.then_some(name)
}

fn emitted(tx: &TxFound, kind: &str, task: u64) -> bool {
    let task = task.to_string();
    let events = tx.result.events.iter().filter(|event| event.kind == kind);
    events
        .into_iter()
        .any(|event| event.get("task") == Some(&task))
}
