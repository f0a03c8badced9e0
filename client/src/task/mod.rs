//! `antiphon task`: everything on chain about one task.

mod words;

use antiphon_api::{RoundResponse, TaskResponse, TaskStatus};
use serde::Serialize;

use crate::ask::{BallotReport, MoneyReport};
use crate::clock::Clock;
use crate::error::ClientError;
use crate::network::Network;
use crate::output;

pub use words::story;

/// A task with its rounds and its money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskView {
    /// Its state.
    pub task: TaskResponse,
    /// Each round with members, ballots and tally.
    pub rounds: Vec<RoundResponse>,
    /// What it moved.
    pub money: MoneyReport,
}

/// Reads a task.
///
/// # Errors
/// No such task, or no node answers.
pub async fn view(network: &Network, id: u64) -> Result<TaskView, ClientError> {
    let task = network.contract.task(id).await?;
    let mut rounds = Vec::new();
    for round in 0..=task.round {
        rounds.push(network.contract.round(id, round).await?);
    }
    let money = crate::ask::money(&task);
    Ok(TaskView {
        task,
        rounds,
        money,
    })
}

/// Prints a task for people.
pub fn show(view: &TaskView, clock: &Clock, denom: &str) {
    let task = &view.task;
    let due = if task.due {
        ", a transition is due"
    } else {
        ""
    };
    output::text(&format!(
        "task {}: {}, round {} of {}, {} of {} committed, {} revealed, {} equal decide{due}",
        task.task,
        word(task),
        task.round,
        task.rounds_possible,
        task.committed,
        task.members,
        task.revealed,
        task.quorum,
    ));
    output::text(&format!(
        "prompt   {}\nmanifest {}",
        task.prompt, task.manifest
    ));
    let outcome = output::ballot_words(task.outcome.as_ref());
    output::text(&format!("outcome  {outcome}"));
    let known = |amount: Option<antiphon_api::Uint128>| {
        amount.map_or_else(|| "open".to_owned(), |amount| amount.to_string())
    };
    let money = &view.money;
    output::text(&format!(
        "money    escrow {}, paid {}, refunded {}, burned {} {denom}\n",
        money.escrow,
        known(money.paid),
        known(money.refunded),
        known(money.burned),
    ));
    for line in story(task, &view.rounds, clock) {
        output::text(&line);
    }
    output::text("");
    output::ballots(&members(&view.rounds));
}

fn members(rounds: &[RoundResponse]) -> Vec<BallotReport> {
    let of_round = |round: &RoundResponse| {
        let number = round.round;
        let all = round.members.iter().chain(&round.replaced);
        let list = all.map(move |info| BallotReport {
            worker: info.worker.clone(),
            round: number,
            ballot: info.ballot.clone(),
            conduct: info.conduct,
            paid: info.paid,
            forfeited: info.forfeited,
        });
        list.collect::<Vec<_>>()
    };
    rounds.iter().flat_map(of_round).collect()
}

/// Its status in a word or two.
pub(crate) fn word(task: &TaskResponse) -> String {
    let status = status_word(task.status);
    if task.contested {
        return format!("{status} (contested)");
    }
    status
}

/// A status in a word.
pub(crate) fn status_word(status: TaskStatus) -> String {
    format!("{status:?}").to_lowercase()
}
