//! What can be said to `antiphon gateway`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::chain::Carry;

const EXAMPLES: &str = "Examples:
  antiphon gateway --network network.json --key gateway.json
  antiphon gateway --network network.json --key gateway.json --page web/dist --gguf model.gguf
  antiphon gateway keys new --name alice --budget 50000000uanti --per-minute 20";

/// `antiphon gateway`
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct GatewayArgs {
    /// Work with API keys instead of starting the gateway
    #[command(subcommand)]
    pub command: Option<GatewayCommand>,
    /// How it is started
    #[command(flatten)]
    pub start: StartArgs,
}

/// `antiphon gateway …`
#[derive(Clone, Debug, Subcommand)]
pub enum GatewayCommand {
    /// Make, list or remove API keys; a gateway with keys answers nobody without one
    #[command(subcommand)]
    Keys(KeysAction),
}

/// Where the gateway keeps what it must not forget.
#[derive(Clone, Debug, Args)]
pub struct HomeArg {
    /// Folder of journal, API keys and receipts; $HOME/.antiphon/gateway if absent
    #[arg(long, env = "ANTIPHON_GATEWAY_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
}

/// `antiphon gateway keys …`
#[derive(Clone, Debug, Subcommand)]
pub enum KeysAction {
    /// Make a key: it is shown once
    New {
        /// Its name, for you and in the journal
        #[arg(long)]
        name: String,
        /// Most that may be spent with it, in the smallest unit, such as 5000000 or 5000000uanti
        #[arg(long, value_name = "AMOUNT")]
        budget: Option<String>,
        /// Most requests in a minute
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        per_minute: Option<u32>,
        /// Account that pays by its session grant, instead of the gateway's own
        #[arg(long, value_name = "ADDRESS")]
        granter: Option<String>,
        /// Where
        #[command(flatten)]
        home: HomeArg,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List keys by name, with what they spent and their limits
    Ls {
        /// Where
        #[command(flatten)]
        home: HomeArg,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Remove a key: requests with it are refused from now on
    Rm {
        /// Its name
        name: String,
        /// Where
        #[command(flatten)]
        home: HomeArg,
    },
}

/// How the gateway is started.
#[derive(Clone, Debug, Args)]
pub struct StartArgs {
    /// Where it keeps what it must not forget
    #[command(flatten)]
    pub home: HomeArg,
    /// Address to listen at; one that other machines reach needs API keys
    #[arg(long, default_value = "127.0.0.1:8787", value_name = "HOST:PORT")]
    pub listen: String,
    /// Folder of static files to serve at /, such as web/dist
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// Model asked when a request names none
    #[arg(long, value_name = "ID")]
    pub model: Option<u64>,
    /// Members of the committee when a request names none: 5, 7, 9, 11 or 15
    #[arg(long, value_name = "N")]
    pub committee: Option<u32>,
    /// When a prompt of up to 4,096 bytes travels in its transaction instead of lying at workers: costs more gas
    #[arg(long, value_name = "WHEN", default_value = "never")]
    pub carry: Carry,
    /// Model file whose tokenizer counts prompts exactly, so that too long ones are refused before they cost
    #[arg(long, value_name = "FILE")]
    pub gguf: Option<PathBuf>,
    /// Seconds a request without a stream waits for its answer; a retry waits for the same task
    #[arg(long, default_value_t = 55, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub patience: u64,
    /// Requests in work at once
    #[arg(long, default_value_t = 128, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_requests: u32,
    /// Origin of a page that may ask from a browser, or *; repeat it. Pages of this machine if absent, all pages
    /// if API keys are wanted
    #[arg(long, value_name = "ORIGIN")]
    pub cors: Vec<String>,
    /// What the page is told of the network
    #[command(flatten)]
    pub public: PublicArgs,
    /// Print one JSON line when it listens
    #[arg(long)]
    pub json: bool,
}

/// What `/network.json` tells the page, over what the --network file says.
#[derive(Clone, Debug, Default, Args)]
pub struct PublicArgs {
    /// REST address of a chain node, for the page
    #[arg(long, value_name = "URL")]
    pub rest: Option<String>,
    /// Faucet, for the page
    #[arg(long, value_name = "URL")]
    pub faucet: Option<String>,
    /// Name of the chain for people
    #[arg(long, value_name = "NAME")]
    pub chain_name: Option<String>,
    /// Address at which browsers reach this gateway; where it listens if absent
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}
