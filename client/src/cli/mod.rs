//! The command line: what can be said. One file a subject; what a command does stands outside of this folder.

mod appeal;
mod ask;
mod chat;
mod confirm;
mod exit;
mod generate;
mod later;
mod local;
mod model;
mod money;
mod receipt;
mod security;
mod session;
mod show;

use clap::{Parser, Subcommand};

pub use appeal::AppealArgs;
pub use ask::{AskArgs, no_answer};
pub use chat::ChatArgs;
pub use exit::EXIT_CODES;
pub use later::{AdvanceArgs, DeliverArgs, RateArgs, Rating};
pub use model::{
    FetchArgs, LsArgs, ModelCommand, PublishArgs, RetireArgs, RmArgs, ServeArgs, StoreFlag,
    VerifyModelArgs,
};
pub use money::{DepositArgs, WithdrawArgs};
pub use receipt::VerifyArgs;
pub use security::SecurityArgs;
pub use session::{SessionCommand, StartArgs, WhoseArgs};

use crate::error::ClientError;
use crate::gateway::{self, GatewayArgs};
use crate::infer::InferArgs;
use crate::keys::KeysCommand;
use crate::network::{Network, NetworkFlags};
use crate::output;

/// Ask a question of a committee of workers that answer in bit-identical unison.
#[derive(Debug, Parser)]
#[command(name = "antiphon", version, after_help = exit::HELP)]
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
    Ask(Box<AskArgs>),
    /// Talk: every question holds the whole conversation
    Chat(Box<ChatArgs>),
    /// Show a task: status, members, money
    Task {
        /// Its id
        id: u64,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List tasks, the newest first
    Tasks(TasksArgs),
    /// Have a larger, fresh committee answer again, for a bond; shows what is at stake and asks first
    Appeal(AppealArgs),
    /// Make the next step of a task that is due and that no worker makes
    Advance(AdvanceArgs),
    /// Say whether the answer of a final task of yours was good: once, and it moves no money
    Rate(RateArgs),
    /// Tell a contract that asked what became of its task, with the proven text, and earn the fee for it
    Deliver(DeliverArgs),
    /// Print or write the receipt of a task that is final or failed
    Receipt {
        /// The task's id
        task: u64,
        /// File to write; stdout if absent
        #[arg(long, value_name = "FILE")]
        output: Option<std::path::PathBuf>,
    },
    /// Check a receipt: offline, with --rpc or --network against the chain, with --replay by the model
    Verify(Box<VerifyArgs>),
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
    /// Answer programs that speak OpenAI's interface, and serve the web page
    Gateway(Box<GatewayArgs>),
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
    /// Show what committees of a model are worth against dishonest seats: odds, locks, appeals
    Security(SecurityArgs),
    /// Show what an account has
    Balance {
        /// The account; the --key's if absent
        address: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Add to the prepaid balance in the contract
    Deposit(DepositArgs),
    /// Take the balance in the contract out, or a part of it
    Withdraw(WithdrawArgs),
    /// Let a key without coins ask for some time
    #[command(subcommand)]
    Session(SessionCommand),
    /// Show every pot of the contract
    Totals {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print what makes a shell complete these commands
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command
    Man {
        /// Folder for all pages; the first one to stdout if absent
        #[arg(value_name = "DIR")]
        folder: Option<std::path::PathBuf>,
    },
}

/// `antiphon tasks`
#[derive(Debug, clap::Args)]
pub struct TasksArgs {
    /// Only those under way
    #[arg(long, conflicts_with = "done")]
    pub open: bool,
    /// Only those that are final or failed
    #[arg(long)]
    pub done: bool,
    /// Most tasks shown
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// Runs one command.
///
/// # Errors
/// Whatever it failed with.
pub async fn run(cli: Cli) -> Result<(), ClientError> {
    let flags = &cli.network;
    match cli.command {
        Command::Infer(args) => local::infer(&args),
        Command::Gateway(args) => gateway::run(flags, *args).await,
        Command::Keys(command) => local::keys(&command),
        Command::Model(command) => model::run(flags, &command).await,
        Command::Completions { shell } => {
            generate::completions(shell);
            Ok(())
        }
        Command::Man { folder } => generate::man(folder.as_ref()),
        Command::Chat(args) => chat::run(&online(flags).await?, &args).await,
        Command::Ask(args) => ask::run(&online(flags).await?, &args).await,
        Command::Task { id, json } => show::task(&online(flags).await?, id, json).await,
        Command::Receipt { task, output } => {
            receipt::receipt(&online(flags).await?, task, output.as_ref()).await
        }
        Command::Verify(args) => receipt::verify(flags, &args).await,
        Command::Answer {
            model,
            prompt,
            json,
        } => show::answer(&online(flags).await?, model, &prompt, json).await,
        Command::Models { json } => show::models(&online(flags).await?, json).await,
        Command::Workers { json } => show::workers(&online(flags).await?, json).await,
        Command::Balance { address, json } => {
            show::balance(&online(flags).await?, address.as_deref(), json).await
        }
        Command::Tasks(args) => show::tasks(&online(flags).await?, &args).await,
        Command::Appeal(args) => appeal::run(&online(flags).await?, &args).await,
        Command::Advance(args) => later::advance(&online(flags).await?, &args).await,
        Command::Rate(args) => later::rate(&online(flags).await?, &args).await,
        Command::Deliver(args) => later::deliver(&online(flags).await?, &args).await,
        Command::Security(args) => security::run(&online(flags).await?, &args).await,
        Command::Deposit(args) => money::deposit(&online(flags).await?, &args).await,
        Command::Withdraw(args) => money::withdraw(&online(flags).await?, &args).await,
        Command::Session(command) => session::run(&online(flags).await?, &command).await,
        Command::Totals { json } => show::totals(&online(flags).await?, json).await,
    }
}

/// The network that flags, environment and file name.
async fn online(flags: &NetworkFlags) -> Result<Network, ClientError> {
    Network::connect(flags.resolve()?).await
}

/// One JSON object for programs, or whatever `show` prints for people.
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
