//! `antiphon receipt` and `antiphon verify`.

use std::path::PathBuf;

use antiphon_receipt::{Receipt, Report};

use crate::error::ClientError;
use crate::network::{Network, NetworkFlags};
use crate::output;
use crate::receipt::{self, Online, VerifyReport};

/// `antiphon verify`
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The receipt's file
    #[arg(value_name = "RECEIPT")]
    pub file: PathBuf,
    /// Look at the file alone, also where a network is named
    #[arg(long)]
    pub offline: bool,
    /// Run the model again and compare text and trace
    #[arg(long, requires = "gguf")]
    pub replay: bool,
    /// Model file for --replay, or the folder that holds it
    #[arg(long, value_name = "FILE", requires = "replay")]
    pub gguf: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Prints or writes the receipt of a task.
pub(super) async fn receipt(
    network: &Network,
    task: u64,
    output: Option<&PathBuf>,
) -> Result<(), ClientError> {
    let text = receipt::build(network, task).await?;
    match output {
        None => output::document(&text),
        Some(path) => {
            receipt::save(path, &text)?;
            output::faint(&format!(
                "the receipt of task {task} is in {}",
                path.display()
            ));
        }
    }
    Ok(())
}

/// Checks a receipt: offline, then what flags ask for, if it is a receipt at all.
pub(super) async fn verify(flags: &NetworkFlags, args: &VerifyArgs) -> Result<(), ClientError> {
    let (text, offline) = receipt::read(&args.file)?;
    let (mut online, mut replayed) = (None, None);
    if let Ok(read) = Receipt::parse(&text) {
        online = on_chain(flags, args, &read).await?;
        replayed = again(args, &read)?;
    }
    let report = VerifyReport::of(offline, online, replayed);
    super::shown(args.json, &report, receipt::show)?;
    receipt::verified(&report)
}

async fn on_chain(
    flags: &NetworkFlags,
    args: &VerifyArgs,
    read: &Receipt,
) -> Result<Option<Online>, ClientError> {
    if args.offline || (flags.rpc.is_empty() && flags.network.is_none()) {
        return Ok(None);
    }
    let mut flags = flags.clone();
    let from_receipt = flags.network.is_none() && flags.contract.is_none();
    if from_receipt {
        flags.contract = Some(read.contract.clone());
    }
    let network = Network::connect(flags.resolve()?).await?;
    Ok(Some(Online {
        report: receipt::online(&network, read).await?,
        contract: network.contract.address().to_owned(),
        from_receipt,
    }))
}

fn again(args: &VerifyArgs, read: &Receipt) -> Result<Option<Report>, ClientError> {
    let Some(gguf) = args.gguf.as_deref().filter(|_| args.replay) else {
        return Ok(None);
    };
    receipt::replay(read, gguf, &mut receipt::replay_lines()).map(Some)
}
