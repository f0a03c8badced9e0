//! The engine in a child process: model bytes are untrusted, so what reads them can be limited, killed
//! and started again. One child for each served model; JSON lines on its standard input and output.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antiphon_api::{Cid, Hex};
use antiphon_documents::Manifest;
use antiphon_engine::Generation;
use antiphon_engine::child::{
    Action, GenerateRequest, GoldenRequest, InputMsg, LoadRequest, Outcome as Said, Reply, Request,
    SelfTestRequest,
};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::child_input::Cancel;
use crate::ports::{Computed, Edge, EdgeError, Inference, Job, ModelFiles, Outcome};

/// Longest reply line: the largest text and 4,096 hashes in hex, twice over.
const MAX_LINE: u64 = 4 << 20;
/// Address space beyond three times the file (mapped, packed, and headroom): caches and code.
const BASE_SPACE: u64 = 1 << 30;
/// Address space that each thread may reserve for its stack and allocator.
const THREAD_SPACE: u64 = 128 << 20;

/// The engine's name for a job that was broken off.
const CANCELLED: &str = "cancelled";

/// How children are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// The program, with the hidden subcommand.
    pub program: PathBuf,
    /// Threads that compute.
    pub threads: usize,
    /// A child that gives no sign of life for so long is killed.
    pub token_timeout: Duration,
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
    running: tokio::sync::Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What was read of a reply so far.
    line: Vec<u8>,
    next: u64,
    sha256: Hex<32>,
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
        let served = Arc::new(Served {
            files: files.clone(),
            manifest,
            running: tokio::sync::Mutex::new(None),
        });
        let mut running = self.start(&served).await?;
        let action = Action::SelfTest(SelfTestRequest {});
        let said = running.ask(action, self.options.token_timeout).await?;
        let Said::SelfTested(test) = said else {
            return Err(unexpected("the self test", &said));
        };
        let text = String::from_utf8(files.manifest.clone()).map_err(EdgeError::new)?;
        let action = Action::Golden(GoldenRequest { manifest: text });
        let said = running.ask(action, self.options.token_timeout).await?;
        let Said::Golden(golden) = said else {
            return Err(unexpected("the golden answers", &said));
        };
        tracing::info!(
            manifest = %files.manifest_cid,
            cases = golden.cases,
            kernel = test.kernel,
            prefill_seconds = golden.seconds.prefill,
            decode_seconds = golden.seconds.decode,
            "golden answers reproduced"
        );
        *served.running.lock().await = Some(running);
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        models.insert(files.manifest_cid, served);
        Ok(())
    }

    /// A child with the model loaded.
    async fn start(&self, served: &Served) -> Result<Running, EdgeError> {
        let weights = &served.manifest.weights;
        let threads = u64::try_from(self.options.threads).unwrap_or(u64::MAX);
        let space = self.options.address_space.unwrap_or_else(|| {
            let model = weights.bytes.saturating_mul(3);
            model
                .saturating_add(BASE_SPACE)
                .saturating_add(threads.saturating_mul(THREAD_SPACE))
        });
        let mut running = Running::spawn(&self.options.program, space, weights.sha256)?;
        let action = Action::Load(LoadRequest {
            path: served.files.weights.clone(),
            numerics: served.manifest.numerics.clone(),
            sha256: Some(weights.sha256),
            threads: self.options.threads,
            // One request at a time.
            jobs: Some(1),
            ..LoadRequest::default()
        });
        match running.ask(action, self.options.token_timeout).await? {
            Said::Loaded(loaded) => {
                tracing::info!(
                    kernel = loaded.kernel,
                    threads = loaded.threads,
                    seconds = loaded.seconds,
                    "model loaded"
                );
                Ok(running)
            }
            said => Err(unexpected("the model", &said)),
        }
    }

    async fn answer(&self, job: &Job, stop: &CancellationToken) -> Result<Outcome, EdgeError> {
        let _waiting = Waiting::new(&self.waiting);
        let served = {
            let models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
            models.get(&job.manifest).cloned()
        };
        let served =
            served.ok_or_else(|| EdgeError::new("the model is not loaded on this machine"))?;
        let mut slot = served.running.lock().await;
        if stop.is_cancelled() {
            return Err(broken_off());
        }
        // Taken out: a caller that gives up in the middle drops the child, which kills it.
        let mut running = match slot.take() {
            Some(running) => running,
            None => self.start(&served).await?,
        };
        let action = Action::Generate(request(&served.manifest, job)?);
        let silence = self.options.token_timeout;
        let said = running.ask_unless(action, silence, stop).await?;
        let sha256 = running.sha256;
        *slot = Some(running);
        match said {
            Said::Generated(generated) => Ok(Outcome::Answer(Arc::new(computed(
                (*generated).into(),
                sha256,
            )))),
            Said::Failed(failure) if failure.deterministic => Ok(Outcome::Invalid(failure.text)),
            Said::Failed(failure) if failure.kind == CANCELLED => Err(broken_off()),
            said => Err(unexpected("an answer", &said)),
        }
    }
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

impl Running {
    fn spawn(program: &PathBuf, address_space: u64, sha256: Hex<32>) -> Result<Self, EdgeError> {
        let mut child = Command::new(program)
            .arg("engine")
            .arg("--address-space")
            .arg(address_space.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| {
                EdgeError::new(format!(
                    "the engine {} cannot be started: {e}",
                    program.display()
                ))
            })?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else {
            return Err(EdgeError::new("the engine has no standard input or output"));
        };
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
            line: Vec::new(),
            next: 1,
            sha256,
        })
    }

    /// One request and its reply. A child that is silent for too long, dies, or says nonsense is
    /// dropped by the caller, and so killed.
    async fn ask(&mut self, action: Action, silence: Duration) -> Result<Said, EdgeError> {
        let never = CancellationToken::new();
        self.ask_unless(action, silence, &never).await
    }

    /// The same; when `stop` is cancelled the child is told to break off, which it does at its next token.
    async fn ask_unless(
        &mut self,
        action: Action,
        silence: Duration,
        stop: &CancellationToken,
    ) -> Result<Said, EdgeError> {
        let id = self.next;
        self.next = id.saturating_add(1);
        self.write(&Request { id, action }, silence).await?;
        let mut told = false;
        loop {
            let reply = tokio::select! {
                biased;
                () = stop.cancelled(), if !told => None,
                reply = timeout(silence, self.read()) => Some(reply),
            };
            let Some(reply) = reply else {
                told = true;
                self.write(&Cancel { cancel: id }, silence).await?;
                continue;
            };
            let reply = reply.map_err(|_| self.silent(silence))??;
            match reply.outcome {
                Said::Progress(_) => {}
                outcome if reply.id == Some(id) => return Ok(outcome),
                _ => return Err(EdgeError::new("the engine answered another request")),
            }
        }
    }

    async fn write(
        &mut self,
        message: &impl Serialize,
        silence: Duration,
    ) -> Result<(), EdgeError> {
        let mut line = serde_json::to_vec(message).map_err(EdgeError::new)?;
        line.push(b'\n');
        let sent = timeout(silence, self.input.write_all(&line)).await;
        sent.map_err(|_| self.silent(silence))?
            .map_err(|e| self.gone(&e))
    }

    /// May be dropped at any await: what was read stays for the next call.
    async fn read(&mut self) -> Result<Reply, EdgeError> {
        let kept = u64::try_from(self.line.len()).unwrap_or(MAX_LINE);
        let mut limited = (&mut self.output).take(MAX_LINE.saturating_sub(kept));
        let read = limited.read_until(b'\n', &mut self.line).await;
        let line = std::mem::take(&mut self.line);
        match read {
            Ok(0) => Err(EdgeError::new(
                "the engine ended; it was killed, or ran out of memory",
            )),
            Ok(_) => serde_json::from_slice(&line).map_err(EdgeError::new),
            Err(error) => Err(self.gone(&error)),
        }
    }

    fn silent(&self, silence: Duration) -> EdgeError {
        EdgeError::new(format!(
            "the engine (process {:?}) gave no sign of life for {silence:?}",
            self.child.id()
        ))
    }

    fn gone(&self, error: &std::io::Error) -> EdgeError {
        EdgeError::new(format!(
            "the engine (process {:?}) is gone: {error}",
            self.child.id()
        ))
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
