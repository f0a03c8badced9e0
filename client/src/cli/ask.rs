//! `antiphon ask`: flags, what is told on the way, and how it ends.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ask::{AskEvent, AskOptions, AskReport, ask};
use crate::error::ClientError;
use crate::follow::Stage;
use crate::network::Network;
use crate::output;
use crate::progress::Progress;
use crate::question::{SamplingFlags, prompt_from_file, prompt_of};

/// `antiphon ask`
#[derive(Debug, clap::Args)]
pub struct AskArgs {
    /// The question
    #[arg(required_unless_present = "prompt", conflicts_with = "prompt")]
    pub question: Option<String>,
    /// Canonical prompt document instead of a question
    #[arg(long, value_name = "FILE")]
    pub prompt: Option<PathBuf>,
    /// The model's id
    #[arg(long, value_name = "ID")]
    pub model: Option<u64>,
    /// Members of the committee: 5, 7, 9, 11 or 15; `list` shows what each is worth and pays nothing
    #[arg(long, value_name = "N|list", value_parser = committee)]
    pub committee: Option<Committee>,
    /// Put the prompt into the transaction, up to 4,096 bytes: no worker has to take it, and none can say that it
    /// was not to be had; costs more gas
    #[arg(long)]
    pub carry: bool,
    /// How tokens are chosen
    #[command(flatten)]
    pub sampling: SamplingFlags,
    /// Pay for a new task even if the answer is on chain already
    #[arg(long)]
    pub fresh: bool,
    /// Go on until the money is paid out, and report it
    #[arg(long)]
    pub wait_final: bool,
    /// Write the receipt to this file, once the task is at its end
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
    /// Seconds after which to stop following the task
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    pub timeout: u64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What can be said to `--committee`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committee {
    /// So many members.
    Size(u32),
    /// Show what can be had.
    List,
}

fn committee(text: &str) -> Result<Committee, String> {
    match text {
        "list" => Ok(Committee::List),
        number => number
            .parse()
            .map(Committee::Size)
            .map_err(|_| "want 5, 7, 9, 11 or 15, or `list`".to_owned()),
    }
}

pub(super) async fn run(network: &Network, args: &AskArgs) -> Result<(), ClientError> {
    let options = options_of(args)?;
    if args.committee == Some(Committee::List) {
        return super::security::list(network, args.model, args.json).await;
    }
    args.receipt.as_deref().map_or(Ok(()), has_folder)?;
    let sender = network.sender()?;
    let as_json = args.json;
    let wait = Progress::waiting("asking");
    let mut news = |event: AskEvent<'_>| tell(&event, as_json, &wait);
    let asked = ask(network, &sender, &options, &mut news).await;
    wait.end();
    let report = asked.inspect_err(hint)?;
    if as_json {
        output::json(&report)?;
    } else {
        output::receipt(&report);
        if args.wait_final && !report.known {
            show_money(&report, &network.file.denom);
        }
    }
    if let (Some(path), Some(task)) = (&args.receipt, &report.task) {
        super::receipt::receipt(network, task.id, Some(path)).await?;
    }
    match report.answer {
        Some(_) => Ok(()),
        None => Err(no_answer(&report)),
    }
}

/// A committee that cannot be had is no dead end.
fn hint(error: &ClientError) {
    let ClientError::Chain(error) = error else {
        return;
    };
    if matches!(
        error.contract_code(),
        Some("E_COMMITTEE" | "E_POOL_TOO_SMALL")
    ) {
        output::note(
            "`antiphon ask --committee list` shows the sizes that can be had, and what each is worth",
        );
    }
}

/// A receipt that cannot be written is told of before anything is paid.
fn has_folder(path: &Path) -> Result<(), ClientError> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    match folder.is_none_or(Path::is_dir) && !path.is_dir() {
        true => Ok(()),
        false => Err(ClientError::File {
            path: path.to_owned(),
            cause: "want a file in a folder that exists".to_owned(),
        }),
    }
}

fn options_of(args: &AskArgs) -> Result<AskOptions, ClientError> {
    let prompt = match (&args.prompt, &args.question) {
        (Some(path), _) if args.sampling.is_empty() => prompt_from_file(path)?,
        (Some(_), _) => {
            return Err(ClientError::Usage(
                "a prompt document names its own sampling, limit and stop strings: leave these flags out"
                    .to_owned(),
            ));
        }
        (None, question) => prompt_of(question.as_deref().unwrap_or_default(), &args.sampling)?,
    };
    Ok(AskOptions {
        model: args.model,
        committee: match args.committee {
            Some(Committee::Size(size)) => Some(size),
            _ => None,
        },
        carry: args.carry,
        fresh: args.fresh,
        wait_final: args.wait_final || args.receipt.is_some(),
        timeout: Duration::from_secs(args.timeout),
        ..AskOptions::new(prompt)
    })
}

/// Says what happened above the moving line, and in it what is waited for.
pub(super) fn tell(event: &AskEvent<'_>, as_json: bool, wait: &Progress) {
    let line = match event {
        AskEvent::Known { task } => format!("task {task} has answered this already"),
        AskEvent::Uploaded { holders } => {
            wait.label("paying");
            format!("the prompt lies at {} workers", holders.len())
        }
        AskEvent::Carried { bytes } => {
            wait.label("paying");
            format!("the prompt travels in the transaction, {bytes} bytes")
        }
        AskEvent::Posted { task, escrow } => {
            format!("task {task} is posted, {escrow} in escrow")
        }
        AskEvent::Overturned { task } => {
            let line = format!(
                "somebody appealed task {task}, and a larger committee overturned the answer above: what follows stands"
            );
            wait.aside(|| output::warning(&line));
            return;
        }
        AskEvent::TextAway { why } => {
            let line = format!("the text of the answer that stands is not to be had: {why}");
            wait.aside(|| output::warning(&line));
            return;
        }
        AskEvent::Reached { stage, ms } => {
            wait.label(next(*stage));
            let seconds = format!("{}.{:03}", ms.wrapping_div(1000), ms.wrapping_rem(1000));
            format!("{:<10} {seconds:>8} s", stage.name())
        }
        AskEvent::Answered { answer } => {
            if !as_json {
                wait.aside(|| output::text(&answer.text));
            }
            return;
        }
    };
    wait.aside(|| output::faint(&line));
}

/// What a task at this stage waits for.
const fn next(stage: Stage) -> &'static str {
    match stage {
        Stage::Posted => "drawing a committee",
        Stage::Drawn => "workers compute",
        Stage::Computed => "workers commit",
        Stage::Committed => "workers reveal",
        Stage::Revealed => "checking the answer",
        Stage::Answered => "paying out",
        Stage::Final => "done",
    }
}

fn show_money(report: &AskReport, denom: &str) {
    output::text("");
    output::ballots(&report.ballots);
    if let Some(money) = &report.money {
        let known = |amount: Option<antiphon_api::Uint128>| {
            amount.map_or_else(|| "?".to_owned(), |amount| amount.to_string())
        };
        output::text(&format!(
            "\nescrow {} {denom}: {} paid, {} back, {} burned",
            money.escrow,
            known(money.paid),
            known(money.refunded),
            known(money.burned)
        ));
    }
}

/// Why there is no text, and what to do.
#[must_use]
pub fn no_answer(report: &AskReport) -> ClientError {
    use antiphon_api::Ballot;
    let Some(task) = &report.task else {
        return ClientError::NoAnswer("there is no answer".to_owned());
    };
    let id = task.id;
    ClientError::NoAnswer(match &task.outcome {
        Some(Ballot::Invalid {}) => format!(
            "the workers agree that this prompt is not valid for the model (task {id}): it is likely too long; shorten it"
        ),
        Some(Ballot::Unavailable {}) => format!(
            "the workers could not fetch the prompt (task {id}): its holders went away; ask again"
        ),
        Some(Ballot::Answer { .. }) => format!(
            "the text of the answer that stands is not to be had now (task {id}); ask the same again for it, which is free as long as nothing contradicts it"
        ),
        _ => format!(
            "no quorum: fewer than {} of {} workers agreed (task {id}). The escrow, less what was paid for work, is back in your balance; `antiphon task {id}` shows who said what; ask again with --fresh",
            task.quorum, task.committee
        ),
    })
}
