//! Reads once, writes once: what a message reads and writes stays in memory until its end, when the
//! last value of each key that really changed is written. A read costs a chain's user 1,000 gas and
//! a write 2,000, before any byte; a look here costs about one.

use std::cell::RefCell;
use std::iter::from_fn;

use cosmwasm_std::{Order, Record, Storage};

/// A key's value before the message, if it is known, and now.
#[derive(Debug)]
struct Entry {
    key: Vec<u8>,
    read: Option<Option<Vec<u8>>>,
    now: Option<Vec<u8>>,
}

impl Entry {
    fn is_changed(&self) -> bool {
        self.read.as_ref() != Some(&self.now)
    }
}

/// A storage over another one, which sees nothing of it before [`Cache::write_back`]. A message that
/// fails never comes there.
pub(crate) struct Cache<'a> {
    below: &'a mut dyn Storage,
    /// By key. A sorted list, for a tree costs more bytes of code than it saves.
    entries: RefCell<Vec<Entry>>,
}

impl<'a> Cache<'a> {
    pub(crate) fn over(below: &'a mut dyn Storage) -> Self {
        Self {
            below,
            entries: RefCell::default(),
        }
    }

    /// Writes what changed.
    pub(crate) fn write_back(self) {
        let entries = self.entries.into_inner();
        for entry in entries.into_iter().filter(Entry::is_changed) {
            match entry.now {
                Some(value) => self.below.set(&entry.key, &value),
                None => self.below.remove(&entry.key),
            }
        }
    }

    fn put(&mut self, key: &[u8], now: Option<Vec<u8>>) {
        let entries = self.entries.get_mut();
        match place(entries, key) {
            Ok(index) => {
                if let Some(entry) = entries.get_mut(index) {
                    entry.now = now;
                }
            }
            Err(index) => {
                let (key, read) = (key.to_vec(), None);
                entries.insert(index, Entry { key, read, now });
            }
        }
    }

    /// The first entry written here from `start` on and before `end`.
    fn next_here(&self, start: &[u8], end: Option<&[u8]>) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let entries = self.entries.borrow();
        let (Ok(index) | Err(index)) = place(&entries, start);
        let entry = entries.get(index..)?.iter().find(|it| it.is_changed())?;
        let within = end.is_none_or(|end| entry.key.as_slice() < end);
        within.then(|| (entry.key.clone(), entry.now.clone()))
    }
}

/// Where a key stands, or would.
fn place(entries: &[Entry], key: &[u8]) -> Result<usize, usize> {
    entries.binary_search_by(|entry| entry.key.as_slice().cmp(key))
}

impl Storage for Cache<'_> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut entries = self.entries.borrow_mut();
        match place(&entries, key) {
            Ok(index) => entries.get(index)?.now.clone(),
            Err(index) => {
                let value = self.below.get(key);
                let entry = Entry {
                    key: key.to_vec(),
                    read: Some(value.clone()),
                    now: value.clone(),
                };
                entries.insert(index, entry);
                value
            }
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        self.put(key, Some(value.to_vec()));
    }

    fn remove(&mut self, key: &[u8]) {
        self.put(key, None);
    }

    /// Ascending only: this contract scans in no other order.
    fn range<'b>(
        &'b self,
        start: Option<&[u8]>,
        end: Option<&[u8]>,
        order: Order,
    ) -> Box<dyn Iterator<Item = Record> + 'b> {
        debug_assert!(matches!(order, Order::Ascending), "scans ascend");
        let mut below = self.below.range(start, end, order).peekable();
        let mut from = start.unwrap_or_default().to_vec();
        let end = end.map(<[u8]>::to_vec);
        Box::new(from_fn(move || {
            loop {
                let here = self.next_here(&from, end.as_deref());
                let (key, value) = match (here, below.peek()) {
                    (Some((key, now)), Some((under, _))) if key <= *under => {
                        if key == *under {
                            below.next();
                        }
                        (key, now)
                    }
                    (Some(here), None) => here,
                    _ => below.next().map(|(key, value)| (key, Some(value)))?,
                };
                from = key.clone();
                from.push(0);
                if let Some(value) = value {
                    return Some((key, value));
                }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;

    use super::*;

    fn all(storage: &dyn Storage) -> Vec<(Vec<u8>, Vec<u8>)> {
        storage.range(None, None, Order::Ascending).collect()
    }

    fn filled() -> MockStorage {
        let mut storage = MockStorage::new();
        for key in [b"a", b"c", b"e"] {
            storage.set(key, b"below");
        }
        storage
    }

    #[test]
    fn nothing_is_written_below_before_the_end() {
        let mut below = filled();
        let mut cache = Cache::over(&mut below);
        cache.set(b"a", b"here");
        cache.remove(b"c");
        assert_eq!(cache.get(b"a").unwrap(), b"here");
        assert_eq!(cache.get(b"c"), None);
        drop(cache);
        assert_eq!(all(&below), all(&filled()));
    }

    #[test]
    fn a_scan_sees_what_was_written_and_not_what_was_removed() {
        let mut below = filled();
        let mut cache = Cache::over(&mut below);
        assert_eq!(cache.get(b"e").unwrap(), b"below");
        for key in [b"b", b"c", b"f"] {
            cache.set(key, b"here");
        }
        cache.remove(b"a");
        cache.set(b"d", b"here");
        cache.remove(b"d");
        let found = all(&cache);
        let keys: Vec<_> = found.iter().map(|(key, _)| key.as_slice()).collect();
        assert_eq!(keys, [b"b", b"c", b"e", b"f"]);
        assert_eq!(found.get(1).unwrap().1, b"here");
        let range = cache.range(Some(b"c"), Some(b"f"), Order::Ascending);
        assert_eq!(range.count(), 2);
        cache.write_back();
        assert_eq!(all(&below), found);
    }

    /// A storage that notes what reaches it.
    #[derive(Default)]
    struct Noted {
        storage: MockStorage,
        gets: RefCell<Vec<Vec<u8>>>,
        puts: Vec<Vec<u8>>,
    }

    impl Storage for Noted {
        fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
            self.gets.borrow_mut().push(key.to_vec());
            self.storage.get(key)
        }
        fn set(&mut self, key: &[u8], value: &[u8]) {
            self.puts.push(key.to_vec());
            self.storage.set(key, value);
        }
        fn remove(&mut self, key: &[u8]) {
            self.puts.push(key.to_vec());
            self.storage.remove(key);
        }
        fn range<'a>(
            &'a self,
            start: Option<&[u8]>,
            end: Option<&[u8]>,
            order: Order,
        ) -> Box<dyn Iterator<Item = Record> + 'a> {
            self.storage.range(start, end, order)
        }
    }

    #[test]
    fn each_key_is_read_once_and_written_once_and_only_if_it_changed() {
        let mut below = Noted::default();
        let mut cache = Cache::over(&mut below);
        assert_eq!(cache.get(b"passing"), None);
        for _ in 0..3 {
            cache.set(b"passing", b"through");
            assert_eq!(cache.get(b"passing").unwrap(), b"through");
            cache.set(b"kept", b"value");
        }
        cache.remove(b"passing");
        cache.write_back();
        assert_eq!(below.gets.into_inner(), [b"passing"]);
        assert_eq!(below.puts, [b"kept"]);
        assert_eq!(below.storage.get(b"kept").unwrap(), b"value");
    }

    /// One thing done to a storage; keys are few, so that they meet.
    #[derive(Clone, Debug)]
    enum Step {
        Get(Vec<u8>),
        Set(Vec<u8>, u8),
        Remove(Vec<u8>),
        Range(Option<Vec<u8>>, Option<Vec<u8>>),
    }

    fn any_key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0..3_u8, 1..4)
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let bound = || prop::option::of(any_key());
        prop_oneof![
            any_key().prop_map(Step::Get),
            (any_key(), 1..4_u8).prop_map(|(key, value)| Step::Set(key, value)),
            any_key().prop_map(Step::Remove),
            (bound(), bound()).prop_map(|(start, end)| Step::Range(start, end)),
        ]
    }

    /// What a step shows.
    fn act(storage: &mut dyn Storage, step: &Step) -> Vec<(Vec<u8>, Vec<u8>)> {
        match step {
            Step::Get(key) => {
                let found = storage.get(key);
                return found
                    .map(|value| (key.clone(), value))
                    .into_iter()
                    .collect();
            }
            Step::Set(key, value) => storage.set(key, &[*value]),
            Step::Remove(key) => storage.remove(key),
            Step::Range(start, end) => {
                let range = storage.range(start.as_deref(), end.as_deref(), Order::Ascending);
                return range.collect();
            }
        }
        Vec::new()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn nobody_can_tell_it_from_the_storage_itself(
            first in prop::collection::vec(any_step(), 0..20),
            steps in prop::collection::vec(any_step(), 0..60),
        ) {
            let (mut plain, mut below) = (MockStorage::new(), MockStorage::new());
            for step in &first {
                act(&mut plain, step);
                act(&mut below, step);
            }
            let mut cache = Cache::over(&mut below);
            for step in &steps {
                prop_assert_eq!(act(&mut cache, step), act(&mut plain, step));
            }
            cache.write_back();
            prop_assert_eq!(all(&below), all(&plain));
        }
    }
}
