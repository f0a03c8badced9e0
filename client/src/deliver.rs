//! `antiphon deliver`: tells a contract that asked what became of its task, with the text that hashes to
//! the answer. Whoever does it earns the deliver fee.

use antiphon_api::{Ballot, CallbackInfo, ExecuteMsg, TaskResponse, TaskStatus, Uint128};
use antiphon_chain::{ChainError, GasPrice, Sender, TxOutcome};
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

/// Delivers the callback of a task.
///
/// # Errors
/// There is none to deliver: found out before it costs a fee. Nobody gives the text, or only another one:
/// then nothing is sent.
pub async fn deliver(
    network: &Network,
    sender: &Sender,
    id: u64,
) -> Result<Delivered, ClientError> {
    let task = network.contract.task(id).await?;
    let callback = can_deliver(network, &task).await?;
    let text = match callback.with_text {
        true => text_of(network, &task).await?,
        false => None,
    };
    let text_bytes = text.as_ref().map(String::len);
    let msg = ExecuteMsg::Deliver { task: id, text };
    let sent = sender.execute(network.contract.address(), &msg, &[]).await;
    let done = match sent {
        Err(ChainError::Refused(refusal)) if refusal.code == "E_NO_CALLBACK" => {
            return Err(too_late(id));
        }
        other => other?,
    };
    Ok(Delivered {
        task: id,
        taken: done.attribute("wasm-callback_failed", "task").is_none(),
        text_bytes,
        earned: earned(&done),
        fee: fee_of(&done, &network.file.gas_price),
        denom: network.file.denom.clone(),
        receiver: task.requester,
        transaction: done.hash,
    })
}

fn earned(done: &TxOutcome) -> Uint128 {
    let fee = done.attribute("wasm-callback_delivered", "fee");
    let fee = fee.and_then(|fee| fee.parse::<u128>().ok());
    Uint128::new(fee.unwrap_or(0))
}

fn fee_of(done: &TxOutcome, gas_price: &str) -> Option<Uint128> {
    let price: GasPrice = gas_price.parse().ok()?;
    let fee = price.fee(done.gas_wanted).ok()?;
    Some(Uint128::new(fee.amount))
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

fn too_late(id: u64) -> ClientError {
    ClientError::WouldBeRefused(format!(
        "somebody else has delivered the callback of task {id} in the meantime; there is nothing left to do"
    ))
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
