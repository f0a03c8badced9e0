//! `antiphon rate`: the requester says whether an answer was good; once, and it moves no money.

use antiphon_api::{Ballot, ExecuteMsg, TaskResponse, TaskStatus, Uint128};
use antiphon_chain::{ChainError, Sender};
use serde::Serialize;

use crate::error::ClientError;
use crate::network::Network;

/// A rating that stands on chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rated {
    /// The task.
    pub task: u64,
    /// Its model.
    pub model: u64,
    /// The answer was good.
    pub good: bool,
    /// Answers of the model called good so far.
    pub good_ratings: u64,
    /// Answers of the model called bad so far.
    pub bad_ratings: u64,
    /// Fees paid for those called good.
    pub good_fees: Uint128,
    /// Fees paid for those called bad.
    pub bad_fees: Uint128,
    /// The transaction.
    pub transaction: String,
}

/// Rates the answer of a task.
///
/// # Errors
/// Not final with an answer, not the requester's, or rated already: found out before it costs a fee.
pub async fn rate(
    network: &Network,
    sender: &Sender,
    id: u64,
    good: bool,
) -> Result<Rated, ClientError> {
    let task = network.contract.task(id).await?;
    can_rate(&task, sender.address())?;
    let msg = ExecuteMsg::Rate { task: id, good };
    let sent = sender.execute(network.contract.address(), &msg, &[]).await;
    let transaction = match sent {
        Ok(done) => done.hash,
        // A rating stays, so the chain itself tells whether this one came in.
        Err(ChainError::Unconfirmed { hash, cause }) => {
            match network.contract.task(id).await?.rated {
                Some(stands) if stands == good => hash,
                _ => return Err(ChainError::Unconfirmed { hash, cause }.into()),
            }
        }
        Err(error) => return Err(error.into()),
    };
    let model = network.contract.model(task.model).await?;
    Ok(Rated {
        task: id,
        model: task.model,
        good,
        good_ratings: model.ratings.good,
        bad_ratings: model.ratings.bad,
        good_fees: model.ratings.good_fees,
        bad_fees: model.ratings.bad_fees,
        transaction,
    })
}

/// In a word.
#[must_use]
pub const fn word(good: bool) -> &'static str {
    if good { "good" } else { "bad" }
}

fn can_rate(task: &TaskResponse, us: &str) -> Result<(), ClientError> {
    let id = task.task;
    let refused = |text: String| Err(ClientError::WouldBeRefused(text));
    if task.requester != us {
        return refused(format!(
            "task {id} was paid by {}, and only who paid may rate its answer: use that account's --key",
            task.requester
        ));
    }
    if let Some(good) = task.rated {
        return refused(format!(
            "task {id} is rated {} already: a rating stays",
            word(good)
        ));
    }
    match (task.status, &task.outcome) {
        (TaskStatus::Final, Some(Ballot::Answer { .. })) => Ok(()),
        (TaskStatus::Final | TaskStatus::Failed, _) => refused(format!(
            "task {id} ended without an answer: there is nothing to rate"
        )),
        _ => refused(format!(
            "task {id} is not final yet, and only a final answer can be rated: `antiphon task {id}` shows how far it is"
        )),
    }
}
