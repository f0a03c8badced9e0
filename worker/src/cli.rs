//! The command line. The test binary that lies has the same one around another [`Inference`].

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat, Written, WrittenModel};
use crate::edges::{ChildInference, EngineOptions};
use crate::home::{Home, HomeSpec, create};
use crate::limits::limit_child;
use crate::metrics::Status;
use crate::operator::{self, Errand};
use crate::ports::Inference;
use crate::run::{Stop, run};
use crate::selftest;

/// Makes the engine a worker runs with, out of the one in a child process.
pub type MakeInference = fn(Arc<dyn Inference>) -> Arc<dyn Inference>;

/// A refusal in one sentence, for the person at the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(
    name = "antiphon-worker",
    version,
    about = "Answers tasks of an Antiphon network and votes on them"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a commented config with every default shown, and makes keys
    Init(Init),
    /// Runs the worker; SIGTERM or Ctrl-C stops it after the reveals it owes, twice stops it now
    Start(Start),
    /// Tests every kernel of this machine, and the golden answers of models
    Selftest(Selftest),
    /// Shows what a running worker does
    Status(Show),
    /// Shows seats, bond and balance as the chain has them
    Seats(Show),
    /// Takes a part of the bond out of service; it stays at risk until it is claimed
    Unbond(Unbond),
    /// Moves what has unbonded to the balance, once its time has come
    Claim(Show),
    /// Sends the balances of the operator's and the sender's accounts to them
    Withdraw(Withdraw),
    /// Lets a jailed worker be drawn again, once its time in jail is over
    Unjail(Show),
    /// Gives back all seats and unbonds everything; the worker ends its open tasks and takes no more
    Leave(Show),
    /// The engine's side of the process boundary
    #[command(hide = true)]
    Engine(Engine),
}

#[derive(Debug, Args)]
struct Init {
    /// Folder to make
    #[arg(long)]
    home: PathBuf,
    /// The contract's address
    #[arg(long)]
    contract: String,
    /// The chain's id
    #[arg(long)]
    chain_id: Option<String>,
    /// An RPC endpoint; repeat for more
    #[arg(long)]
    rpc: Vec<String>,
    /// A model to serve, by its id; repeat for more
    #[arg(long = "model")]
    models: Vec<u64>,
    /// Bond to hold, in the smallest unit
    #[arg(long)]
    bond: Option<u128>,
}

#[derive(Debug, Args)]
struct Start {
    /// The worker's folder
    #[arg(long)]
    home: PathBuf,
    /// Exit at once when standard input closes, so that no worker outlives what started it
    #[arg(long)]
    exit_with_stdin: bool,
}

#[derive(Debug, Args)]
struct Show {
    /// The worker's folder
    #[arg(long)]
    home: PathBuf,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Selftest {
    /// The worker's folder: its models that name a manifest and an import are tested
    #[arg(long)]
    home: Option<PathBuf>,
    /// A manifest to test, with --gguf
    #[arg(long, value_name = "FILE", requires = "gguf")]
    manifest: Option<PathBuf>,
    /// The weights that the manifest names
    #[arg(long, value_name = "FILE", requires = "manifest")]
    gguf: Option<PathBuf>,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Unbond {
    /// How much, in the smallest unit; the denom may follow
    amount: String,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Args)]
struct Withdraw {
    /// How much of the operator's balance, in the smallest unit; all of both accounts' if absent
    amount: Option<String>,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Args)]
struct Engine {
    /// Most bytes of address space
    #[arg(long)]
    address_space: Option<u64>,
}

/// Runs the command line; `make` puts something around the engine, or gives it back as it is.
#[must_use]
pub fn cli_main(make: MakeInference) -> ExitCode {
    let result = match Cli::parse().command {
        Command::Init(args) => init(&args),
        Command::Start(args) => start(&args, make),
        Command::Selftest(args) => selftest(&args),
        Command::Status(args) => status(&args),
        Command::Seats(args) => errand(&args, |_| Ok(Errand::Seats)),
        Command::Unbond(Unbond { amount, show }) => {
            errand(&show, |denom| Ok(Errand::Unbond(coins(&amount, denom)?)))
        }
        Command::Claim(args) => errand(&args, |_| Ok(Errand::Claim)),
        Command::Withdraw(Withdraw { amount, show }) => errand(&show, |denom| {
            let amount = amount.map(|amount| coins(&amount, denom));
            Ok(Errand::Withdraw(amount.transpose()?))
        }),
        Command::Unjail(args) => errand(&args, |_| Ok(Errand::Unjail)),
        Command::Leave(args) => errand(&args, |_| Ok(Errand::Leave)),
        Command::Engine(args) => engine(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // The last word goes to the terminal whatever the log's level is.
            writeln!(std::io::stderr(), "error: {failure}").ok();
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

fn init(args: &Init) -> Result<(), Failure> {
    let mut config = Written::default();
    config.chain.contract.clone_from(&args.contract);
    if let Some(id) = &args.chain_id {
        config.chain.chain_id.clone_from(id);
    }
    if !args.rpc.is_empty() {
        config.chain.rpc.clone_from(&args.rpc);
    }
    if let Some(bond) = args.bond {
        config.worker.bond = bond.to_string();
    }
    let model = |id: &u64| WrittenModel {
        id: *id,
        import: String::new(),
        manifest: String::new(),
    };
    config.models = args.models.iter().map(model).collect();
    config.clone().check(args.home.clone())?;
    let made = create(
        &args.home,
        &HomeSpec {
            config,
            ..HomeSpec::default()
        },
    )?;
    say(&format!(
        "made {home}\nworker  {operator}   owns bond and seats: send it the bond\nsender  {sender}   pays gas: \
         send it some coins\nvoter   {voter}\nnext: look at {home}/config.toml, write down the mnemonic in \
         keys/operator.json, then `antiphon-worker start --home {home}`",
        home = args.home.display(),
        operator = made.operator,
        sender = made.sender,
        voter = made.voter,
    ))
}

fn start(args: &Start, make: MakeInference) -> Result<(), Failure> {
    let config = Home::new(&args.home).config()?;
    log_to_stderr(&config)?;
    let child: Arc<dyn Inference> = Arc::new(ChildInference::new(EngineOptions {
        program: std::env::current_exe()?,
        threads: config.threads,
        token_timeout: config.token_timeout,
        jobs: config.jobs,
        packed: Some(config.packed_dir.clone()),
        address_space: config.address_space_bytes,
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()?;
    let stop = Stop::default();
    let result = runtime.block_on(async {
        tokio::spawn(watch_signals(stop.clone()));
        if args.exit_with_stdin {
            watch_stdin(&stop);
        }
        run(config, make(child), stop).await
    });
    // Whatever still runs holds no vote that is not on disk.
    runtime.shutdown_background();
    Ok(result?)
}

/// The first signal drains, the second ends.
async fn watch_signals(stop: Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::error!("signals cannot be watched");
        return;
    };
    for token in [&stop.drain, &stop.now] {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    }
}

/// A thread of its own: a blocked read of standard input would keep the runtime from ending.
fn watch_stdin(stop: &Stop) {
    let now = stop.now.clone();
    std::thread::spawn(move || {
        std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).ok();
        now.cancel();
    });
}

fn log_to_stderr(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log_level)
        .map_err(|e| format!("config.toml: log.level is {:?}: {e}", config.log_level))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| e.to_string().into())
}

fn selftest(args: &Selftest) -> Result<(), Failure> {
    let home = args.home.as_ref().map(Home::new);
    let config = home.as_ref().map(Home::config).transpose()?;
    let mut models = match (&home, &config) {
        (Some(home), Some(config)) => selftest::found(home, config),
        _ => Vec::new(),
    };
    if let (Some(manifest), Some(weights)) = (args.manifest.clone(), args.gguf.clone()) {
        models.push(selftest::ModelPaths { manifest, weights });
    }
    let tested = selftest::run(&models, config.map_or(1, |config| config.threads));
    match args.json {
        true => say(&serde_json::to_string(&tested)?)?,
        false => say(&tested.to_string())?,
    }
    match tested.passed {
        true => Ok(()),
        false => Err("this machine must not vote: see above".into()),
    }
}

fn status(args: &Show) -> Result<(), Failure> {
    let home = Home::new(&args.home);
    let config = home.config()?;
    let written = std::fs::read_to_string(home.status_file());
    let address = written.unwrap_or_else(|_| config.status_listen.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let url = format!("http://{}/status", address.trim());
    let unreachable =
        |e: reqwest::Error| format!("no worker answers at {url} ({e}); is it running?");
    let text = runtime
        .block_on(async { reqwest::get(&url).await?.text().await })
        .map_err(unreachable)?;
    if args.json {
        return say(text.trim_end());
    }
    let status: Status = serde_json::from_str(&text)?;
    table(&args.home, &status)
}

/// Does what the operator asks for, with the keys of this home, and tells how things stand.
fn errand(args: &Show, what: impl FnOnce(&str) -> Result<Errand, Failure>) -> Result<(), Failure> {
    let config = Home::new(&args.home).config()?;
    let errand = what(&config.denom)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(operator::run(&config, errand))?;
    match args.json {
        true => say(&serde_json::to_string(&report)?),
        false => say(&report.to_string()),
    }
}

/// An amount of the smallest unit, with or without its denom.
fn coins(text: &str, denom: &str) -> Result<u128, Failure> {
    let number = text.strip_suffix(denom).unwrap_or(text);
    number.parse().map_err(|_| {
        format!("got the amount {text:?}, want a whole number of {denom}, such as 1000000{denom}")
            .into()
    })
}

fn table(home: &Path, status: &Status) -> Result<(), Failure> {
    say(&format!(
        "home    {}\nworker  {}\nheight  {}",
        home.display(),
        status.worker,
        status.height
    ))?;
    say(&format!(
        "ready   {}",
        status.not_ready.as_deref().unwrap_or("yes")
    ))?;
    for duty in &status.duties {
        let state = serde_json::to_string(&duty.state)?;
        say(&format!(
            "task {} round {}  {}",
            duty.task,
            duty.round,
            state.trim_matches('"')
        ))?;
    }
    Ok(())
}

/// A panic in any thread ends the child at once: its parent sees that, and does not wait for an answer.
fn end_with_a_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(101);
    }));
}

fn engine(args: &Engine) -> Result<(), Failure> {
    limit_child(args.address_space)?;
    end_with_a_panic();
    let (requests, cancelled) = crate::child_input::split(std::io::stdin());
    Ok(antiphon_engine::child::serve_cancellable(
        requests,
        std::io::stdout(),
        &antiphon_candle::ENGINES,
        &|id| cancelled.is(id),
    )?)
}
