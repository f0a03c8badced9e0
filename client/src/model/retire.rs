//! A model taken off the registry: no more tasks, and the deposit comes back.

use antiphon_api::{ExecuteMsg, ModelResponse, Uint128};
use antiphon_chain::{ChainError, Sender};
use serde::Serialize;

use crate::error::ClientError;
use crate::network::Network;

/// A model that takes no more tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retired {
    /// Its number.
    pub model: u64,
    /// What came back of the deposit, to the balance in the contract.
    pub returned: Uint128,
    /// What is held until its open tasks are at their end.
    pub held: Uint128,
    /// Tasks that are open.
    pub open_tasks: u64,
    /// The denom of both.
    pub denom: String,
    /// The transaction.
    pub transaction: String,
}

/// Whether this account may retire the model, and what it is.
///
/// # Errors
/// It is another's, or retired already: found out before it costs a fee.
pub async fn can_retire(
    network: &Network,
    us: &str,
    model: u64,
) -> Result<ModelResponse, ClientError> {
    let found = network.contract.model(model).await?;
    if found.publisher != us {
        return Err(ClientError::WouldBeRefused(format!(
            "model {model} was registered by {}, and only that account can retire it: use its --key",
            found.publisher
        )));
    }
    if found.retired {
        return Err(ClientError::WouldBeRefused(format!(
            "model {model} is retired already; {} of its deposit are held until its {} open tasks are at their end",
            found.deposit, found.open_tasks
        )));
    }
    Ok(found)
}

/// Retires a model: for ever.
///
/// # Errors
/// As [`can_retire`], or the transaction is refused.
pub async fn retire(
    network: &Network,
    sender: &Sender,
    model: u64,
) -> Result<Retired, ClientError> {
    let before = can_retire(network, sender.address(), model).await?;
    let msg = ExecuteMsg::RetireModel { model };
    let sent = sender.execute(network.contract.address(), &msg, &[]).await;
    let transaction = match sent {
        Ok(done) => done.hash,
        Err(ChainError::Unconfirmed { hash, cause }) => {
            match network.contract.model(model).await?.retired {
                true => hash,
                false => return Err(ChainError::Unconfirmed { hash, cause }.into()),
            }
        }
        Err(error) => return Err(error.into()),
    };
    let after = network.contract.model(model).await?;
    Ok(Retired {
        model,
        returned: before.deposit.saturating_sub(after.deposit),
        held: after.deposit,
        open_tasks: after.open_tasks,
        denom: network.file.denom.clone(),
        transaction,
    })
}
