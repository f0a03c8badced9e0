//! Transactions waiting for the sender's key: one writer, one at a time, the urgent first.

use std::collections::{BTreeSet, VecDeque};

use antiphon_api::{CommitItem, ExecuteMsg, Hex, MAX_ADVANCES_PER_MESSAGE, RevealItem};

use crate::relay::Item;

/// Votes in one message: few enough that the message's gas stays far below a block's.
pub const VOTES_PER_MESSAGE: usize = 16;
/// Votes waiting at most; more are dropped and come again, since a vote is offered until it is on chain.
const MOST_WAITING: usize = 1_024;

/// What waits to be sent: reveals before commits before the rest.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    reveals: VecDeque<RevealItem>,
    commits: VecDeque<CommitItem>,
    beacons: VecDeque<(u64, Hex<48>, u32)>,
    advances: BTreeSet<u64>,
}

impl Outbox {
    /// Queues votes; one that waits already is not queued twice.
    pub fn votes(&mut self, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Reveal(item) => push(&mut self.reveals, item),
                Item::Commit(item) => push(&mut self.commits, item),
            }
        }
    }

    /// Queues a beacon round that draws up to `draws` committees.
    pub fn beacon(&mut self, round: u64, signature: Hex<48>, draws: u32) {
        if self.beacons.iter().all(|(waiting, ..)| *waiting != round) {
            push(&mut self.beacons, (round, signature, draws));
        }
    }

    /// Queues a task whose transition is due.
    pub fn advance(&mut self, task: u64) {
        if self.advances.len() < MOST_WAITING {
            self.advances.insert(task);
        }
    }

    /// Drops commits not yet sent: the process is stopping.
    pub fn drop_commits(&mut self) {
        self.commits.clear();
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reveals.is_empty()
            && self.commits.is_empty()
            && self.beacons.is_empty()
            && self.advances.is_empty()
    }

    /// The next message to send.
    pub fn next_message(&mut self) -> Option<ExecuteMsg> {
        if !self.reveals.is_empty() {
            return Some(ExecuteMsg::Reveal {
                reveals: take(&mut self.reveals),
            });
        }
        if !self.commits.is_empty() {
            return Some(ExecuteMsg::Commit {
                commits: take(&mut self.commits),
            });
        }
        if let Some((round, signature, draws)) = self.beacons.pop_front() {
            return Some(ExecuteMsg::PublishBeacon {
                round,
                signature,
                draws,
            });
        }
        let tasks: Vec<u64> = self
            .advances
            .iter()
            .copied()
            .take(MAX_ADVANCES_PER_MESSAGE)
            .collect();
        for task in &tasks {
            self.advances.remove(task);
        }
        (!tasks.is_empty()).then_some(ExecuteMsg::Advance { tasks })
    }
}

fn push<T: PartialEq>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() < MOST_WAITING && !queue.contains(&item) {
        queue.push_back(item);
    }
}

fn take<T>(queue: &mut VecDeque<T>) -> Vec<T> {
    queue.drain(..queue.len().min(VOTES_PER_MESSAGE)).collect()
}
