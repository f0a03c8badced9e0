//! What the contract keeps: a frozen state that many runs share, and what one run changed of it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use cosmwasm_std::{Order, Record, Storage};

type Map<V> = BTreeMap<Vec<u8>, V>;

/// Keys and values; a copy costs only what was changed since [`Store::freeze`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    base: Arc<Map<Vec<u8>>>,
    changes: Map<Option<Vec<u8>>>,
}

impl Store {
    /// Makes all changes a part of what copies share.
    pub fn freeze(&mut self) {
        let base = Arc::make_mut(&mut self.base);
        for (key, value) in std::mem::take(&mut self.changes) {
            match value {
                Some(value) => base.insert(key, value),
                None => base.remove(&key),
            };
        }
    }

    /// What changed since the state was frozen: new values, or none where a key was removed.
    #[must_use]
    pub fn changes(&self) -> &BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        &self.changes
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &[u8]) -> Option<&Vec<u8>> {
        match self.changes.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.base.get(key),
        }
    }

    /// Sets a value, or removes it.
    pub fn put(&mut self, key: &[u8], value: Option<Vec<u8>>) {
        self.changes.insert(key.to_vec(), value);
    }

    /// The first entry of a range in an order.
    #[must_use]
    pub fn first(&self, range: &Range, order: Order) -> Option<Record> {
        let mut range = range.clone();
        loop {
            let key = range.end_of(order, &self.base, &self.changes)?;
            if let Some(value) = self.value(&key) {
                return Some((key, value.clone()));
            }
            range.cut(order, key); // removed since the state was frozen
        }
    }
}

/// Keys from `start`, which is in it, to `end`, which is not.
#[derive(Clone, Debug)]
pub struct Range {
    start: Bound<Vec<u8>>,
    end: Bound<Vec<u8>>,
}

impl Range {
    /// A range as contracts ask for one.
    #[must_use]
    pub fn new(start: Option<&[u8]>, end: Option<&[u8]>) -> Self {
        Self {
            start: start.map_or(Bound::Unbounded, |key| Bound::Included(key.to_vec())),
            end: end.map_or(Bound::Unbounded, |key| Bound::Excluded(key.to_vec())),
        }
    }

    /// Leaves out a key and everything before it in an order.
    pub fn cut(&mut self, order: Order, key: Vec<u8>) {
        match order {
            Order::Ascending => self.start = Bound::Excluded(key),
            Order::Descending => self.end = Bound::Excluded(key),
        }
    }

    fn is_empty(&self) -> bool {
        match (&self.start, &self.end) {
            (Bound::Included(start) | Bound::Excluded(start), Bound::Excluded(end)) => start >= end,
            _ => false,
        }
    }

    /// The key that comes first in an order, changed or not.
    fn end_of(
        &self,
        order: Order,
        base: &Map<Vec<u8>>,
        changes: &Map<Option<Vec<u8>>>,
    ) -> Option<Vec<u8>> {
        if self.is_empty() {
            return None;
        }
        let bounds = || (self.start.clone(), self.end.clone());
        let (mut old, mut new) = (base.range(bounds()), changes.range(bounds()));
        let keys = match order {
            Order::Ascending => (old.next().map(|it| it.0), new.next().map(|it| it.0)),
            Order::Descending => (
                old.next_back().map(|it| it.0),
                new.next_back().map(|it| it.0),
            ),
        };
        let first = match (keys, order) {
            ((Some(old), Some(new)), Order::Ascending) => Some(old.min(new)),
            ((Some(old), Some(new)), Order::Descending) => Some(old.max(new)),
            ((old, new), _) => old.or(new),
        };
        first.cloned()
    }
}

impl Storage for Store {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.value(key).cloned()
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        self.put(key, Some(value.to_vec()));
    }

    fn remove(&mut self, key: &[u8]) {
        self.put(key, None);
    }

    fn range<'a>(
        &'a self,
        start: Option<&[u8]>,
        end: Option<&[u8]>,
        order: Order,
    ) -> Box<dyn Iterator<Item = Record> + 'a> {
        let mut range = Range::new(start, end);
        Box::new(std::iter::from_fn(move || {
            let record = self.first(&range, order)?;
            range.cut(order, record.0.clone());
            Some(record)
        }))
    }
}
