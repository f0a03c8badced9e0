//! The Antiphon contract: committees, votes, stake and pay.
//!
//! `contract` holds the entry points; `execute` one message a file; `flow` what several messages
//! share: the due transition of a task, draws, settlement; `state` everything that is stored. The
//! rules themselves (quorum, fees, draw, conduct, settlement) are pure functions of the crate
//! `antiphon-rules`.

pub mod contract;
mod error;
mod execute;
mod flow;
mod instantiate;
mod migrate;
mod query;
mod reply;
mod state;
mod turn;
mod validate;
mod views;

pub use error::ContractError;
pub use flow::refusal::Refusal;
