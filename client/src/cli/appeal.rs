//! `antiphon appeal`: what is shown before the bond is paid, on the way, and at the end.

use std::time::Duration;

use antiphon_api::{TaskResponse, TaskStatus, Uint128};

use super::confirm::confirmed;
use crate::appeal::{self, AppealReport, Appealed, Earlier, Offer, Verdict};
use crate::clock::Clock;
use crate::error::ClientError;
use crate::network::Network;
use crate::output::{self, ballot_words};
use crate::progress::Progress;

/// `antiphon appeal`
#[derive(Debug, clap::Args)]
pub struct AppealArgs {
    /// The task's id
    #[arg(value_name = "ID")]
    pub task: u64,
    /// Put up the bond without asking
    #[arg(long)]
    pub yes: bool,
    /// Appeal once more, although a round that you have opened has decided: a larger bond, against the
    /// outcome that stands now
    #[arg(long)]
    pub again: bool,
    /// Do not wait for the fresh committee
    #[arg(long)]
    pub no_wait: bool,
    /// Seconds after which to stop following the appeal
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS")]
    pub timeout: u64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn run(network: &Network, args: &AppealArgs) -> Result<(), ClientError> {
    let sender = network.owner()?;
    let us = sender.address();
    let appealed = match appeal::earlier_appeal(network, us, args.task, args.again).await? {
        Some(Earlier::Ended(task)) => return show_ended(&task, args.json, &network.file.denom),
        Some(Earlier::Open(appealed)) => {
            output::note(&format!(
                "your appeal of task {} is under way already: nothing more is paid. When its round {} has decided, --again appeals what stands then",
                args.task, appealed.round
            ));
            appealed
        }
        None => {
            let offer = appeal::offer(network, args.task).await?;
            show_offer(&offer);
            let question = format!("Put up {} {}?", offer.bond, offer.denom);
            confirmed(&question, args.yes).await?;
            appeal::appeal(network, &sender, &offer).await?
        }
    };
    tell_paid(&appealed, &network.file.denom);
    if args.no_wait {
        return end_early(&appealed, args.json);
    }
    let wait = Progress::waiting("a fresh committee is drawn");
    let clock = Clock::read(network).await?;
    let mut news = |task: &TaskResponse| tell(task, &appealed, &clock, &wait);
    let timeout = Duration::from_secs(args.timeout);
    let report = appeal::follow(network, &sender, &appealed, timeout, &mut news).await?;
    wait.end();
    super::shown(args.json, &report, |report| {
        show(report, &network.file.denom);
    })
}

/// A task at its end that was appealed: by whom, the contract no longer knows.
fn show_ended(task: &TaskResponse, json: bool, denom: &str) -> Result<(), ClientError> {
    let settled = task.settlement.as_ref();
    let bonds = settled.map_or(Uint128::zero(), |it| it.appeal_bonds);
    let back = settled.map_or(Uint128::zero(), |it| it.to_appellants);
    let id = task.task;
    if json {
        return output::json(&serde_json::json!({
            "task": id,
            "status": task.status,
            "outcome": task.outcome,
            "contested": task.contested,
            "all_bonds": bonds,
            "to_appellants": back,
        }));
    }
    let contested = match task.contested {
        true => ", contested: the last committee that was asked did not agree",
        false => "",
    };
    output::text(&format!(
        "task {id} is at its end: {}{contested}. Its appeals put up {bonds} {denom} together, and {back} {denom} went back to those who made them. \
         Nothing is paid now; `antiphon task {id}` shows the rest",
        ballot_words(task.outcome.as_ref())
    ));
    Ok(())
}

/// What is at stake, before anything is paid.
fn show_offer(offer: &Offer) {
    let denom = &offer.denom;
    let seconds = offer.seconds_left.map(output::duration);
    let seconds = seconds.map_or_else(String::new, |time| format!(", about {time}"));
    let contested = match offer.contested {
        true => " (contested: a later committee did not agree)",
        false => "",
    };
    let lines = [
        format!(
            "task {}: {} workers say {}{contested}",
            offer.task,
            offer.votes,
            ballot_words(Some(&offer.outcome))
        ),
        format!(
            "an appeal has {} fresh workers answer again; {} equal ballots decide\n",
            offer.size, offer.quorum
        ),
        format!("it takes        {} {denom}, now", offer.bond),
        format!(
            "another outcome the bond comes back, and up to {} {denom} more from the forfeited locks",
            offer.bond
        ),
        "the same one    the bond is lost: it pays the fresh workers, and the rest is burned"
            .to_owned(),
        format!(
            "no agreement    the outcome stays, marked contested; each that answered gets {} {denom} of the bond, and the rest comes back, unless a later round decides",
            offer.each
        ),
        format!(
            "until           block {}: {} blocks{seconds}\n",
            offer.deadline, offer.blocks_left
        ),
    ];
    for line in lines {
        output::note(&line);
    }
}

fn tell_paid(appealed: &Appealed, denom: &str) {
    if let Some(hash) = &appealed.transaction {
        output::faint(&format!(
            "{} {denom} are put up, and round {} is opened · transaction {hash}",
            appealed.bond, appealed.round
        ));
    }
}

fn end_early(appealed: &Appealed, json: bool) -> Result<(), ClientError> {
    let id = appealed.task;
    if json {
        return output::json(&serde_json::json!({
            "task": id,
            "round": appealed.round,
            "bond": appealed.bond.to_string(),
            "transaction": appealed.transaction,
        }));
    }
    output::text(&format!(
        "task {id} is appealed; `antiphon appeal {id}` follows it, `antiphon task {id}` shows how far it is"
    ));
    Ok(())
}

/// Says what happened above the moving line, and in it what is waited for.
fn tell(task: &TaskResponse, appealed: &Appealed, clock: &Clock, wait: &Progress) {
    let round = task.round;
    match task.status {
        TaskStatus::Drawing => wait.label(&format!("round {round}: drawing {} workers", task.size)),
        TaskStatus::Committing => wait.label(&format!(
            "round {round}: {} of {} have committed",
            task.committed, task.members
        )),
        TaskStatus::Revealing => wait.label(&format!(
            "round {round}: {} of {} have revealed",
            task.revealed, task.members
        )),
        TaskStatus::Answered => {
            let window = task
                .deadline
                .unwrap_or(task.entered)
                .saturating_sub(task.entered);
            wait.label("its appeal window is open");
            wait.aside(|| {
                output::faint(&format!(
                    "round {round}: {}; it becomes final in {} unless somebody appeals",
                    said(task, appealed),
                    clock.span(window)
                ));
            });
        }
        TaskStatus::Final | TaskStatus::Failed => {}
    }
}

/// What the newest round said.
fn said(task: &TaskResponse, appealed: &Appealed) -> String {
    let standing = task.outcome_round.unwrap_or(0);
    if standing < task.round {
        return format!("no agreement, and the outcome of round {standing} stands, contested");
    }
    let same = task
        .outcome
        .as_ref()
        .is_some_and(|outcome| outcome.same_answer(&appealed.before));
    format!(
        "{} of {} say {}, {}",
        task.outcome_votes.unwrap_or(0),
        task.size,
        ballot_words(task.outcome.as_ref()),
        if same {
            "the same as before"
        } else {
            "another outcome"
        }
    )
}

fn show(report: &AppealReport, denom: &str) {
    if let Some(answer) = &report.answer {
        output::text(&answer.text);
    }
    if let Some(why) = &report.answer_missing {
        output::warning(&format!(
            "the text of the answer that stands now is not to be had: {why}"
        ));
    }
    let id = report.task.id;
    let (bond, back) = (report.bond, report.to_appellants);
    let whose = match report.was_the_only_one() {
        true => String::new(),
        false => format!(
            " (of all appeals of the task, which put up {} together)",
            report.all_bonds
        ),
    };
    output::note(&match report.verdict {
        Verdict::Won => format!(
            "\nthe appeal is won: the outcome of task {id} is {} now, by {} workers. {back} {denom} went back to your balance in the contract{whose}",
            ballot_words(report.task.outcome.as_ref()),
            report.task.votes.unwrap_or(0)
        ),
        Verdict::Lost => format!(
            "\nthe appeal is lost: {} workers of the larger committee confirm the outcome of task {id}. The bond of {bond} {denom} is gone: it paid them, and the rest is burned{whose}",
            report.task.votes.unwrap_or(0)
        ),
        Verdict::Undecided => format!(
            "\nthe appeal of task {id} is neither won nor lost: the larger committee did not agree, so the outcome stands and is marked contested. \
             {back} {denom} of the bond went back, the rest paid the workers that answered{whose}. Nobody is served this answer free; `antiphon ask --fresh` has another committee answer"
        ),
    });
}
