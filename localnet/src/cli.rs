//! The command line of `antiphon-localnet`.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use antiphon_localnet::beacon::{self, Beacon};
use antiphon_localnet::faucet::{self, Allowance, Faucet};
use antiphon_localnet::{LocalnetError, Network, Options, Parts, Ports, Result, stop};

use crate::demo::{self, Demo};
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
    /// Give coins to whoever asks, so that nobody needs a wallet (the network starts this itself)
    Faucet(Give),
}

/// `antiphon-localnet faucet`
#[derive(Debug, Args)]
struct Give {
    /// The network's folder, with `network.json` in it
    #[arg(long)]
    home: PathBuf,
    /// Port on 127.0.0.1
    #[arg(long)]
    port: u16,
    /// One gift, in the smallest unit
    #[arg(long, default_value_t = Allowance::default().amount)]
    amount: u128,
    /// Gifts to one address in a minute
    #[arg(long, default_value_t = Allowance::default().per_minute)]
    per_minute: u32,
    /// Gifts to anybody in an hour
    #[arg(long, default_value_t = Allowance::default().per_hour)]
    per_hour: u32,
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
    /// The gateway's port
    #[arg(long)]
    gateway_port: Option<u16>,
    /// The faucet's port
    #[arg(long)]
    faucet_port: Option<u16>,
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
    /// Start a gateway for OpenAI programs
    #[arg(long)]
    gateway: bool,
    /// Start a faucet
    #[arg(long)]
    faucet: bool,
    /// Serve the page in this folder; starts gateway and faucet
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// One worker lies
    #[arg(long)]
    liar: bool,
    /// Leave the network up and return
    #[arg(long)]
    keep: bool,
    /// When all is up, print network.json and the folder as one line on stdout
    #[arg(long)]
    json: bool,
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
            gateway: self.gateway_port.unwrap_or(base.gateway),
            faucet: self.faucet_port.unwrap_or(base.faucet),
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
            Command::Faucet(give) => Ok(give.serve().await?),
        }
    }
}

impl Start {
    async fn run(self) -> std::result::Result<(), Failure> {
        let mut options = self.place.options()?;
        options.workers = self.workers;
        options.gateway = self.gateway;
        options.faucet = self.faucet;
        options.web = self.web;
        if self.liar {
            demo::with_liar(&mut options);
        }
        let network = Network::start(options).await?;
        if self.json {
            output::facts(&network)?;
        } else {
            output::addresses(&network);
            output::page(&network);
        }
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
    let signals = signals()?;
    tokio::select! {
        done = work => done,
        () = signals => Err(LocalnetError::Interrupted.into()),
    }
}

/// Resolves at Ctrl-C or SIGTERM.
fn signals() -> Result<impl Future<Output = ()>> {
    let both = signal(SignalKind::interrupt())
        .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
    let (mut interrupt, mut terminate) = both.map_err(|source| LocalnetError::Io {
        doing: "listen for signals".to_owned(),
        source,
    })?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn serve_beacon(port: u16, file: PathBuf) -> Result<()> {
    let beacon = Beacon::load(&file)?;
    beacon::serve(beacon, listen(port, "beacon").await?).await
}

impl Give {
    async fn serve(self) -> Result<()> {
        let allowance = Allowance {
            amount: self.amount,
            per_minute: self.per_minute,
            per_hour: self.per_hour,
        };
        let faucet = Faucet::open(&self.home, allowance)?;
        let listener = listen(self.port, "faucet").await?;
        let served = faucet::serve(faucet, listener, signals()?).await;
        served.map_err(|source| LocalnetError::Io {
            doing: "serve the faucet".to_owned(),
            source,
        })
    }
}

async fn listen(port: u16, service: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|source| LocalnetError::Io {
        doing: format!("listen on 127.0.0.1:{port} for the {service}"),
        source,
    })
}
