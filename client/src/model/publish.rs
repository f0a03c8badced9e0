//! A model taken into the store and registered, once.

use antiphon_api::{Cid, ExecuteMsg, Limits, ModelResponse, Price};
use antiphon_chain::{ChainError, Coin, Sender};
use antiphon_documents::Manifest;
use serde::Serialize;

use super::{Shelf, blocking, check_weights};
use crate::error::ClientError;
use crate::network::Network;

/// What the registry shall say of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What members are paid.
    pub price: Price,
    /// What is accepted.
    pub limits: Limits,
    /// Where the publisher serves the blocks.
    pub endpoint: Option<String>,
}

/// A model in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Its number.
    pub model: u64,
    /// Its manifest.
    pub manifest: Cid,
    /// Its weights.
    pub weights: Cid,
    /// The transaction; none if it was registered before.
    pub transaction: Option<String>,
}

/// Takes the weights and the manifest into the store, then registers the manifest with its deposit. One
/// that the account has registered before is not registered again.
///
/// # Errors
/// The file is not the manifest's, the disk fails, or the transaction is refused.
pub async fn publish(
    network: &Network,
    sender: &Sender,
    shelf: &Shelf,
    gguf: &std::path::Path,
    manifest: &Manifest,
    offer: Offer,
) -> Result<Published, ClientError> {
    let (models, path) = (shelf.store.models.clone(), gguf.to_owned());
    let imported = blocking(move || Ok(models.import(&path)?)).await?;
    check_weights(gguf, imported.root, manifest.weights.cid)?;
    let cid = shelf.keep(manifest)?;
    let (model, transaction) = match registered(network, sender, cid).await? {
        Some(known) => (known.model, None),
        None => register(network, sender, cid, offer).await?,
    };
    Ok(Published {
        model,
        manifest: cid,
        weights: manifest.weights.cid,
        transaction,
    })
}

async fn registered(
    network: &Network,
    sender: &Sender,
    manifest: Cid,
) -> Result<Option<ModelResponse>, ClientError> {
    let all = network.contract.models_by_manifest(manifest).await?;
    let ours = |model: &ModelResponse| !model.retired && model.publisher == sender.address();
    Ok(all.into_iter().find(ours))
}

/// The deposit comes from the balance in the contract; what that lacks is attached.
async fn register(
    network: &Network,
    sender: &Sender,
    manifest: Cid,
    offer: Offer,
) -> Result<(u64, Option<String>), ClientError> {
    let contract = &network.contract;
    let deposit = contract.params(None).await?.params.model_deposit.u128();
    let prepaid = contract.balance(sender.address()).await?;
    let lacking = deposit.saturating_sub(prepaid);
    let funds = match lacking {
        0 => Vec::new(),
        some => vec![Coin::new(some, &network.file.denom)],
    };
    let msg = ExecuteMsg::RegisterModel {
        manifest,
        price: offer.price,
        limits: offer.limits,
        endpoint: offer.endpoint,
    };
    let done = sender.execute(contract.address(), &msg, &funds).await?;
    let model = done.attribute("wasm-model_registered", "model");
    let model = model.and_then(|id| id.parse().ok());
    let model = model.ok_or_else(|| ChainError::Malformed {
        what: format!("transaction {}", done.hash),
        got: "no model".to_owned(),
        want: "the event model_registered with its id".to_owned(),
    })?;
    Ok((model, Some(done.hash)))
}
