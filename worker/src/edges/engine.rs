//! The engine in a child process: model bytes are untrusted, so what reads them can be limited, killed
//! and started again. One child for each served model; JSON lines on its standard input and output.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antiphon_api::{Cid, Hex};
use antiphon_documents::Manifest;
use antiphon_engine::child::{
    Action, GenerateRequest, GoldenRequest, InputMsg, LoadRequest, Loaded, Outcome as Said,
    SelfTestRequest,
};
use antiphon_engine::{Generation, golden};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::child::{Broken, Running};
use super::space::Wanted;
use crate::ports::{Computed, Edge, EdgeError, Inference, Job, ModelFiles, Outcome};

/// The engine's name for a job that was broken off.
const CANCELLED: &str = "cancelled";
/// The engine's name for a number that is not finite.
const NUMERIC: &str = "numeric";

/// What each GiB of a model adds to the silence allowed: its file is hashed and repacked, and a part
/// of a prompt computed, without a word, at least at 18 MB/s.
const PER_GIB: Duration = Duration::from_secs(60);

/// How children are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// The program, with the hidden subcommand.
    pub program: PathBuf,
    /// Threads that compute.
    pub threads: usize,
    /// A child that gives no sign of life for so long, and a minute for each GiB of its model, is
    /// killed.
    pub token_timeout: Duration,
    /// Most jobs that a child computes at once; fewer if its address space holds fewer.
    pub jobs: usize,
    /// Folder of repacked weights, which processes share; none means memory.
    pub packed: Option<PathBuf>,
    /// Address space of a child; none means by the model's size.
    pub address_space: Option<u64>,
}

/// Models and their children.
#[derive(Debug)]
pub struct ChildInference {
    options: EngineOptions,
    models: Mutex<BTreeMap<Cid, Arc<Served>>>,
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Served {
    files: ModelFiles,
    manifest: Manifest,
    /// Address space of its child.
    space: u64,
    running: tokio::sync::Mutex<Option<Arc<Running>>>,
    /// Jobs that its child computes at once.
    jobs: u32,
    /// As many: a job more waits here, not in the child.
    places: Semaphore,
}

/// Counts a caller in as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ChildInference {
    /// No child yet.
    #[must_use]
    pub const fn new(options: EngineOptions) -> Self {
        Self {
            options,
            models: Mutex::new(BTreeMap::new()),
            waiting: AtomicUsize::new(0),
        }
    }

    async fn prepare_model(&self, files: &ModelFiles) -> Result<(), EdgeError> {
        let manifest = Manifest::parse(&files.manifest).map_err(EdgeError::new)?;
        let (running, wanted, jobs) = self.start_with_room(files, &manifest).await?;
        let text = String::from_utf8(files.manifest.clone()).map_err(EdgeError::new)?;
        let action = Action::Golden(GoldenRequest { manifest: text });
        let said = running.ask(action, self.silence(&manifest)).await?;
        let Said::Golden(reproduced) = said else {
            return Err(unexpected("the golden answers", &said));
        };
        tracing::info!(
            manifest = %files.manifest_cid,
            numerics = manifest.numerics,
            cases = reproduced.cases,
            prefill_seconds = reproduced.seconds.prefill,
            decode_seconds = reproduced.seconds.decode,
            "golden answers reproduced"
        );
        let served = Arc::new(Served {
            files: files.clone(),
            manifest,
            space: wanted.bytes(),
            running: tokio::sync::Mutex::new(Some(running)),
            places: Semaphore::new(jobs),
            jobs: u32::try_from(jobs).unwrap_or(u32::MAX),
        });
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        models.insert(files.manifest_cid, served);
        Ok(())
    }

    fn silence(&self, manifest: &Manifest) -> Duration {
        silence(self.options.token_timeout, manifest.weights.bytes)
    }

    fn wanted(&self, manifest: &Manifest) -> Wanted {
        Wanted {
            weights: manifest.weights.bytes,
            cn_1: manifest.numerics == golden::NUMERICS,
            threads: self.options.threads,
            jobs: self.options.jobs,
            bound: self.options.address_space,
            keys_values: 0,
        }
    }

    /// A child whose address space holds the longest job, what it was given, and how many jobs it
    /// computes at once.
    async fn start_with_room(
        &self,
        files: &ModelFiles,
        manifest: &Manifest,
    ) -> Result<(Arc<Running>, Wanted, usize), EdgeError> {
        let usual = self.wanted(manifest);
        let (mut running, loaded) = self.start(files, manifest, usual.bytes()).await?;
        let wanted = usual.of(&loaded, manifest.context_tokens);
        if wanted.bytes() < wanted.least() {
            return Err(EdgeError::new(format!(
                "the longest task needs {} bytes of address space, of which {} are keys and values, got a bound of {}: raise inference.address_space_bytes, or set it to 0",
                wanted.least(),
                wanted.keys_values,
                wanted.bytes(),
            )));
        }
        if wanted.bytes() > usual.bytes() {
            tracing::info!(
                address_space_bytes = wanted.bytes(),
                keys_values_bytes = wanted.keys_values,
                "the engine starts again with room for the longest task"
            );
            drop(running);
            (running, _) = self.start(files, manifest, wanted.bytes()).await?;
        }
        let jobs = self.jobs(&wanted, &loaded);
        Ok((running, wanted, jobs))
    }

    /// Jobs at once, so that their keys and values fit the child's address space.
    fn jobs(&self, wanted: &Wanted, loaded: &Loaded) -> usize {
        let jobs = wanted.jobs(loaded);
        if jobs < self.options.jobs {
            tracing::warn!(
                jobs,
                wanted = self.options.jobs,
                address_space_bytes = wanted.bytes(),
                cache_bytes_per_token = loaded.cache_bytes_per_token,
                "fewer jobs at once: the engine takes no more, or its address space holds the keys and values of no more"
            );
        }
        jobs
    }

    /// A child with the model loaded, whose kernels give their known answers.
    async fn start(
        &self,
        files: &ModelFiles,
        manifest: &Manifest,
        space: u64,
    ) -> Result<(Arc<Running>, Loaded), EdgeError> {
        let running = Running::spawn(&self.options.program, self.options.threads, space)?;
        let action = Action::Load(LoadRequest {
            path: files.weights.clone(),
            numerics: manifest.numerics.clone(),
            sha256: Some(manifest.weights.sha256),
            threads: self.options.threads,
            packed: self.options.packed.clone(),
            jobs: Some(self.options.jobs),
            ..LoadRequest::default()
        });
        let said = running.ask(action, self.silence(manifest)).await?;
        let Said::Loaded(loaded) = said else {
            return Err(unexpected("the model", &said));
        };
        let action = Action::SelfTest(SelfTestRequest {});
        let said = running.ask(action, self.options.token_timeout).await?;
        let Said::SelfTested(_) = said else {
            return Err(unexpected("the self test", &said));
        };
        tracing::info!(
            kernel = loaded.kernel,
            threads = loaded.threads,
            seconds = loaded.seconds,
            weights = loaded.weights,
            "model loaded, self test passed"
        );
        Ok((running, loaded))
    }

    /// A job beside others; alone if the child broke while several were under way, since any of
    /// them may be the cause and the others must not suffer from it.
    async fn answer(&self, job: &Job, stop: &CancellationToken) -> Result<Outcome, EdgeError> {
        let _waiting = Waiting::new(&self.waiting);
        let served = {
            let models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
            models.get(&job.manifest).cloned()
        };
        let served =
            served.ok_or_else(|| EdgeError::new("the model is not loaded on this machine"))?;
        let request = request(&served.manifest, job)?;
        let said = match self.attempt(&served, &request, 1, stop).await {
            Err(Broken {
                shared: true,
                error,
            }) => {
                tracing::warn!(%error, "the engine broke while several jobs were under way: each is tried again alone");
                self.attempt(&served, &request, served.jobs, stop).await?
            }
            other => other?,
        };
        match said {
            Said::Generated(generated) => Ok(Outcome::Answer(Arc::new(computed(
                (*generated).into(),
                served.manifest.weights.sha256,
            )))),
            Said::Failed(failure) if failure.deterministic && failure.kind == NUMERIC => {
                self.confirm(&served, &request, failure.text, stop).await
            }
            Said::Failed(failure) if failure.deterministic => Ok(Outcome::Invalid(failure.text)),
            Said::Failed(failure) if failure.kind == CANCELLED => Err(broken_off()),
            said => Err(unexpected("an answer", &said)),
        }
    }

    /// A number that is not finite may be the prompt's doing, or one bit of this machine's memory. It
    /// is voted only if a new process says the same of it.
    async fn confirm(
        &self,
        served: &Served,
        request: &GenerateRequest,
        text: String,
        stop: &CancellationToken,
    ) -> Result<Outcome, EdgeError> {
        tracing::warn!(%text, "computed again in a new process before it is voted");
        *served.running.lock().await = None;
        match self.attempt(served, request, served.jobs, stop).await? {
            Said::Failed(again) if again.deterministic => Ok(Outcome::Invalid(again.text)),
            Said::Failed(failure) if failure.kind == CANCELLED => Err(broken_off()),
            Said::Generated(_) => Err(EdgeError::new(format!(
                "this machine computed two things: once {text}, then an answer; check its memory"
            ))),
            said => Err(unexpected("an answer", &said)),
        }
    }

    /// Computes a job that takes so many of the places, when they are free.
    async fn attempt(
        &self,
        served: &Served,
        request: &GenerateRequest,
        places: u32,
        stop: &CancellationToken,
    ) -> Result<Said, Broken> {
        let alone = |error| Broken {
            error,
            shared: false,
        };
        let _places = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(alone(broken_off())),
            got = served.places.acquire_many(places) => got.map_err(|e| alone(EdgeError::new(e)))?,
        };
        let running = self.running(served).await.map_err(alone)?;
        let action = Action::Generate(request.clone());
        running
            .ask_unless(action, self.silence(&served.manifest), stop)
            .await
    }

    /// The model's child; a new one if there is none that lives.
    async fn running(&self, served: &Served) -> Result<Arc<Running>, EdgeError> {
        let mut slot = served.running.lock().await;
        match &*slot {
            Some(running) if running.alive() => Ok(Arc::clone(running)),
            _ => {
                // The one before goes first: it may still hold memory.
                *slot = None;
                let (running, _) = self
                    .start(&served.files, &served.manifest, served.space)
                    .await?;
                *slot = Some(Arc::clone(&running));
                Ok(running)
            }
        }
    }
}

/// How long a child with a model of so many bytes may be silent.
fn silence(usual: Duration, bytes: u64) -> Duration {
    let mib = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
    let more = PER_GIB.saturating_mul(mib).checked_div(1 << 10);
    usual.saturating_add(more.unwrap_or_default())
}

fn request(manifest: &Manifest, job: &Job) -> Result<GenerateRequest, EdgeError> {
    let document = String::from_utf8(job.block.as_ref().clone()).map_err(EdgeError::new)?;
    Ok(GenerateRequest {
        input: InputMsg::Document(document),
        template: Some(manifest.chat_template.clone()),
        context_tokens: Some(manifest.context_tokens),
    })
}

fn computed(generation: Generation, sha256: Hex<32>) -> Computed {
    Computed {
        text: generation.text.clone(),
        finish: generation.finish,
        prompt_tokens: generation.prompt_tokens,
        output_tokens: generation.output_tokens,
        tracer: Arc::new(move |nonce| generation.trace(sha256.bytes(), nonce).last()),
    }
}

fn broken_off() -> EdgeError {
    EdgeError::new("broken off: a duty needs the engine")
}

fn unexpected(what: &str, said: &Said) -> EdgeError {
    match said {
        Said::Failed(failure) => {
            EdgeError::new(format!("{what}: {} ({})", failure.text, failure.kind))
        }
        _ => EdgeError::new(format!("{what}: the engine answered with something else")),
    }
}

impl Inference for ChildInference {
    fn prepare<'a>(&'a self, model: &'a ModelFiles) -> Edge<'a, ()> {
        Box::pin(self.prepare_model(model))
    }

    fn compute<'a>(&'a self, job: &'a Job) -> Edge<'a, Outcome> {
        Box::pin(async move { self.answer(job, &CancellationToken::new()).await })
    }

    fn compute_unless<'a>(
        &'a self,
        job: &'a Job,
        stop: &'a CancellationToken,
    ) -> Edge<'a, Outcome> {
        Box::pin(self.answer(job, stop))
    }

    fn idle(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_model_may_be_silent_for_longer() {
        let of_mib = |count: u64| silence(Duration::from_secs(60), count << 20);
        assert_eq!(of_mib(0), Duration::from_secs(60));
        assert_eq!(of_mib(512), Duration::from_secs(90));
        assert_eq!(of_mib(4 << 10), Duration::from_secs(300));
        assert!(of_mib(u64::MAX >> 20) > of_mib(4 << 10));
    }
}
