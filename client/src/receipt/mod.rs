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

use antiphon_api::{Ballot, TaskResponse};

use crate::error::ClientError;
use crate::network::Network;

pub use collect::build;
pub use error::ReceiptError;
pub use news::{replay_lines, show};
pub use online::online;
pub use replay::{ReplayNews, replay};
pub use verify::{Online, VerifyReport, read, save, verified};

/// What the members of the last round opened, out of the chain's blocks: the contract forgets it when a task
/// ends.
///
/// # Errors
/// The node does not answer, or keeps no index.
pub(crate) async fn opened(
    network: &Network,
    task: &TaskResponse,
) -> Result<Vec<Ballot>, ClientError> {
    let life = task.posted..=task.entered;
    let txs = history::by_index(network, task.task, &life).await?;
    let votes = votes::Votes::of(&txs, network.contract.address(), task.task);
    Ok(votes.ballots(task.round).into_values().cloned().collect())
}
