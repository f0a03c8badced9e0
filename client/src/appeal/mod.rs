//! `antiphon appeal`: a bonded demand for a larger, fresh committee, paid once and followed to its end.

mod offer;
mod report;

use std::time::{Duration, Instant};

use antiphon_api::{ExecuteMsg, TaskStatus};
use antiphon_chain::{ChainError, Sender};

pub use offer::{Earlier, Offer, earlier_appeal, offer};
pub use report::{AppealReport, Verdict};

use crate::error::ClientError;
use crate::follow::Follower;
use crate::money;
use crate::network::Network;

/// A round that an appeal has opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appealed {
    /// The task.
    pub task: u64,
    /// The round it opened.
    pub round: u8,
    /// Its bond.
    pub bond: u128,
    /// The outcome it appeals.
    pub before: antiphon_api::Ballot,
    /// The transaction; none for an appeal of an earlier run.
    pub transaction: Option<String>,
}

/// Puts up the bond of an offer. What was offered is compared with the chain right before: if the task has
/// moved on in the meantime, nothing is sent.
///
/// # Errors
/// The offer no longer holds, the coins are not there, or the transaction is refused.
pub async fn appeal(
    network: &Network,
    sender: &Sender,
    offered: &Offer,
) -> Result<Appealed, ClientError> {
    let id = offered.task;
    let now = offer(network, id).await?;
    if now.round != offered.round || now.bond != offered.bond || now.outcome != offered.outcome {
        return Err(ClientError::WouldBeRefused(format!(
            "task {id} has moved on in the meantime: an appeal would be another one now. Nothing was sent; see `antiphon task {id}`"
        )));
    }
    let funds = money::attach(network, sender, offered.bond, "the appeal's bond").await?;
    let msg = ExecuteMsg::Appeal {
        task: id,
        round: offered.round.checked_sub(1),
    };
    let sent = sender
        .execute(network.contract.address(), &msg, &funds)
        .await;
    let transaction = match sent {
        Ok(done) => done.hash,
        Err(ChainError::Unconfirmed { hash, cause }) => {
            if !is_ours(network, sender, offered).await {
                return Err(ChainError::Unconfirmed { hash, cause }.into());
            }
            hash
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Appealed {
        task: id,
        round: offered.round,
        bond: offered.bond,
        before: offered.outcome.clone(),
        transaction: Some(transaction),
    })
}

/// Whether the round that was to be opened was, by us: asked when the node lost its answer.
async fn is_ours(network: &Network, sender: &Sender, offered: &Offer) -> bool {
    let round = network.contract.round(offered.task, offered.round).await;
    let appeal = round.ok().and_then(|round| round.appeal);
    appeal.is_some_and(|appeal| appeal.by == sender.address())
}

/// Follows an appeal until the task is final, telling each state once, and reports it.
///
/// # Errors
/// The node went away, or the time is over: the appeal goes on without us.
pub async fn follow(
    network: &Network,
    sender: &Sender,
    appealed: &Appealed,
    timeout: Duration,
    news: &mut (dyn FnMut(&antiphon_api::TaskResponse) + Send),
) -> Result<AppealReport, ClientError> {
    let began = Instant::now();
    let mut follower = Follower::new(network, appealed.task, began);
    let mut told = None;
    loop {
        follower.poll().await?;
        if let Some(task) = follower.state() {
            let state = (task.status, task.round, task.committed, task.revealed);
            if told != Some(state) {
                told = Some(state);
                news(task);
            }
            if matches!(task.status, TaskStatus::Final | TaskStatus::Failed) {
                return report::build(network, &follower, appealed).await;
            }
        }
        follower.advance_if_stuck(sender).await;
        if began.elapsed() > timeout {
            let id = appealed.task;
            return Err(ClientError::NoAnswer(format!(
                "the appeal of task {id} is not at its end yet, and the time is over. It goes on without us, and its bond is safe: \
                 `antiphon appeal {id}` follows it again, `antiphon task {id}` shows how far it is"
            )));
        }
        follower.rest().await;
    }
}
