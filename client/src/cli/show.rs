//! Commands that read: tasks, answers, models, workers, money.

use antiphon_api::TaskFilter;

use super::{TasksArgs, shown};
use crate::clock::Clock;
use crate::error::ClientError;
use crate::network::Network;
use crate::question::prompt_cid;
use crate::{answer, lists, output, task};

pub(super) async fn task(network: &Network, id: u64, json: bool) -> Result<(), ClientError> {
    let view = task::view(network, id).await?;
    let clock = Clock::read(network).await?;
    shown(json, &view, |view| {
        task::show(view, &clock, &network.file.denom);
    })
}

pub(super) async fn tasks(network: &Network, args: &TasksArgs) -> Result<(), ClientError> {
    let filter = match (args.open, args.done) {
        (true, _) => Some(TaskFilter::Open),
        (_, true) => Some(TaskFilter::Done),
        _ => None,
    };
    let tasks = lists::tasks(network, filter, args.limit).await?;
    shown(args.json, &tasks, |tasks| lists::show_tasks(tasks))
}

pub(super) async fn answer(
    network: &Network,
    model: u64,
    prompt: &str,
    json: bool,
) -> Result<(), ClientError> {
    let view = answer::view(network, model, prompt_cid(prompt)?).await?;
    shown(json, &view, show_answer)
}

pub(super) async fn models(network: &Network, json: bool) -> Result<(), ClientError> {
    let models = network.contract.all_models().await?;
    shown(json, &models, |models| lists::show_models(models))
}

pub(super) async fn workers(network: &Network, json: bool) -> Result<(), ClientError> {
    let workers = network.contract.all_workers().await?;
    shown(json, &workers, |workers| lists::show_workers(workers))
}

pub(super) async fn balance(
    network: &Network,
    address: Option<&str>,
    json: bool,
) -> Result<(), ClientError> {
    let view = lists::balance(network, address).await?;
    shown(json, &view, lists::show_balance)
}

pub(super) async fn totals(network: &Network, json: bool) -> Result<(), ClientError> {
    let totals = network.contract.totals().await?;
    let denom = &network.file.denom;
    shown(json, &totals, |totals| lists::show_totals(totals, denom))
}

fn show_answer(view: &answer::AnswerView) {
    match &view.answer {
        Some(answer) => output::text(&answer.text),
        None => output::warning(
            "two committees gave different answers to this prompt; none is shown. Ask again with --fresh",
        ),
    }
    output::note(&format!(
        "\n{} of {} workers · task {} · {}",
        view.entry.votes,
        view.entry.committee,
        view.entry.task,
        output::ballot_words(Some(&view.entry.ballot))
    ));
}
