//! A model from all workers that have it, taken up again where it stopped.

use std::pin::Pin;

use antiphon_api::{Cid, ModelResponse};
use antiphon_documents::{MAX_MANIFEST_BYTES, Manifest};
use antiphon_store::{FetchError, Fetcher, ModelSpec, Peers, Progress};

use super::Shelf;
use crate::error::ClientError;
use crate::network::Network;
use crate::verified;

/// Workers of the models with one manifest, read from the chain again and again.
struct ChainPeers<'a> {
    network: &'a Network,
    models: Vec<ModelResponse>,
    named: Vec<String>,
}

impl ChainPeers<'_> {
    async fn endpoints(&self) -> Vec<String> {
        let mut all = self.named.clone();
        all.extend(
            self.models
                .iter()
                .filter_map(|model| model.endpoint.clone()),
        );
        for model in &self.models {
            // A node that is away for a moment costs us peers for a moment.
            let seats = self.network.contract.all_seats(model.model).await;
            let seats = seats.unwrap_or_default();
            all.extend(seats.into_iter().filter_map(|seat| seat.endpoint));
        }
        all.sort();
        all.dedup();
        all
    }
}

impl Peers for ChainPeers<'_> {
    fn peers(&self) -> Pin<Box<dyn Future<Output = Vec<String>> + Send + '_>> {
        Box::pin(self.endpoints())
    }
}

/// Fetches the model with this number or this manifest; `named` are further endpoints to ask.
///
/// # Errors
/// There is no such model, nobody gives it, or what came is not what the manifest says.
pub async fn fetch(
    network: &Network,
    shelf: &Shelf,
    which: &str,
    named: &[String],
    told: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Manifest, ClientError> {
    let (cid, models) = find(network, which).await?;
    let peers = ChainPeers {
        network,
        models,
        named: named.to_vec(),
    };
    let sources = peers.endpoints().await;
    let fetched = verified::fetch(&network.http, &cid, &sources, MAX_MANIFEST_BYTES).await?;
    let manifest = Manifest::parse(&fetched.bytes)?;
    shelf.keep(&manifest)?;
    let weights = &manifest.weights;
    let spec = ModelSpec {
        root: weights.cid,
        bytes: weights.bytes,
        sha256: weights.sha256,
    };
    let fetcher = Fetcher::new(network.http.clone());
    let fetched = fetcher.fetch_model(&shelf.store.models, &spec, &peers, told);
    fetched.await.map_err(|error| failure(error, weights.cid))?;
    Ok(manifest)
}

async fn find(network: &Network, which: &str) -> Result<(Cid, Vec<ModelResponse>), ClientError> {
    if let Ok(number) = which.parse::<u64>() {
        let model = network.contract.model(number).await?;
        return Ok((model.manifest, vec![model]));
    }
    let cid: Cid = which.parse().map_err(|error| {
        ClientError::Usage(format!(
            "got {which:?}, want a model's number or its manifest's CID: {error}"
        ))
    })?;
    Ok((cid, network.contract.models_by_manifest(cid).await?))
}

fn failure(error: FetchError, cid: Cid) -> ClientError {
    match error {
        FetchError::Store(error) => error.into(),
        FetchError::Stalled { .. } => ClientError::Unavailable {
            cid,
            said: error.to_string(),
        },
        FetchError::Skeleton(_) | FetchError::Sha256 { .. } => ClientError::Verification {
            cid,
            said: error.to_string(),
        },
    }
}
