//! From chain and workers to a receipt.
//!
//! The contract keeps ballots and commitments only while a task is open, salts never; the transactions have
//! them for good. So nothing has to be watched: a receipt is made at the end, at once or years later, as long
//! as a node has the blocks.

use antiphon_api::{Ballot, Cid, ConductInfo, Hex, RoundResponse, TaskResponse, TaskStatus};
use antiphon_documents::{MAX_MANIFEST_BYTES, MAX_PROMPT_BYTES};
use antiphon_receipt::{Member, PromptBlock, Receipt, Round, Status, Tag, Task, Tx, check_receipt};

use super::error::{ReceiptError, word};
use super::history::{Found, by_index, by_scan};
use super::votes::Votes;
use crate::error::ClientError;
use crate::network::Network;
use crate::verified;

/// The receipt of an ended task, in its one spelling. Every check holds on it.
///
/// # Errors
/// No such task, or it is not at its end; the node does not have its blocks; nobody gives the manifest, the
/// prompt of an answer or the answer; or what was collected contradicts itself.
pub async fn build(network: &Network, task: u64) -> Result<String, ClientError> {
    let state = network.contract.task(task).await?;
    let status = match state.status {
        TaskStatus::Final => Status::Final,
        TaskStatus::Failed => Status::Failed,
        open => {
            let status = word(open);
            return Err(ReceiptError::Open { task, status }.into());
        }
    };
    let mut rounds = Vec::new();
    for round in 0..=state.round {
        rounds.push(network.contract.round(task, round).await?);
    }
    let frame = frame(network, &state, status, &rounds).await?;
    // An index may be absent, or lag a block behind its chain: then every block is read.
    let life = state.posted..=state.entered;
    if let Ok(txs) = by_index(network, task, &life).await {
        match finished(&frame, &state, &rounds, &txs) {
            Err(ReceiptError::Inconsistent { .. }) => {}
            done => return Ok(done?),
        }
    }
    let txs = by_scan(network, task, life).await?;
    Ok(finished(&frame, &state, &rounds, &txs)?)
}

/// The receipt in its one spelling, if every check holds on it.
fn finished(
    frame: &Receipt,
    state: &TaskResponse,
    rounds: &[RoundResponse],
    txs: &[Found],
) -> Result<String, ReceiptError> {
    let task = state.task;
    let votes = Votes::of(txs, &frame.contract, task);
    let receipt = complete(frame, state, rounds, txs, &votes);
    match check_receipt(&receipt).failed().next() {
        None => Ok(receipt.to_canonical()),
        Some(_) if votes.relayed() => Err(ReceiptError::Relayed { task }),
        Some(failed) => Err(ReceiptError::Inconsistent {
            task,
            check: failed.name,
            detail: failed.detail.clone(),
        }),
    }
}

/// Everything but votes and transactions.
async fn frame(
    network: &Network,
    state: &TaskResponse,
    status: Status,
    rounds: &[RoundResponse],
) -> Result<Receipt, ClientError> {
    let sources = sources(network, state, rounds).await?;
    let manifest = text(network, &state.manifest, &sources, MAX_MANIFEST_BYTES).await?;
    let answer = match &state.outcome {
        Some(Ballot::Answer { cid, .. }) => {
            Some(verified::fetch_text(&network.http, cid, &sources).await?.0)
        }
        _ => None,
    };
    Ok(Receipt {
        prompt: prompt(network, state, &sources, answer.is_some()).await?,
        answer,
        antiphon: Tag::V1,
        chain_id: network.file.chain_id.clone(),
        contract: network.contract.address().to_owned(),
        digest: Hex([0; 32]),
        manifest,
        rounds: Vec::new(),
        task: Task {
            carried: state.carried,
            contested: state.contested,
            id: state.task,
            max_output_tokens: state.max_output_tokens,
            prompt_bytes: state.prompt_bytes,
            requester: state.requester.clone(),
            status,
        },
        txs: Vec::new(),
    })
}

/// Endpoints that may have the blocks: right members first, then the others, then all who hold seats now.
async fn sources(
    network: &Network,
    state: &TaskResponse,
    rounds: &[RoundResponse],
) -> Result<Vec<String>, ClientError> {
    let mut members: Vec<_> = rounds.iter().flat_map(|round| &round.members).collect();
    members.sort_by_key(|member| member.conduct != Some(ConductInfo::Right));
    let of_members = members.into_iter().map(|member| member.endpoint.clone());
    let model = network.contract.model(state.model).await?;
    let seats = network.contract.all_seats(state.model).await?;
    let of_seats = seats.into_iter().map(|seat| seat.endpoint);
    let mut sources: Vec<String> = Vec::new();
    for endpoint in of_members.chain(of_seats).chain([model.endpoint]).flatten() {
        if !sources.contains(&endpoint) {
            sources.push(endpoint);
        }
    }
    Ok(sources)
}

/// The prompt's block. Only the receipt of an answer cannot do without it.
async fn prompt(
    network: &Network,
    state: &TaskResponse,
    sources: &[String],
    answered: bool,
) -> Result<PromptBlock, ClientError> {
    let absent = PromptBlock::absent(state.prompt);
    if matches!(state.outcome, Some(Ballot::Unavailable {})) {
        return Ok(absent);
    }
    match text(network, &state.prompt, sources, MAX_PROMPT_BYTES).await {
        Ok(text) => Ok(PromptBlock::Text(text)),
        Err(error) if answered => Err(error),
        Err(_) => Ok(absent),
    }
}

async fn text(
    network: &Network,
    cid: &Cid,
    sources: &[String],
    max: usize,
) -> Result<String, ClientError> {
    let fetched = verified::fetch(&network.http, cid, sources, max).await?;
    String::from_utf8(fetched.bytes.to_vec()).map_err(|_| ClientError::Verification {
        cid: *cid,
        said: "the block is not UTF-8 text".to_owned(),
    })
}

/// The frame with what the transactions say.
fn complete(
    frame: &Receipt,
    state: &TaskResponse,
    rounds: &[RoundResponse],
    txs: &[Found],
    votes: &Votes,
) -> Receipt {
    Receipt {
        rounds: rounds
            .iter()
            .map(|round| played(round, votes, &state.task_digest))
            .collect(),
        txs: txs
            .iter()
            .flat_map(|tx| named(tx, &frame.contract, state.task))
            .collect(),
        ..frame.clone()
    }
    .sealed()
}

fn played(round: &RoundResponse, votes: &Votes, task: &Hex<32>) -> Round {
    let number = round.round;
    let member = |worker: &str, conduct: Option<ConductInfo>| {
        let opened = votes.opened(number, worker, task);
        let bound = votes.commitment(number, worker);
        let (commitment, ballot, salt) = match opened {
            Some((commitment, ballot, salt)) => (Some(commitment), Some(ballot), Some(salt)),
            None => (bound, None, None),
        };
        Member {
            ballot,
            commitment,
            conduct: conduct.unwrap_or(ConductInfo::Silent),
            salt,
            worker: worker.to_owned(),
        }
    };
    let members = round.members.iter().chain(&round.replaced);
    Round {
        members: members.map(|it| member(&it.worker, it.conduct)).collect(),
        opened: round.opened,
        round: number,
        size: round.size,
    }
}

fn named(tx: &Found, contract: &str, task: u64) -> Vec<Tx> {
    let entry = |what| {
        Some(Tx {
            hash: tx.hash.to_string().parse().ok()?,
            height: tx.height,
            time: tx.time,
            what,
        })
    };
    let whats = tx.whats(contract, task);
    whats.into_iter().filter_map(entry).collect()
}
