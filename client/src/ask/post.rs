//! Upload and payment.

use std::time::Instant;

use antiphon_api::{Cid, ExecuteMsg, MAX_CARRIED_BYTES, ModelResponse, SeatInfo};
use antiphon_chain::{ChainError, Coin, Sender};
use bytes::Bytes;

use super::AskOptions;
use crate::error::ClientError;
use crate::network::Network;
use crate::{money, session};

/// Workers that get the prompt before the task is posted: one may go away.
const HOLDERS: usize = 2;
/// Workers that are tried for it.
const MAX_TRIES: usize = 16;

/// A task that is in a block.
pub(super) struct Posted {
    pub(super) task: u64,
    pub(super) escrow: u128,
    pub(super) height: u64,
    /// When the transaction was handed over: all stages count from here.
    pub(super) broadcast: Instant,
    /// When it was seen in a block.
    pub(super) at: Instant,
}

/// Puts the prompt's block at two workers of the model, and names them.
pub(crate) async fn upload(
    network: &Network,
    model: u64,
    cid: &Cid,
    bytes: Bytes,
) -> Result<Vec<String>, ClientError> {
    let seats = network.contract.all_seats(model).await?;
    let (mut holders, mut said) = (Vec::new(), Vec::new());
    for (worker, endpoint) in candidates(seats, cid) {
        match network.http.put_block(&endpoint, cid, bytes.clone()).await {
            Ok(outcome) if outcome.held() => holders.push(worker),
            Ok(outcome) => said.push(format!("{endpoint} answered {outcome:?}")),
            Err(fault) => said.push(format!("{endpoint} {fault}")),
        }
        if holders.len() >= HOLDERS {
            break;
        }
    }
    if holders.is_empty() {
        if said.is_empty() {
            said.push(format!("no seat of model {model} has an endpoint"));
        }
        return Err(ClientError::Upload(said.join("; ")));
    }
    Ok(holders)
}

/// Whether a prompt of this length can travel in the transaction.
pub(super) fn can_carry(bytes: usize) -> Result<(), ClientError> {
    match bytes <= MAX_CARRIED_BYTES {
        true => Ok(()),
        false => Err(ClientError::Usage(format!(
            "the prompt document has {bytes} bytes, and a transaction carries at most {MAX_CARRIED_BYTES}: leave --carry out, then it is put at workers"
        ))),
    }
}

/// Workers with an endpoint, beginning at a place that differs from prompt to prompt.
fn candidates(seats: Vec<SeatInfo>, cid: &Cid) -> Vec<(String, String)> {
    let with_endpoint = seats
        .into_iter()
        .filter_map(|seat| Some((seat.worker, seat.endpoint?)));
    let mut list: Vec<_> = with_endpoint.collect();
    let first = usize::from(cid.digest()[0]);
    let turn = first.checked_rem(list.len()).unwrap_or(0);
    list.rotate_left(turn);
    list.truncate(MAX_TRIES);
    list
}

/// What a task takes, and what of it must be attached.
pub(super) struct Priced {
    escrow: u128,
    funds: Vec<Coin>,
}

/// Asks for the price, and whether it can be paid, before anything is uploaded.
pub(super) async fn price(
    network: &Network,
    sender: &Sender,
    options: &AskOptions,
    model: &ModelResponse,
    prompt_bytes: u32,
) -> Result<Priced, ClientError> {
    let limit = options.prompt.max_output_tokens;
    let fee = network
        .contract
        .estimate_fee(model.model, prompt_bytes, limit, options.committee)
        .await?;
    let escrow = fee.escrow.u128();
    let funds = missing_coins(network, sender, escrow).await?;
    Ok(Priced { escrow, funds })
}

/// Posts the task; attaches what the balance in the contract lacks of the escrow.
pub(super) async fn post(
    network: &Network,
    sender: &Sender,
    msg: &ExecuteMsg,
    priced: Priced,
) -> Result<Posted, ClientError> {
    let gas = antiphon_chain::gas::of(msg);
    let msgs = [network.contract.message(msg, &priced.funds)?];
    let sent = sender.broadcast(&msgs, gas).await?;
    let broadcast = Instant::now();
    let outcome = sender.wait(&sent).await?.into_result(sender.requester())?;
    let task = outcome.attribute("wasm-task_added", "task");
    let task = task.and_then(|id| id.parse().ok()).ok_or_else(|| {
        let want = "the event task_added with its id".to_owned();
        ChainError::Malformed {
            what: format!("transaction {}", outcome.hash),
            got: "no task".to_owned(),
            want,
        }
    })?;
    Ok(Posted {
        task,
        escrow: priced.escrow,
        height: outcome.height,
        broadcast,
        at: Instant::now(),
    })
}

/// What must be attached; refused at once, in amounts, if the account does not have it. A session attaches
/// nothing: it is asked what is left of it.
async fn missing_coins(
    network: &Network,
    sender: &Sender,
    escrow: u128,
) -> Result<Vec<Coin>, ClientError> {
    if sender.is_on_behalf() {
        let left = session::read(network, sender.requester(), sender.address()).await?;
        left.check(&network.file.gas_price.parse()?, escrow)?;
        return Ok(Vec::new());
    }
    money::attach(network, sender, escrow, "the task").await
}
