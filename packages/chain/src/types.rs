//! What a CometBFT node answers, reduced to what is used here.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::HEXUPPER;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use crate::error::ChainError;

/// SHA-256 of a transaction's bytes: its name everywhere, upper-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxHash(pub [u8; 32]);

impl TxHash {
    /// The hash of a signed transaction.
    #[must_use]
    pub fn of(tx: &[u8]) -> Self {
        Self(Sha256::digest(tx).into())
    }
}

impl fmt::Display for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXUPPER.encode(&self.0))
    }
}

impl fmt::Debug for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TxHash {
    type Err = ChainError;

    fn from_str(text: &str) -> Result<Self, ChainError> {
        let bytes = HEXUPPER.decode(text.to_ascii_uppercase().as_bytes()).ok();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| ChainError::malformed("a transaction hash", text, "64 hex digits"))
    }
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The chain's id.
    pub chain_id: String,
    /// The newest block.
    pub height: u64,
    /// The newest block's time, RFC 3339; about one block old when seen.
    pub time: String,
    /// The oldest block the node still has.
    pub earliest_height: u64,
    /// Hash of that block; that of block 1 tells a chain that was started anew.
    pub earliest_hash: String,
    /// The node has not reached the head.
    pub catching_up: bool,
}

/// One event of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// Such as `wasm-task_added`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In the order they were emitted.
    #[serde(default, deserialize_with = "attributes")]
    pub attributes: Vec<(String, String)>,
}

impl Event {
    /// The first value of this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// How one transaction ended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TxResult {
    /// 0 is success.
    #[serde(default)]
    pub code: u32,
    /// The module the code belongs to.
    #[serde(default, deserialize_with = "or_default")]
    pub codespace: String,
    /// The error's text; empty on success.
    #[serde(default, deserialize_with = "or_default")]
    pub log: String,
    /// The limit.
    #[serde(default, deserialize_with = "number")]
    pub gas_wanted: u64,
    /// What was used.
    #[serde(default, deserialize_with = "number")]
    pub gas_used: u64,
    /// Empty, fee events apart, when the transaction failed.
    #[serde(default, deserialize_with = "or_default")]
    pub events: Vec<Event>,
    /// The messages' answers, protobuf `TxMsgData`.
    #[serde(default, deserialize_with = "base64_bytes")]
    pub data: Vec<u8>,
}

/// All transactions of one block.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BlockResults {
    /// The block.
    #[serde(deserialize_with = "number")]
    pub height: u64,
    /// In the block's order; a node writes null for none.
    #[serde(default, rename = "txs_results", deserialize_with = "or_default")]
    pub txs: Vec<TxResult>,
}

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TxFound {
    /// Upper-case hex.
    pub hash: String,
    /// Its block.
    #[serde(deserialize_with = "number")]
    pub height: u64,
    /// Its position in the block.
    #[serde(default)]
    pub index: u32,
    /// How it ended.
    #[serde(rename = "tx_result")]
    pub result: TxResult,
    /// The signed bytes.
    #[serde(default, deserialize_with = "base64_bytes")]
    pub tx: Vec<u8>,
}

/// A page of a search.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TxPage {
    /// In the order asked for.
    #[serde(default, deserialize_with = "or_default")]
    pub txs: Vec<TxFound>,
    /// All that match.
    #[serde(rename = "total_count", deserialize_with = "number")]
    pub total: u64,
}

/// What a node said to a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// The transaction's name.
    pub hash: TxHash,
    /// 0 if it passed the first check.
    pub code: u32,
    /// The module that refused.
    pub codespace: String,
    /// Its text.
    pub log: String,
    /// The node had it already, pending or in a block: as good as sent.
    pub known: bool,
}

impl Broadcast {
    /// Sent before.
    pub(crate) const fn known(hash: TxHash) -> Self {
        Self {
            hash,
            code: 0,
            codespace: String::new(),
            log: String::new(),
            known: true,
        }
    }

    /// Signed with another sequence than the node expects.
    pub(crate) fn is_wrong_sequence(&self) -> bool {
        self.code == 32 && self.codespace == "sdk"
    }
}

/// What a query by `abci_query` gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbciAnswer {
    /// 0 is success.
    pub code: u32,
    /// The module that refused.
    pub codespace: String,
    /// Its text.
    pub log: String,
    /// The answer, protobuf.
    pub value: Vec<u8>,
    /// The height it was answered at.
    pub height: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(u64),
}

/// Nodes write 64-bit numbers as strings, or leave them out.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match Option::<TextOrNumber>::deserialize(deserializer)? {
        None => Ok(0),
        Some(TextOrNumber::Number(number)) => Ok(number),
        Some(TextOrNumber::Text(text)) if text.is_empty() => Ok(0),
        Some(TextOrNumber::Text(text)) => text.parse().map_err(serde::de::Error::custom),
    }
}

/// Nodes write null for empty lists and texts.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

pub(crate) fn base64_bytes<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(d)?.unwrap_or_default();
    BASE64.decode(text).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(default, deserialize_with = "or_default")]
    key: String,
    #[serde(default, deserialize_with = "or_default")]
    value: String,
}

fn attributes<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<(String, String)>, D::Error> {
    let list = Option::<Vec<Attribute>>::deserialize(d)?.unwrap_or_default();
    Ok(list.into_iter().map(|a| (a.key, a.value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_without_transactions_has_null_results() {
        let results: BlockResults =
            serde_json::from_str(r#"{"height":"7","txs_results":null,"app_hash":"x"}"#).unwrap();
        assert_eq!((results.height, results.txs.len()), (7, 0));
    }

    #[test]
    fn a_transaction_result_reads_strings_and_nulls() {
        let text = r#"{"code":0,"data":null,"log":"","info":"","gas_wanted":"3000000","gas_used":"77064",
            "events":[{"type":"wasm-x","attributes":[{"key":"a","value":"1","index":true},{"key":"b","value":null}]}],
            "codespace":""}"#;
        let result: TxResult = serde_json::from_str(text).unwrap();
        assert_eq!(result.gas_used, 77_064);
        assert_eq!(result.events[0].get("a"), Some("1"));
        assert_eq!(result.events[0].get("b"), Some(""));
    }
}
