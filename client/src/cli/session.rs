//! `antiphon session`: start, look, end.

use std::path::{Path, PathBuf};

use antiphon_chain::Sender;
use clap::Subcommand;
use serde::Serialize;

use super::shown;
use crate::error::ClientError;
use crate::network::Network;
use crate::session::{self, Session, SessionFile, Terms};
use crate::{money, output};

/// `antiphon session`
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Allow a key some questions for some time, with one transaction: its file is --session FILE
    Start(StartArgs),
    /// Show what is left
    Status(WhoseArgs),
    /// Take everything back
    End(WhoseArgs),
}

/// `antiphon session start`
#[derive(Debug, clap::Args)]
pub struct StartArgs {
    /// Questions it may ask
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub calls: u64,
    /// Minutes it lasts; an hour if neither these nor hours are named
    #[arg(long, value_name = "N")]
    pub minutes: Option<u64>,
    /// Hours it lasts
    #[arg(long, value_name = "N")]
    pub hours: Option<u64>,
    /// Prepaid balance to begin with: what is short is added; enough for all questions of usual size if absent
    #[arg(long, value_name = "AMOUNT")]
    pub deposit: Option<String>,
    /// Whose key it is, and how to print
    #[command(flatten)]
    pub whose: WhoseArgs,
}

/// Which session.
#[derive(Debug, clap::Args)]
pub struct WhoseArgs {
    /// Somebody else's key, such as a gateway's, instead of one of our own
    #[arg(long = "for", value_name = "ADDRESS")]
    pub grantee: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What `antiphon session … --json` prints.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    session: Session,
    /// The transaction; none if nothing had to be done.
    transaction: Option<String>,
    /// What was added to the prepaid balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    deposited: Option<String>,
    /// The session's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

pub(super) async fn run(network: &Network, command: &SessionCommand) -> Result<(), ClientError> {
    match command {
        SessionCommand::Start(args) => start(network, args).await,
        SessionCommand::Status(args) => status(network, args).await,
        SessionCommand::End(args) => end(network, args).await,
    }
}

async fn start(network: &Network, args: &StartArgs) -> Result<(), ClientError> {
    let owner = network.owner()?;
    let terms = terms(network, args)?;
    let file = network.file.session.clone();
    let grantee = match &args.whose.grantee {
        Some(address) => address.clone(),
        None => kept_or_new(network, &owner, file.as_deref())?,
    };
    let started = session::start(network, &owner, &grantee, &terms).await?;
    let report = Report {
        session: started.session,
        transaction: Some(started.hash),
        deposited: Some(started.deposited.to_string()),
        file: file.filter(|_| args.whose.grantee.is_none()),
    };
    shown(args.whose.json, &report, |report| {
        output::text("the session began");
        show(report);
    })
}

fn terms(network: &Network, args: &StartArgs) -> Result<Terms, ClientError> {
    let minutes = match (args.minutes, args.hours) {
        (None, None) => 60,
        (minutes, hours) => {
            let hours = hours.unwrap_or(0).saturating_mul(60);
            minutes.unwrap_or(0).saturating_add(hours)
        }
    };
    let deposit = args.deposit.as_deref().filter(|text| *text != "0");
    let none = args.deposit.as_deref() == Some("0");
    let named = deposit.map(|text| money::amount(text, &network.file.denom));
    Ok(Terms {
        calls: args.calls,
        seconds: minutes.saturating_mul(60),
        prepaid: named.transpose()?.or(none.then_some(0)),
    })
}

/// The address of the key in the session's file, which is written before anything is granted to it.
fn kept_or_new(
    network: &Network,
    owner: &Sender,
    path: Option<&Path>,
) -> Result<String, ClientError> {
    let path = path.ok_or_else(|| no_file("start"))?;
    if path.exists() {
        let file = SessionFile::load(path, network)?;
        if file.granter == owner.address() {
            return Ok(file.grantee.clone());
        }
        return Err(ClientError::Usage(format!(
            "{} is a session of {}, and the key is that of {}: name another file",
            path.display(),
            file.granter,
            owner.address()
        )));
    }
    let file = SessionFile::new(network, owner.address())?;
    file.save(path)?;
    Ok(file.grantee.clone())
}

async fn status(network: &Network, args: &WhoseArgs) -> Result<(), ClientError> {
    let (granter, grantee) = parties(network, args)?;
    let report = Report {
        session: session::read(network, &granter, &grantee).await?,
        transaction: None,
        deposited: None,
        file: None,
    };
    shown(args.json, &report, show)
}

async fn end(network: &Network, args: &WhoseArgs) -> Result<(), ClientError> {
    let owner = network.owner()?;
    let (granter, grantee) = parties(network, args)?;
    if granter != owner.address() {
        return Err(ClientError::Usage(format!(
            "the session is one of {granter}: end it with that account's key, not that of {}",
            owner.address()
        )));
    }
    let ended = session::end(network, &owner, &grantee).await?;
    let report = Report {
        session: ended.session,
        transaction: ended.hash,
        deposited: None,
        file: None,
    };
    shown(args.json, &report, show_end)
}

/// Granter and grantee, from the session's file or from --key and --for.
fn parties(network: &Network, args: &WhoseArgs) -> Result<(String, String), ClientError> {
    if let Some(grantee) = &args.grantee {
        return Ok((network.owner()?.address().to_owned(), grantee.clone()));
    }
    let path = network.file.session.as_deref();
    let path = path.ok_or_else(|| no_file("status"))?;
    let file = SessionFile::load(path, network)?;
    Ok((file.granter.clone(), file.grantee.clone()))
}

fn no_file(what: &str) -> ClientError {
    ClientError::Usage(format!(
        "which session? Name its file with --session FILE or ANTIPHON_SESSION (`antiphon session {what} --session \
         session.json`), or somebody else's key with --for ADDRESS"
    ))
}

fn show(report: &Report) {
    let session = &report.session;
    let denom = &session.denom;
    if session.calls_left == 0 {
        output::text(&format!(
            "no session: {} may ask nothing for {}",
            session.grantee, session.granter
        ));
    } else {
        output::text(&format!(
            "{} may ask for {}\nquestions  {} left\ntime       {} left\nfees       {} {denom} left",
            session.grantee,
            session.granter,
            session.calls_left,
            output::duration(session.seconds_left),
            session.fees_left,
        ));
    }
    output::text(&format!("prepaid    {} {denom}", session.prepaid));
    if let Some(path) = &report.file {
        let path = path.display();
        output::faint(&format!("ask with it: antiphon ask \"…\" --session {path}"));
    }
}

fn show_end(report: &Report) {
    let session = &report.session;
    let done = match &report.transaction {
        Some(_) => "the session is over",
        None => "there was no session",
    };
    output::text(&format!(
        "{done}: {} grants, {} allowances left; {} {} stay prepaid, `antiphon withdraw` takes them out",
        session.grants, session.allowances, session.prepaid, session.denom
    ));
}
