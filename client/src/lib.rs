//! What the `antiphon` command line does, as a library: the demo and the tests call it too.
//!
//! [`ask()`] pays for an answer and follows it to the end; nothing that came from a worker is shown
//! before its hash is checked. [`mod@infer`] runs a model on this machine alone.

#[cfg(antiphon_free_order)]
compile_error!(
    "no answers from arithmetic in free order: only `cargo bench-inference` builds with it"
);

pub mod advance;
pub mod answer;
pub mod appeal;
pub mod ask;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod deliver;
pub mod engine;
mod error;
pub mod follow;
pub mod gateway;
pub mod infer;
pub mod keys;
pub mod lists;
pub mod model;
pub mod money;
pub mod network;
pub mod output;
pub mod progress;
pub mod question;
pub mod rate;
pub mod receipt;
pub mod security;
pub mod session;
pub mod signals;
pub mod task;
pub mod verified;

pub use ask::{AskEvent, AskOptions, AskReport, ask};
pub use error::ClientError;
pub use network::{Network, NetworkFile, NetworkFlags};
