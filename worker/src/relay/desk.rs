//! Who posts whose vote, and when: a pure policy over heights.
//!
//! The member in first position with an endpoint is the leader. It posts all votes in one message when
//! they are in, or [`LEADER_WAITS`] blocks after its own. The others hand theirs over and post alone
//! when they are not on chain [`MEMBER_WAITS`] blocks later, or when handing over failed.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_api::{CommitItem, RevealItem};
use serde::{Deserialize, Serialize};

use crate::duty::DutyKey;

/// Blocks the leader waits for the others after its own vote is ready.
pub const LEADER_WAITS: u64 = 2;
/// Blocks a member waits for the chain to show a vote it handed over, or any voter one it posted.
pub const MEMBER_WAITS: u64 = 4;
/// This close to the deadline everybody posts alone.
pub const HURRY: u64 = 6;

/// One vote in either half of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Binds.
    Commit(CommitItem),
    /// Opens.
    Reveal(RevealItem),
}

/// Which half of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Half {
    /// Commits.
    Commit,
    /// Reveals.
    Reveal,
}

impl Item {
    /// The half it belongs to.
    #[must_use]
    pub const fn half(&self) -> Half {
        match self {
            Self::Commit(_) => Half::Commit,
            Self::Reveal(_) => Half::Reveal,
        }
    }

    /// The duty it serves.
    #[must_use]
    pub const fn key(&self) -> DutyKey {
        match self {
            Self::Commit(item) => DutyKey::new(item.task, item.round),
            Self::Reveal(item) => DutyKey::new(item.task, item.round),
        }
    }

    /// Whose vote it is.
    #[must_use]
    pub fn worker(&self) -> &str {
        match self {
            Self::Commit(item) => &item.worker,
            Self::Reveal(item) => &item.worker,
        }
    }
}

/// A member of the round, as the chain shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The worker.
    pub worker: String,
    /// Where it takes votes.
    pub endpoint: Option<String>,
    /// Its vote of this half is on chain.
    pub on_chain: bool,
}

/// The round as the chain shows it, for one half of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Members that can still vote in this half, by position: all of them for commits, those that
    /// committed for reveals.
    pub seats: Vec<Seat>,
    /// Last height at which votes are accepted.
    pub deadline: u64,
}

impl Board {
    /// The member that posts for all.
    #[must_use]
    pub fn leader(&self) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.endpoint.is_some())
    }

    fn waiting(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| !seat.on_chain)
    }

    fn on_chain(&self, worker: &str) -> bool {
        self.seats
            .iter()
            .any(|seat| seat.worker == worker && seat.on_chain)
    }
}

/// What to do now for one half of one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Give our own vote to the leader at this endpoint.
    HandOver {
        /// The leader's.
        endpoint: String,
        /// Our own.
        item: Item,
    },
    /// Post these in one message.
    Post(Vec<Item>),
}

#[derive(Clone, Debug)]
struct Held {
    item: Item,
    posted: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    items: BTreeMap<String, Held>,
    /// Height at which our own vote was ready.
    own_since: Option<u64>,
    handed: Option<u64>,
    retry_at: u64,
    /// The leader would not take it: post alone from now on.
    alone: bool,
}

/// Votes at hand, our own and those handed to us.
#[derive(Clone, Debug)]
pub struct Desk {
    me: String,
    slots: BTreeMap<(DutyKey, Half), Slot>,
}

impl Desk {
    /// An empty desk of this worker.
    #[must_use]
    pub fn new(me: String) -> Self {
        Self {
            me,
            slots: BTreeMap::new(),
        }
    }

    /// Puts our own vote down; again and again is fine.
    pub fn put_own(&mut self, item: Item, height: u64) {
        let slot = self.slots.entry((item.key(), item.half())).or_default();
        slot.own_since.get_or_insert(height);
        slot.items
            .entry(self.me.clone())
            .or_insert(Held { item, posted: None });
    }

    /// Takes a checked vote of another member. The last one stands: a member may correct itself until
    /// it is posted, and only its own key can.
    pub fn put_other(&mut self, item: Item) {
        let slot = self.slots.entry((item.key(), item.half())).or_default();
        let worker = item.worker().to_owned();
        let settled = slot
            .items
            .get(&worker)
            .is_some_and(|held| held.posted.is_some() || held.item == item);
        if !settled {
            slot.items.insert(worker, Held { item, posted: None });
        }
    }

    /// Handing over at this height failed. `busy` means it may be tried again in the next block.
    pub fn not_taken(&mut self, key: DutyKey, half: Half, busy: bool, height: u64) {
        if let Some(slot) = self.slots.get_mut(&(key, half)) {
            slot.alone |= !busy;
            slot.retry_at = height.saturating_add(1);
            slot.handed = None;
        }
    }

    /// The chain is not as far as was thought: nothing was done after this height.
    pub fn rewind(&mut self, height: u64) {
        let back = |at: &mut Option<u64>| *at = at.map(|at| at.min(height));
        for slot in self.slots.values_mut() {
            back(&mut slot.own_since);
            back(&mut slot.handed);
            slot.retry_at = slot.retry_at.min(height);
            slot.items
                .values_mut()
                .for_each(|held| back(&mut held.posted));
        }
    }

    /// Drops everything but these duties.
    pub fn keep(&mut self, open: &BTreeSet<DutyKey>) {
        self.slots.retain(|(key, _), _| open.contains(key));
    }

    /// What to do for this half of this round, at this height. A deadline that seems to be over stops nothing: the
    /// duty ends when the nodes agree that it is, and a refused vote costs less than a lock.
    pub fn decide(
        &mut self,
        key: DutyKey,
        half: Half,
        height: u64,
        board: &Board,
    ) -> Option<Decision> {
        let me = self.me.clone();
        let slot = self.slots.get_mut(&(key, half))?;
        let leader = board.leader();
        if leader.is_some_and(|seat| seat.worker == me) {
            return slot.lead(height, board);
        }
        let endpoint = leader.and_then(|seat| seat.endpoint.clone());
        slot.follow(&me, height, board, endpoint)
    }
}

impl Slot {
    fn lead(&mut self, height: u64, board: &Board) -> Option<Decision> {
        let since = self.own_since?;
        let complete = board
            .waiting()
            .all(|seat| self.items.contains_key(&seat.worker));
        let waited = height >= since.saturating_add(LEADER_WAITS);
        let hurry = height.saturating_add(HURRY) > board.deadline;
        (complete || waited || hurry)
            .then(|| self.post(height, board, |_| true))
            .flatten()
    }

    fn follow(
        &mut self,
        me: &str,
        height: u64,
        board: &Board,
        endpoint: Option<String>,
    ) -> Option<Decision> {
        let since = self.own_since?;
        let own = self.items.get(me)?;
        if board.on_chain(me) {
            return None;
        }
        let hurry = height.saturating_add(HURRY) > board.deadline;
        let waited = height >= since.saturating_add(MEMBER_WAITS);
        let Some(endpoint) = endpoint.filter(|_| !(self.alone || hurry || waited)) else {
            return self.post(height, board, |worker| worker == me);
        };
        if self.handed.is_some() || height < self.retry_at {
            return None;
        }
        self.handed = Some(height);
        Some(Decision::HandOver {
            endpoint,
            item: own.item.clone(),
        })
    }

    /// Everything chosen that is neither on chain nor on its way there.
    fn post(
        &mut self,
        height: u64,
        board: &Board,
        chosen: impl Fn(&str) -> bool,
    ) -> Option<Decision> {
        let mut items = Vec::new();
        for seat in board.waiting().filter(|seat| chosen(&seat.worker)) {
            let Some(held) = self.items.get_mut(&seat.worker) else {
                continue;
            };
            let fresh = held
                .posted
                .is_none_or(|at| height >= at.saturating_add(MEMBER_WAITS));
            if fresh {
                held.posted = Some(height);
                items.push(held.item.clone());
            }
        }
        (!items.is_empty()).then_some(Decision::Post(items))
    }
}
