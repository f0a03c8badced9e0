//! Counting verified bytes a second.

use tokio::time::Instant;

use super::Progress;
use crate::models::ModelFile;

/// Milliseconds over which the rate is taken.
const WINDOW_MS: u128 = 1000;

#[derive(Debug)]
pub(super) struct Meter {
    bytes: u64,
    done: u64,
    since: Instant,
    done_then: u64,
    rate: u64,
    /// In the first window the rate is told while it is being taken.
    first: bool,
}

impl Meter {
    pub(super) fn new(file: &ModelFile, now: Instant) -> Self {
        let have = file.have();
        let had = file.leaves().iter().enumerate();
        let done = had
            .filter(|(number, _)| have.has(*number))
            .fold(0_u64, |sum, (_, leaf)| sum.saturating_add(leaf.size));
        Self {
            bytes: file.bytes(),
            done,
            since: now,
            done_then: done,
            rate: 0,
            first: true,
        }
    }

    pub(super) fn add(&mut self, file: &ModelFile, number: usize) {
        let size = file.leaves().get(number).map_or(0, |leaf| leaf.size);
        self.done = self.done.saturating_add(size);
        let elapsed = self.since.elapsed().as_millis();
        let whole_window = elapsed >= WINDOW_MS;
        if whole_window || self.first {
            let fresh = u128::from(self.done.saturating_sub(self.done_then));
            let rate = fresh.saturating_mul(1000).checked_div(elapsed.max(1));
            self.rate = u64::try_from(rate.unwrap_or(0)).unwrap_or(u64::MAX);
        }
        if whole_window {
            self.since = Instant::now();
            self.done_then = self.done;
            self.first = false;
        }
    }

    pub(super) const fn progress(
        &self,
        leaves_done: usize,
        leaves: usize,
        peers: usize,
    ) -> Progress {
        Progress {
            leaves_done,
            leaves,
            bytes_done: self.done,
            bytes: self.bytes,
            bytes_per_second: self.rate,
            peers,
        }
    }
}
