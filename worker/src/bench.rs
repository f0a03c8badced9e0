//! Answers computed once and used by whoever needs them: a duty, or a guess that one is coming.
//!
//! The answer does not depend on who is drawn, so work may start before the draw; only the trace waits
//! for task and round.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antiphon_api::{Ballot, Cid, Hex, TaskResponse};
use antiphon_documents::{Prompt, TaskTerms, digest};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::ports::{Computed, EdgeError, Inference, Job, Outcome};

/// Answers kept: each at most 64 KiB of text and 128 KiB of logit hashes, so about 12 MB in all.
const KEPT: usize = 64;

/// What a guess came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// The answer is kept.
    Done,
    /// It could not be computed.
    Failed,
    /// A duty needed the engine: it may be tried again.
    BrokenOff,
}

type Key = (Cid, Cid);
type Cell = Arc<OnceCell<Outcome>>;

#[derive(Default)]
struct Kept {
    cells: BTreeMap<Key, Cell>,
    order: VecDeque<Key>,
}

/// The engine with a bounded memory of its answers.
pub struct Bench {
    inference: Arc<dyn Inference>,
    kept: Mutex<Kept>,
    /// The guess that runs, until a duty wants its answer.
    guess: Mutex<Option<(Key, CancellationToken)>>,
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").finish_non_exhaustive()
    }
}

impl Bench {
    /// Nothing computed yet.
    #[must_use]
    pub fn new(inference: Arc<dyn Inference>) -> Self {
        Self {
            inference,
            kept: Mutex::new(Kept::default()),
            guess: Mutex::new(None),
        }
    }

    /// Nothing waits for the engine.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.inference.idle()
    }

    /// Whether this prompt is computed, or being computed.
    #[must_use]
    pub fn knows(&self, task: &TaskResponse) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.cells.contains_key(&(task.manifest, task.prompt))
    }

    /// Computes an answer that may be asked for soon. It makes place for a duty with another prompt.
    pub async fn guess(&self, task: &TaskResponse, block: Vec<u8>) -> Guess {
        let key = (task.manifest, task.prompt);
        let stop = CancellationToken::new();
        *self.running() = Some((key, stop.clone()));
        let outcome = self.computed(task, block, &stop).await;
        self.running().take_if(|(running, _)| *running == key);
        match outcome {
            Ok(_) => Guess::Done,
            Err(_) if stop.is_cancelled() => Guess::BrokenOff,
            Err(_) => Guess::Failed,
        }
    }

    /// The outcome for a duty whose prompt's block is here. A guess at another prompt is broken off; one at the same
    /// is now this duty's work.
    ///
    /// # Errors
    /// The engine crashed or was killed; asking again starts over.
    pub async fn outcome(&self, task: &TaskResponse, block: Vec<u8>) -> Result<Outcome, EdgeError> {
        if let Some((key, stop)) = self.running().take()
            && key != (task.manifest, task.prompt)
        {
            stop.cancel();
        }
        let never = CancellationToken::new();
        self.computed(task, block, &never).await
    }

    fn running(&self) -> MutexGuard<'_, Option<(Key, CancellationToken)>> {
        self.guess.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome for a task. The document's own checks come first; they need no model.
    async fn computed(
        &self,
        task: &TaskResponse,
        block: Vec<u8>,
        stop: &CancellationToken,
    ) -> Result<Outcome, EdgeError> {
        let terms = TaskTerms {
            prompt_bytes: task.prompt_bytes,
            max_output_tokens: task.max_output_tokens,
        };
        if let Err(fault) = Prompt::parse(&block, &terms) {
            return Ok(Outcome::Invalid(fault.to_string()));
        }
        let job = Job {
            manifest: task.manifest,
            prompt: task.prompt,
            block: Arc::new(block),
            max_output_tokens: task.max_output_tokens,
        };
        let cell = self.cell((job.manifest, job.prompt));
        let compute = || self.inference.compute_unless(&job, stop);
        let outcome = cell.get_or_try_init(compute).await;
        if outcome.is_err() {
            self.forget(&(job.manifest, job.prompt));
        }
        outcome.cloned()
    }

    fn cell(&self, key: Key) -> Cell {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = kept.cells.get(&key) {
            return Arc::clone(cell);
        }
        if kept.order.len() >= KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.cells.remove(&oldest);
        }
        let cell = Cell::default();
        kept.cells.insert(key, Arc::clone(&cell));
        kept.order.push_back(key);
        cell
    }

    fn forget(&self, key: &Key) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.cells.remove(key);
        kept.order.retain(|other| other != key);
    }
}

/// The ballot of a computed answer in one round of one task.
#[must_use]
pub fn ballot(computed: &Computed, task_digest: &Hex<32>, round: u8) -> Ballot {
    let nonce = digest::trace_nonce(task_digest.bytes(), round);
    Ballot::Answer {
        cid: Cid::of_raw(computed.text.as_bytes()),
        finish: computed.finish,
        output_tokens: computed.output_tokens,
        prompt_tokens: computed.prompt_tokens,
        trace: Hex((computed.tracer)(&nonce)),
    }
}
