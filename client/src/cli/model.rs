//! `antiphon model`: from a maker's machine to a worker's.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use antiphon_api::{Limits, MAX_OUTPUT_TOKENS, MAX_PROMPT_BYTES, Price, Uint128};
use clap::Subcommand;

use super::confirm::confirmed;
use super::{online, shown};
use crate::error::ClientError;
use crate::model::manifest::{self, ManifestArgs};
use crate::model::{self, Entry, Offer, Published, Retired, Shelf};
use crate::network::NetworkFlags;
use crate::output;
use crate::progress::Progress;
use crate::signals::stop_asked;

/// `antiphon model`
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Compute golden answers and print the canonical manifest; its CID goes to stderr
    Manifest(Box<ManifestArgs>),
    /// Take a model into the store and register it, once; with --serve, serve it to workers
    Publish(Box<PublishArgs>),
    /// Fetch a model from all workers that have it; goes on where it stopped
    Fetch(FetchArgs),
    /// List the models in the store
    Ls(LsArgs),
    /// Hash a model again and compute its golden answers on this machine
    Verify(VerifyModelArgs),
    /// Take a model of yours off the registry, for ever; its deposit comes back when no task of it is open
    Retire(RetireArgs),
    /// Remove a model from the store
    Rm(RmArgs),
    /// Serve the store to workers until Ctrl-C
    Serve(ServeArgs),
}

/// Where the models are.
#[derive(Clone, Debug, clap::Args)]
pub struct StoreFlag {
    /// Folder of the models; antiphon/store in the user's data folder if absent
    #[arg(long, env = "ANTIPHON_STORE", value_name = "DIR")]
    pub store: Option<PathBuf>,
}

/// `antiphon model publish`
#[derive(Debug, clap::Args)]
pub struct PublishArgs {
    /// What the manifest says
    #[command(flatten)]
    pub manifest: ManifestArgs,
    /// Paid to each member for a ballot that counts
    #[arg(long, default_value_t = 1000, value_name = "AMOUNT")]
    pub base: u128,
    /// Paid to each member per byte of the prompt
    #[arg(long, default_value_t = 1, value_name = "AMOUNT")]
    pub per_prompt_byte: u128,
    /// Paid to each member per token of the answer
    #[arg(long, default_value_t = 10, value_name = "AMOUNT")]
    pub per_output_token: u128,
    /// Largest prompt document
    #[arg(long, default_value_t = MAX_PROMPT_BYTES, value_name = "BYTES")]
    pub max_prompt_bytes: u32,
    /// Most tokens of an answer
    #[arg(long, default_value_t = MAX_OUTPUT_TOKENS, value_name = "N")]
    pub max_output_tokens: u32,
    /// Where workers reach --serve, for the registry
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Serve manifest and weights afterwards, until Ctrl-C
    #[arg(long)]
    pub serve: bool,
    /// Address to serve at
    #[arg(long, default_value = "127.0.0.1:8789", value_name = "HOST:PORT")]
    pub listen: String,
    /// Where the models are
    #[command(flatten)]
    pub store: StoreFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `antiphon model fetch`
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    /// The model's number or its manifest's CID
    pub model: String,
    /// Another endpoint to ask; may be repeated
    #[arg(long, value_name = "URL")]
    pub from: Vec<String>,
    /// Where the models are
    #[command(flatten)]
    pub store: StoreFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `antiphon model ls`
#[derive(Debug, clap::Args)]
pub struct LsArgs {
    /// Where the models are
    #[command(flatten)]
    pub store: StoreFlag,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// `antiphon model verify`
#[derive(Debug, clap::Args)]
pub struct VerifyModelArgs {
    /// Its name, its manifest's CID or its weights' CID
    pub model: String,
    /// Only the hash, without computing
    #[arg(long)]
    pub hash_only: bool,
    /// Where the models are
    #[command(flatten)]
    pub store: StoreFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `antiphon model retire`
#[derive(Debug, clap::Args)]
pub struct RetireArgs {
    /// The model's number
    pub model: u64,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `antiphon model rm`
#[derive(Debug, clap::Args)]
pub struct RmArgs {
    /// Its name, its manifest's CID or its weights' CID
    pub model: String,
    /// Where the models are
    #[command(flatten)]
    pub store: StoreFlag,
}

/// `antiphon model serve`
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Address to serve at
    #[arg(long, default_value = "127.0.0.1:8789", value_name = "HOST:PORT")]
    pub listen: String,
    /// Where the models are
    #[command(flatten)]
    pub store: StoreFlag,
}

impl StoreFlag {
    fn open(&self) -> Result<Shelf, ClientError> {
        Shelf::open(self.store.as_deref())
    }
}

pub(super) async fn run(flags: &NetworkFlags, command: &ModelCommand) -> Result<(), ClientError> {
    match command {
        ModelCommand::Manifest(args) => manifest(args),
        ModelCommand::Publish(args) => publish(flags, args).await,
        ModelCommand::Fetch(args) => fetch(flags, args).await,
        ModelCommand::Ls(args) => shown(args.json, &args.store.open()?.entries()?, |all| show(all)),
        ModelCommand::Verify(args) => verify(args).await,
        ModelCommand::Retire(args) => retire(flags, args).await,
        ModelCommand::Rm(args) => remove(args),
        ModelCommand::Serve(args) => serve(&args.store.open()?, &args.listen).await,
    }
}

fn manifest(args: &ManifestArgs) -> Result<(), ClientError> {
    let manifest = manifest::make(args, &mut |step| output::faint(step))?;
    output::document(&manifest.to_canonical());
    output::note(&manifest.cid().to_string());
    Ok(())
}

async fn publish(flags: &NetworkFlags, args: &PublishArgs) -> Result<(), ClientError> {
    let network = online(flags).await?;
    let owner = network.owner()?;
    let shelf = args.store.open()?;
    let wait = Progress::waiting("reading the model");
    let made = manifest::make(&args.manifest, &mut |step| {
        wait.label(step);
        wait.aside(|| output::faint(step));
    })?;
    wait.label("registering");
    let offer = offer(args);
    let gguf = &args.manifest.gguf;
    let done = model::publish(&network, &owner, &shelf, gguf, &made, offer).await?;
    wait.end();
    shown(args.json, &done, show_published)?;
    if args.serve {
        return serve(&shelf, &args.listen).await;
    }
    Ok(())
}

fn offer(args: &PublishArgs) -> Offer {
    Offer {
        price: Price {
            base: Uint128::new(args.base),
            per_prompt_byte: Uint128::new(args.per_prompt_byte),
            per_output_token: Uint128::new(args.per_output_token),
        },
        limits: Limits {
            max_prompt_bytes: args.max_prompt_bytes,
            max_output_tokens: args.max_output_tokens,
        },
        endpoint: args.endpoint.clone(),
    }
}

async fn fetch(flags: &NetworkFlags, args: &FetchArgs) -> Result<(), ClientError> {
    let network = online(flags).await?;
    let shelf = args.store.open()?;
    let bar = Mutex::new(Progress::bytes("fetching", 1));
    let told = |progress: antiphon_store::Progress| {
        if let Ok(mut bar) = bar.lock() {
            bar.resize(progress.bytes);
            let rate = progress.bytes_per_second.wrapping_div(1 << 10);
            bar.set(
                progress.bytes_done,
                &format!("{rate} KiB/s from {} peers", progress.peers),
            );
        }
    };
    let fetched = tokio::select! {
        fetched = model::fetch(&network, &shelf, &args.model, &args.from, &told) => Some(fetched?),
        () = stop_asked() => None,
    };
    drop(bar);
    let Some(manifest) = fetched else {
        return Err(ClientError::Stopped(
            "stopped: what was fetched stays, and the same command goes on from there".to_owned(),
        ));
    };
    shown(args.json, &shelf.entry(&manifest), |entry| {
        show(std::slice::from_ref(entry))
    })
}

async fn verify(args: &VerifyModelArgs) -> Result<(), ClientError> {
    let shelf = args.store.open()?;
    let manifest = shelf.find(&args.model)?;
    let wait = Progress::waiting("hashing and computing");
    let verified = model::verify(&shelf, &manifest, !args.hash_only).await?;
    wait.end();
    shown(args.json, &verified, |verified| {
        let golden = match verified.golden {
            0 => String::new(),
            cases => format!(", {cases} golden answers reproduced on this machine"),
        };
        output::text(&format!(
            "{}: the weights are {}{golden}",
            manifest.name, verified.weights
        ));
    })
}

async fn retire(flags: &NetworkFlags, args: &RetireArgs) -> Result<(), ClientError> {
    let network = online(flags).await?;
    let owner = network.owner()?;
    let found = model::can_retire(&network, owner.address(), args.model).await?;
    let question = format!(
        "Retire model {} for ever? {} workers hold a seat of it, and nobody can ask it any more.",
        args.model, found.seats
    );
    confirmed(&question, args.yes).await?;
    let done = model::retire(&network, &owner, args.model).await?;
    shown(args.json, &done, show_retired)
}

fn remove(args: &RmArgs) -> Result<(), ClientError> {
    let shelf = args.store.open()?;
    let manifest = shelf.find(&args.model)?;
    shelf.remove(&manifest)?;
    output::text(&format!("removed {} ({})", manifest.name, manifest.cid()));
    Ok(())
}

async fn serve(shelf: &Shelf, listen: &str) -> Result<(), ClientError> {
    let models = shelf.entries()?.iter().filter(|entry| entry.whole).count();
    let told = |address| {
        output::note(&format!(
            "serving {models} models at http://{address}, until Ctrl-C"
        ));
    };
    model::serve(shelf, listen, told, stop_asked()).await
}

fn show(entries: &[Entry]) {
    let row = |entry: &Entry| {
        let state = if entry.whole { "whole" } else { "in part" };
        vec![
            entry.name.clone(),
            state.to_owned(),
            entry.bytes.to_string(),
            entry.manifest.to_string(),
            entry.weights.to_string(),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    output::table(&["name", "", "bytes", "manifest", "weights"], &rows);
    for entry in entries {
        if let Some(file) = entry.file.as_deref().map(Path::display) {
            output::faint(&file.to_string());
        }
    }
}

fn show_published(done: &Published) {
    let how = match &done.transaction {
        Some(hash) => format!("transaction {hash}"),
        None => "registered before, nothing was paid".to_owned(),
    };
    output::text(&format!(
        "model {}\nmanifest {}\nweights  {}",
        done.model, done.manifest, done.weights
    ));
    output::faint(&how);
}

fn show_retired(done: &Retired) {
    let denom = &done.denom;
    let money = match done.open_tasks {
        0 => format!(
            "the deposit of {} {denom} is in your balance in the contract",
            done.returned
        ),
        open => format!(
            "the deposit of {} {denom} comes back when its {open} open tasks are at their end",
            done.held
        ),
    };
    output::text(&format!(
        "model {} takes no more tasks; {money}",
        done.model
    ));
    output::faint(&format!("transaction {}", done.transaction));
}
