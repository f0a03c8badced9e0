//! An operator's life by its own commands on a real chain: less bond, jail and out of it, coins back, away.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums of small amounts, in tests"
)]

use std::path::Path;
use std::process::Output;
use std::time::{SystemTime, UNIX_EPOCH};

use antiphon_api::{ConductInfo, Uint128};
use antiphon_e2e::callers::end_of;
use antiphon_e2e::{Failure, SHORT_BLOCKS, check_books, eventually, post_carried, start};
use antiphon_localnet::{BOND, Network, Parts};
use serde_json::Value;
use tokio::process::Command;

const UNBOND: u128 = 10_000_000;

/// `antiphon-worker` as its operator runs it, on the home of this worker.
async fn worker(network: &Network, index: usize, command: &[&str]) -> Result<Output, Failure> {
    let program = Parts::from_env()?.program("antiphon-worker");
    let mut run = Command::new(program);
    run.args(command).arg("--home").arg(home(network, index)?);
    Ok(run.output().await?)
}

fn home(network: &Network, index: usize) -> Result<&Path, Failure> {
    let worker = network.workers().get(index).ok_or("no such worker")?;
    Ok(&worker.home)
}

async fn done(network: &Network, index: usize, command: &[&str]) -> Result<Value, Failure> {
    let mut command = command.to_vec();
    command.push("--json");
    let output = worker(network, index, &command).await?;
    assert!(output.status.success(), "{}", err(&output));
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn refused(network: &Network, index: usize, command: &[&str]) -> Result<String, Failure> {
    let output = worker(network, index, command).await?;
    assert!(!output.status.success(), "{output:?}");
    Ok(err(&output))
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn now() -> Result<u64, Failure> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

#[tokio::test]
async fn an_operator_unbonds_leaves_jail_claims_and_leaves_by_its_commands() -> Result<(), Failure>
{
    let mut network = start(SHORT_BLOCKS, &[]).await?;
    selftest(&network).await?;
    let claimable = unbond(&network).await?;
    jail(&mut network).await?;
    unjail(&mut network).await?;
    leave(&mut network).await?;
    claim(&network, claimable).await?;
    check_books(&network).await?;
    Ok(())
}

/// Every kernel of this machine, and the golden answers of the model that this worker imports.
async fn selftest(network: &Network) -> Result<(), Failure> {
    let report = done(network, 0, &["selftest"]).await?;
    assert_eq!(report["passed"], true, "{report}");
    let kernels = report["kernels"].as_array().map_or(0, Vec::len);
    assert!(kernels >= 2, "the reference and vector code: {report}");
    assert!(report["models"][0]["cases"].as_u64() > Some(0), "{report}");
    Ok(())
}

async fn unbond(network: &Network) -> Result<u64, Failure> {
    let report = done(network, 0, &["unbond", &format!("{UNBOND}uanti")]).await?;
    assert_eq!(
        report.get("bond"),
        Some(&(BOND - UNBOND).to_string().into())
    );
    assert_eq!(report.get("unbonding"), Some(&UNBOND.to_string().into()));
    let claimable = report.get("claimable").and_then(Value::as_u64);
    let early = refused(network, 0, &["claim"]).await?;
    assert!(early.contains("can be claimed from 20"), "{early}");
    // A seat needs more than would be left.
    let more = (BOND - UNBOND).to_string();
    let deep = refused(network, 0, &["unbond", &more]).await?;
    assert!(deep.contains("E_SEATS_NEED"), "{deep}");
    let amount = refused(network, 0, &["unbond", "lots"]).await?;
    assert!(amount.contains("want a whole number of uanti"), "{amount}");
    let none = refused(network, 1, &["unjail"]).await?;
    assert!(none.contains("not jailed"), "{none}");
    Ok(claimable.ok_or("no date")?)
}

/// Three tasks without one of their five members.
async fn jail(network: &mut Network) -> Result<(), Failure> {
    network.stop_worker(4);
    let requester = network.requester_sender()?;
    let mut tasks = Vec::new();
    for question in ["One?", "Two?", "Three?"] {
        tasks.push(post_carried(network, &requester, question, 4).await?);
    }
    for task in tasks {
        end_of(network, task).await?;
    }
    let record = network.contract().worker(&address(network, 4)?).await?;
    assert_eq!(record.misses, 3);
    assert!(record.jailed_until.is_some());
    Ok(())
}

fn address(network: &Network, index: usize) -> Result<String, Failure> {
    let worker = network.workers().get(index).ok_or("no such worker")?;
    Ok(worker.address.clone())
}

/// The worker says what to do; once it is done it is drawn again.
async fn unjail(network: &mut Network) -> Result<(), Failure> {
    network.start_worker(4)?;
    eventually("the jailed worker's advice", async || {
        let output = worker(network, 4, &["status"]).await.ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        text.contains("antiphon-worker unjail").then_some(())
    })
    .await?;
    eventually("the end of jail", async || {
        let output = worker(network, 4, &["unjail"]).await.ok()?;
        output.status.success().then_some(())
    })
    .await?;
    let requester = network.requester_sender()?;
    let task = post_carried(network, &requester, "Four?", 4).await?;
    end_of(network, task).await?;
    let members = network.contract().round(task, 0).await?.members;
    let right = |it: &&antiphon_api::MemberInfo| it.conduct == Some(ConductInfo::Right);
    assert_eq!(members.iter().filter(right).count(), 5);
    Ok(())
}

/// A worker that left takes no seat when it is started again.
async fn leave(network: &mut Network) -> Result<(), Failure> {
    let report = done(network, 3, &["leave"]).await?;
    assert_eq!(report.get("seats"), Some(&Value::Array(Vec::new())));
    assert_eq!(report.get("unbonding"), Some(&BOND.to_string().into()));
    network.stop_worker(3);
    network.start_worker(3)?;
    let log = home(network, 3)?.join("worker.log");
    eventually("the word that it has left", async || {
        let text = std::fs::read_to_string(&log).ok()?;
        text.contains("this worker has left").then_some(())
    })
    .await?;
    let record = network.contract().worker(&address(network, 3)?).await?;
    assert!(record.seats.is_empty() && record.bond == Uint128::zero());
    // A second time there is nothing to send, and it stays noted.
    let twice = done(network, 3, &["leave"]).await?;
    assert_eq!(twice.get("unbonding"), Some(&BOND.to_string().into()));
    Ok(())
}

async fn claim(network: &Network, claimable: u64) -> Result<(), Failure> {
    let left = claimable.saturating_sub(now()?);
    tokio::time::sleep(std::time::Duration::from_secs(left)).await;
    eventually("the claim", async || {
        let output = worker(network, 0, &["claim"]).await.ok()?;
        output.status.success().then_some(())
    })
    .await?;
    let owner = address(network, 0)?;
    let denom = &network.facts().denom;
    let before = network.chain().balance(&owner, denom).await?;
    let report = done(network, 0, &["withdraw"]).await?;
    assert_eq!(report.get("balance"), Some(&"0".into()));
    let after = network.chain().balance(&owner, denom).await?;
    assert!(
        after > before + UNBOND - 100_000,
        "{before} and then {after}"
    );
    Ok(())
}
