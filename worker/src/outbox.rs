//! Transactions waiting for the sender's key, the urgent first, several on their way at once.
//!
//! One writer numbers them, so many may be in flight; places are kept free for what is more urgent, so that a
//! reveal never waits behind anything else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use antiphon_api::{CommitItem, ExecuteMsg, Hex, MAX_ADVANCES_PER_MESSAGE, RevealItem};

use crate::duty::DutyKey;
use crate::ports::Cost;
use crate::relay::Item;

/// Votes in one message: few enough that the message's gas stays far below a block's.
pub const VOTES_PER_MESSAGE: usize = 16;
/// Votes of a kind waiting at most; the least urgent are dropped and come again, since a vote is offered until it
/// is on chain.
const MOST_WAITING: usize = 1_024;
/// Callbacks waiting at most, each with a text of up to 64 KiB.
const MOST_DELIVERIES: usize = 16;
/// Transactions in flight: as many as were seen to land in one block. Commits leave two places to reveals, the
/// rest takes two at most.
const MOST_IN_FLIGHT: usize = 10;
const MOST_BEFORE_A_COMMIT: usize = 8;
const MOST_OF_THE_REST: usize = 2;

/// What comes first: own votes before those of others, the earlier deadline before the later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    relayed: bool,
    deadline: u64,
    duty: DutyKey,
    worker: String,
}

/// A message to send, and its name until it has landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// To be given to [`Outbox::landed`].
    pub id: u64,
    /// The message.
    pub msg: ExecuteMsg,
    /// The gas limit to send it with; none: whatever its kind has.
    pub gas: Option<u64>,
}

/// A callback to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The task that is over.
    pub task: u64,
    /// The answer's text, if it is wanted.
    pub text: Option<String>,
    /// The limit that its receiver cannot exceed, and the price of it.
    pub cost: Cost,
}

/// What is on its way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    votes: bool,
    /// Coins that a delivery costs; nothing for the rest.
    cost: u128,
}

/// What waits to be sent: reveals before commits before the rest.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    me: String,
    reveals: BTreeMap<Rank, RevealItem>,
    commits: BTreeMap<Rank, CommitItem>,
    beacons: VecDeque<(u64, Hex<48>, u32)>,
    advances: BTreeSet<u64>,
    deliveries: VecDeque<Delivery>,
    sent: u64,
    flying: BTreeMap<u64, Flight>,
}

impl Outbox {
    /// The outbox of this worker, whose own votes go before those it relays.
    #[must_use]
    pub fn new(me: &str) -> Self {
        Self {
            me: me.to_owned(),
            ..Self::default()
        }
    }

    /// Queues votes that are accepted up to this height; one that waits already is not queued twice.
    pub fn votes(&mut self, items: Vec<Item>, deadline: u64) {
        for item in items {
            let rank = Rank {
                relayed: item.worker() != self.me,
                deadline,
                duty: item.key(),
                worker: item.worker().to_owned(),
            };
            match item {
                Item::Reveal(item) => push(&mut self.reveals, rank, item),
                Item::Commit(item) => push(&mut self.commits, rank, item),
            }
        }
    }

    /// Queues a beacon round that draws up to `draws` committees.
    pub fn beacon(&mut self, round: u64, signature: Hex<48>, draws: u32) {
        let new = self.beacons.iter().all(|(waiting, ..)| *waiting != round);
        if new && self.beacons.len() < MOST_WAITING {
            self.beacons.push_back((round, signature, draws));
        }
    }

    /// Queues a task whose transition is due.
    pub fn advance(&mut self, task: u64) {
        if self.advances.len() < MOST_WAITING {
            self.advances.insert(task);
        }
    }

    /// Queues a callback; false if too many wait already.
    #[must_use]
    pub fn deliver(&mut self, delivery: Delivery) -> bool {
        let room = self.deliveries.len() < MOST_DELIVERIES;
        if room {
            self.deliveries.push_back(delivery);
        }
        room
    }

    /// Coins that deliveries which wait or are on their way will have cost.
    #[must_use]
    pub fn owed(&self) -> u128 {
        let waiting = self.deliveries.iter().map(|it| it.cost.fee);
        let flying = self.flying.values().map(|it| it.cost);
        waiting.chain(flying).fold(0, u128::saturating_add)
    }

    /// Drops commits not yet sent: the process is stopping.
    pub fn drop_commits(&mut self) {
        self.commits.clear();
    }

    /// Whether nothing waits and nothing is on its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reveals.is_empty()
            && self.commits.is_empty()
            && self.beacons.is_empty()
            && self.advances.is_empty()
            && self.deliveries.is_empty()
            && self.flying.is_empty()
    }

    /// Whether no vote waits or is on its way; work for all may.
    #[must_use]
    pub fn has_no_votes(&self) -> bool {
        self.reveals.is_empty()
            && self.commits.is_empty()
            && !self.flying.values().any(|it| it.votes)
    }

    /// The next message to send, if there is one and a place for it.
    pub fn next_message(&mut self) -> Option<Outgoing> {
        let (all, rest) = self.in_flight();
        if all < MOST_IN_FLIGHT && !self.reveals.is_empty() {
            let reveals = take(&mut self.reveals);
            return Some(self.leave(ExecuteMsg::Reveal { reveals }, true));
        }
        if all < MOST_BEFORE_A_COMMIT && !self.commits.is_empty() {
            let commits = take(&mut self.commits);
            return Some(self.leave(ExecuteMsg::Commit { commits }, true));
        }
        if rest >= MOST_OF_THE_REST || all >= MOST_BEFORE_A_COMMIT {
            return None;
        }
        if let Some(msg) = self.work_for_all() {
            return Some(self.leave(msg, false));
        }
        let Delivery { task, text, cost } = self.deliveries.pop_front()?;
        let outgoing = self.leave(ExecuteMsg::Deliver { task, text }, false);
        if let Some(flight) = self.flying.get_mut(&outgoing.id) {
            flight.cost = cost.fee;
        }
        Some(Outgoing {
            gas: Some(cost.gas),
            ..outgoing
        })
    }

    /// A message is in a block, or failed: its place is free.
    pub fn landed(&mut self, id: u64) {
        self.flying.remove(&id);
    }

    fn in_flight(&self) -> (usize, usize) {
        let rest = self.flying.values().filter(|it| !it.votes).count();
        (self.flying.len(), rest)
    }

    fn leave(&mut self, msg: ExecuteMsg, votes: bool) -> Outgoing {
        self.sent = self.sent.saturating_add(1);
        self.flying.insert(self.sent, Flight { votes, cost: 0 });
        Outgoing {
            id: self.sent,
            msg,
            gas: None,
        }
    }

    fn work_for_all(&mut self) -> Option<ExecuteMsg> {
        if let Some((round, signature, draws)) = self.beacons.pop_front() {
            return Some(ExecuteMsg::PublishBeacon {
                round,
                signature,
                draws,
            });
        }
        let tasks = self.advances.iter().copied();
        let tasks: Vec<u64> = tasks.take(MAX_ADVANCES_PER_MESSAGE).collect();
        for task in &tasks {
            self.advances.remove(task);
        }
        (!tasks.is_empty()).then_some(ExecuteMsg::Advance { tasks })
    }
}

fn push<T>(queue: &mut BTreeMap<Rank, T>, rank: Rank, item: T) {
    queue.insert(rank, item);
    if queue.len() > MOST_WAITING {
        queue.pop_last();
    }
}

fn take<T>(queue: &mut BTreeMap<Rank, T>) -> Vec<T> {
    let mut items = Vec::new();
    while items.len() < VOTES_PER_MESSAGE
        && let Some((_, item)) = queue.pop_first()
    {
        items.push(item);
    }
    items
}
