//! Lists and figures of a network.

use antiphon_api::{
    MAX_PAGE, ModelResponse, TaskFilter, TaskResponse, TotalsResponse, WorkerResponse,
};
use serde::Serialize;

use crate::error::ClientError;
use crate::network::Network;
use crate::output::{self, short};

/// What an account has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BalanceView {
    /// The account.
    pub address: String,
    /// In its own hands.
    pub account: String,
    /// In the contract: can be spent on tasks or withdrawn.
    pub contract: String,
    /// The denom of both.
    pub denom: String,
}

/// Reads both balances of an account; the network's own key's if none is named.
///
/// # Errors
/// No account was named, or no node answers.
pub async fn balance(network: &Network, address: Option<&str>) -> Result<BalanceView, ClientError> {
    let address = match address {
        Some(address) => address.to_owned(),
        None => network.sender()?.requester().to_owned(),
    };
    let denom = network.file.denom.clone();
    Ok(BalanceView {
        account: network.chain.balance(&address, &denom).await?.to_string(),
        contract: network.contract.balance(&address).await?.to_string(),
        address,
        denom,
    })
}

/// Windows of ids that are read at most for a list of tasks: gaps are tasks of the other kind.
const MAX_WINDOWS: usize = 100;

/// The newest tasks of a kind, or of both.
///
/// # Errors
/// No node answers.
pub async fn tasks(
    network: &Network,
    filter: Option<TaskFilter>,
    limit: usize,
) -> Result<Vec<TaskResponse>, ClientError> {
    let mut all = Vec::new();
    if filter != Some(TaskFilter::Done) {
        all.extend(network.contract.all_tasks(TaskFilter::Open).await?);
    }
    if filter != Some(TaskFilter::Open) {
        all.extend(newest_done(network, limit).await?);
    }
    all.sort_by_key(|task| std::cmp::Reverse(task.task));
    all.truncate(limit);
    Ok(all)
}

/// Done tasks are many, and the contract lists them from the first: the last one is searched for, and
/// what stands before it is read window by window.
async fn newest_done(network: &Network, limit: usize) -> Result<Vec<TaskResponse>, ClientError> {
    let page = |after| network.contract.tasks(TaskFilter::Done, after);
    let first = page(None).await?;
    let last = match first.last() {
        Some(last) if first.len() >= MAX_PAGE as usize => last.task,
        _ => return Ok(first),
    };
    let (mut some, mut none) = (last.saturating_sub(1), u64::MAX);
    let mut step = u64::from(MAX_PAGE);
    while none.saturating_sub(some) > 1 {
        let half = none.saturating_sub(some).wrapping_div(2);
        let probe = some.saturating_add(step.min(half).max(1));
        match page(Some(probe)).await?.is_empty() {
            true => none = probe,
            false => some = probe,
        }
        step = step.saturating_mul(2);
    }
    let (mut all, mut end) = (Vec::new(), none);
    for _ in 0..MAX_WINDOWS {
        if all.len() >= limit || end == 0 {
            break;
        }
        let start = end.saturating_sub(u64::from(MAX_PAGE));
        let found = page(Some(start)).await?;
        all.extend(found.into_iter().filter(|task| task.task <= end));
        end = start;
    }
    Ok(all)
}

/// Prints tasks.
pub fn show_tasks(tasks: &[TaskResponse]) {
    let row = |task: &TaskResponse| {
        vec![
            task.task.to_string(),
            crate::task::word(task),
            format!("{} of {}", task.committed, task.members),
            task.revealed.to_string(),
            task.outcome_votes
                .map_or_else(|| "—".to_owned(), |votes| votes.to_string()),
            output::ballot_words(task.outcome.as_ref()),
            task.model.to_string(),
            short(&task.requester),
        ]
    };
    let rows: Vec<_> = tasks.iter().map(row).collect();
    let head = [
        "task",
        "status",
        "committed",
        "revealed",
        "equal",
        "outcome",
        "model",
        "requester",
    ];
    output::table(&head, &rows);
}

/// Prints models.
pub fn show_models(models: &[ModelResponse]) {
    let row = |model: &ModelResponse| {
        vec![
            model.model.to_string(),
            model.manifest.to_string(),
            model.seats.to_string(),
            model.open_tasks.to_string(),
            format!(
                "{} + {}/byte + {}/token",
                model.price.base, model.price.per_prompt_byte, model.price.per_output_token
            ),
            if model.retired { "retired" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<_> = models.iter().map(row).collect();
    output::table(
        &[
            "model",
            "manifest",
            "seats",
            "open tasks",
            "price per member",
            "",
        ],
        &rows,
    );
}

/// Prints workers.
pub fn show_workers(workers: &[WorkerResponse]) {
    let row = |worker: &WorkerResponse| {
        vec![
            worker.worker.clone(),
            worker.moniker.clone().unwrap_or_default(),
            worker.bond.to_string(),
            worker.locked.to_string(),
            worker.seats.len().to_string(),
            worker.misses.to_string(),
            worker.endpoint.clone().unwrap_or_else(|| "—".to_owned()),
            worker
                .jailed_until
                .map_or(String::new(), |_| "jailed".to_owned()),
        ]
    };
    let rows: Vec<_> = workers.iter().map(row).collect();
    let head = [
        "worker", "name", "bond", "locked", "seats", "misses", "endpoint", "",
    ];
    output::table(&head, &rows);
}

/// Prints the pots of the conservation law.
pub fn show_totals(totals: &TotalsResponse, denom: &str) {
    let pots = [
        ("balances", totals.balances),
        ("bonds", totals.bonds),
        ("unbonding", totals.unbonding),
        ("escrows", totals.escrows),
        ("deliver fees", totals.deliver_fees),
        ("appeal bonds", totals.appeal_bonds),
        ("model deposits", totals.model_deposits),
        ("to burn", totals.to_burn),
        ("coins in", totals.coins_in),
        ("withdrawn", totals.withdrawn),
        ("burned", totals.burned),
    ];
    let row = |(name, amount): &(&str, antiphon_api::Uint128)| {
        vec![(*name).to_owned(), amount.to_string()]
    };
    let rows: Vec<_> = pots.iter().map(row).collect();
    output::table(&["pot", denom], &rows);
}

/// Prints an account.
pub fn show_balance(view: &BalanceView) {
    output::text(&format!(
        "{}: {} {denom} in the account, {} {denom} in the contract",
        short(&view.address),
        view.account,
        view.contract,
        denom = view.denom
    ));
}
