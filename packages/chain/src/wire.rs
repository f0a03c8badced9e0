//! Answers of a node as they are on the wire.

use serde::Deserialize;

use crate::types::{AbciAnswer, Status, base64_bytes, number, or_default};

#[derive(Deserialize)]
pub(crate) struct NodeStatus {
    node_info: NodeInfo,
    sync_info: SyncInfo,
}

#[derive(Deserialize)]
pub(crate) struct NodeInfo {
    network: String,
}

#[derive(Deserialize)]
pub(crate) struct SyncInfo {
    #[serde(deserialize_with = "number")]
    latest_block_height: u64,
    #[serde(default)]
    latest_block_time: String,
    #[serde(default, deserialize_with = "number")]
    earliest_block_height: u64,
    #[serde(default)]
    earliest_block_hash: String,
    #[serde(default)]
    catching_up: bool,
}

#[derive(Deserialize)]
pub(crate) struct Check {
    #[serde(default)]
    pub(crate) code: u32,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) codespace: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) log: String,
}

#[derive(Deserialize)]
pub(crate) struct AbciWrapped {
    pub(crate) response: AbciRaw,
}

#[derive(Deserialize)]
pub(crate) struct AbciRaw {
    #[serde(default)]
    code: u32,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) codespace: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) log: String,
    #[serde(default, deserialize_with = "base64_bytes")]
    value: Vec<u8>,
    #[serde(default, deserialize_with = "number")]
    height: u64,
}

impl From<NodeStatus> for Status {
    fn from(node: NodeStatus) -> Self {
        Self {
            chain_id: node.node_info.network,
            height: node.sync_info.latest_block_height,
            time: node.sync_info.latest_block_time,
            earliest_height: node.sync_info.earliest_block_height,
            earliest_hash: node.sync_info.earliest_block_hash,
            catching_up: node.sync_info.catching_up,
        }
    }
}

impl From<AbciRaw> for AbciAnswer {
    fn from(answer: AbciRaw) -> Self {
        Self {
            code: answer.code,
            codespace: answer.codespace,
            log: answer.log,
            value: answer.value,
            height: answer.height,
        }
    }
}
