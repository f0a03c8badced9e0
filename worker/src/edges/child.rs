//! One engine process: requests go in as lines, and replies come back in any order.
//!
//! A task reads all that the child says and hands each reply to whoever asked. So several jobs are
//! under way at once, and one that is given up does not disturb the others: it is cancelled. When
//! the child is of no more use, everybody who waits is told, and told whether they were alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antiphon_engine::child::{Action, Outcome as Said, Reply, Request};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::child_input::Cancel;
use crate::ports::EdgeError;

/// Longest reply line: the largest text and 4,096 hashes in hex, twice over.
const MAX_LINE: u64 = 4 << 20;

/// The child is of no more use.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) error: EdgeError,
    /// Another request was under way: which of them is the cause is not known.
    pub(super) shared: bool,
}

impl From<Broken> for EdgeError {
    fn from(broken: Broken) -> Self {
        broken.error
    }
}

/// A child that runs. The last holder's end kills it.
#[derive(Debug)]
pub(super) struct Running {
    child: Mutex<Child>,
    /// Lines for its standard input: a caller that gives up leaves no half a line.
    input: UnboundedSender<Vec<u8>>,
    waiting: Arc<Waiting>,
}

/// Who waits for replies.
#[derive(Debug)]
struct Waiting(Mutex<Asked>);

#[derive(Debug)]
struct Asked {
    by_id: BTreeMap<u64, UnboundedSender<Said>>,
    /// Cancelled by a caller that waits no longer; the child still answers them.
    given_up: BTreeSet<u64>,
    /// The id given last; ids count from 1.
    last: u64,
    /// When the child last said anything.
    spoke: Instant,
    /// Why the child says no more.
    ended: Option<Broken>,
}

impl Asked {
    fn under_way(&self) -> usize {
        self.by_id.len().saturating_add(self.given_up.len())
    }
}

/// A request under way; one that is dropped before its reply is cancelled in the child.
struct Under<'r> {
    running: &'r Running,
    id: u64,
    replies: UnboundedReceiver<Said>,
}

impl Drop for Under<'_> {
    fn drop(&mut self) {
        let mut asked = self.running.waiting.asked();
        if asked.by_id.remove(&self.id).is_some() {
            asked.given_up.insert(self.id);
            drop(asked);
            self.running.write(&Cancel { cancel: self.id }).ok();
        }
    }
}

impl Waiting {
    fn new() -> Self {
        Self(Mutex::new(Asked {
            by_id: BTreeMap::new(),
            given_up: BTreeSet::new(),
            last: 0,
            spoke: Instant::now(),
            ended: None,
        }))
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first reason stays. Whoever waits sees that no reply comes.
    fn end(&self, why: &str) -> Broken {
        let mut asked = self.asked();
        let shared = asked.under_way() > 1;
        let error = EdgeError::new(why);
        let broken = asked.ended.get_or_insert(Broken { error, shared });
        let broken = broken.clone();
        asked.by_id.clear();
        asked.given_up.clear();
        broken
    }

    /// To whoever asked; every request is answered once, after its progress.
    fn hand(&self, reply: Reply) -> Result<(), EdgeError> {
        let nobody = || EdgeError::new("the engine answered another request");
        let id = reply.id.ok_or_else(nobody)?;
        let last = !matches!(reply.outcome, Said::Progress(_));
        let mut asked = self.asked();
        asked.spoke = Instant::now();
        let known = match asked.by_id.get(&id) {
            Some(sender) => {
                sender.send(reply.outcome).ok();
                true
            }
            None => asked.given_up.contains(&id),
        };
        if last {
            asked.by_id.remove(&id);
            asked.given_up.remove(&id);
        }
        drop(asked);
        known.then_some(()).ok_or_else(nobody)
    }
}

impl Running {
    pub(super) fn spawn(
        program: &PathBuf,
        threads: usize,
        address_space: u64,
    ) -> Result<Arc<Self>, EdgeError> {
        let mut child = Command::new(program)
            // Candle starts its threads once in a process and reads their number here.
            .env("RAYON_NUM_THREADS", threads.to_string())
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
        let waiting = Arc::new(Waiting::new());
        let (sender, lines) = unbounded_channel();
        tokio::spawn(speak(input, lines));
        tokio::spawn(listen(output, Arc::clone(&waiting)));
        Ok(Arc::new(Self {
            child: Mutex::new(child),
            input: sender,
            waiting,
        }))
    }

    /// Whether it may still answer.
    pub(super) fn alive(&self) -> bool {
        self.waiting.asked().ended.is_none()
    }

    /// One request and its reply. After an error the child is of no more use.
    pub(super) async fn ask(&self, action: Action, silence: Duration) -> Result<Said, Broken> {
        let never = CancellationToken::new();
        self.ask_unless(action, silence, &never).await
    }

    /// The same; when `stop` is cancelled the child is told to break off, which it does at its next token.
    pub(super) async fn ask_unless(
        &self,
        action: Action,
        silence: Duration,
        stop: &CancellationToken,
    ) -> Result<Said, Broken> {
        let mut under = self.enter()?;
        let id = under.id;
        self.write(&Request { id, action })?;
        let (mut told, mut quiet) = (false, 0);
        loop {
            let said = tokio::select! {
                biased;
                () = stop.cancelled(), if !told => {
                    told = true;
                    self.write(&Cancel { cancel: id })?;
                    continue;
                }
                said = timeout(silence, under.replies.recv()) => said,
            };
            match said {
                Ok(Some(Said::Progress(_))) => quiet = 0,
                Ok(Some(said)) => return Ok(said),
                Ok(None) => return Err(self.end("the engine ended")),
                Err(_) if self.is_busy(quiet, silence) => quiet = quiet.saturating_add(1),
                Err(_) => return Err(self.end(&self.silent(silence))),
            }
        }
    }

    /// Whether a child that has kept this request waiting so many times before is busy with the others.
    fn is_busy(&self, quiet: usize, silence: Duration) -> bool {
        let asked = self.waiting.asked();
        asked.spoke.elapsed() < silence && quiet.saturating_add(1) < asked.under_way()
    }

    fn enter(&self) -> Result<Under<'_>, Broken> {
        let (sender, replies) = unbounded_channel();
        let mut asked = self.waiting.asked();
        if let Some(Broken { error, .. }) = &asked.ended {
            // It ended before this request: of another cause.
            let error = error.clone();
            return Err(Broken {
                error,
                shared: true,
            });
        }
        asked.last = asked.last.saturating_add(1);
        let id = asked.last;
        asked.by_id.insert(id, sender);
        Ok(Under {
            running: self,
            id,
            replies,
        })
    }

    fn write(&self, message: &impl Serialize) -> Result<(), Broken> {
        let line = serde_json::to_vec(message).map(|mut line| {
            line.push(b'\n');
            self.input.send(line).is_ok()
        });
        match line {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.end("the engine ended: it reads no more requests")),
            Err(error) => Err(self.end(&format!("no request for the engine: {error}"))),
        }
    }

    /// Kills it.
    fn end(&self, why: &str) -> Broken {
        let broken = self.waiting.end(why);
        self.child().start_kill().ok();
        broken
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn silent(&self, silence: Duration) -> String {
        let id = self.child().id();
        format!("the engine (process {id:?}) gave no sign of life for {silence:?}")
    }
}

/// Writes lines until the child or the last holder is gone.
async fn speak(mut input: ChildStdin, mut lines: UnboundedReceiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if input.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Reads replies until the child ends or says nonsense.
async fn listen(output: ChildStdout, waiting: Arc<Waiting>) {
    let mut output = BufReader::new(output);
    let why = loop {
        let mut line = Vec::new();
        let read = (&mut output)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .await;
        let reply = match read {
            Ok(0) => break "the engine ended; it was killed, or ran out of memory".to_owned(),
            Ok(_) => serde_json::from_slice(&line).map_err(EdgeError::new),
            Err(error) => break format!("the engine is gone: {error}"),
        };
        if let Err(error) = reply.and_then(|reply| waiting.hand(reply)) {
            break format!("the engine says nonsense: {error}");
        }
    };
    waiting.end(&why);
}
