//! The Cosmos side of Antiphon: one RPC port, keys, signed transactions, events and blocks.
//!
//! Everything goes over a node's JSON-RPC port: queries by `abci_query`, transactions by
//! `broadcast_tx_sync`, blocks by polling. [`Chain`] reads, [`Sender`] writes (one per key),
//! [`BlockStream`] follows. Events are hints; contract state is the truth.

mod abci;
mod agree;
mod blocks;
mod chain;
mod coins;
mod contract;
mod endpoints;
mod error;
mod events;
mod failure;
mod files;
pub mod gas;
mod grants;
mod heights;
mod key;
mod msg;
mod outcome;
mod rpc;
mod sender;
mod time;
mod tx;
mod types;
mod wire;

pub use blocks::{Block, BlockStream, Cursor, Gap, Start};
pub use chain::{Account, Chain, ChainConfig};
pub use coins::{Coin, GasPrice};
pub use contract::Contract;
pub use error::{ChainError, Refusal};
pub use events::{WasmEvent, wasm_events};
pub use files::write_atomically;
pub use gas::Gas;
pub use grants::{Allowance, ContractCalls, Grant};
pub use key::{HD_PATH, Key, KeyError, bech32, canonical, read_private};
pub use msg::Msg;
pub use outcome::TxOutcome;
pub use rpc::Rpc;
pub use sender::{Sender, SenderOptions, Sent};
pub use time::{rfc3339, unix_seconds};
pub use tx::{attached, executed};
pub use types::{
    AbciAnswer, BlockResults, Broadcast, Event, Status, TxFound, TxHash, TxPage, TxResult,
};
