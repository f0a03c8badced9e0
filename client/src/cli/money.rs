//! `antiphon deposit` and `antiphon withdraw`.

use super::shown;
use crate::error::ClientError;
use crate::money::{self, Moved};
use crate::network::Network;
use crate::output;

/// `antiphon deposit`
#[derive(Debug, clap::Args)]
pub struct DepositArgs {
    /// In the smallest unit, such as 2500000 or 2500000uanti
    pub amount: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `antiphon withdraw`
#[derive(Debug, clap::Args)]
pub struct WithdrawArgs {
    /// In the smallest unit; all if absent
    pub amount: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn deposit(network: &Network, args: &DepositArgs) -> Result<(), ClientError> {
    let amount = money::amount(&args.amount, &network.file.denom)?;
    let moved = money::deposit(network, &network.owner()?, amount).await?;
    shown(args.json, &moved, |moved| show("deposited", moved))
}

pub(super) async fn withdraw(network: &Network, args: &WithdrawArgs) -> Result<(), ClientError> {
    let denom = &network.file.denom;
    let amount = args.amount.as_deref();
    let amount = amount.map(|text| money::amount(text, denom)).transpose()?;
    let moved = money::withdraw(network, &network.owner()?, amount).await?;
    shown(args.json, &moved, |moved| show("withdrew", moved))
}

fn show(done: &str, moved: &Moved) {
    output::text(&format!(
        "{done} {} {denom}; {} {denom} in the contract now",
        moved.amount,
        moved.contract,
        denom = moved.denom
    ));
    output::faint(&format!("transaction {}", moved.hash));
}
