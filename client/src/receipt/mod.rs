//! Receipts: collected from chain and workers ([`build`]), checked against the chain ([`online`]) and against
//! the model ([`replay`]). What a receipt is, and what can be said of it offline, is the crate
//! `antiphon-receipt`.

mod collect;
mod error;
mod history;
mod news;
mod online;
mod replay;
mod verify;
mod votes;

pub use collect::build;
pub use error::ReceiptError;
pub use news::{replay_lines, show};
pub use online::online;
pub use replay::{ReplayNews, replay};
pub use verify::{Online, VerifyReport, read, save, verified};
