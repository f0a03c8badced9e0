//! What is on the public shelf, who pinned it and when it was last used.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use antiphon_content::Cid;
use serde::{Deserialize, Serialize};

use crate::error::{At as _, StoreError};

/// In memory; rebuilt from the folder at start, file times giving the order of use.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: BTreeMap<Cid, Entry>,
    /// Last use → block: the first one was used longest ago.
    order: BTreeMap<u64, Cid>,
    clock: u64,
    bytes: u64,
    pins: BTreeMap<Cid, Pins>,
}

#[derive(Debug)]
struct Entry {
    size: u64,
    used: u64,
    checked: bool,
}

/// Owner → Unix second at which the pin ends; `None` has no end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Pins(BTreeMap<String, Option<u64>>);

impl Pins {
    pub(super) fn set(&mut self, owner: &str, until: Option<SystemTime>) {
        self.0.insert(owner.to_owned(), until.map(unix_seconds));
    }

    pub(super) fn clear(&mut self, owner: &str) {
        self.0.remove(owner);
    }

    /// `None` when no pin is left.
    pub(super) fn to_json(&self) -> Option<String> {
        let text = serde_json::to_string(self).ok();
        text.filter(|_| !self.0.is_empty())
    }

    fn hold(&self, now: u64) -> bool {
        self.0
            .values()
            .any(|until| until.is_none_or(|end| end > now))
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl Index {
    /// Reads both folders. Files that are not ours are left alone and not served.
    pub(super) fn scan(public: &Path, pins: &Path) -> Result<Self, StoreError> {
        let mut found = Vec::new();
        for shard in list(public)? {
            for file in list(&shard)? {
                let meta = fs::metadata(&file).at("read", &file)?;
                let time = meta.modified().unwrap_or(UNIX_EPOCH);
                if let Some(cid) = cid_of(&file) {
                    found.push((time, cid, meta.len()));
                }
            }
        }
        found.sort();
        let mut index = Self::default();
        for (_, cid, size) in found {
            index.insert(cid, size, false);
        }
        index.read_pins(pins)?;
        Ok(index)
    }

    /// Reads the pins and clears those that are over.
    fn read_pins(&mut self, folder: &Path) -> Result<(), StoreError> {
        let now = unix_seconds(SystemTime::now());
        for file in list(folder)? {
            let text = fs::read(&file).at("read", &file)?;
            match (cid_of(&file), serde_json::from_slice::<Pins>(&text)) {
                (Some(cid), Ok(pins)) if pins.hold(now) => drop(self.pins.insert(cid, pins)),
                (Some(_), Ok(_)) => fs::remove_file(&file).at("remove", &file)?,
                _ => tracing::warn!(file = %file.display(), "not a pin file: ignored"),
            }
        }
        Ok(())
    }

    /// Whether it is there and was checked since the start; `None` when it is not there.
    pub(super) fn find(&self, cid: &Cid) -> Option<bool> {
        self.entries.get(cid).map(|entry| entry.checked)
    }

    pub(super) fn size(&self, cid: &Cid) -> Option<u64> {
        self.entries.get(cid).map(|entry| entry.size)
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn insert(&mut self, cid: Cid, size: u64, checked: bool) {
        self.remove(&cid);
        self.clock = self.clock.saturating_add(1);
        let used = self.clock;
        let entry = Entry {
            size,
            used,
            checked,
        };
        self.entries.insert(cid, entry);
        self.order.insert(used, cid);
        self.bytes = self.bytes.saturating_add(size);
    }

    pub(super) fn remove(&mut self, cid: &Cid) {
        if let Some(entry) = self.entries.remove(cid) {
            self.order.remove(&entry.used);
            self.bytes = self.bytes.saturating_sub(entry.size);
        }
    }

    /// Notes a use; whether the block is there.
    pub(super) fn touch(&mut self, cid: &Cid) -> bool {
        let Some(entry) = self.entries.get_mut(cid) else {
            return false;
        };
        self.order.remove(&entry.used);
        self.clock = self.clock.saturating_add(1);
        entry.used = self.clock;
        self.order.insert(self.clock, *cid);
        true
    }

    pub(super) fn mark_checked(&mut self, cid: &Cid) {
        self.touch(cid);
        if let Some(entry) = self.entries.get_mut(cid) {
            entry.checked = true;
        }
    }

    pub(super) fn change_pins(&mut self, cid: &Cid, change: impl FnOnce(&mut Pins)) -> Pins {
        let pins = self.pins.entry(*cid).or_default();
        change(pins);
        let after = pins.clone();
        if after.0.is_empty() {
            self.pins.remove(cid);
        }
        after
    }

    /// Whether so many bytes would fit after evicting everything that is not pinned.
    pub(super) fn has_room(&self, size: u64, total: u64) -> bool {
        let now = unix_seconds(SystemTime::now());
        let excess = self.bytes.saturating_add(size).saturating_sub(total);
        let mut free: u64 = 0;
        let mut order = self.order.values();
        while free < excess {
            match order.next() {
                Some(cid) if self.pinned(cid, now) => {}
                Some(cid) => free = free.saturating_add(self.size(cid).unwrap_or(0)),
                None => return false,
            }
        }
        true
    }

    /// Drops unpinned blocks, those used longest ago first, until so many bytes fit.
    pub(super) fn make_room(&mut self, size: u64, total: u64) -> Vec<Cid> {
        let now = unix_seconds(SystemTime::now());
        let mut excess = self.bytes.saturating_add(size).saturating_sub(total);
        let mut evicted = Vec::new();
        for cid in self.order.values() {
            if excess == 0 {
                break;
            }
            if !self.pinned(cid, now) {
                excess = excess.saturating_sub(self.size(cid).unwrap_or(0));
                evicted.push(*cid);
            }
        }
        for cid in &evicted {
            self.remove(cid);
        }
        evicted
    }

    fn pinned(&self, cid: &Cid, now: u64) -> bool {
        self.pins.get(cid).is_some_and(|pins| pins.hold(now))
    }
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, StoreError> {
    let entries = fs::read_dir(folder).at("list", folder)?;
    entries
        .map(|entry| Ok(entry.at("list", folder)?.path()))
        .collect()
}

fn cid_of(file: &Path) -> Option<Cid> {
    file.file_name()?.to_str()?.parse().ok()
}
