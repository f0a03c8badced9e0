//! `antiphon advance`, `antiphon rate` and `antiphon deliver`: what can be done for a task that was posted.

use super::shown;
use crate::advance::{self, Advanced};
use crate::deliver::{self, Delivered};
use crate::error::ClientError;
use crate::network::Network;
use crate::output;
use crate::rate::{self, Rated};
use crate::task;

/// `antiphon advance`
#[derive(Debug, clap::Args)]
pub struct AdvanceArgs {
    /// The task's id
    #[arg(value_name = "ID")]
    pub task: u64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `antiphon rate`
#[derive(Debug, clap::Args)]
pub struct RateArgs {
    /// The task's id
    #[arg(value_name = "ID")]
    pub task: u64,
    /// What its answer was
    pub rating: Rating,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What a requester says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Rating {
    /// It was of use.
    Good,
    /// It was not.
    Bad,
}

/// `antiphon deliver`
#[derive(Debug, clap::Args)]
pub struct DeliverArgs {
    /// The task's id
    #[arg(value_name = "ID")]
    pub task: u64,
    /// Largest fee of the transaction, in the network's smallest unit; what delivering earns if not given.
    /// All the gas that the receiver may use is paid, used or not
    #[arg(long, value_name = "AMOUNT")]
    pub max_fee: Option<u128>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn advance(network: &Network, args: &AdvanceArgs) -> Result<(), ClientError> {
    let done = advance::advance(network, &network.owner()?, args.task).await?;
    shown(args.json, &done, show_advanced)
}

fn show_advanced(done: &Advanced) {
    let more = match done.due {
        true => "; a further step is due already: run this again",
        false => "",
    };
    output::text(&format!(
        "task {} was {} and is {} now{more}",
        done.task,
        task::status_word(done.before),
        task::status_word(done.status)
    ));
    output::faint(&format!("transaction {}", done.transaction));
}

pub(super) async fn rate(network: &Network, args: &RateArgs) -> Result<(), ClientError> {
    let good = args.rating == Rating::Good;
    let rated = rate::rate(network, &network.owner()?, args.task, good).await?;
    shown(args.json, &rated, |rated| {
        show_rated(rated, &network.file.denom);
    })
}

fn show_rated(rated: &Rated, denom: &str) {
    output::text(&format!(
        "task {} is rated {}. Answers of model {} called good: {} ({} {denom} of fees behind them), bad: {} ({} {denom})",
        rated.task,
        rate::word(rated.good),
        rated.model,
        rated.good_ratings,
        rated.good_fees,
        rated.bad_ratings,
        rated.bad_fees,
    ));
    output::faint(&format!("transaction {}", rated.transaction));
}

pub(super) async fn deliver(network: &Network, args: &DeliverArgs) -> Result<(), ClientError> {
    let sender = network.owner()?;
    let errand = deliver::prepare(network, &sender, args.task).await?;
    errand.within(args.max_fee)?;
    output::note(&format!(
        "the fee is {} {denom} for at most {} gas, {} of it the receiver's; delivering earns {} {denom}",
        errand.fee,
        errand.gas,
        errand.receiver_gas,
        errand.earns,
        denom = errand.denom,
    ));
    let done = deliver::deliver(network, &sender, errand).await?;
    shown(args.json, &done, show_delivered)
}

fn show_delivered(done: &Delivered) {
    let (id, receiver) = (done.task, &done.receiver);
    let text = match done.text_bytes {
        Some(bytes) => format!("with a text of {bytes} bytes, verified here"),
        None => "without a text".to_owned(),
    };
    output::text(&match done.taken {
        true => format!("task {id} is told to {receiver}, {text}"),
        false => format!(
            "{receiver} refused to be told of task {id} ({text}), or ran out of the gas it asked for. It can be told again until its time is over, but that earns nothing more"
        ),
    });
    let fee = done.fee.map_or_else(String::new, |fee| {
        format!("; the transaction took a fee of {fee} {}", done.denom)
    });
    output::text(&format!(
        "earned {} {}, in your balance in the contract{fee}",
        done.earned, done.denom
    ));
    output::faint(&format!("transaction {}", done.transaction));
}
