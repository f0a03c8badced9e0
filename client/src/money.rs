//! The balance in the contract: filled, and taken out again.

use antiphon_api::{ExecuteMsg, Uint128};
use antiphon_chain::{ChainError, Coin, Sender};
use serde::Serialize;

use crate::error::ClientError;
use crate::network::Network;

/// What a transfer to or from the contract did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The account.
    pub address: String,
    /// What was moved.
    pub amount: Uint128,
    /// What the account has in the contract now.
    pub contract: Uint128,
    /// The denom of both.
    pub denom: String,
    /// The transaction.
    pub hash: String,
}

/// An amount in the smallest unit, with or without its denom: `2500000` or `2500000uanti`.
///
/// # Errors
/// Zero, no number, or another denom.
pub fn amount(text: &str, denom: &str) -> Result<u128, ClientError> {
    let digits = text.strip_suffix(denom).unwrap_or(text);
    let number = digits.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        ClientError::Usage(format!(
            "got {text:?} as an amount, want a whole number of {denom} above 0, such as 2500000 or 2500000{denom}"
        ))
    })
}

/// Adds to the account's balance in the contract.
///
/// # Errors
/// The account does not have it, or the transaction is refused.
pub async fn deposit(
    network: &Network,
    sender: &Sender,
    amount: u128,
) -> Result<Moved, ClientError> {
    let funds = [Coin::new(amount, &network.file.denom)];
    let contract = network.contract.address();
    let sent = sender.execute(contract, &ExecuteMsg::Deposit {}, &funds);
    let hash = sent.await?.hash;
    moved(network, sender, amount, hash).await
}

/// Takes an amount, or all, out of the contract.
///
/// # Errors
/// There is nothing, or less than that.
pub async fn withdraw(
    network: &Network,
    sender: &Sender,
    amount: Option<u128>,
) -> Result<Moved, ClientError> {
    let before = network.contract.balance(sender.address()).await?;
    let wanted = amount.unwrap_or(before);
    if before == 0 || wanted > before {
        let denom = &network.file.denom;
        return Err(ClientError::Usage(format!(
            "{} has {before} {denom} in the contract: there is {} to withdraw",
            sender.address(),
            if before == 0 { "nothing" } else { "no more" }
        )));
    }
    let msg = ExecuteMsg::Withdraw {
        amount: amount.map(Uint128::new),
    };
    let sent = sender.execute(network.contract.address(), &msg, &[]);
    let hash = sent.await?.hash;
    moved(network, sender, wanted, hash).await
}

/// What must be attached to a message that takes this amount: what the balance in the contract lacks of it.
/// What is attached and not needed stays in that balance.
///
/// # Errors
/// The account does not have it: told in amounts, before anything is signed.
pub async fn attach(
    network: &Network,
    sender: &Sender,
    amount: u128,
    what: &str,
) -> Result<Vec<Coin>, ClientError> {
    let prepaid = network.contract.balance(sender.address()).await?;
    let lacking = amount.saturating_sub(prepaid);
    if lacking == 0 {
        return Ok(Vec::new());
    }
    let denom = &network.file.denom;
    let have = sender.balance().await?;
    if have < lacking {
        return Err(ClientError::Chain(ChainError::InsufficientFunds {
            address: sender.address().to_owned(),
            have: Coin::new(have, denom).to_string(),
            need: format!("{} for {what}", Coin::new(lacking, denom)),
        }));
    }
    Ok(vec![Coin::new(lacking, denom)])
}

async fn moved(
    network: &Network,
    sender: &Sender,
    amount: u128,
    hash: String,
) -> Result<Moved, ClientError> {
    let address = sender.address().to_owned();
    Ok(Moved {
        amount: Uint128::new(amount),
        contract: Uint128::new(network.contract.balance(&address).await?),
        denom: network.file.denom.clone(),
        address,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_whole_number_of_the_smallest_unit() {
        assert_eq!(amount("2500", "uanti").unwrap(), 2_500);
        assert_eq!(amount("2500uanti", "uanti").unwrap(), 2_500);
        for bad in ["0", "-1", "1.5", "1 uanti", "1anti", "uanti", ""] {
            assert!(amount(bad, "uanti").is_err(), "{bad:?}");
        }
    }
}
