//! One node of several: what it has shown of itself, and when it is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::ChainError;

/// Errors of its own in a row after which a node is left alone.
const STRIKES: u32 = 3;
/// The first rest; each further one is twice as long, up to 2^6 times.
const REST: Duration = Duration::from_secs(10);
const MOST_DOUBLINGS: u32 = 6;
/// A node that was good for so long after a rest begins anew with the short one.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);
/// A node whose height has not moved for so long stands still: other nodes are believed before it.
const STILL_AFTER: Duration = Duration::from_secs(15);

/// A node's address and its record.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    /// It said which chain it belongs to, and has answered ever since.
    trusted: bool,
    strikes: u32,
    rests: u32,
    rests_until: Option<Instant>,
    height: u64,
    /// When its height moved last.
    moved: Option<Instant>,
}

impl Endpoint {
    /// # Errors
    /// A URL that is not http(s).
    pub(crate) fn new(url: &str) -> Result<Self, ChainError> {
        let url = url.trim().replacen("tcp://", "http://", 1);
        let parsed = reqwest::Url::parse(&url).ok();
        let fine = parsed.is_some_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        if !fine {
            return Err(ChainError::BadUrl { got: url });
        }
        Ok(Self {
            url,
            record: Mutex::default(),
        })
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has said that it belongs to our chain since it failed last.
    pub(crate) fn trusted(&self) -> bool {
        self.record().trusted
    }

    pub(crate) fn trust(&self) {
        self.record().trusted = true;
    }

    /// It gave a result of substance: a node that only knows its height still proves nothing.
    pub(crate) fn answered(&self, now: Instant) {
        let mut record = self.record();
        record.strikes = 0;
        let forgiven = record
            .rests_until
            .and_then(|until| until.checked_add(FORGIVEN_AFTER));
        if forgiven.is_some_and(|at| now > at) {
            (record.rests, record.rests_until) = (0, None);
        }
    }

    /// An error of its own: after [`STRIKES`] of them it rests.
    pub(crate) fn strike(&self, now: Instant) {
        let mut record = self.record();
        record.strikes = record.strikes.saturating_add(1);
        if record.strikes >= STRIKES {
            record.rest(now);
        }
    }

    /// It did not answer, or told what cannot be: others are asked before it for a while, and then it
    /// must say again which chain it belongs to.
    pub(crate) fn rest(&self, now: Instant) {
        let mut record = self.record();
        record.trusted = false;
        record.rest(now);
    }

    pub(crate) fn resting(&self, now: Instant) -> bool {
        self.record().rests_until.is_some_and(|until| now < until)
    }

    /// Takes its height down.
    pub(crate) fn heard(&self, height: u64, now: Instant) {
        let mut record = self.record();
        if height != record.height || record.moved.is_none() {
            (record.height, record.moved) = (height, Some(now));
        }
    }

    /// Its height has not moved for a time in which a chain makes blocks.
    pub(crate) fn still(&self, now: Instant) -> bool {
        let moved = self.record().moved;
        moved.is_some_and(|at| now.saturating_duration_since(at) >= STILL_AFTER)
    }
}

impl Record {
    fn rest(&mut self, now: Instant) {
        let pause = REST.saturating_mul(1 << self.rests.min(MOST_DOUBLINGS));
        self.rests = self.rests.saturating_add(1);
        self.strikes = 0;
        self.rests_until = now.checked_add(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, seconds: u64) -> Instant {
        start.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn three_errors_in_a_row_are_a_rest_and_an_answer_between_them_none() {
        let (node, start) = (Endpoint::new("http://n").unwrap(), Instant::now());
        node.strike(start);
        node.strike(start);
        node.answered(start);
        node.strike(start);
        node.strike(start);
        assert!(!node.resting(start));
        node.strike(start);
        assert!(node.resting(start) && node.resting(at(start, 9)));
        assert!(!node.resting(at(start, 10)), "it is asked again later");
    }

    #[test]
    fn rests_grow_until_the_node_was_good_for_a_minute() {
        let (node, start) = (Endpoint::new("http://n").unwrap(), Instant::now());
        node.rest(start);
        node.rest(at(start, 10));
        assert!(node.resting(at(start, 29)) && !node.resting(at(start, 30)));
        node.answered(at(start, 91));
        node.rest(at(start, 91));
        assert!(!node.resting(at(start, 101)), "the short rest again");
    }

    #[test]
    fn a_height_that_does_not_move_is_noticed_and_forgiven_when_it_does() {
        let (node, start) = (Endpoint::new("http://n").unwrap(), Instant::now());
        node.heard(7, start);
        node.heard(7, at(start, 14));
        assert!(!node.still(at(start, 14)));
        assert!(node.still(at(start, 15)));
        node.heard(8, at(start, 15));
        assert!(!node.still(at(start, 16)));
    }
}
