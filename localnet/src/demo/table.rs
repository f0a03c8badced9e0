//! What people see after the answer: stages, ballots, money, gas, where to look further.

use antiphon_api::Uint128;
use antiphon_client::ask::{MoneyReport, StagesMs};
use antiphon_client::output::{self as client, finish_word};
use antiphon_localnet::{Facts, Network, Parts};

use super::report::DemoReport;
use crate::output;

/// Everything about the question.
pub(crate) fn show(demo: &DemoReport, facts: &Facts, liar: Option<&str>) {
    answer(demo);
    heading("stages, from the broadcast of the question");
    client::table(&["stage", "seconds"], &stage_rows(demo.report.stages_ms));
    heading("ballots");
    client::ballots(&demo.report.ballots);
    if let Some(liar) = liar {
        tell_of_liar(demo, liar, &facts.denom);
    }
    if let Some(money) = &demo.report.money {
        heading(&format!("money, in {}", facts.denom));
        client::table(&["escrow", "paid", "back", "burned"], &[money_row(money)]);
    }
    heading("gas");
    client::table(&["message", "transactions", "gas"], &gas_rows(demo));
    heading("set-up");
    client::text(&format!(
        "{} in all, of it {} for the network · {}",
        output::seconds(demo.setup_ms),
        output::seconds(demo.network_ms),
        demo.machine
    ));
}

fn heading(text: &str) {
    client::text(&format!("\n{text}"));
}

fn answer(demo: &DemoReport) {
    let (Some(answer), Some(task)) = (&demo.report.answer, &demo.report.task) else {
        return;
    };
    client::text(&format!("\n{}\n", answer.text));
    client::text(&format!(
        "verified: {} of {} workers gave this answer, bit by bit, and its hash was checked here",
        task.votes.unwrap_or(0),
        task.committee
    ));
    client::text(&format!(
        "answer {} · {} + {} tokens, ended by {}",
        answer.cid,
        answer.prompt_tokens,
        answer.output_tokens,
        finish_word(answer.finish)
    ));
}

fn stage_rows(stages: StagesMs) -> Vec<Vec<String>> {
    let named = [
        ("posted", stages.posted),
        ("drawn", stages.drawn),
        ("computed", stages.computed),
        ("committed", stages.committed),
        ("revealed", stages.revealed),
        ("answered (verified)", stages.answered),
        ("final", stages.ended),
    ];
    let row = |(name, ms): (&str, Option<u64>)| {
        vec![
            name.to_owned(),
            ms.map_or_else(|| "—".to_owned(), output::seconds),
        ]
    };
    named.into_iter().map(row).collect()
}

fn money_row(money: &MoneyReport) -> Vec<String> {
    let known = |amount: Option<Uint128>| amount.map_or_else(|| "?".to_owned(), |a| a.to_string());
    let rest = [money.paid, money.refunded, money.burned].map(known);
    [money.escrow.to_string()].into_iter().chain(rest).collect()
}

fn gas_rows(demo: &DemoReport) -> Vec<Vec<String>> {
    let of = |(message, gas): (&String, &u64)| {
        let number = demo.report.transactions.get(message).copied().unwrap_or(1);
        vec![message.clone(), number.to_string(), gas.to_string()]
    };
    let mut rows: Vec<_> = demo.report.gas.iter().map(of).collect();
    let transactions: u64 = demo.report.transactions.values().sum();
    let gas: u64 = demo.report.gas.values().sum();
    rows.push(vec![
        "all".to_owned(),
        transactions.to_string(),
        gas.to_string(),
    ]);
    rows
}

fn tell_of_liar(demo: &DemoReport, liar: &str, denom: &str) {
    let text = match demo
        .report
        .ballots
        .iter()
        .find(|ballot| ballot.worker == liar)
    {
        Some(ballot) if !ballot.forfeited.is_zero() => format!(
            "{liar} lied: {} {denom} of its bond, its lock in this task, are forfeited",
            ballot.forfeited
        ),
        Some(_) => format!("{liar} lied and kept its lock: there was no quorum against it"),
        None => format!("{liar} would have lied, but was not drawn"),
    };
    client::text(&text);
}

/// Commands that work as long as the network is up.
pub(crate) fn look_further(demo: &DemoReport, network: &Network, parts: &Parts, kept: bool) {
    let Some(task) = &demo.report.task else {
        return;
    };
    let facts = network.facts();
    heading(if kept {
        "look further"
    } else {
        "look further (with --keep the network stays up for this)"
    });
    let node = facts.rpc.replacen("http://", "tcp://", 1);
    let client_program = parts.program("antiphon");
    let file = network.home().join("network.json");
    client::text(&format!(
        "{wasmd} query wasm contract-state smart {contract} '{{\"task\":{{\"task\":{id}}}}}' --node {node} -o json\n\
         {wasmd} query wasm contract-state smart {contract} '{{\"round\":{{\"task\":{id},\"round\":0}}}}' --node {node} -o json\n\
         {antiphon} --network {file} task {id}\n\
         {antiphon} --network {file} ask \"Another question?\"",
        wasmd = parts.wasmd.display(),
        contract = facts.contract,
        id = task.id,
        antiphon = client_program.display(),
        file = file.display(),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_was_not_reached_has_a_dash() {
        let stages = StagesMs {
            posted: Some(310),
            ..StagesMs::default()
        };
        let rows = stage_rows(stages);
        assert_eq!(rows.first().unwrap(), &["posted", "0.3 s"]);
        assert_eq!(rows.last().unwrap(), &["final", "—"]);
    }

    #[test]
    fn money_that_is_not_known_yet_is_a_question_mark() {
        let money = MoneyReport {
            escrow: Uint128::new(5),
            paid: None,
            refunded: None,
            burned: None,
        };
        assert_eq!(money_row(&money), ["5", "?", "?", "?"]);
    }
}
