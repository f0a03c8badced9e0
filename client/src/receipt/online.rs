//! `verify --rpc`: whether it happened on the chain that the receipt names.

use std::collections::BTreeMap;

use antiphon_api::{RoundResponse, TaskResponse, TaskStatus};
use antiphon_chain::ChainError;
use antiphon_receipt::{Check, Course, Receipt, Report, Round, Status, Tx};

use super::error::ReceiptError;
use super::history::{Found, block};
use super::votes::Votes;
use crate::error::ClientError;
use crate::network::Network;

/// Blocks looked at for one receipt: far more than a task has.
const MAX_HEIGHTS: usize = 512;

type Result<T> = std::result::Result<T, String>;

/// Compares a receipt with the chain and contract of `network`, check by check. Where chain, contract or task
/// are others, the checks that follow from them are left out.
///
/// # Errors
/// No node answers, or it no longer has the blocks: then nothing is known.
pub async fn online(
    network: &Network,
    receipt: &Receipt,
) -> std::result::Result<Report, ClientError> {
    let mut checks = vec![Check::new("chain_id", chain_id(network, receipt))];
    if checks.iter().all(|check| check.ok) {
        let (check, state) = task(network, receipt).await?;
        checks.push(check);
        if let Some(state) = state {
            state_checks(network, receipt, &state, &mut checks).await?;
            history_checks(network, receipt, &mut checks).await?;
        }
    }
    Ok(Report { checks })
}

fn chain_id(network: &Network, receipt: &Receipt) -> Result<String> {
    let (got, here) = (&receipt.chain_id, &network.file.chain_id);
    hold(got == here, || {
        format!(
            "the receipt is of the chain {got}, this node of {here}: name a node of {got} with --rpc"
        )
    })?;
    Ok(got.clone())
}

/// The contract's task, if there is one and the receipt is of it.
async fn task(
    network: &Network,
    receipt: &Receipt,
) -> std::result::Result<(Check, Option<TaskResponse>), ClientError> {
    let failed = |fault: String| Ok((Check::new("chain_task", Err(fault)), None));
    let ours = network.contract.address();
    if receipt.contract != ours {
        let got = &receipt.contract;
        return failed(format!(
            "the receipt is of another network: its contract is {got}, this network's is {ours}"
        ));
    }
    let state = match network.contract.task(receipt.task.id).await {
        Ok(state) => state,
        Err(error @ (ChainError::Refused(_) | ChainError::NoContract { .. })) => {
            return failed(error.to_string());
        }
        Err(error) => return Err(error.into()),
    };
    let found = same_task(receipt, &state);
    let is_same = found.is_ok();
    Ok((Check::new("chain_task", found), is_same.then_some(state)))
}

fn same_task(receipt: &Receipt, state: &TaskResponse) -> Result<String> {
    let task = &receipt.task;
    let status = match task.status {
        Status::Final => TaskStatus::Final,
        Status::Failed => TaskStatus::Failed,
    };
    same(
        "the requester",
        task.requester.as_str(),
        state.requester.as_str(),
    )?;
    same("the prompt", &receipt.prompt.cid(), &state.prompt)?;
    same("the manifest", &receipt.manifest_cid(), &state.manifest)?;
    same("prompt_bytes", &task.prompt_bytes, &state.prompt_bytes)?;
    same(
        "max_output_tokens",
        &task.max_output_tokens,
        &state.max_output_tokens,
    )?;
    same(
        "status",
        &super::error::word(status),
        &super::error::word(state.status),
    )?;
    same("contested", &task.contested, &state.contested)?;
    same("carried", &task.carried, &state.carried)?;
    Ok(format!("task {} is the receipt's", state.task))
}

async fn state_checks(
    network: &Network,
    receipt: &Receipt,
    state: &TaskResponse,
    checks: &mut Vec<Check>,
) -> std::result::Result<(), ClientError> {
    checks.push(Check::new("chain_outcome", outcome(receipt, state)));
    let mut rounds = Vec::new();
    for number in 0..=state.round {
        rounds.push(network.contract.round(state.task, number).await?);
    }
    checks.push(Check::new("chain_rounds", same_rounds(receipt, &rounds)));
    let model = network.contract.model(state.model).await?;
    let manifest = same("the manifest", &receipt.manifest_cid(), &model.manifest).map(|()| {
        format!(
            "model {} is registered with {}",
            model.model, model.manifest
        )
    });
    checks.push(Check::new("chain_model", manifest));
    Ok(())
}

fn outcome(receipt: &Receipt, state: &TaskResponse) -> Result<String> {
    let course = Course::of(&receipt.rounds, receipt.task.carried);
    let got = course.standing.map(|it| (it.ballot, it.round, it.votes));
    let on_chain = state.outcome.clone().zip(state.outcome_round);
    let want = on_chain
        .zip(state.outcome_votes)
        .map(|((ballot, round), votes)| (ballot, round, votes));
    hold(got == want, || {
        "the ballots of the receipt make another outcome than the chain's".to_owned()
    })?;
    Ok(match want {
        Some((_, round, votes)) => format!("{votes} equal ballots in round {round}"),
        None => "none".to_owned(),
    })
}

fn same_rounds(receipt: &Receipt, rounds: &[RoundResponse]) -> Result<String> {
    same("the number of rounds", &receipt.rounds.len(), &rounds.len())?;
    for (got, want) in receipt.rounds.iter().zip(rounds) {
        same_round(got, want).map_err(|fault| format!("round {}: {fault}", want.round))?;
    }
    Ok("sizes, members and conduct are the chain's".to_owned())
}

fn same_round(got: &Round, want: &RoundResponse) -> Result<()> {
    same("size", &got.size, &want.size)?;
    same("opened", &got.opened, &want.opened)?;
    let members: Vec<_> = want.members.iter().chain(&want.replaced).collect();
    same("the number of members", &got.members.len(), &members.len())?;
    for (got, want) in got.members.iter().zip(members) {
        same("a member", got.worker.as_str(), want.worker.as_str())?;
        hold(Some(got.conduct) == want.conduct, || {
            format!("the chain judged {} otherwise", want.worker)
        })?;
    }
    Ok(())
}

async fn history_checks(
    network: &Network,
    receipt: &Receipt,
    checks: &mut Vec<Check>,
) -> std::result::Result<(), ClientError> {
    let mut heights: Vec<u64> = receipt.txs.iter().map(|tx| tx.height).collect();
    heights.sort_unstable();
    heights.dedup();
    if heights.len() > MAX_HEIGHTS {
        let fault = format!("got {} heights, want at most {MAX_HEIGHTS}", heights.len());
        checks.push(Check::new("chain_transactions", Err(fault)));
        return Ok(());
    }
    let mut found = BTreeMap::new();
    for height in heights {
        for tx in block_of(network, receipt, height).await? {
            found.insert(tx.hash.to_string(), tx);
        }
    }
    let contract = network.contract.address();
    checks.push(Check::new(
        "chain_transactions",
        transactions(receipt, &found, contract),
    ));
    checks.push(Check::new("chain_votes", votes(receipt, &found, contract)));
    Ok(())
}

/// A block that the node does not have is not a fault of the receipt.
async fn block_of(
    network: &Network,
    receipt: &Receipt,
    height: u64,
) -> std::result::Result<Vec<Found>, ClientError> {
    let ends = |tx: Option<&Tx>| tx.map_or(height, |tx| tx.height);
    block(network, height).await.map_err(|error| match error {
        ChainError::Rpc { message, .. } => ReceiptError::History {
            task: receipt.task.id,
            from: ends(receipt.txs.first()),
            to: ends(receipt.txs.last()),
            said: message,
        }
        .into(),
        other => other.into(),
    })
}

fn transactions(
    receipt: &Receipt,
    found: &BTreeMap<String, Found>,
    contract: &str,
) -> Result<String> {
    for tx in &receipt.txs {
        let there = found
            .get(&tx.hash.to_string())
            .filter(|there| there.height == tx.height)
            .ok_or_else(|| format!("{} is not in the block of height {}", tx.hash, tx.height))?;
        hold(there.result.code == 0, || {
            format!("{} failed on chain", tx.hash)
        })?;
        same("the time of a block", &tx.time, &there.time)?;
        hold(
            there.whats(contract, receipt.task.id).contains(&tx.what),
            || format!("{} has no event {} for this task", tx.hash, tx.what.name()),
        )?;
    }
    Ok(format!("{} entries are on chain", receipt.txs.len()))
}

/// Each vote is in a message of a transaction that the receipt names.
fn votes(receipt: &Receipt, found: &BTreeMap<String, Found>, contract: &str) -> Result<String> {
    let named = receipt.txs.iter().map(|tx| tx.hash.to_string());
    let txs: BTreeMap<_, _> = named
        .filter_map(|hash| found.get_key_value(&hash))
        .collect();
    let txs: Vec<Found> = txs.into_values().cloned().collect();
    let votes = Votes::of(&txs, contract, receipt.task.id);
    let mut count: usize = 0;
    for round in &receipt.rounds {
        for member in &round.members {
            let who = member.worker.as_str();
            let Some(commitment) = &member.commitment else {
                continue;
            };
            hold(votes.has_commit(round.round, who, commitment), || {
                format!("no transaction has the commitment of {who}")
            })?;
            let (Some(ballot), Some(salt)) = (&member.ballot, &member.salt) else {
                continue;
            };
            hold(votes.has_reveal(round.round, who, ballot, salt), || {
                format!("no transaction has the reveal of {who}")
            })?;
            count = count.saturating_add(1);
        }
    }
    Ok(format!(
        "{count} reveals and their commitments are in these transactions"
    ))
}

fn hold(holds: bool, fault: impl FnOnce() -> String) -> Result<()> {
    match holds {
        true => Ok(()),
        false => Err(fault()),
    }
}

fn same<T: PartialEq + std::fmt::Display + ?Sized>(what: &str, got: &T, want: &T) -> Result<()> {
    hold(got == want, || {
        format!("{what}: the receipt says {got}, this chain says {want}")
    })
}
