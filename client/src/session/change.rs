//! Starting and ending a session: one transaction of the granter each.

use antiphon_api::ExecuteMsg;
use antiphon_chain::{
    ChainError, Coin, ContractCalls, Gas, Grant, Msg, Sender, canonical, unix_seconds,
};

use super::{CALL_GAS, GRANT_KIND, MESSAGE_KEY, Session, read};
use crate::ask::choose_model;
use crate::error::ClientError;
use crate::network::Network;
use crate::question::DEFAULT_OUTPUT_TOKENS;

/// A month: nobody remembers a session for longer.
const MAX_SECONDS: u64 = 31 * 24 * 3600;
const MAX_CALLS: u64 = 10_000;
/// Length of the prompt that the prepaid balance is counted for, if no deposit is named.
const USUAL_PROMPT_BYTES: u32 = 2_048;

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Questions.
    pub calls: u64,
    /// Seconds by the chain's clock.
    pub seconds: u64,
    /// The prepaid balance to begin with; enough for all questions of usual size if none.
    pub prepaid: Option<u128>,
}

/// A session that began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// What stands on chain.
    pub session: Session,
    /// What was added to the prepaid balance.
    pub deposited: u128,
    /// The transaction.
    pub hash: String,
}

/// A session that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What stands on chain.
    pub session: Session,
    /// The transaction; none if there was nothing to end.
    pub hash: Option<String>,
}

/// Allows a key to ask in the sender's name: an old allowance is taken back, the new grants are made, and
/// the prepaid balance is filled up, all or nothing.
///
/// # Errors
/// The terms or the address make no sense, or the transaction is refused.
pub async fn start(
    network: &Network,
    sender: &Sender,
    grantee: &str,
    terms: &Terms,
) -> Result<Started, ClientError> {
    check_terms(terms)?;
    check_address(network, sender, grantee)?;
    let granter = sender.address();
    let before = read(network, granter, grantee).await?;
    let deposit = lacking(network, &before, terms).await?;
    let now = unix_seconds(&network.chain.status().await?.time)?;
    let expires = now.saturating_add(terms.seconds);
    let mut msgs = Vec::new();
    let grantee = grantee.to_owned();
    if before.allowances > 0 {
        msgs.push(Msg::RevokeAllowance {
            grantee: grantee.clone(),
        });
    }
    msgs.push(Msg::Grant {
        grantee: grantee.clone(),
        calls: ContractCalls {
            contract: network.contract.address().to_owned(),
            message_keys: vec![MESSAGE_KEY.to_owned()],
            calls: terms.calls,
        },
        expires,
    });
    msgs.push(Msg::GrantAllowance {
        grantee: grantee.clone(),
        limit: fees(network, terms.calls)?,
        expires,
    });
    if deposit > 0 {
        let funds = [Coin::new(deposit, &network.file.denom)];
        msgs.push(network.contract.message(&ExecuteMsg::Deposit {}, &funds)?);
    }
    let outcome = sender.send(&msgs, Gas::Simulate).await?;
    Ok(Started {
        session: read(network, granter, &grantee).await?,
        deposited: deposit,
        hash: outcome.hash,
    })
}

/// Takes back what a key was allowed.
///
/// # Errors
/// The transaction is refused.
pub async fn end(network: &Network, sender: &Sender, grantee: &str) -> Result<Ended, ClientError> {
    let granter = sender.address();
    let grants = network.chain.grants(granter, grantee).await?;
    let allowed = match network.chain.allowance(granter, grantee).await {
        Ok(allowance) => allowance.is_some(),
        // One of a kind that is not read here is there all the same.
        Err(ChainError::Malformed { .. }) => true,
        Err(error) => return Err(error.into()),
    };
    let grantee = grantee.to_owned();
    let mut msgs = Vec::new();
    if grants.iter().any(is_contract_grant) {
        msgs.push(Msg::Revoke {
            grantee: grantee.clone(),
        });
    }
    if allowed {
        msgs.push(Msg::RevokeAllowance {
            grantee: grantee.clone(),
        });
    }
    let hash = match msgs.as_slice() {
        [] => None,
        some => Some(sender.send(some, Gas::Simulate).await?.hash),
    };
    let session = read(network, granter, &grantee).await?;
    Ok(Ended { session, hash })
}

fn is_contract_grant(grant: &Grant) -> bool {
    grant.kind == GRANT_KIND
}

/// All fees of a session: those of its questions, plus a tenth.
fn fees(network: &Network, calls: u64) -> Result<Coin, ClientError> {
    let price: antiphon_chain::GasPrice = network.file.gas_price.parse()?;
    let one = price.fee(CALL_GAS)?;
    let all = one.amount.saturating_mul(u128::from(calls));
    let more = all.div_ceil(10);
    Ok(Coin::new(all.saturating_add(more), &one.denom))
}

async fn lacking(network: &Network, before: &Session, terms: &Terms) -> Result<u128, ClientError> {
    let wanted = match terms.prepaid {
        Some(amount) => amount,
        None => {
            let model = choose_model(network, None).await?;
            let bytes = USUAL_PROMPT_BYTES.min(model.limits.max_prompt_bytes);
            let tokens = DEFAULT_OUTPUT_TOKENS.min(model.limits.max_output_tokens);
            let contract = &network.contract;
            let fee = contract
                .estimate_fee(model.model, bytes, tokens, None)
                .await?;
            fee.escrow.u128().saturating_mul(u128::from(terms.calls))
        }
    };
    Ok(wanted.saturating_sub(before.prepaid.u128()))
}

fn check_terms(terms: &Terms) -> Result<(), ClientError> {
    if terms.calls == 0 || terms.calls > MAX_CALLS {
        return Err(ClientError::Usage(format!(
            "got {} questions, want 1 to {MAX_CALLS}: name them with --calls",
            terms.calls
        )));
    }
    if terms.seconds == 0 || terms.seconds > MAX_SECONDS {
        return Err(ClientError::Usage(format!(
            "got a session of {} minutes, want 1 minute to 31 days: name it with --minutes or --hours",
            terms.seconds / 60
        )));
    }
    Ok(())
}

fn check_address(network: &Network, sender: &Sender, grantee: &str) -> Result<(), ClientError> {
    canonical(grantee)?;
    let prefix = format!("{}1", network.file.prefix);
    if !grantee.starts_with(&prefix) {
        return Err(ClientError::Usage(format!(
            "got {grantee}, want an address that begins with {prefix}"
        )));
    }
    if grantee == sender.address() {
        return Err(ClientError::Usage(
            "an account needs no session of its own: name the address of another key".to_owned(),
        ));
    }
    Ok(())
}
