//! From the client's errors, which are for people at a terminal, to what programs far away are told: no
//! paths, no addresses of nodes. The whole error is in the log.

use antiphon_chain::ChainError;

use crate::error::ClientError;
use crate::gateway::failure::Failure;

/// Nodes and chain.
pub(super) fn of_chain(error: &ChainError) -> Failure {
    tracing::warn!(%error, "the chain said no");
    match error {
        ChainError::InsufficientFunds { .. } => {
            Failure::Funds(format!("{error}. `antiphon balance` shows what there is"))
        }
        ChainError::NotAllowed { granter, .. } => Failure::Funds(format!(
            "account {granter} does not let this gateway ask in its name, or no longer: its session's calls, time or fees are used up. \
             Its owner starts a new one with `antiphon session start --for GATEWAY-ADDRESS`"
        )),
        ChainError::Refused(refusal) => refused(&refusal.code, &refusal.sentence),
        ChainError::NoAccount { address } => Failure::Funds(format!(
            "account {address}, which pays, is not on the chain yet. Send it some coins"
        )),
        ChainError::FeeTooLow { .. }
        | ChainError::OutOfGas { .. }
        | ChainError::Rejected { .. } => Failure::Refused(format!(
            "the chain refused the transaction, and the gateway's operator must look at it: {}",
            short(&error.to_string())
        )),
        ChainError::NodeDown { .. }
        | ChainError::Rpc { .. }
        | ChainError::Lapsed { .. }
        | ChainError::Distrusted { .. }
        | ChainError::Malformed { .. } => Failure::NodeDown,
        ChainError::Unconfirmed { .. } => Failure::Pending { task: None },
        _ => Failure::Internal("its configuration does not fit the chain".to_owned()),
    }
}

/// The contract's refusals that a request can cause.
fn refused(code: &str, sentence: &str) -> Failure {
    let sentence = short(sentence);
    match code {
        "E_POOL_TOO_SMALL" => Failure::NoWorkers(format!(
            "too few workers hold a seat of this model: {sentence}. Try again later, or ask another model"
        )),
        "E_FUNDS" => Failure::Funds(format!(
            "the paying account does not have enough: {sentence}. Send it coins, or deposit some with `antiphon deposit`"
        )),
        "E_COMMITTEE" => Failure::Request {
            message: format!("the contract refused: {sentence}"),
            param: Some("antiphon.committee"),
        },
        _ => Failure::Refused(format!("the contract refused: {sentence} ({code})")),
    }
}

/// Everything else.
pub(super) fn of_client(error: &ClientError) -> Failure {
    match error {
        ClientError::Chain(error) => of_chain(error),
        ClientError::Upload(said) => {
            tracing::warn!(%said, "no worker took the prompt");
            Failure::NoWorkers(
                "no worker took the prompt. Nothing was paid; try again in a moment".to_owned(),
            )
        }
        other => {
            tracing::warn!(error = %other, "a question failed");
            Failure::Internal("an unforeseen failure; its log tells more".to_owned())
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}
