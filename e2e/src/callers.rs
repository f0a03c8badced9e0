//! Contracts that ask, on the network's chain.

use std::path::PathBuf;

use antiphon_api::{ExecuteMsg, TaskResponse, TaskStatus};
use antiphon_chain::{Coin, Gas, Msg, Sender, TxOutcome};
use antiphon_localnet::Network;
use serde::Serialize;

use crate::{Failure, eventually};

/// The folder with their wasm files: `cargo xtask ci --only e2e` builds them.
const FOLDER: &str = "ANTIPHON_CALLERS";

/// A code on the chain, of which contracts can be made.
#[derive(Debug)]
pub struct Code {
    id: u64,
    by: Sender,
}

impl Code {
    /// Stores `<name>.wasm`.
    ///
    /// # Errors
    /// It is not built, or the chain refuses it.
    pub async fn store(network: &Network, name: &str) -> Result<Self, Failure> {
        let folder = std::env::var_os(FOLDER).map(PathBuf::from);
        let folder = folder.ok_or_else(|| format!("{FOLDER} is not set"))?;
        let wasm = std::fs::read(folder.join(format!("{name}.wasm")))?;
        let by = network.deployer_sender()?;
        let done = by.send(&[Msg::StoreCode { wasm }], Gas::Simulate).await?;
        let id = done.attribute("store_code", "code_id");
        let id = id.ok_or("no code was stored")?.parse()?;
        Ok(Self { id, by })
    }

    /// Makes a contract of it; gives its address.
    ///
    /// # Errors
    /// The chain or the contract refuses.
    pub async fn make(&self, label: &str, config: &impl Serialize) -> Result<String, Failure> {
        let msg = Msg::instantiate(self.id, label, config)?;
        let done = self.by.send(&[msg], Gas::Simulate).await?;
        let address = done.attribute("instantiate", "_contract_address");
        Ok(address.ok_or("no contract was made")?.to_owned())
    }
}

/// Has a contract ask; gives the task.
///
/// # Errors
/// The contract or the network refuses.
pub async fn has_asked(
    by: &Sender,
    caller: &str,
    msg: &impl Serialize,
    coins: u128,
) -> Result<u64, Failure> {
    let funds = [Coin::new(coins, &by.chain().config().denom)];
    let done = by
        .send(&[Msg::execute(caller, msg, &funds)?], Gas::Simulate)
        .await?;
    let task = done.attribute("wasm-task_added", "task");
    Ok(task.ok_or("no task was added")?.parse()?)
}

/// A message for the Antiphon contract.
///
/// # Errors
/// It is refused.
pub async fn say(
    network: &Network,
    by: &Sender,
    msg: &ExecuteMsg,
    coins: u128,
) -> Result<TxOutcome, Failure> {
    let coins = (coins > 0).then(|| Coin::new(coins, &network.facts().denom));
    let coins: Vec<Coin> = coins.into_iter().collect();
    let contract = network.contract().address();
    Ok(by.execute(contract, msg, &coins).await?)
}

/// Waits until a task is as wanted.
///
/// # Errors
/// It is not, long after it should be.
pub async fn task_until(
    network: &Network,
    task: u64,
    what: &str,
    wanted: impl Fn(&TaskResponse) -> bool,
) -> Result<TaskResponse, Failure> {
    let what = format!("task {task}: {what}");
    eventually(&what, async || {
        let found = network.contract().task(task).await.ok();
        found.filter(&wanted)
    })
    .await
}

/// Waits for its end with an outcome.
///
/// # Errors
/// It has none, long after it should.
pub async fn end_of(network: &Network, task: u64) -> Result<TaskResponse, Failure> {
    task_until(network, task, "its end", |task| {
        task.status == TaskStatus::Final
    })
    .await
}
