//! Sessions: a key without coins that may ask questions in an account's name, for a while.
//!
//! The granter signs once. It allows another key a number of `post_task` calls of one contract until a
//! time, without coins, and pays that key's fees up to a limit. Escrow comes from the granter's prepaid
//! balance in the contract. What is left stands on chain and is read there; a session that is used up is
//! refused here, before anything is paid, since a refused message costs its fee all the same.

mod change;
mod file;

use antiphon_api::Uint128;
use antiphon_chain::{GasPrice, Grant, unix_seconds};
use serde::Serialize;

pub use change::{Ended, Started, Terms, end, start};
pub use file::SessionFile;

use crate::error::ClientError;
use crate::network::Network;

/// The one message a session key may send.
pub const MESSAGE_KEY: &str = "post_task";
/// The gas limit of one question sent by a session key, for the fees a session needs: 173,000 are used when
/// the code is pinned, 58,000 more when it is not, and the limit is 1.3 times that.
pub const CALL_GAS: u64 = 300_000;
/// Less than any question needs.
const LEAST_GAS: u64 = 100_000;
const GRANT_KIND: &str = "/cosmwasm.wasm.v1.ContractExecutionAuthorization";

/// What is left of a session, as the chain says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Whose account it is.
    pub granter: String,
    /// The key that may ask in its name.
    pub grantee: String,
    /// The contract it may ask.
    pub contract: String,
    /// Questions left.
    pub calls_left: u64,
    /// Fees left, in the smallest unit of `denom`.
    pub fees_left: Uint128,
    /// Seconds since 1970 at which it ends; none if it is over.
    pub expires: Option<u64>,
    /// Seconds left by the chain's clock.
    pub seconds_left: u64,
    /// The granter's balance in the contract, which pays the questions.
    pub prepaid: Uint128,
    /// The denom of all amounts.
    pub denom: String,
    /// Grants of any kind between the two, 0 after the end.
    pub grants: usize,
    /// Fee allowances between the two, 0 after the end.
    pub allowances: usize,
}

/// Reads what is left of a session.
///
/// # Errors
/// No node answers, or an address is none.
pub async fn read(network: &Network, granter: &str, grantee: &str) -> Result<Session, ClientError> {
    let (chain, contract) = (&network.chain, network.contract.address());
    let denom = &network.file.denom;
    let grants = chain.grants(granter, grantee).await?;
    let allowance = chain.allowance(granter, grantee).await?;
    let prepaid = network.contract.balance(granter).await?;
    let now = unix_seconds(&chain.status().await?.time)?;
    let ours = grants.iter().find(|grant| calls_of(grant, contract) > 0);
    let no_limit = u128::MAX;
    let fees = allowance
        .as_ref()
        .map_or(0, |allowance| allowance.left_of(denom).unwrap_or(no_limit));
    let ends = [
        ours.and_then(|grant| grant.expires),
        allowance.as_ref().and_then(|allowance| allowance.expires),
    ];
    let expires = ends.into_iter().flatten().min().filter(|_| ours.is_some());
    Ok(Session {
        granter: granter.to_owned(),
        grantee: grantee.to_owned(),
        contract: contract.to_owned(),
        calls_left: ours.map_or(0, |grant| calls_of(grant, contract)),
        fees_left: Uint128::new(fees),
        expires,
        seconds_left: expires.unwrap_or(0).saturating_sub(now),
        prepaid: Uint128::new(prepaid),
        denom: denom.clone(),
        grants: grants.len(),
        allowances: usize::from(allowance.is_some()),
    })
}

fn calls_of(grant: &Grant, contract: &str) -> u64 {
    let allowed = |key: &String| key == MESSAGE_KEY;
    let calls = grant.contracts.iter();
    let ours = calls.filter(|c| c.contract == contract && c.message_keys.iter().any(allowed));
    ours.map(|c| c.calls).fold(0, u64::saturating_add)
}

impl Session {
    /// Whether one more question with this escrow can be asked.
    ///
    /// # Errors
    /// Calls, time, fees or the prepaid balance are gone: which, and what to do.
    pub fn check(&self, price: &GasPrice, escrow: u128) -> Result<(), ClientError> {
        let least = price.fee(LEAST_GAS)?.amount;
        let fees = self.fees_left.u128();
        let prepaid = self.prepaid.u128();
        let denom = &self.denom;
        let gone = if self.calls_left == 0 {
            "its questions are used up, its time is over, or it was ended".to_owned()
        } else if self.expires.is_some() && self.seconds_left == 0 {
            "its time is over".to_owned()
        } else if fees < least {
            format!("{fees} {denom} are left for fees, and a question needs at least {least}")
        } else if prepaid < escrow {
            return Err(ClientError::Session(format!(
                "the prepaid balance is {prepaid} {denom}, and this question needs {escrow}: \
                 `antiphon deposit {}` with the key of {} adds to it. Nothing was paid",
                escrow.saturating_sub(prepaid),
                self.granter
            )));
        } else {
            return Ok(());
        };
        Err(ClientError::Session(format!(
            "the session of {} is over: {gone}. Start a new one with `antiphon session start`. Nothing was paid",
            self.granter
        )))
    }
}
