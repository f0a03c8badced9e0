//! The worker: a Cosmos sidecar that answers tasks and votes.
//!
//! Start reading at [`duty`], the life of one duty as a pure machine; then [`actor`], the loop around it;
//! then [`run()`], which opens everything. The worker never sends a commit that is not in its [`journal`],
//! never serves an answer before its reveal is on chain, and never guesses what it did not compute.

#[cfg(antiphon_free_order)]
compile_error!(
    "no votes from arithmetic in free order: only `cargo bench-inference` builds with it"
);

pub mod actor;
mod assemble;
pub mod bench;
mod child_input;
mod cli;
pub mod config;
pub mod duty;
pub mod edges;
mod follow;
pub mod health;
pub mod home;
pub mod http;
pub mod journal;
mod limits;
pub mod metrics;
pub mod models;
pub mod operator;
pub mod outbox;
pub mod ports;
pub mod prompt;
pub mod relay;
mod run;
pub mod selftest;
pub mod stagger;
pub mod vote;
mod votes_gate;

pub use cli::{MakeInference, cli_main};
pub use run::{RunError, Stop, run};
