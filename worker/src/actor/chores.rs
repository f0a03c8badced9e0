//! Work that any worker can do for all: beacon rounds, due transitions, and guesses at coming duties.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use antiphon_api::{AwaitedRound, Hex, TaskResponse, TaskStatus};

use super::callbacks::Callbacks;
use super::{Actor, Event};
use crate::bench::Guess;
use crate::ports::{EdgeError, Tick};
use crate::prompt::Patience;
use crate::stagger::{advance_wait, beacon_wait};

/// Blocks before a beacon round or an advance that did not show on chain is sent again.
const SEND_AGAIN: u64 = 6;
/// Blocks a worker that is not in a task waits longer before it advances it.
const STRANGER_WAITS: u64 = 8;
/// With nothing known to be open, open tasks are looked for this often, in blocks.
const LOOK_EVERY: u64 = 10;
/// Pages of open tasks read in one block at most; the next block goes on where they ended, and around.
const PAGES: usize = 4;
/// Open tasks remembered at most, about 2 MB; those that wait for nobody are forgotten first, the newest before.
const MOST_KNOWN: usize = 3_000;
/// Tasks that may be due asked again in one block at most.
const MOST_CHECKS: usize = 20;
/// The pause before work is sent again doubles this often: from 6 blocks to 1,536.
const MOST_DOUBLINGS: u32 = 8;
/// Tasks advanced or drawn in one message.
const BATCH: u32 = 10;

/// What is known of the work for all.
#[derive(Debug, Default)]
pub(super) struct Chores {
    pub(super) tasks: BTreeMap<u64, TaskResponse>,
    /// The last task of the last page; none at the end, or before the first.
    cursor: Option<u64>,
    awaited: BTreeMap<u64, AwaitedRound>,
    /// The contract's beacon key, which never changes.
    beacon_key: Option<Hex<96>>,
    /// Beacon round: height since when it is published, and when it was last sent.
    published: BTreeMap<u64, Since>,
    /// Task: height since when a transition is due, and when it was last sent.
    due: BTreeMap<u64, Since>,
    looked: bool,
    guessing: bool,
    /// Tasks and rounds whose prompt was not to be had for a guess.
    given_up: BTreeSet<(u64, u8)>,
    pub(super) callbacks: Callbacks,
}

/// Work that waits for somebody: since when, and how often we sent it.
#[derive(Clone, Copy, Debug)]
struct Since {
    height: u64,
    sent: Option<u64>,
    times: u32,
}

impl Since {
    const fn new(height: u64) -> Self {
        Self {
            height,
            sent: None,
            times: 0,
        }
    }

    fn rewind(&mut self, height: u64) {
        self.height = self.height.min(height);
        self.sent = self.sent.map(|sent| sent.min(height));
    }

    /// Whether it is our turn after `wait` blocks; marks it sent. What made no difference is sent again after twice
    /// the blocks each time, so that a source that lies costs little gas.
    fn turn(&mut self, height: u64, wait: u64) -> bool {
        let pause =
            SEND_AGAIN.saturating_mul(1 << self.times.saturating_sub(1).min(MOST_DOUBLINGS));
        let turn = match self.sent {
            Some(sent) => height >= sent.saturating_add(pause),
            None => height >= self.height.saturating_add(wait),
        };
        if turn {
            self.sent = Some(height);
            self.times = self.times.saturating_add(1);
        }
        turn
    }
}

impl Chores {
    /// A page of open tasks after the cursor: what it leaves out is over. Tells whether it was the last one.
    fn take_page(&mut self, page: Vec<TaskResponse>) -> bool {
        let after = self.cursor;
        self.cursor = page.iter().map(|task| task.task).max();
        let last = self.cursor.unwrap_or(u64::MAX);
        page.iter().for_each(|task| self.callbacks.saw(task));
        let covered = |task: u64| Some(task) > after && task <= last;
        self.tasks.retain(|task, _| !covered(*task));
        self.tasks
            .extend(page.into_iter().map(|task| (task.task, task)));
        while self.tasks.len() > MOST_KNOWN && self.forget_one() {}
        self.cursor.is_none()
    }

    fn forget_one(&mut self) -> bool {
        let idle = self.tasks.iter().rfind(|(_, task)| !task.due);
        let newest = idle.or(self.tasks.last_key_value());
        let Some(task) = newest.map(|(task, _)| *task) else {
            return false;
        };
        self.tasks.remove(&task).is_some()
    }

    /// The chain is not as far as was thought.
    pub(super) fn rewind(&mut self, height: u64) {
        let all = self.published.values_mut().chain(self.due.values_mut());
        all.for_each(|since| since.rewind(height));
    }
}

impl Actor {
    pub(super) async fn do_chores(&mut self, tick: Tick) {
        if let Err(error) = self.look(tick).await {
            self.metrics.chain_error();
            tracing::debug!(%error, "open tasks could not be read");
        }
        self.relay_beacon(tick.time);
        self.advance_due();
        self.deliver_due();
        self.guess();
    }

    /// Reads open tasks and awaited rounds when something may have changed.
    async fn look(&mut self, tick: Tick) -> Result<(), EdgeError> {
        let pressing = self
            .chores
            .tasks
            .values()
            .any(|task| may_be_due(task, tick.height));
        let wanted = tick.touched
            || pressing
            || !self.chores.looked
            || self.chores.cursor.is_some()
            || tick.height.is_multiple_of(LOOK_EVERY);
        if !wanted {
            return Ok(());
        }
        for _ in 0..PAGES {
            let page = self.ports.chain.open_tasks(self.chores.cursor).await?;
            if self.chores.take_page(page.tasks) {
                break;
            }
        }
        self.chores.awaited = self.awaited().await?;
        self.chores.looked = true;
        Ok(())
    }

    async fn awaited(&mut self) -> Result<BTreeMap<u64, AwaitedRound>, EdgeError> {
        // Not only when a task we know of is drawing: more tasks may be open than we look at.
        if self.ports.beacon.is_none() {
            return Ok(BTreeMap::new());
        }
        let beacon = self.ports.chain.beacon().await?;
        self.chores.beacon_key = Some(beacon.config.public_key);
        Ok(beacon
            .awaited
            .into_iter()
            .filter(|r| !r.known)
            .map(|r| (r.round, r))
            .collect())
    }

    /// Rounds that are out and not on chain: one worker after the other brings them.
    /// Blocks are behind the clock, and the contract refuses a round before its time in blocks: `time` is theirs.
    fn relay_beacon(&mut self, time: u64) {
        let (Some(beacon), Some(key)) = (self.ports.beacon.clone(), self.chores.beacon_key) else {
            return;
        };
        let Chores {
            awaited, published, ..
        } = &mut self.chores;
        published.retain(|round, _| awaited.contains_key(round));
        let mut turns = Vec::new();
        for round in awaited.values().filter(|round| round.published <= time) {
            let since = published
                .entry(round.round)
                .or_insert(Since::new(self.height));
            if since.turn(
                self.height,
                beacon_wait(round.round, self.voter.canonical()),
            ) {
                turns.push((round.round, round.tasks));
            }
        }
        for (round, tasks) in turns {
            let beacon = Arc::clone(&beacon);
            self.beside(
                async move { Event::Beacon(round, tasks, beacon.signature(round, key).await) },
            );
        }
    }

    pub(super) fn on_beacon(
        &mut self,
        round: u64,
        tasks: u32,
        result: Result<Option<Hex<48>>, EdgeError>,
    ) {
        match result {
            Ok(Some(signature)) => self.outbox.beacon(round, signature, tasks.clamp(1, BATCH)),
            // Not out yet where we asked: in the next block again.
            Ok(None) => drop(self.chores.published.remove(&round)),
            Err(error) => {
                self.chores.published.remove(&round);
                tracing::warn!(round, %error, "the beacon does not give the round");
            }
        }
    }

    /// Transitions that wait for somebody: our tasks first, those of others when nobody comes.
    fn advance_due(&mut self) {
        let Chores { tasks, due, .. } = &mut self.chores;
        let height = self.height;
        let over = |task: &TaskResponse| task.due || task.deadline.is_some_and(|at| height > at);
        due.retain(|task, _| tasks.get(task).is_some_and(over));
        let mut turns = Vec::new();
        for task in tasks.values().filter(|task| over(task)) {
            if turns.len() >= MOST_CHECKS {
                break;
            }
            let ours = self
                .open
                .keys()
                .chain(self.ended.keys())
                .any(|key| key.task == task.task);
            let extra = if ours { 0 } else { STRANGER_WAITS };
            let wait =
                advance_wait(task.task, task.entered, self.voter.canonical()).saturating_add(extra);
            let since = due.entry(task.task).or_insert(Since::new(self.height));
            if since.turn(self.height, wait) {
                turns.push(task.task);
            }
        }
        for task in turns {
            let chain = Arc::clone(&self.ports.chain);
            self.beside(async move {
                let still = chain.task(task).await.is_ok_and(|task| task.due);
                Event::StillDue(task, still)
            });
        }
    }

    pub(super) fn on_still_due(&mut self, task: u64, due: bool) {
        if due {
            self.outbox.advance(task);
        }
    }

    /// Starts on a task of a served model before its committee is drawn, when the engine is idle.
    fn guess(&mut self) {
        if !self.settings.speculate || self.chores.guessing || !self.bench.idle() {
            return;
        }
        let Chores {
            tasks, given_up, ..
        } = &mut self.chores;
        given_up.retain(|(task, _)| tasks.contains_key(task));
        let served = self.open.keys().chain(self.ended.keys());
        let guess = tasks.values().find(|task| {
            task.status == TaskStatus::Drawing
                && self.settings.served.get(&task.model) == Some(&task.manifest)
                && is_readable(task)
                && !given_up.contains(&(task.task, task.round))
                && !self.bench.knows(task)
                // Nobody serves twice in a task.
                && !served.clone().any(|key| key.task == task.task)
        });
        let Some(task) = guess.cloned() else { return };
        self.chores.guessing = true;
        let (finder, bench) = (self.finder.clone(), Arc::clone(&self.bench));
        tracing::info!(task = task.task, "started before the draw");
        self.beside(async move {
            let Some(block) = finder.find(&task, Patience::OnePass).await else {
                return Event::Speculated(task.task, task.round, Guess::Failed);
            };
            Event::Speculated(task.task, task.round, bench.guess(&task, block).await)
        });
    }

    pub(super) fn on_speculated(&mut self, task: u64, round: u8, guess: Guess) {
        self.chores.guessing = false;
        // One guess a round: if the prompt was not to be had, the duty will look for it with patience.
        if guess != Guess::BrokenOff {
            self.chores.given_up.insert((task, round));
        }
        tracing::debug!(task, ?guess, "guess ended");
    }
}

/// A carried prompt is handed out by the chain to members only, who then serve it to everybody: before the first
/// draw nobody has it.
const fn is_readable(task: &TaskResponse) -> bool {
    !task.carried || task.round > 0
}

/// Whether a transition may have become due without any event.
fn may_be_due(task: &TaskResponse, height: u64) -> bool {
    task.due
        || task.undecided
        || match task.deadline {
            Some(deadline) => height > deadline,
            None => true,
        }
}
