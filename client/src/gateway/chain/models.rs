//! Models that take questions, with the names their manifests give them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use antiphon_api::{Cid, ModelResponse};
use antiphon_documents::{MAX_MANIFEST_BYTES, Manifest};
use futures_util::stream::{self, StreamExt as _};

use super::failures::of_chain;
use crate::gateway::answers::{ManifestFacts, ModelInfo};
use crate::gateway::failure::Failure;
use crate::network::Network;

/// A list is good for so long: seats come and go.
const FRESH: Duration = Duration::from_secs(5);
/// Whoever asks gets one that is this old at most; the gateway's own look makes new ones in time.
const STALE: Duration = Duration::from_secs(30);
/// Manifests kept: they never change.
const MAX_KEPT: usize = 256;
/// Manifests kept in mind as not to be had: as many as a registry of dead ones is likely to have.
const MAX_MISSING: usize = 4_096;
/// Manifests asked for at once.
const AT_ONCE: usize = 16;
/// Sources asked for a manifest, and how long each may take.
const MAX_SOURCES: usize = 4;
const PATIENCE: Duration = Duration::from_secs(1);
/// All manifests of one list may take so long: the rest are asked for by the next.
const ALL: Duration = Duration::from_secs(4);
/// After nobody gave a manifest, it is asked for again; each time twice as late, up to an hour.
const ASK_AGAIN: Duration = Duration::from_secs(60);
const MAX_DOUBLED: u32 = 6;

type Named = (String, ManifestFacts);

#[derive(Debug, Default)]
pub(super) struct Models {
    inner: Mutex<Kept>,
    /// One list at a time is made, whoever asks.
    making: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Kept {
    list: Option<(Instant, Arc<Vec<ModelInfo>>)>,
    manifests: BTreeMap<Cid, Named>,
    missing: BTreeMap<Cid, Missed>,
}

/// When a manifest was asked for in vain last, and how often.
#[derive(Clone, Copy, Debug)]
struct Missed {
    at: Instant,
    times: u32,
}

impl Missed {
    fn again(before: Option<Self>) -> Self {
        let times = before.map_or(0, |missed| missed.times.saturating_add(1));
        Self {
            at: Instant::now(),
            times: times.min(MAX_DOUBLED),
        }
    }

    fn wait(self) -> Duration {
        ASK_AGAIN.saturating_mul(1_u32.checked_shl(self.times).unwrap_or(u32::MAX))
    }
}

impl Models {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, good: impl Fn(&Instant) -> bool) -> Option<Arc<Vec<ModelInfo>>> {
        let kept = self.lock();
        let (_, list) = kept.list.as_ref().filter(|(at, _)| good(at))?;
        Some(Arc::clone(list))
    }

    /// The list for whoever asks: dead manifests of others must not make them wait.
    pub(super) async fn list(&self, network: &Network) -> Result<Arc<Vec<ModelInfo>>, Failure> {
        self.within(network, STALE).await
    }

    /// A new list, unless there is a very new one.
    pub(super) async fn renewed(&self, network: &Network) -> Result<Arc<Vec<ModelInfo>>, Failure> {
        self.within(network, FRESH).await
    }

    async fn within(
        &self,
        network: &Network,
        age: Duration,
    ) -> Result<Arc<Vec<ModelInfo>>, Failure> {
        if let Some(list) = self.kept(|at| at.elapsed() < age) {
            return Ok(list);
        }
        let _making = match (self.making.try_lock(), self.kept(|_| true)) {
            (Ok(making), _) => making,
            // Somebody makes a new one: the old one is good until then.
            (Err(_), Some(list)) => return Ok(list),
            (Err(_), None) => self.making.lock().await,
        };
        if let Some(list) = self.kept(|at| at.elapsed() < age) {
            return Ok(list);
        }
        let list = Arc::new(self.made(network).await?);
        self.lock().list = Some((Instant::now(), Arc::clone(&list)));
        Ok(list)
    }

    async fn made(&self, network: &Network) -> Result<Vec<ModelInfo>, Failure> {
        let found = network.contract.all_models().await;
        let mut found = found.map_err(|e| of_chain(&e))?;
        found.retain(|model| !model.retired);
        let began = Instant::now();
        let asked: Vec<_> = found
            .iter()
            .map(|model| self.manifest(network, model, began))
            .collect();
        let named: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let mut taken = BTreeSet::new();
        let pairs = found.into_iter().zip(named);
        Ok(pairs
            .map(|(model, named)| info(model, named, &mut taken))
            .collect())
    }

    async fn manifest(
        &self,
        network: &Network,
        model: &ModelResponse,
        began: Instant,
    ) -> Option<Named> {
        {
            let kept = self.lock();
            if let Some(named) = kept.manifests.get(&model.manifest) {
                return Some(named.clone());
            }
            let missed = kept.missing.get(&model.manifest);
            let missed = missed.is_some_and(|missed| missed.at.elapsed() < missed.wait());
            if missed || began.elapsed() > ALL {
                return None;
            }
        }
        let found = fetch(network, model).await;
        let mut kept = self.lock();
        if kept.manifests.len() >= MAX_KEPT {
            kept.manifests.clear();
        }
        if kept.missing.len() >= MAX_MISSING {
            kept.missing.clear();
        }
        match &found {
            Some(named) => {
                kept.missing.remove(&model.manifest);
                kept.manifests.insert(model.manifest, named.clone());
            }
            None => {
                let before = kept.missing.get(&model.manifest).copied();
                kept.missing.insert(model.manifest, Missed::again(before));
            }
        }
        found
    }
}

async fn fetch(network: &Network, model: &ModelResponse) -> Option<Named> {
    let seats = network.contract.seats(model.model, None).await.ok()?;
    let seats = seats.into_iter().filter_map(|seat| seat.endpoint);
    let sources = model.endpoint.clone().into_iter().chain(seats);
    for source in sources.take(MAX_SOURCES) {
        let asked = network
            .http
            .get_block(&source, &model.manifest, MAX_MANIFEST_BYTES);
        let Ok(Ok(bytes)) = tokio::time::timeout(PATIENCE, asked).await else {
            continue;
        };
        if let Ok(manifest) = Manifest::parse(&bytes) {
            return Some(named(manifest));
        }
    }
    None
}

fn named(manifest: Manifest) -> Named {
    let facts = ManifestFacts {
        context_tokens: manifest.context_tokens,
        chat_template: manifest.chat_template,
        license: manifest.license,
        weights_sha256: manifest.weights.sha256,
    };
    (manifest.name, facts)
}

/// The first model of a name is called by it; others by their numbers. A name that reads as a number or a
/// CID, which mean a certain model, is no name to go by.
fn info(model: ModelResponse, named: Option<Named>, taken: &mut BTreeSet<String>) -> ModelInfo {
    let (name, facts) = named.unzip();
    let id = match &name {
        Some(name) if !is_reserved(name) && taken.insert(name.clone()) => name.clone(),
        _ => model.model.to_string(),
    };
    ModelInfo {
        id,
        number: model.model,
        manifest: model.manifest,
        name,
        facts,
        publisher: model.publisher,
        seats: model.seats,
        price: model.price,
        limits: model.limits,
    }
}

fn is_reserved(name: &str) -> bool {
    name.parse::<u64>().is_ok() || name.parse::<Cid>().is_ok()
}
