//! How much of a stranger's haste the votes route bears.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Votes read at once: with [`crate::http::MAX_VOTE_BYTES`] each, a quarter of a megabyte.
const AT_ONCE: usize = 32;
/// Votes of one address in a second: a committee hands over a few, many workers may share an address.
const PER_SECOND: u32 = 50;
/// Addresses counted in one second; further ones wait for the next.
const MOST_ADDRESSES: usize = 4_096;
/// Longest time for a vote's body to arrive.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(5);

/// Admits votes.
#[derive(Clone, Debug)]
pub(crate) struct VotesGate {
    working: Arc<Semaphore>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug)]
struct Counts {
    since: Instant,
    by_address: BTreeMap<IpAddr, u32>,
}

impl Default for VotesGate {
    fn default() -> Self {
        Self {
            working: Arc::new(Semaphore::new(AT_ONCE)),
            counts: Arc::new(Mutex::new(Counts {
                since: Instant::now(),
                by_address: BTreeMap::new(),
            })),
        }
    }
}

impl VotesGate {
    /// A place for a vote from this address; none: later.
    #[must_use]
    pub(crate) fn admit(&self, address: IpAddr) -> Option<OwnedSemaphorePermit> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if !counts.admit(address, Instant::now()) {
            return None;
        }
        Arc::clone(&self.working).try_acquire_owned().ok()
    }
}

impl Counts {
    fn admit(&mut self, address: IpAddr, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.by_address.clear();
        }
        if self.by_address.len() >= MOST_ADDRESSES && !self.by_address.contains_key(&address) {
            return false;
        }
        let count = self.by_address.entry(address).or_default();
        *count = count.saturating_add(1);
        *count <= PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_take_all_the_places_of_a_second() {
        let start = Instant::now();
        let mut counts = Counts {
            since: start,
            by_address: BTreeMap::new(),
        };
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        assert!((0..PER_SECOND).all(|_| counts.admit(one, start)));
        assert!(!counts.admit(one, start) && counts.admit(other, start));
        let later = start.checked_add(Duration::from_secs(1)).unwrap();
        assert!(counts.admit(one, later));
    }

    #[test]
    fn votes_read_at_once_are_bounded() {
        let gate = VotesGate::default();
        let address = |n: u8| IpAddr::from([127, 0, 0, n]);
        let held: Vec<_> = (0..32).map(|n| gate.admit(address(n)).unwrap()).collect();
        assert!(gate.admit(address(33)).is_none());
        drop(held);
        assert!(gate.admit(address(33)).is_some());
    }
}
