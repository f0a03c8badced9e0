//! `antiphon deliver`: tells a contract that asked what became of its task, with the text that hashes to
//! the answer. Whoever does it earns the deliver fee.

use antiphon_api::{Ballot, CallbackInfo, ExecuteMsg, TaskResponse, TaskStatus, Uint128};
use antiphon_chain::{ChainError, Gas, Sender, TxOutcome, gas};
use serde::Serialize;

use crate::clock::Clock;
use crate::error::ClientError;
use crate::follow::Follower;
use crate::network::Network;
use crate::verified;

/// What a delivery did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// The task.
    pub task: u64,
    /// The contract that asked.
    pub receiver: String,
    /// It took the message; otherwise it refused or ran out of its gas, and can be told again.
    pub taken: bool,
    /// Bytes of the text that went with it, verified here; none if it wants no text or there is no answer.
    pub text_bytes: Option<usize>,
    /// What it earned, credited in the contract.
    pub earned: Uint128,
    /// The transaction's fee.
    pub fee: Option<Uint128>,
    /// The denom of both.
    pub denom: String,
    /// The transaction.
    pub transaction: String,
}

/// A delivery that can be sent, and its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The task.
    pub task: u64,
    /// The contract that asked.
    pub receiver: String,
    /// The answer's text, verified here, if the receiver wants it.
    pub text: Option<String>,
    /// The limit: what a simulation used, and all that the receiver may use. A receiver can tell that it is
    /// only simulated, and be cheap only then.
    pub gas: u64,
    /// Of it, the receiver's.
    pub receiver_gas: u64,
    /// The transaction's fee, which is that of the limit, used or not.
    pub fee: Uint128,
    /// What delivering it earns; nothing after a first delivery that failed.
    pub earns: Uint128,
    /// The denom of both.
    pub denom: String,
}

/// Finds out what delivering the callback of a task takes; nothing is sent.
///
/// # Errors
/// There is none to deliver. Nobody gives the text, or only another one.
pub async fn prepare(network: &Network, sender: &Sender, id: u64) -> Result<Errand, ClientError> {
    let task = network.contract.task(id).await?;
    let callback = can_deliver(network, &task).await?;
    let text = match callback.with_text {
        true => text_of(network, &task).await?,
        false => None,
    };
    let msg = ExecuteMsg::Deliver {
        task: id,
        text: text.clone(),
    };
    let msg = network.contract.message(&msg, &[])?;
    let simulated = sender.simulated(&[msg]).await;
    let simulated = simulated.map_err(|error| gone(error, id, "Nothing was sent"))?;
    let gas = gas::delivery(simulated, callback.gas_limit);
    Ok(Errand {
        task: id,
        receiver: task.requester,
        text,
        gas,
        receiver_gas: callback.gas_limit,
        fee: Uint128::new(sender.fee(gas)?.amount),
        earns: callback.fee,
        denom: network.file.denom.clone(),
    })
}

impl Errand {
    /// Whether its fee is at most this; at most what it earns if nothing is said.
    ///
    /// # Errors
    /// It is more; the text says how much, and how to allow it.
    pub fn within(&self, most: Option<u128>) -> Result<(), ClientError> {
        let allowed = most.unwrap_or(self.earns.u128());
        if self.fee.u128() <= allowed {
            return Ok(());
        }
        let (fee, denom, gas) = (self.fee, &self.denom, self.gas);
        let why = match most {
            Some(_) => format!("--max-fee allows {allowed}"),
            None => format!("delivering earns {allowed}"),
        };
        Err(ClientError::WouldBeRefused(format!(
            "nothing was sent: the transaction's fee would be {fee} {denom} for at most {gas} gas, {} of it the receiver's, and {why}. \
             `--max-fee {fee}` allows it",
            self.receiver_gas
        )))
    }
}

/// Sends it.
///
/// # Errors
/// Somebody else was faster; or as every transaction.
pub async fn deliver(
    network: &Network,
    sender: &Sender,
    errand: Errand,
) -> Result<Delivered, ClientError> {
    let text_bytes = errand.text.as_ref().map(String::len);
    let msg = ExecuteMsg::Deliver {
        task: errand.task,
        text: errand.text,
    };
    let msg = network.contract.message(&msg, &[])?;
    let sent = sender.send(&[msg], Gas::Limit(errand.gas)).await;
    let done = sent.map_err(|error| gone(error, errand.task, "Its fee is gone"))?;
    Ok(Delivered {
        task: errand.task,
        taken: done.attribute("wasm-callback_failed", "task").is_none(),
        text_bytes,
        earned: earned(&done),
        fee: Some(errand.fee),
        denom: errand.denom,
        receiver: errand.receiver,
        transaction: done.hash,
    })
}

fn earned(done: &TxOutcome) -> Uint128 {
    let fee = done.attribute("wasm-callback_delivered", "fee");
    let fee = fee.and_then(|fee| fee.parse::<u128>().ok());
    Uint128::new(fee.unwrap_or(0))
}

async fn can_deliver(network: &Network, task: &TaskResponse) -> Result<CallbackInfo, ClientError> {
    let id = task.task;
    let refused = |text: String| Err(ClientError::WouldBeRefused(text));
    let over = matches!(task.status, TaskStatus::Final | TaskStatus::Failed);
    let Some(callback) = &task.callback else {
        return refused(format!(
            "task {id} has no callback to deliver: it was posted without one, or it was delivered already, or its time is over"
        ));
    };
    if !over {
        return refused(format!(
            "task {id} is not at its end yet, and its callback is delivered then: `antiphon task {id}` shows how far it is"
        ));
    }
    let height = Clock::read(network).await?.height;
    if let Some(deadline) = callback.deadline.filter(|deadline| height >= *deadline) {
        return refused(format!(
            "the callback of task {id} could be delivered until block {deadline}, and the chain is at {height}: it is over"
        ));
    }
    Ok(callback.clone())
}

/// The contract's `E_NO_CALLBACK` in words: there was a callback a moment ago.
fn gone(error: ChainError, id: u64, lost: &str) -> ClientError {
    match error {
        ChainError::Refused(refusal) if refusal.code == "E_NO_CALLBACK" => {
            ClientError::WouldBeRefused(format!(
                "the callback of task {id} was there a moment ago and is not any more: somebody else has delivered it, \
                 or its time is over by now (E_NO_CALLBACK). {lost}, and there is nothing left to do"
            ))
        }
        other => other.into(),
    }
}

/// The text of the outcome, if it is an answer.
async fn text_of(network: &Network, task: &TaskResponse) -> Result<Option<String>, ClientError> {
    let Some(Ballot::Answer { cid, .. }) = &task.outcome else {
        return Ok(None);
    };
    let mut follower = Follower::new(network, task.task, std::time::Instant::now());
    follower.poll().await?;
    let sources = follower.sources_of(cid);
    let (text, _) = verified::fetch_text(&network.http, cid, &sources).await?;
    Ok(Some(text))
}
