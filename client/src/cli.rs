//! The command line: what can be said, and what is printed for it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::ask::{AskEvent, AskOptions, AskReport, ask};
use crate::error::ClientError;
use crate::infer::{InferArgs, infer};
use crate::keys::{self, KeysCommand};
use crate::manifest::{self, ManifestArgs};
use crate::network::{Network, NetworkFlags};
use crate::question::{SamplingFlags, prompt_cid, prompt_from_file, prompt_of};
use crate::{answer, lists, output, task};

const EXIT_CODES: &str = "Exit codes: 0 done · 1 a file or model on this machine · 2 wrong usage or input · \
    3 network · 4 refused by the contract · 5 no quorum, no answer · 6 verification failed";

/// Ask a question of a committee of workers that answer in bit-identical unison.
#[derive(Debug, Parser)]
#[command(name = "antiphon", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Which network
    #[command(flatten)]
    pub network: NetworkFlags,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Everything `antiphon` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask a question; a final answer to the same one is shown free
    Ask(AskArgs),
    /// Show a task: status, members, money
    Task {
        /// Its id
        id: u64,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show the final answer on chain for a model and a prompt, fetched and hashed
    Answer {
        /// The model's id
        model: u64,
        /// The prompt's CID, or a file with the document
        prompt: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Run a model on this machine alone
    Infer(Box<InferArgs>),
    /// Make, import or show key files
    #[command(subcommand)]
    Keys(KeysCommand),
    /// List models
    Models {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Work with model files
    #[command(subcommand)]
    Model(ModelCommand),
    /// List workers
    Workers {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show what an account has
    Balance {
        /// The account; the --key's if absent
        address: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show every pot of the contract
    Totals {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// `antiphon model`
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Compute golden answers and print the canonical manifest; its CID goes to stderr
    Manifest(Box<ManifestArgs>),
}

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
    /// Members of the committee: 5, 7, 9, 11 or 15
    #[arg(long, value_name = "N")]
    pub committee: Option<u32>,
    /// How tokens are chosen
    #[command(flatten)]
    pub sampling: SamplingFlags,
    /// Pay for a new task even if the answer is on chain already
    #[arg(long)]
    pub fresh: bool,
    /// Go on until the money is paid out, and report it
    #[arg(long)]
    pub wait_final: bool,
    /// Seconds after which to stop following the task
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    pub timeout: u64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs one command.
///
/// # Errors
/// Whatever it failed with.
pub async fn run(cli: Cli) -> Result<(), ClientError> {
    match cli.command {
        Command::Infer(args) => run_infer(&args),
        Command::Keys(command) => run_keys(&command),
        Command::Model(ModelCommand::Manifest(args)) => run_manifest(&args),
        other => {
            let network = Network::connect(cli.network.resolve()?).await?;
            run_online(&network, other).await
        }
    }
}

async fn run_online(network: &Network, command: Command) -> Result<(), ClientError> {
    let denom = &network.file.denom;
    match command {
        Command::Ask(args) => run_ask(network, &args).await,
        Command::Task { id, json } => {
            let view = task::view(network, id).await?;
            shown(json, &view, |view| task::show(view, denom))
        }
        Command::Answer {
            model,
            prompt,
            json,
        } => {
            let view = answer::view(network, model, prompt_cid(&prompt)?).await?;
            shown(json, &view, show_answer)
        }
        Command::Models { json } => {
            let models = network.contract.all_models().await?;
            shown(json, &models, |models| lists::show_models(models))
        }
        Command::Workers { json } => {
            let workers = network.contract.all_workers().await?;
            shown(json, &workers, |workers| lists::show_workers(workers))
        }
        Command::Balance { address, json } => {
            let view = lists::balance(network, address.as_deref()).await?;
            shown(json, &view, lists::show_balance)
        }
        Command::Totals { json } => {
            let totals = network.contract.totals().await?;
            shown(json, &totals, |totals| lists::show_totals(totals, denom))
        }
        Command::Infer(_) | Command::Keys(_) | Command::Model(_) => Ok(()),
    }
}

fn shown<T: serde::Serialize>(
    json: bool,
    value: &T,
    show: impl FnOnce(&T),
) -> Result<(), ClientError> {
    if json {
        return output::json(value);
    }
    show(value);
    Ok(())
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

async fn run_ask(network: &Network, args: &AskArgs) -> Result<(), ClientError> {
    let options = options_of(args)?;
    let sender = network.sender()?;
    let as_json = args.json;
    let mut news = |event: AskEvent<'_>| tell(&event, as_json);
    let report = ask(network, &sender, &options, &mut news).await?;
    if as_json {
        output::json(&report)?;
    } else {
        output::receipt(&report);
        if options.wait_final && !report.known {
            show_money(&report, &network.file.denom);
        }
    }
    match report.answer {
        Some(_) => Ok(()),
        None => Err(no_answer(&report)),
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
        committee: args.committee,
        fresh: args.fresh,
        wait_final: args.wait_final,
        timeout: Duration::from_secs(args.timeout),
        ..AskOptions::new(prompt)
    })
}

fn tell(event: &AskEvent<'_>, as_json: bool) {
    match event {
        AskEvent::Known { task } => {
            output::faint(&format!("task {task} has answered this already"))
        }
        AskEvent::Uploaded { holders } => {
            output::faint(&format!("the prompt lies at {} workers", holders.len()));
        }
        AskEvent::Posted { task, escrow } => {
            output::faint(&format!("task {task} is posted, {escrow} in escrow"));
        }
        AskEvent::Reached { stage, ms } => {
            let seconds = format!("{}.{:03}", ms.wrapping_div(1000), ms.wrapping_rem(1000));
            output::faint(&format!("{:<10} {seconds:>8} s", stage.name()));
        }
        AskEvent::Answered { answer } if !as_json => output::text(&answer.text),
        AskEvent::Answered { .. } => {}
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
        _ => format!(
            "no quorum: fewer than {} of {} workers agreed (task {id}). The escrow, less what was paid for work, is back in your balance; `antiphon task {id}` shows who said what; ask again with --fresh",
            task.quorum, task.committee
        ),
    })
}

fn run_infer(args: &InferArgs) -> Result<(), ClientError> {
    let report = infer(args)?;
    if args.json {
        return output::json(&report);
    }
    output::text(&report.text);
    output::faint(&format!(
        "{} + {} tokens, {} · {} kernel · load {:.2} s, prefill {:.2} s, decode {:.2} s · trace {}",
        report.prompt_tokens,
        report.output_tokens,
        output::finish_word(report.finish),
        report.kernel,
        report.seconds.load,
        report.seconds.prefill,
        report.seconds.decode,
        output::short(&report.trace)
    ));
    Ok(())
}

fn run_keys(command: &KeysCommand) -> Result<(), ClientError> {
    let report = keys::run(command)?;
    output::json(&report)?;
    if matches!(command, KeysCommand::New { .. }) {
        output::faint("the 24 words to write down: antiphon keys show FILE --mnemonic");
    }
    Ok(())
}

fn run_manifest(args: &ManifestArgs) -> Result<(), ClientError> {
    let manifest = manifest::make(args, &mut |step| output::faint(step))?;
    output::document(&manifest.to_canonical());
    output::note(&manifest.cid().to_string());
    Ok(())
}
