//! The block loop: reads the chain, steps the duties, carries out their effects.
//!
//! One actor owns everything that changes. Long work (search, inference, transactions, handing over)
//! runs beside it and comes back as an [`Event`], so no node, peer or engine can hold up a reveal.

mod callbacks;
mod chores;
mod effects;
mod refresh;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use antiphon_api::{Ballot, Cid, Hex, TaskResponse};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::bench::{Bench, Guess};
use crate::duty::{DutyKey, Input, Machine, Reason, State};
use crate::journal::{Entry, Journal, JournalError};
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::ports::{
    BeaconPort, ChainPort, ContentPort, EdgeError, Handed, Inference, PeerPort, Receipt, Tick,
};
use crate::prompt::Finder;
use crate::relay::{Half, Intake};
use crate::vote::Voter;

pub use callbacks::Errand;
pub use effects::Work;

/// Ended duties remembered, so that a node that shows one again starts nothing.
const ENDED_KEPT: usize = 1_000;
/// Without events and duties the chain is read this often, in blocks.
const READ_EVERY: u64 = 20;
/// Events waiting for the actor at most.
const EVENTS: usize = 1_024;

/// The worker's edges.
#[derive(Clone)]
pub struct Ports {
    /// The contract.
    pub chain: Arc<dyn ChainPort>,
    /// Blocks.
    pub content: Arc<dyn ContentPort>,
    /// The engine.
    pub inference: Arc<dyn Inference>,
    /// Other workers.
    pub peers: Arc<dyn PeerPort>,
    /// Randomness; none: this worker relays no rounds.
    pub beacon: Option<Arc<dyn BeaconPort>>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// What this worker knows for certain, whatever a node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The chain.
    pub chain_id: String,
    /// Canonical bytes of the contract's address.
    pub contract: Vec<u8>,
    /// Models with a seat of ours, and their manifests.
    pub served: BTreeMap<u64, Cid>,
    /// Models that will be served once they are fetched and checked: their duties wait.
    pub coming: BTreeSet<u64>,
    /// Start before the draw.
    pub speculate: bool,
    /// Deliver callbacks whose fee is more than the gas.
    pub deliver: bool,
    /// Coins that deliveries leave to the key that pays gas, for reveals.
    pub reserve: u128,
    /// Block sources besides those on record.
    pub static_peers: Vec<String>,
    /// Pause between two asks of one source.
    pub ask_again_after: Duration,
}

/// Something that ran beside the actor came to its end.
#[derive(Debug)]
pub enum Event {
    /// The prompt of a duty is here.
    Fetched(DutyKey),
    /// Its ballot is known, or why there is none.
    Worked(DutyKey, Result<Work, Reason>),
    /// The message of this number is in a block, or failed.
    Sent(u64, &'static str, Result<Receipt, EdgeError>),
    /// A vote was handed over, or not.
    HandedOver(DutyKey, Half, Handed),
    /// A beacon round was read for so many tasks.
    Beacon(u64, u32, Result<Option<Hex<48>>, EdgeError>),
    /// A guess at a task came to its end, made in this round.
    Speculated(u64, u8, Guess),
    /// `due` was read again after the wait: the task, and whether it still is.
    StillDue(u64, bool),
    /// A callback was looked at.
    Errand(u64, Errand),
}

/// One duty and what belongs to it.
#[derive(Debug)]
struct Open {
    machine: Machine,
    task: TaskResponse,
    entry: Option<Entry>,
    /// The prompt's block, if the task carries it.
    carried: Option<Vec<u8>>,
    /// The answer's text until it is in the store.
    text: Option<Vec<u8>>,
    work: Option<AbortHandle>,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(work) = &self.work {
            work.abort();
        }
    }
}

/// The worker's moving parts.
#[derive(Debug)]
pub struct Actor {
    ports: Ports,
    settings: Settings,
    voter: Voter,
    journal: Journal,
    intake: Arc<Intake>,
    bench: Arc<Bench>,
    finder: Finder,
    metrics: Arc<Metrics>,
    open: BTreeMap<DutyKey, Open>,
    ended: BTreeMap<DutyKey, State>,
    outbox: Outbox,
    chores: chores::Chores,
    height: u64,
    heights: watch::Sender<u64>,
    voters: BTreeMap<String, Hex<33>>,
    draining: bool,
    unread: bool,
    sender: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
}

impl Actor {
    /// An actor with nothing to do yet; the journal is read, votes in it are kept.
    ///
    /// # Errors
    /// A damaged journal.
    pub fn new(
        ports: Ports,
        settings: Settings,
        voter: Voter,
        journal: Journal,
        intake: Arc<Intake>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (sender, events) = mpsc::channel(EVENTS);
        let finder = Finder {
            chain: Arc::clone(&ports.chain),
            content: Arc::clone(&ports.content),
            static_peers: settings.static_peers.clone(),
            me: voter.worker().to_owned(),
            again_after: settings.ask_again_after,
        };
        Self {
            bench: Arc::new(Bench::new(Arc::clone(&ports.inference))),
            ports,
            settings,
            journal,
            intake,
            finder,
            metrics,
            open: BTreeMap::new(),
            ended: BTreeMap::new(),
            outbox: Outbox::new(voter.worker()),
            voter,
            chores: chores::Chores::default(),
            height: 0,
            heights: watch::Sender::new(0),
            voters: BTreeMap::new(),
            draining: false,
            unread: true,
            sender,
            events,
        }
    }

    /// Takes a block in: reads the chain if there is a reason to, and does what is due.
    pub async fn on_tick(&mut self, tick: Tick) {
        if tick.height < self.height {
            self.rewind(tick.height);
        }
        self.height = tick.height;
        self.heights.send_replace(tick.height);
        self.metrics.tick(tick.height);
        self.unread |= tick.touched || tick.height.is_multiple_of(READ_EVERY);
        if self.unread || !self.open.is_empty() {
            match self.refresh().await {
                Ok(()) => self.unread = false,
                Err(error) => {
                    self.metrics.chain_error();
                    tracing::warn!(%error, height = tick.height, "the chain could not be read");
                }
            }
        }
        self.post_votes();
        // Our votes go before work for all.
        self.pump();
        self.do_chores(tick).await;
        self.pump();
        self.publish_state();
    }

    /// A height that was not agreed on in the end: what was shown under it does not count.
    fn rewind(&mut self, height: u64) {
        tracing::warn!(
            was = self.height,
            height,
            "the chain is not as far as was thought"
        );
        for duty in self.open.values_mut() {
            duty.machine.rewind(height);
        }
        self.chores.rewind(height);
        self.intake.lock().desk.rewind(height);
        self.unread = true;
    }

    /// The next thing that ended; for a `select!` beside the block stream.
    pub async fn next_event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Something that ended already, if there is any.
    pub fn try_event(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Takes something that ended in.
    pub async fn on_event(&mut self, event: Event) {
        match event {
            Event::Fetched(key) => self.step(key, Input::Fetched).await,
            Event::Worked(key, Ok(work)) => self.on_work(key, work).await,
            Event::Worked(key, Err(reason)) => self.step(key, Input::Failed(reason)).await,
            Event::Sent(id, what, result) => self.on_sent(id, what, result),
            Event::HandedOver(key, half, handed) => self.on_handed_over(key, half, handed),
            Event::Beacon(round, tasks, result) => self.on_beacon(round, tasks, result),
            Event::Speculated(task, round, guess) => self.on_speculated(task, round, guess),
            Event::StillDue(task, due) => self.on_still_due(task, due),
            Event::Errand(task, errand) => self.on_errand(task, errand),
        }
        self.post_votes();
        self.pump();
        self.publish_state();
    }

    /// A model is ready: its duties are taken up.
    pub fn serve(&mut self, model: u64, manifest: Cid) {
        self.settings.coming.remove(&model);
        self.settings.served.insert(model, manifest);
        self.unread = true;
    }

    /// Stops new commits. [`Actor::drained`] tells when nothing is owed any more.
    pub async fn drain(&mut self) {
        self.draining = true;
        self.settings.speculate = false;
        self.outbox.drop_commits();
        let keys: Vec<DutyKey> = self.open.keys().copied().collect();
        for key in keys {
            self.step(key, Input::Drain).await;
        }
    }

    /// Nothing of ours is on chain unopened, or on its way there.
    #[must_use]
    pub fn drained(&self) -> bool {
        let owed = self.open.values().any(|duty| duty.machine.owes_reveal());
        !owed && self.outbox.has_no_votes()
    }

    /// Where every duty stands: the open ones, and the last that ended.
    #[must_use]
    pub fn states(&self) -> BTreeMap<DutyKey, State> {
        let mut states = self.ended.clone();
        states.extend(
            self.open
                .iter()
                .map(|(key, duty)| (*key, duty.machine.state())),
        );
        states
    }

    /// The journal.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Gives an input to a duty and carries out what it asks for, until it asks for nothing more.
    async fn step(&mut self, key: DutyKey, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let Some(duty) = self.open.get_mut(&key) else {
                return;
            };
            let before = duty.machine.state();
            let effects = duty.machine.step(input);
            self.note(key, before);
            next = self.carry_out(key, effects).await;
        }
        self.settle(key);
    }

    /// Logs a change of state, and counts it.
    fn note(&self, key: DutyKey, before: State) {
        let Some(state) = self.open.get(&key).map(|duty| duty.machine.state()) else {
            return;
        };
        if state == before {
            return;
        }
        self.metrics.state(state);
        let (task, round) = (key.task, key.round);
        match state {
            State::Lost(reason) => tracing::warn!(task, round, %reason, "lost"),
            state => tracing::info!(
                task,
                round,
                state = state.name(),
                height = self.height,
                "duty"
            ),
        }
    }

    /// Moves a duty that ended out of the way.
    fn settle(&mut self, key: DutyKey) {
        let Some(state) = self.open.get(&key).map(|duty| duty.machine.state()) else {
            return;
        };
        if !state.ended() {
            return;
        }
        self.open.remove(&key);
        self.ended.insert(key, state);
        if self.ended.len() > ENDED_KEPT {
            self.ended.pop_first();
        }
        let mut inner = self.intake.lock();
        inner.boards.remove(&key);
        let open: BTreeSet<DutyKey> = self.open.keys().copied().collect();
        inner.desk.keep(&open);
    }

    fn publish_state(&self) {
        self.metrics.duties(self.states());
    }

    /// Runs work beside the actor; it gives one event.
    fn beside(&self, work: impl Future<Output = Event> + Send + 'static) -> AbortHandle {
        let sender = self.sender.clone();
        let task = tokio::spawn(async move {
            let event = work.await;
            // The actor is gone only when the process ends.
            sender.send(event).await.ok();
        });
        task.abort_handle()
    }

    fn write_journal(
        &mut self,
        key: DutyKey,
        ballot: Ballot,
        digest: Hex<32>,
    ) -> Result<Entry, JournalError> {
        let entry = self.voter.entry(key, digest, ballot);
        self.journal.write(entry.clone())?;
        Ok(entry)
    }

    fn worker(&self) -> &str {
        self.voter.worker()
    }
}
