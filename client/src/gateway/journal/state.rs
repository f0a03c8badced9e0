//! What the journal says, line by line, and what follows from all lines.

use std::collections::BTreeMap;

use antiphon_api::Uint128;
use serde::{Deserialize, Serialize};

use crate::gateway::answers::{Facts, Pending, QuestionKey};

/// Seconds an ended task stays known by its question: a late retry finds it even if the chain's index
/// does not name it.
const REMEMBERED_SECONDS: u64 = 3_600;
/// Ended tasks kept at most.
const MAX_ENDED: usize = 10_000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Event {
    /// Which chain the lines after it are about.
    Network {
        chain_id: String,
        contract: String,
        first_block: Option<String>,
    },
    /// An API key has used this much, by lines that are gone.
    Spent { by: String, amount: Uint128 },
    /// Money for a question is set aside; nothing is signed yet.
    Intent {
        id: u64,
        key: QuestionKey,
        by: Option<String>,
        escrow: Uint128,
    },
    /// This was signed and may be handed over from now on; what was noted before for the same id is void.
    Noted { id: u64, pending: Pending },
    /// It is in a block.
    Posted {
        id: u64,
        task: u64,
        transaction: String,
    },
    /// Nothing was paid, and nothing will be.
    Dropped { id: u64 },
    /// The task gave no answer: the question may be asked again.
    Over { id: u64 },
    /// The task is at its end; this came back.
    Settled { id: u64, refund: Uint128, at: u64 },
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Set aside, nothing signed.
    Intended,
    /// Signed; its fate is not known.
    Noted(Pending),
    /// In a block.
    Open {
        /// The task.
        task: u64,
        /// The transaction.
        transaction: String,
    },
    /// At its end.
    Ended {
        /// The task.
        task: u64,
        /// The transaction.
        transaction: String,
        /// When that was seen, in Unix seconds.
        at: u64,
    },
}

/// One question that was paid for, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the journal.
    pub id: u64,
    /// The question.
    pub key: QuestionKey,
    /// The API key that is charged; none for the gateway's own.
    pub by: Option<String>,
    /// What was set aside.
    pub escrow: u128,
    /// Where it stands.
    pub standing: Standing,
    /// It gave no answer.
    pub over: bool,
}

impl Entry {
    /// Whether a request of this API key (none: a gateway without keys) is a retry of what it paid for:
    /// while the task is under way, and for `REMEMBERED_SECONDS` after its end.
    #[must_use]
    pub fn is_retried_by(&self, by: Option<&str>) -> bool {
        let recent = match self.standing {
            Standing::Ended { at, .. } => {
                super::unix_now() <= at.saturating_add(REMEMBERED_SECONDS)
            }
            Standing::Intended | Standing::Noted(_) | Standing::Open { .. } => true,
        };
        recent && self.by.as_deref() == by
    }

    pub(super) const fn is_paid(&self) -> bool {
        !self.is_unpaid()
    }

    const fn is_unpaid(&self) -> bool {
        matches!(self.standing, Standing::Intended | Standing::Noted(_))
    }
}

/// What follows from all lines.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) network: Option<Event>,
    pub(super) entries: BTreeMap<u64, Entry>,
    pub(super) by_key: BTreeMap<QuestionKey, u64>,
    pub(super) spent: BTreeMap<String, u128>,
    /// Of entries that are forgotten: what compaction must write down.
    pub(super) base: BTreeMap<String, u128>,
    pub(super) next: u64,
}

impl State {
    pub(super) fn apply(&mut self, event: Event) {
        match event {
            Event::Network { .. } => self.network = Some(event),
            Event::Spent { by, amount } => {
                add(&mut self.spent, &by, amount.u128());
                add(&mut self.base, &by, amount.u128());
            }
            Event::Intent {
                id,
                key,
                by,
                escrow,
            } => self.intent(id, key, by, escrow.u128()),
            Event::Noted { id, pending } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.standing = Standing::Noted(pending);
                }
            }
            Event::Posted {
                id,
                task,
                transaction,
            } => {
                let entry = self.entries.get_mut(&id);
                if let Some(entry) = entry.filter(|entry| entry.is_unpaid()) {
                    entry.standing = Standing::Open { task, transaction };
                }
            }
            Event::Dropped { id } => self.dropped(id),
            Event::Over { id } => self.over(id),
            Event::Settled { id, refund, at } => self.settled(id, refund.u128(), at),
        }
    }

    fn intent(&mut self, id: u64, key: QuestionKey, by: Option<String>, escrow: u128) {
        if let Some(by) = &by {
            add(&mut self.spent, by, escrow);
        }
        self.next = self.next.max(id.saturating_add(1));
        self.by_key.insert(key.clone(), id);
        let entry = Entry {
            id,
            key,
            by,
            escrow,
            standing: Standing::Intended,
            over: false,
        };
        self.entries.insert(id, entry);
    }

    /// What is in a block cannot be dropped.
    fn dropped(&mut self, id: u64) {
        if !self.entries.get(&id).is_some_and(Entry::is_unpaid) {
            return;
        }
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        self.unlink(&entry.key, id);
        if let Some(by) = &entry.by {
            take(&mut self.spent, by, entry.escrow);
        }
    }

    fn over(&mut self, id: u64) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.over = true;
        let key = entry.key.clone();
        self.unlink(&key, id);
    }

    fn settled(&mut self, id: u64, refund: u128, at: u64) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let Standing::Open { task, transaction } = entry.standing.clone() else {
            return;
        };
        entry.standing = Standing::Ended {
            task,
            transaction,
            at,
        };
        entry.escrow = entry.escrow.saturating_sub(refund);
        if let Some(by) = entry.by.clone() {
            take(&mut self.spent, &by, refund);
        }
    }

    fn unlink(&mut self, key: &QuestionKey, id: u64) {
        if self.by_key.get(key) == Some(&id) {
            self.by_key.remove(key);
        }
    }

    /// Goes on with this network. Whether the lines so far are about another one and now forgotten: what API
    /// keys have used stays on the same chain, also under a new contract.
    pub(super) fn turn_to(&mut self, facts: &Facts) -> bool {
        let now = network(facts);
        let Some(kept) = self.network.replace(now.clone()) else {
            return false;
        };
        if same_chain(&kept, &now) && contract(&kept) == contract(&now) {
            if first_block(&now).is_none() {
                self.network = Some(kept);
            }
            return false;
        }
        let spent = match same_chain(&kept, &now) {
            true => std::mem::take(&mut self.spent),
            false => BTreeMap::new(),
        };
        *self = Self {
            network: Some(now),
            base: spent.clone(),
            spent,
            ..Self::default()
        };
        true
    }

    /// Forgets ended tasks that nobody will ask for: their cost stays.
    pub(super) fn forget(&mut self, now: u64) {
        let ended = |entry: &Entry| match entry.standing {
            Standing::Ended { at, .. } => Some((entry.id, at)),
            _ => None,
        };
        let mut list: Vec<_> = self.entries.values().filter_map(ended).collect();
        let surplus = list.len().saturating_sub(MAX_ENDED);
        list.sort_by_key(|(id, at)| (*at, *id));
        for (place, (id, at)) in list.into_iter().enumerate() {
            let old = at.saturating_add(REMEMBERED_SECONDS) < now;
            let gone = if old || place < surplus {
                self.entries.remove(&id)
            } else {
                None
            };
            let Some(entry) = gone else { continue };
            self.unlink(&entry.key, id);
            if let Some(by) = &entry.by {
                add(&mut self.base, by, entry.escrow);
            }
        }
    }

    /// The fewest lines that say the same.
    pub(super) fn lines(&self) -> Vec<Event> {
        let spent = self.base.iter().map(|(by, amount)| Event::Spent {
            by: by.clone(),
            amount: Uint128::new(*amount),
        });
        let mut lines: Vec<Event> = self.network.iter().cloned().chain(spent).collect();
        for entry in self.entries.values() {
            lines.extend(of_entry(entry));
        }
        lines
    }
}

fn of_entry(entry: &Entry) -> Vec<Event> {
    let id = entry.id;
    let mut lines = vec![Event::Intent {
        id,
        key: entry.key.clone(),
        by: entry.by.clone(),
        escrow: Uint128::new(entry.escrow),
    }];
    match entry.standing.clone() {
        Standing::Intended => {}
        Standing::Noted(pending) => lines.push(Event::Noted { id, pending }),
        Standing::Open { task, transaction } => lines.push(Event::Posted {
            id,
            task,
            transaction,
        }),
        Standing::Ended {
            task,
            transaction,
            at,
        } => lines.extend([
            Event::Posted {
                id,
                task,
                transaction,
            },
            // The escrow of an ended entry is what was kept of it.
            Event::Settled {
                id,
                refund: Uint128::zero(),
                at,
            },
        ]),
    }
    if entry.over {
        lines.push(Event::Over { id });
    }
    lines
}

/// The first line of a journal about this chain.
fn network(facts: &Facts) -> Event {
    Event::Network {
        chain_id: facts.chain_id.clone(),
        contract: facts.contract.clone(),
        first_block: facts.first_block.clone(),
    }
}

/// Whether both lines can be about the same chain: a node that no longer has the first block cannot tell.
fn same_chain(kept: &Event, now: &Event) -> bool {
    let (
        Event::Network { chain_id, .. },
        Event::Network {
            chain_id: other, ..
        },
    ) = (kept, now)
    else {
        return false;
    };
    let mut blocks = first_block(kept).into_iter().zip(first_block(now));
    chain_id == other && blocks.all(|(a, b)| a == b)
}

const fn first_block(line: &Event) -> Option<&String> {
    match line {
        Event::Network { first_block, .. } => first_block.as_ref(),
        _ => None,
    }
}

const fn contract(line: &Event) -> Option<&String> {
    match line {
        Event::Network { contract, .. } => Some(contract),
        _ => None,
    }
}

fn add(map: &mut BTreeMap<String, u128>, name: &str, amount: u128) {
    let slot = map.entry(name.to_owned()).or_default();
    *slot = slot.saturating_add(amount);
}

fn take(map: &mut BTreeMap<String, u128>, name: &str, amount: u128) {
    let slot = map.entry(name.to_owned()).or_default();
    *slot = slot.saturating_sub(amount);
}
