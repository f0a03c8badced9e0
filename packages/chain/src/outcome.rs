//! How a transaction ended.

use crate::error::{ChainError, classify, refusal_in};
use crate::types::{Event, TxFound};

/// Out of gas, in the codespace `sdk`.
const OUT_OF_GAS: u32 = 11;

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxOutcome {
    /// Its name, upper-case hex.
    pub hash: String,
    /// Its block.
    pub height: u64,
    /// 0 is success.
    pub code: u32,
    /// The module that refused.
    pub codespace: String,
    /// The refusal's text.
    pub raw_log: String,
    /// The limit.
    pub gas_wanted: u64,
    /// What was used.
    pub gas_used: u64,
    /// Its events.
    pub events: Vec<Event>,
    /// The messages' answers, protobuf `TxMsgData`.
    pub data: Vec<u8>,
}

impl TxOutcome {
    /// The outcome, or why it failed.
    ///
    /// # Errors
    /// The contract's refusal, out of gas, or whatever else the chain refused it for.
    pub fn into_result(self, payer: &str) -> Result<Self, ChainError> {
        match (self.codespace.as_str(), self.code) {
            (_, 0) => Ok(self),
            ("sdk", OUT_OF_GAS) => Err(ChainError::OutOfGas {
                hash: self.hash,
                wanted: self.gas_wanted,
                used: self.gas_used,
            }),
            ("wasm", 5) => Err(ChainError::Refused(refusal_in(
                &self.raw_log,
                Some(&self.hash),
            ))),
            (space, code) => Err(classify(
                code,
                space,
                &self.raw_log,
                payer,
                Some(&self.hash),
            )),
        }
    }

    /// The first value of this key in the first event of this kind that has it.
    #[must_use]
    pub fn attribute(&self, kind: &str, key: &str) -> Option<&str> {
        let events = self.events.iter().filter(|event| event.kind == kind);
        events.filter_map(|event| event.get(key)).next()
    }
}

impl From<TxFound> for TxOutcome {
    fn from(found: TxFound) -> Self {
        Self {
            hash: found.hash,
            height: found.height,
            code: found.result.code,
            codespace: found.result.codespace,
            raw_log: found.result.log,
            gas_wanted: found.result.gas_wanted,
            gas_used: found.result.gas_used,
            events: found.result.events,
            data: found.result.data,
        }
    }
}
