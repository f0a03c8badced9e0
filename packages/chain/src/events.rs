//! Events of one contract, found in blocks and transactions. Any contract may use our names, so only
//! `_contract_address` and a transaction that succeeded count.

use crate::types::{BlockResults, Event};

const CONTRACT: &str = "_contract_address";

/// A custom event of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmEvent {
    /// Its name without the `wasm-` that the chain puts before it.
    pub kind: String,
    /// What the contract gave; `_contract_address` and `msg_index` are left out.
    pub attributes: Vec<(String, String)>,
    /// Position of the transaction in its block.
    pub tx_index: usize,
}

impl WasmEvent {
    /// The first value of this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of this key as a number.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    /// The event, if the contract emitted it.
    #[must_use]
    pub fn from_event(event: &Event, contract: &str, tx_index: usize) -> Option<Self> {
        let kind = event.kind.strip_prefix("wasm-")?;
        if event.get(CONTRACT) != Some(contract) {
            return None;
        }
        let ours = |key: &str| !matches!(key, CONTRACT | "msg_index" | "authz_msg_index");
        let attributes = event.attributes.iter();
        Some(Self {
            kind: kind.to_owned(),
            attributes: attributes.filter(|(key, _)| ours(key)).cloned().collect(),
            tx_index,
        })
    }
}

/// The custom events of a contract in a block, in order, of successful transactions only.
#[must_use]
pub fn wasm_events(block: &BlockResults, contract: &str) -> Vec<WasmEvent> {
    let txs = block.txs.iter().enumerate();
    txs.filter(|(_, tx)| tx.code == 0)
        .flat_map(|(at, tx)| {
            let events = tx.events.iter();
            events.filter_map(move |event| WasmEvent::from_event(event, contract, at))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(code: u32, address: &str) -> BlockResults {
        let text = format!(
            r#"{{"height":"9","txs_results":[{{"code":{code},"events":[
            {{"type":"tx","attributes":[{{"key":"fee","value":"1uanti"}}]}},
            {{"type":"wasm-task_added","attributes":[{{"key":"_contract_address","value":"{address}"}},
            {{"key":"task","value":"7"}},{{"key":"msg_index","value":"0"}}]}}]}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn events_of_the_contract_are_found() {
        let events = wasm_events(&block(0, "wasm1us"), "wasm1us");
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, "task_added");
        assert_eq!(events[0].number("task"), Some(7));
        assert_eq!(events[0].get("msg_index"), None);
    }

    #[test]
    fn events_of_other_contracts_and_failed_transactions_are_not() {
        assert!(wasm_events(&block(0, "wasm1them"), "wasm1us").is_empty());
        assert!(wasm_events(&block(5, "wasm1us"), "wasm1us").is_empty());
    }
}
