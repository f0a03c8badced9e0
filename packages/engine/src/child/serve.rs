//! The child's loop.

use super::jobs::Jobs;
use super::messages::{
    Action, Failure, GenerateRequest, GoldenRequest, LoadRequest, Loaded, Outcome, ProgressMsg,
    Reply, Reproduced, Request, SecondsMsg, SelfTested,
};
use crate::{
    Engine, EngineKind, FileHash, JOBS, Kernel, Options, PREFIX_BYTES, Progress, find, golden,
    self_test,
};
use antiphon_content::Hex;
use antiphon_documents::Manifest;
use std::io::{self, BufRead, Read, Write};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest request line in bytes: the ids of a prompt of 131,072 tokens fit.
pub const LINE_LIMIT: usize = 2 << 20;

/// Serves requests until the input ends; models are loaded with `engines`.
///
/// # Errors
/// Reading or writing failed: the parent is gone.
pub fn serve(
    reader: impl BufRead,
    writer: impl Write + Send,
    engines: &[EngineKind],
) -> io::Result<()> {
    serve_cancellable(reader, writer, engines, &|_| false)
}

/// As [`serve`]; a job whose request's id is cancelled is broken off at its next token, answered with a failure of
/// the kind `cancelled`, and the model stays loaded.
///
/// # Errors
/// Reading or writing failed: the parent is gone.
pub fn serve_cancellable(
    mut reader: impl BufRead,
    writer: impl Write + Send,
    engines: &[EngineKind],
    cancelled: &(dyn Fn(u64) -> bool + Sync),
) -> io::Result<()> {
    let parent = Parent {
        writer: Mutex::new(writer),
        cancelled,
    };
    let jobs = Jobs::default();
    let mut model: Option<Arc<dyn Engine>> = None;
    std::thread::scope(|scope| {
        loop {
            let request = match read_line(&mut reader)? {
                Line::End => return jobs.all_done(),
                Line::TooLong => {
                    let text = format!("a request is longer than {LINE_LIMIT} bytes: send less");
                    parent.fail(None, Failure::local("request", &text))?;
                    continue;
                }
                Line::Text(line) => match serde_json::from_slice::<Request>(&line) {
                    Ok(request) => request,
                    Err(e) => {
                        let text = format!("the line is no request: {e}");
                        parent.fail(None, Failure::local("request", &text))?;
                        continue;
                    }
                },
            };
            match (request.action, &model) {
                (Action::Generate(job), Some(engine)) => {
                    let engine = Arc::clone(engine);
                    let running = jobs.begin(engine.jobs())?;
                    let (parent, id) = (&parent, request.id);
                    scope.spawn(move || running.end(parent.generate(id, &*engine, job)));
                }
                (action, _) => {
                    jobs.all_done()?;
                    parent.answer(engines, &mut model, request.id, action)?;
                }
            }
        }
    })
}

enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

/// Reads one line in bounded memory; the rest of one that is too long is skipped. What precedes
/// the end of the input without a line break is half a request and is dropped.
fn read_line(reader: &mut impl BufRead) -> io::Result<Line> {
    let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    reader.by_ref().take(limit).read_until(b'\n', &mut line)?;
    if line.ends_with(b"\n") {
        return Ok(Line::Text(line));
    }
    if line.len() < LINE_LIMIT {
        return Ok(Line::End);
    }
    reader.skip_until(b'\n')?;
    Ok(Line::TooLong)
}

/// The parent, to whom several jobs may speak: line by line.
struct Parent<'c, W> {
    writer: Mutex<W>,
    cancelled: &'c (dyn Fn(u64) -> bool + Sync),
}

impl<W: Write> Parent<'_, W> {
    /// Everything but a job of a loaded model; nothing else runs meanwhile.
    fn answer(
        &self,
        engines: &[EngineKind],
        model: &mut Option<Arc<dyn Engine>>,
        id: u64,
        action: Action,
    ) -> io::Result<()> {
        let mut teller = Teller::new(self, id);
        let result = match action {
            Action::Load(load) => reload(engines, model, &load),
            Action::SelfTest(_) => test(),
            Action::Golden(golden) => reproduce(model.as_deref(), &golden, &mut teller),
            Action::Generate(job) => job.job().and_then(|_| Err(no_model())),
        };
        self.close(teller, result)
    }

    fn generate(&self, id: u64, model: &dyn Engine, job: GenerateRequest) -> io::Result<()> {
        let mut teller = Teller::new(self, id);
        let result = generate(model, job, &mut teller);
        self.close(teller, result)
    }

    fn close(&self, teller: Teller<'_, W>, result: Result<Outcome, Failure>) -> io::Result<()> {
        teller.written?;
        match result {
            Ok(outcome) => self.write(Some(teller.id), outcome),
            Err(failure) => self.fail(Some(teller.id), failure),
        }
    }

    fn fail(&self, id: Option<u64>, failure: Failure) -> io::Result<()> {
        self.write(id, Outcome::Failed(failure))
    }

    fn write(&self, id: Option<u64>, outcome: Outcome) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Reply { id, outcome })?;
        line.push(b'\n');
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(&line)?;
        writer.flush()
    }
}

/// Tells the parent of progress; a parent that no longer reads breaks the job off.
struct Teller<'p, W> {
    parent: &'p Parent<'p, W>,
    id: u64,
    state: ProgressMsg,
    written: io::Result<()>,
}

impl<'p, W: Write> Teller<'p, W> {
    fn new(parent: &'p Parent<'_, W>, id: u64) -> Self {
        let state = ProgressMsg {
            prompt_done: 0,
            prompt_tokens: 0,
            output_tokens: 0,
        };
        Self {
            parent,
            id,
            state,
            written: Ok(()),
        }
    }

    fn tell(&mut self, progress: Progress<'_>) -> ControlFlow<()> {
        match progress {
            Progress::Prefill { done, total } => {
                self.state = ProgressMsg {
                    prompt_done: done,
                    prompt_tokens: total,
                    output_tokens: 0,
                };
            }
            Progress::Token { index, .. } => {
                self.state.output_tokens = index.saturating_add(1);
            }
        }
        let outcome = Outcome::Progress(self.state);
        self.written = self.parent.write(Some(self.id), outcome);
        if self.written.is_ok() && !(self.parent.cancelled)(self.id) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

fn reload(
    engines: &[EngineKind],
    slot: &mut Option<Arc<dyn Engine>>,
    request: &LoadRequest,
) -> Result<Outcome, Failure> {
    // The model before goes first: two may not fit the memory of the child.
    *slot = None;
    let hash = request
        .sha256
        .map_or(FileHash::Compute, |want| FileHash::Expect(want.0));
    let options = Options {
        threads: request.threads,
        kernel: None,
        hash,
        packed: request.packed.clone(),
        prefix_bytes: request.prefix_bytes.unwrap_or(PREFIX_BYTES),
        jobs: request.jobs.unwrap_or(JOBS),
        profile: false,
    };
    let load = find(engines, &request.numerics).map(|kind| kind.load);
    let model = load
        .and_then(|load| load(&request.path, &options))
        .map_err(|e| Failure::local("load", &e))?;
    let about = model.about();
    let loaded = Loaded {
        sha256: Hex(about.sha256),
        bytes: about.bytes,
        numerics: about.numerics.to_owned(),
        kernel: about.kernel,
        threads: about.threads,
        context_length: about.context_length,
        cache_bytes_per_token: about.cache_bytes_per_token,
        seconds: about.load_seconds,
        jobs: model.jobs(),
        weights: model.weights(),
    };
    *slot = Some(Arc::from(model));
    Ok(Outcome::Loaded(loaded))
}

fn reproduce<W: Write>(
    model: Option<&dyn Engine>,
    request: &GoldenRequest,
    teller: &mut Teller<'_, W>,
) -> Result<Outcome, Failure> {
    let model = model.ok_or_else(no_model)?;
    let manifest =
        Manifest::parse(request.manifest.as_bytes()).map_err(|e| Failure::local("manifest", &e))?;
    let report = golden::check_reporting(model, &manifest, &mut |news| teller.tell(news))
        .map_err(|e| Failure::local("golden", &e))?;
    let seconds = SecondsMsg {
        prefill: report.prefill_seconds,
        decode: report.decode_seconds,
    };
    Ok(Outcome::Golden(Reproduced {
        cases: report.cases,
        prompt_tokens: report.prompt_tokens,
        output_tokens: report.output_tokens,
        seconds,
    }))
}

fn generate<W: Write>(
    model: &dyn Engine,
    request: GenerateRequest,
    teller: &mut Teller<'_, W>,
) -> Result<Outcome, Failure> {
    let job = request.job()?;
    let made = model
        .generate(&job, &mut |news| teller.tell(news))
        .map_err(|error| Failure {
            kind: error.kind().to_owned(),
            text: error.to_string(),
            deterministic: error.is_deterministic(),
        })?;
    Ok(Outcome::Generated(Box::new(made.into())))
}

fn test() -> Result<Outcome, Failure> {
    let kernel = Kernel::detect();
    self_test(kernel).map_err(|e| Failure::local("self_test", &e))?;
    Ok(Outcome::SelfTested(SelfTested {
        kernel: kernel.name().to_owned(),
    }))
}

fn no_model() -> Failure {
    Failure::local("no_model", &"no model is loaded: send a load request first")
}
