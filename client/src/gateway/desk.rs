//! One task and one charge for each question, however often and by however many it is asked.
//!
//! Requests for the same question share one *flight*: a task of its own that goes on when everybody who
//! waits has gone away. A flight first looks into the journal (an earlier task, perhaps of an earlier run
//! of this program), then into the contract's index of final answers, and only then pays.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::answers::{
    Answered, Answers, Fate, Pending, PostFailure, Posted, Progress, Question, QuestionKey,
};
use super::failure::Failure;
use super::journal::{Charge, Entry, Journal, JournalError, Standing};
use super::metrics::{Dedupe, Metrics};

/// Questions under way at once: each is a few kilobytes and polls the node.
const MAX_FLIGHTS: usize = 256;
/// Open tasks looked at in one turn: appeal windows are long, and each look is a query.
const MAX_LOOKS: usize = 32;

/// How a flight stands.
#[derive(Clone, Debug, Default)]
pub struct FlightState {
    /// Its task, once it is in a block or was found.
    pub task: Option<u64>,
    /// How far the task is.
    pub progress: Option<Progress>,
    /// Its end.
    pub done: Option<Result<Arc<Answered>, Arc<Failure>>>,
}

/// A view of a flight. It may be dropped at any time.
pub type Flight = watch::Receiver<FlightState>;

/// The desk. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    answers: Arc<dyn Answers>,
    journal: Arc<Journal>,
    metrics: Arc<Metrics>,
    flights: Mutex<BTreeMap<QuestionKey, Flight>>,
    /// What an earlier run left in doubt.
    doubts: Vec<Entry>,
    /// Between two looks at something that is in doubt or open.
    poll: Duration,
}

impl Desk {
    /// A desk over this network and this journal.
    #[must_use]
    pub fn new(
        answers: Arc<dyn Answers>,
        journal: Arc<Journal>,
        metrics: Arc<Metrics>,
        poll: Duration,
    ) -> Self {
        let doubts = journal.in_doubt();
        for entry in &doubts {
            if let Standing::Noted(pending) = &entry.standing {
                answers.hold(&entry.key, entry.escrow, pending);
            }
        }
        Self {
            inner: Arc::new(Inner {
                answers,
                doubts,
                journal,
                metrics,
                flights: Mutex::default(),
                poll,
            }),
        }
    }

    /// Asks, or joins those who ask the same already.
    ///
    /// # Errors
    /// Too much is under way.
    pub fn ask(&self, question: Question, charge: Option<Charge>) -> Result<Flight, Failure> {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(&question.key) {
            self.inner.metrics.dedupe(Dedupe::Flight);
            return Ok(flight.clone());
        }
        if flights.len() >= MAX_FLIGHTS {
            return Err(Failure::Overloaded);
        }
        let (sender, flight) = watch::channel(FlightState::default());
        let key = question.key.clone();
        flights.insert(key.clone(), flight.clone());
        drop(flights);
        let desk = self.clone();
        tokio::spawn(async move {
            let landing = Landing { desk: &desk, key };
            let run = Run {
                desk: &desk,
                question,
                charge,
                sender,
                started: Instant::now(),
            };
            run.fly().await;
            drop(landing);
        });
        Ok(flight)
    }

    /// Questions under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.flights().len()
    }

    fn flights(&self) -> MutexGuard<'_, BTreeMap<QuestionKey, Flight>> {
        self.inner
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Settles what an earlier run left in doubt, then watches open tasks to their end, for ever.
    pub async fn keep_books(self) {
        for id in self.inner.doubts.iter().map(|entry| entry.id) {
            let desk = self.clone();
            tokio::spawn(async move {
                if let Err(failure) = desk.resolve(id).await {
                    tracing::warn!(%failure, entry = id, "a transaction of an earlier run is still in doubt");
                }
            });
        }
        for turn in 0_usize.. {
            let mut open = self.inner.journal.open_tasks();
            let first = turn.saturating_mul(MAX_LOOKS).checked_rem(open.len());
            open.rotate_left(first.unwrap_or(0));
            for entry in open.iter().take(MAX_LOOKS) {
                self.settle(entry).await;
            }
            tokio::time::sleep(self.inner.poll.saturating_mul(4)).await;
        }
    }

    /// Books the refund of a task that is at its end.
    async fn settle(&self, entry: &Entry) {
        let Standing::Open { task, .. } = entry.standing else {
            return;
        };
        match self.inner.answers.settled(&entry.key, task).await {
            Ok(Some(settled)) => {
                if let Err(error) = self.inner.journal.settled(entry.id, settled.refund) {
                    tracing::error!(%error, task, "the end of a task was not written down");
                }
            }
            Ok(None) => {}
            Err(failure) => tracing::debug!(%failure, task, "the task could not be looked at"),
        }
    }

    /// What became of a transaction that was signed: asked until the chain knows.
    async fn resolve(&self, id: u64) -> Result<Option<Posted>, Failure> {
        loop {
            let standing = self.inner.journal.entry(id).map(|entry| entry.standing);
            let pending = match standing {
                Some(Standing::Noted(pending)) => pending,
                // Somebody else has settled the doubt.
                other => return Ok(other.as_ref().and_then(posted_in)),
            };
            match self.inner.answers.fate(&pending).await {
                Ok(Fate::Posted(posted)) => {
                    self.inner.journal.posted(id, &posted).map_err(disk)?;
                    return Ok(Some(posted));
                }
                // Looked at again: only what stands in the journal now is judged.
                Ok(Fate::Void) => {
                    self.inner.journal.void(id, &pending).map_err(disk)?;
                    continue;
                }
                Ok(Fate::Waiting) => {}
                Err(failure) => tracing::debug!(%failure, "the chain could not be asked"),
            }
            tokio::time::sleep(self.inner.poll).await;
        }
    }
}

/// Takes the flight off the board, also if it crashed.
struct Landing<'d> {
    desk: &'d Desk,
    key: QuestionKey,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.desk.flights().remove(&self.key);
    }
}

/// One flight.
struct Run<'d> {
    desk: &'d Desk,
    question: Question,
    charge: Option<Charge>,
    sender: watch::Sender<FlightState>,
    started: Instant,
}

impl Run<'_> {
    async fn fly(&self) {
        let ended = self.answer().await;
        if ended.is_ok() {
            self.stage("answered");
        }
        let done = Some(ended.map(Arc::new).map_err(Arc::new));
        self.sender.send_modify(|state| state.done = done);
    }

    async fn answer(&self) -> Result<Answered, Failure> {
        let inner = &self.desk.inner;
        for entry in inner.journal.earlier(&self.question.key, self.payer()) {
            if let Some(answer) = self.earlier_task(entry).await? {
                inner.metrics.dedupe(Dedupe::Task);
                return Ok(answer);
            }
        }
        if let Some(known) = inner.answers.known(&self.question).await? {
            inner.metrics.dedupe(Dedupe::Index);
            return Ok(known);
        }
        let quote = inner.answers.quote(&self.question).await?;
        let id = inner
            .journal
            .intend(&self.question.key, self.charge.as_ref(), quote.escrow)
            .map_err(|error| self.refused(error))?;
        let note = |pending: &Pending| inner.journal.noted(id, pending.clone());
        let posted = match inner.answers.post(&self.question, quote, &note).await {
            Ok(posted) => {
                inner.journal.posted(id, &posted).map_err(disk)?;
                posted
            }
            Err(PostFailure::Void(failure)) => {
                inner.journal.dropped(id).map_err(disk)?;
                return Err(failure);
            }
            Err(PostFailure::Doubt) => self.desk.resolve(id).await?.ok_or(Failure::NodeDown)?,
        };
        inner.metrics.posted();
        self.follow(id, &posted).await
    }

    /// An earlier task of the same question: attached to and never paid for again, unless nothing confirms
    /// what it said. Such an answer is given again only to the API key that paid for it, as a retry.
    async fn earlier_task(&self, entry: Entry) -> Result<Option<Answered>, Failure> {
        let inner = &self.desk.inner;
        let posted = match &entry.standing {
            Standing::Intended => None,
            Standing::Noted(_) => self.desk.resolve(entry.id).await?,
            Standing::Open { .. } => posted_in(&entry.standing),
            Standing::Ended { .. } => match inner.answers.known(&self.question).await? {
                Some(known) => return Ok(Some(known)),
                None => posted_in(&entry.standing),
            },
        };
        let Some(posted) = posted else {
            return Ok(None);
        };
        let key = &self.question.key;
        if !entry.is_retried_by(self.payer()) && inner.answers.doubted(key, posted.task).await? {
            return Ok(None);
        }
        self.follow(entry.id, &posted).await.map(Some)
    }

    /// The API key that pays; none for whoever reaches a gateway without keys.
    fn payer(&self) -> Option<&str> {
        self.charge.as_ref().map(|charge| charge.name.as_str())
    }

    async fn follow(&self, id: u64, posted: &Posted) -> Result<Answered, Failure> {
        let inner = &self.desk.inner;
        self.tell(posted.task, Progress::Posted);
        let tell = |progress| self.tell(posted.task, progress);
        let key = &self.question.key;
        let ended = inner.answers.follow(key, posted, &tell).await;
        if let Err(failure) = &ended
            && failure.wants_new_task()
        {
            inner.journal.over(id).map_err(disk)?;
        }
        ended
    }

    fn tell(&self, task: u64, progress: Progress) {
        let changed = self.sender.send_if_modified(|state| {
            let changed = state.progress != Some(progress);
            state.task = Some(task);
            state.progress = Some(progress);
            changed
        });
        if changed {
            match progress {
                Progress::Posted => self.stage("posted"),
                Progress::Drawn => self.stage("drawn"),
                Progress::Committed(n, of) if n == of => self.stage("committed"),
                Progress::Revealed(n, of) if n == of => self.stage("revealed"),
                Progress::Committed(..) | Progress::Revealed(..) => {}
            }
        }
    }

    fn stage(&self, name: &'static str) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.desk.inner.metrics.stage(name, seconds);
    }

    fn refused(&self, error: JournalError) -> Failure {
        let JournalError::Budget {
            spent,
            budget,
            escrow,
        } = error
        else {
            return disk(error);
        };
        let denom = &self.desk.inner.answers.facts().denom;
        let name = self.charge.as_ref().map_or("", |charge| &charge.name);
        Failure::Funds(format!(
            "the budget of API key {name:?} does not suffice: {spent}{denom} of {budget}{denom} are spent or set aside, and \
             this request takes {escrow}{denom}. Ask for fewer tokens, or ask the gateway's operator for a key with a larger \
             budget (`antiphon gateway keys new --name … --budget …`)"
        ))
    }
}

fn posted_in(standing: &Standing) -> Option<Posted> {
    match standing.clone() {
        Standing::Open { task, transaction }
        | Standing::Ended {
            task, transaction, ..
        } => Some(Posted { task, transaction }),
        Standing::Intended | Standing::Noted(_) => None,
    }
}

/// Paths are the operator's, who finds them in the log.
#[allow(clippy::needless_pass_by_value, reason = "maps an error")]
fn disk(error: JournalError) -> Failure {
    tracing::error!(%error, "the journal cannot be written");
    Failure::Internal(
        "its journal cannot be written, and nothing is paid before it can be".to_owned(),
    )
}
