//! What the whole-system tests share: a network of real processes, a question, and the books at the end.

pub mod callers;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use antiphon_api::{
    Cid, ConductInfo, ExecuteMsg, MemberInfo, RoundResponse, TaskResponse, TotalsResponse, Uint128,
};
use antiphon_chain::Sender;
use antiphon_client::network::NetworkFile;
use antiphon_client::question::{SamplingFlags, prompt_of};
use antiphon_client::{AskOptions, AskReport};
use antiphon_localnet::{Network, Options, Parts, WorkerOptions};
use tokio::task::JoinHandle;

/// Any failure, with its text: a test ends at the first one.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Milliseconds between blocks where nothing has to happen in time: windows are heights, so short blocks make short tests.
pub const SHORT_BLOCKS: u64 = 100;

/// Milliseconds between blocks where a worker has to come back before a window is over.
pub const LONG_BLOCKS: u64 = 300;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(300);

/// Five workers on a fresh chain with this many milliseconds between blocks; `liars` run the program that lies.
///
/// # Errors
/// A part of the network is missing or does not start.
pub async fn start(block_time_ms: u64, liars: &[usize]) -> Result<Network, Failure> {
    Ok(Network::start(options(block_time_ms, liars)?).await?)
}

/// The options of such a network, to be changed before it is started.
///
/// # Errors
/// A part of the network is not named by the environment.
pub fn options(block_time_ms: u64, liars: &[usize]) -> Result<Options, Failure> {
    let parts = Parts::from_env()?;
    let liar = parts.program("antiphon-liar");
    let mut options = Options::new(parts);
    options.block_time_ms = block_time_ms;
    options.per_worker = liars
        .iter()
        .map(|index| {
            let options = WorkerOptions {
                program: Some(liar.clone()),
                env: BTreeMap::new(),
            };
            (*index, options)
        })
        .collect();
    Ok(options)
}

/// The network as a client sees it, by the file that describes it.
///
/// # Errors
/// The node does not answer.
pub async fn client(network: &Network) -> Result<antiphon_client::Network, Failure> {
    let file = NetworkFile::load(&network.home().join("network.json"))?;
    Ok(antiphon_client::Network::connect(file).await?)
}

/// A question with an answer of at most 48 tokens, paid for and followed to the end of its task; it runs beside
/// whatever else happens to the network.
///
/// # Errors
/// Whatever the client says.
pub async fn asking(
    network: &Network,
    text: &str,
) -> Result<JoinHandle<Result<AskReport, Failure>>, Failure> {
    let sampling = SamplingFlags {
        max_output_tokens: Some(48),
        ..SamplingFlags::default()
    };
    let mut options = AskOptions::new(prompt_of(text, &sampling)?);
    options.wait_final = true;
    options.fresh = true;
    options.timeout = PATIENCE;
    let client = client(network).await?;
    let sender = client.sender_with(network.requester().clone())?;
    Ok(tokio::spawn(async move {
        Ok(antiphon_client::ask(&client, &sender, &options, &mut |_| {}).await?)
    }))
}

/// The same, waiting for it.
///
/// # Errors
/// Whatever the client says.
pub async fn ask(network: &Network, text: &str) -> Result<AskReport, Failure> {
    asking(network, text).await?.await?
}

/// Posts a question that its task carries, paid by this sender; gives the task. Nobody waits for it.
///
/// # Errors
/// The contract refuses.
pub async fn post_carried(
    network: &Network,
    by: &Sender,
    text: &str,
    max_output_tokens: u32,
) -> Result<u64, Failure> {
    let sampling = SamplingFlags {
        max_output_tokens: Some(max_output_tokens),
        ..SamplingFlags::default()
    };
    let block = prompt_of(text, &sampling)?.to_canonical().into_bytes();
    let (model, prompt_bytes) = (network.facts().model, u32::try_from(block.len())?);
    let contract = network.contract();
    let fee = contract
        .estimate_fee(model, prompt_bytes, max_output_tokens, None)
        .await?;
    let post = ExecuteMsg::PostTask {
        model,
        prompt: Cid::of_raw(&block),
        prompt_bytes,
        max_output_tokens,
        holders: Vec::new(),
        block: Some(block.into()),
        committee: None,
        callback: None,
    };
    let done = callers::say(network, by, &post, fee.escrow.u128()).await?;
    let task = done.attribute("wasm-task_added", "task");
    Ok(task.ok_or("no task was added")?.parse()?)
}

/// The first task of the network and its current round.
///
/// # Errors
/// There is none yet.
pub async fn now(network: &Network) -> Result<(TaskResponse, RoundResponse), Failure> {
    let task = network.contract().task(1).await?;
    let round = network.contract().round(task.task, task.round).await?;
    Ok((task, round))
}

/// Polls the first task and its round until they are as wanted.
///
/// # Errors
/// They are not within five minutes.
pub async fn until(
    network: &Network,
    what: &str,
    wanted: impl Fn(&TaskResponse, &RoundResponse) -> bool,
) -> Result<(), Failure> {
    eventually(what, async || {
        let (task, round) = now(network).await.ok()?;
        wanted(&task, &round).then_some(())
    })
    .await
}

/// Polls until there is something.
///
/// # Errors
/// There is nothing within five minutes; the text says what was waited for.
pub async fn eventually<T>(
    what: &str,
    mut find: impl AsyncFnMut() -> Option<T>,
) -> Result<T, Failure> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(found) = find().await {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("waited five minutes for: {what}").into())
}

/// The part of one worker in a round.
#[must_use]
pub fn member<'a>(round: &'a RoundResponse, worker: &str) -> Option<&'a MemberInfo> {
    round.members.iter().find(|member| member.worker == worker)
}

/// How many members of the report were judged so.
#[must_use]
pub fn judged(report: &AskReport, conduct: ConductInfo) -> usize {
    report
        .ballots
        .iter()
        .filter(|ballot| ballot.conduct == Some(conduct))
        .count()
}

/// Checks by query that every pot is the sum of its parts, and that all pots are what came in and did not leave.
///
/// # Errors
/// A query fails, or the sums differ; the text says which.
pub async fn check_books(network: &Network) -> Result<TotalsResponse, Failure> {
    check_books_with(network, &[]).await
}

/// The same, where others than workers, requester and deployer have balances: contracts that asked.
///
/// # Errors
/// As [`check_books`].
pub async fn check_books_with(
    network: &Network,
    others: &[String],
) -> Result<TotalsResponse, Failure> {
    let contract = network.contract();
    let totals = contract.totals().await?;
    let workers = contract.all_workers().await?;
    let models = contract.all_models().await?;
    let mut accounts: Vec<String> = workers.iter().map(|worker| worker.worker.clone()).collect();
    accounts.push(network.requester().address(&network.facts().prefix)?);
    accounts.push(network.deployer_sender()?.address().to_owned());
    // Fees of callbacks are the senders'.
    accounts.extend(network.workers().iter().map(|worker| worker.sender.clone()));
    accounts.extend_from_slice(others);
    let mut balances = 0_u128;
    for account in &accounts {
        balances = balances.saturating_add(contract.balance(account).await?);
    }
    equal("balances", Uint128::new(balances), totals.balances)?;
    equal(
        "bonds",
        workers.iter().map(|worker| worker.bond).sum(),
        totals.bonds,
    )?;
    equal(
        "unbonding",
        workers.iter().map(|worker| worker.unbonding).sum(),
        totals.unbonding,
    )?;
    equal(
        "locks",
        workers.iter().map(|worker| worker.locked).sum(),
        Uint128::zero(),
    )?;
    equal(
        "deposits",
        models.iter().map(|model| model.deposit).sum(),
        totals.model_deposits,
    )?;
    equal("escrows", totals.escrows, Uint128::zero())?;
    let pots = [
        totals.balances,
        totals.bonds,
        totals.unbonding,
        totals.escrows,
        totals.deliver_fees,
        totals.appeal_bonds,
        totals.model_deposits,
        totals.to_burn,
    ];
    let kept = pots.into_iter().sum::<Uint128>();
    let left = totals
        .coins_in
        .checked_sub(totals.withdrawn)?
        .checked_sub(totals.burned)?;
    equal("all pots", kept, left)?;
    let held = network
        .chain()
        .balance(contract.address(), &network.facts().denom)
        .await?;
    equal("coins of the contract", Uint128::new(held), left)?;
    Ok(totals)
}

fn equal(what: &str, got: Uint128, want: Uint128) -> Result<(), Failure> {
    if got == want {
        return Ok(());
    }
    Err(format!("{what}: got {got}, want {want}").into())
}
