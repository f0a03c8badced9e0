//! The command line of `antiphon-localnet`.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use antiphon_localnet::beacon::{self, Beacon};
use antiphon_localnet::{LocalnetError, Network, Options, Parts, Ports, Result, stop};

use crate::demo::Demo;
use crate::output;

/// Whatever ends a command, with its text.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A whole Antiphon network on this machine.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a network, ask one question, show the verified answer and what it took
    Demo(Box<Demo>),
    /// Start a network and keep it up until Ctrl-C
    Start(Start),
    /// Stop a network that was left up
    Stop {
        /// Its folder, as `--keep` printed it
        home: PathBuf,
    },
    /// Serve a one-key randomness beacon on drand's HTTP paths (the network starts this itself)
    Beacon {
        /// Port on 127.0.0.1
        #[arg(long)]
        port: u16,
        /// The beacon's key and clock
        #[arg(long)]
        file: PathBuf,
    },
}

/// Where a network listens and lives.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The network's folder, empty or absent [default: a temporary one]
    #[arg(long)]
    home: Option<PathBuf>,
    /// Listen on the ports that tools expect instead of free ones
    #[arg(long)]
    standard_ports: bool,
    /// The chain's RPC port
    #[arg(long)]
    rpc_port: Option<u16>,
    /// The chain's REST port
    #[arg(long)]
    rest_port: Option<u16>,
    /// The beacon's port
    #[arg(long)]
    beacon_port: Option<u16>,
    /// The first worker's port; the others follow
    #[arg(long)]
    worker_port: Option<u16>,
    /// Milliseconds between blocks
    #[arg(long, default_value_t = 300)]
    block_time: u64,
}

#[derive(Debug, Args)]
struct Start {
    #[command(flatten)]
    place: Place,
    /// Workers to start
    #[arg(long, default_value_t = 5)]
    workers: usize,
    /// Leave the network up and return
    #[arg(long)]
    keep: bool,
}

impl Place {
    /// The options of a network at this place, with progress on stderr.
    pub(crate) fn options(&self) -> Result<Options> {
        let base = if self.standard_ports {
            Ports::standard()
        } else {
            Ports::default()
        };
        let mut options = Options::new(Parts::from_env()?);
        options.ports = Ports {
            rpc: self.rpc_port.unwrap_or(base.rpc),
            rest: self.rest_port.unwrap_or(base.rest),
            beacon: self.beacon_port.unwrap_or(base.beacon),
            workers: self.worker_port.unwrap_or(base.workers),
            ..base
        };
        options.block_time_ms = self.block_time;
        options.home = self.home.clone();
        options.progress = output::progress();
        Ok(options)
    }
}

impl Cli {
    /// Runs the command until it is done or a signal comes; in both cases everything started is
    /// stopped when its value is dropped.
    pub(crate) async fn run(self) -> std::result::Result<(), Failure> {
        match self.command {
            Command::Demo(demo) => until_signal(demo.run()).await,
            Command::Start(start) => until_signal(start.run()).await,
            Command::Stop { home } => {
                let stopped = stop(&home)?.join(", ");
                output::line(&format!(
                    "stopped: {stopped}; {} can be removed",
                    home.display()
                ));
                Ok(())
            }
            Command::Beacon { port, file } => Ok(serve_beacon(port, file).await?),
        }
    }
}

impl Start {
    async fn run(self) -> std::result::Result<(), Failure> {
        let mut options = self.place.options()?;
        options.workers = self.workers;
        let network = Network::start(options).await?;
        output::addresses(&network);
        if self.keep {
            network.keep();
            return Ok(());
        }
        output::line("Ctrl-C stops everything.");
        std::future::pending().await
    }
}

/// Drops the work, and with it everything it started, at Ctrl-C or SIGTERM.
async fn until_signal(
    work: impl Future<Output = std::result::Result<(), Failure>>,
) -> std::result::Result<(), Failure> {
    let signals = signal(SignalKind::interrupt()).and_then(|interrupt| {
        signal(SignalKind::terminate()).map(|terminate| (interrupt, terminate))
    });
    let (mut interrupt, mut terminate) = signals.map_err(|source| LocalnetError::Io {
        doing: "listen for signals".to_owned(),
        source,
    })?;
    tokio::select! {
        done = work => done,
        _ = interrupt.recv() => Err(LocalnetError::Interrupted.into()),
        _ = terminate.recv() => Err(LocalnetError::Interrupted.into()),
    }
}

async fn serve_beacon(port: u16, file: PathBuf) -> Result<()> {
    let beacon = Beacon::load(&file)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(|source| LocalnetError::Io {
        doing: format!("listen on 127.0.0.1:{port} for the beacon"),
        source,
    })?;
    beacon::serve(beacon, listener).await
}
