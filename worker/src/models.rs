//! From a configured model to a seat: manifest, weights, golden answers, bond, profile, seat, in this
//! order, so that nobody is bound to serve what its machine cannot compute.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use antiphon_api::{Cid, ExecuteMsg, Hex, ModelResponse};
use antiphon_documents::{MAX_MANIFEST_BYTES, Manifest, ManifestFault};
use antiphon_store::{FetchError, Fetcher, ModelSpec, Peers, Progress, Store, StoreError};
use futures_util::future::BoxFuture;
use tokio::time::sleep;

use crate::config::{Config, ServedModel};
use crate::ports::{ChainPort, EdgeError, Inference, ModelFiles};

/// Pause before the network is asked again for a manifest that nobody serves yet.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// Pause between two progress lines.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// Why a model cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The chain cannot be read, or refused a message.
    #[error("model {model}: {what}: {error}")]
    Chain {
        /// The model's id.
        model: u64,
        /// What was tried.
        what: &'static str,
        /// Why not.
        error: EdgeError,
    },
    /// A configured file cannot be read.
    #[error("model {model}: {path}: {error}", path = .path.display())]
    File {
        /// The model's id.
        model: u64,
        /// The file.
        path: std::path::PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A configured file is another model's.
    #[error(
        "model {model}: {what} is {got}, the registry wants {want}; correct the [[model]] table"
    )]
    Other {
        /// The model's id.
        model: u64,
        /// `manifest` or `import`.
        what: &'static str,
        /// The file's.
        got: Cid,
        /// The registry's.
        want: Cid,
    },
    /// The registry's manifest breaks a rule.
    #[error("model {model}: its manifest is not valid, so it cannot be served: {fault}")]
    Manifest {
        /// The model's id.
        model: u64,
        /// The rule.
        fault: ManifestFault,
    },
    /// The store failed.
    #[error("model {model}: {error}")]
    Store {
        /// The model's id.
        model: u64,
        /// Why.
        error: StoreError,
    },
    /// The weights cannot be had.
    #[error("model {model}: {error}")]
    Fetch {
        /// The model's id.
        model: u64,
        /// Why.
        error: FetchError,
    },
    /// This machine does not compute what the manifest says.
    #[error("model {model}: {error}; no seat is taken")]
    Golden {
        /// The model's id.
        model: u64,
        /// What differs.
        error: EdgeError,
    },
}

/// What bringing a model up needs.
#[derive(Clone)]
pub struct Bringer {
    /// Registry and seats.
    pub chain: Arc<dyn ChainPort>,
    /// Our store.
    pub store: Store,
    /// Everybody else's.
    pub fetcher: Fetcher,
    /// Checks golden answers.
    pub inference: Arc<dyn Inference>,
    /// This worker.
    pub me: String,
    /// Its endpoint on record.
    pub endpoint: Option<String>,
    /// Block sources besides those on record.
    pub static_peers: Vec<String>,
}

/// Puts a manifest beside its weights, where `selftest` finds both without a chain.
fn keep_beside(weights: &Path, manifest: &Cid, text: &[u8]) {
    let path = weights.with_file_name(format!("{manifest}.json"));
    if let Err(error) = std::fs::write(&path, text) {
        tracing::warn!(path = %path.display(), %error, "the self test will not find this model");
    }
}

impl std::fmt::Debug for Bringer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bringer")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

impl Bringer {
    /// Gets manifest and weights, and reproduces the golden answers; the manifest's identifier.
    ///
    /// # Errors
    /// See [`ModelError`].
    pub async fn bring(&self, served: &ServedModel) -> Result<Cid, ModelError> {
        let model = served.id;
        let info = self.chain.model(model).await;
        let info = info.map_err(|error| ModelError::Chain {
            model,
            what: "reading the registry",
            error,
        })?;
        let text = self.manifest(served, &info).await?;
        let manifest =
            Manifest::parse(&text).map_err(|fault| ModelError::Manifest { model, fault })?;
        let weights = self.weights(served, &info, &manifest).await?;
        keep_beside(&weights, &info.manifest, &text);
        let files = ModelFiles {
            manifest: text,
            manifest_cid: info.manifest,
            weights,
        };
        let golden = self.inference.prepare(&files).await;
        golden.map_err(|error| ModelError::Golden { model, error })?;
        Ok(info.manifest)
    }

    /// The manifest's block: our store, the configured file, or whoever serves it.
    async fn manifest(
        &self,
        served: &ServedModel,
        info: &ModelResponse,
    ) -> Result<Vec<u8>, ModelError> {
        let (model, want) = (served.id, info.manifest);
        let failed = |error| ModelError::Store { model, error };
        if let Some(path) = &served.manifest {
            let read = std::fs::read(path);
            let bytes = read.map_err(|error| ModelError::File {
                model,
                path: path.clone(),
                error,
            })?;
            let got = Cid::of_raw(&bytes);
            if got != want {
                return Err(ModelError::Other {
                    model,
                    what: "manifest",
                    got,
                    want,
                });
            }
            self.keep_manifest(&want, &bytes).map_err(failed)?;
            return Ok(bytes);
        }
        if let Some(bytes) = self.store.read(&want).map_err(failed)? {
            return Ok(bytes);
        }
        let bytes = self.fetch_manifest(info).await;
        self.keep_manifest(&want, &bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn keep_manifest(&self, cid: &Cid, bytes: &[u8]) -> Result<(), StoreError> {
        self.store.blocks.pin(cid, "model", None)?;
        self.store.blocks.put(cid, bytes).map(drop)
    }

    /// Asks until somebody has it: a worker may be started before any peer.
    async fn fetch_manifest(&self, info: &ModelResponse) -> Vec<u8> {
        loop {
            let sources = self.endpoints(info).await;
            match self
                .fetcher
                .fetch_block(&info.manifest, &sources, MAX_MANIFEST_BYTES)
                .await
            {
                Ok(bytes) => return bytes.to_vec(),
                Err(error) => {
                    tracing::info!(model = info.model, %error, "waiting for the manifest")
                }
            }
            sleep(ASK_AGAIN).await;
        }
    }

    async fn weights(
        &self,
        served: &ServedModel,
        info: &ModelResponse,
        manifest: &Manifest,
    ) -> Result<std::path::PathBuf, ModelError> {
        let (model, weights) = (served.id, &manifest.weights);
        if let Some(path) = &served.import
            && self.store.models.complete(&weights.cid).is_none()
        {
            self.import(model, path, weights.cid).await?;
        }
        let spec = ModelSpec {
            root: weights.cid,
            bytes: weights.bytes,
            sha256: weights.sha256,
        };
        let peers = ModelPeers {
            bringer: self,
            info,
        };
        let said = Mutex::new(None);
        let say = |progress| say(model, progress, &said);
        let path = self
            .fetcher
            .fetch_model(&self.store.models, &spec, &peers, &say)
            .await;
        path.map_err(|error| ModelError::Fetch { model, error })
    }

    async fn import(&self, model: u64, path: &Path, want: Cid) -> Result<(), ModelError> {
        let (models, file) = (Arc::clone(&self.store.models), path.to_owned());
        let imported = tokio::task::spawn_blocking(move || models.import(&file)).await;
        let complete = match imported {
            Ok(result) => result.map_err(|error| ModelError::Store { model, error })?,
            Err(_) => {
                return Err(ModelError::Store {
                    model,
                    error: StoreError::Stopped,
                });
            }
        };
        if complete.root == want {
            tracing::info!(model, bytes = complete.bytes, "weights imported");
            return Ok(());
        }
        Err(ModelError::Other {
            model,
            what: "import",
            got: complete.root,
            want,
        })
    }

    /// Seats of the model, the publisher, static peers.
    async fn endpoints(&self, info: &ModelResponse) -> Vec<String> {
        let seats = self
            .chain
            .seats(info.model)
            .await
            .map(|page| page.seats)
            .unwrap_or_default();
        let others = seats.into_iter().filter(|seat| seat.worker != self.me);
        let mut list: Vec<String> = others.filter_map(|seat| seat.endpoint).collect();
        list.extend(info.endpoint.clone());
        list.extend(self.static_peers.iter().cloned());
        list.retain(|endpoint| Some(endpoint) != self.endpoint.as_ref());
        list.sort();
        list.dedup();
        list
    }
}

/// Who has a model, asked again and again while it is fetched.
struct ModelPeers<'a> {
    bringer: &'a Bringer,
    info: &'a ModelResponse,
}

impl Peers for ModelPeers<'_> {
    fn peers(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(self.bringer.endpoints(self.info))
    }

    fn own(&self) -> Option<String> {
        self.bringer.endpoint.clone()
    }
}

/// A line every two seconds, and one at the end.
fn say(model: u64, progress: Progress, said: &Mutex<Option<Instant>>) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = progress.leaves_done == progress.leaves;
    if !whole && said.is_some_and(|at| at.elapsed() < SAY_EVERY) {
        return;
    }
    *said = Some(Instant::now());
    tracing::info!(
        model,
        bytes = progress.bytes_done,
        of = progress.bytes,
        bytes_per_second = progress.bytes_per_second,
        peers = progress.peers,
        "fetching weights"
    );
}

/// Brings bond, profile and seats to what the configuration says, with the operator's key.
///
/// # Errors
/// The chain cannot be read, or refused a message: the text says which.
pub async fn take_seats(
    chain: &dyn ChainPort,
    config: &Config,
    me: &str,
    voter: Hex<33>,
) -> Result<(), ModelError> {
    let failed = |model, what| move |error| ModelError::Chain { model, what, error };
    let first = config.models.first().map_or(0, |model| model.id);
    let on_record = chain
        .worker(me)
        .await
        .map_err(failed(first, "reading our record"))?;
    let bond = on_record.as_ref().map_or(0, |worker| worker.bond.u128());
    if bond < config.bond {
        let missing = config.bond.saturating_sub(bond);
        let sent = chain.send_as_operator(ExecuteMsg::Bond {}, missing).await;
        sent.map_err(failed(first, "bonding"))?;
        tracing::info!(amount = %missing, "bonded");
    }
    let changed = |wanted: &Option<String>, now: Option<String>| {
        wanted.clone().filter(|w| Some(w) != now.as_ref())
    };
    let (endpoint, moniker, known) = on_record.as_ref().map_or((None, None, None), |w| {
        (w.endpoint.clone(), w.moniker.clone(), w.voter)
    });
    let update = ExecuteMsg::UpdateWorker {
        endpoint: changed(&config.endpoint, endpoint),
        moniker: changed(&config.moniker, moniker),
        voter: Some(voter).filter(|voter| Some(*voter) != known),
    };
    let nothing = ExecuteMsg::UpdateWorker {
        endpoint: None,
        moniker: None,
        voter: None,
    };
    if update != nothing {
        let sent = chain.send_as_operator(update, 0).await;
        sent.map_err(failed(first, "updating our record"))?;
        tracing::info!("profile on record");
    }
    let seats = on_record.map(|worker| worker.seats).unwrap_or_default();
    for model in config
        .models
        .iter()
        .map(|model| model.id)
        .filter(|id| !seats.contains(id))
    {
        let sent = chain
            .send_as_operator(ExecuteMsg::JoinModel { model }, 0)
            .await;
        sent.map_err(failed(model, "taking a seat"))?;
        tracing::info!(model, "seat taken");
    }
    Ok(())
}
