//! What a fetch knows of one peer: what it has, how busy it is, how far it is trusted.

use std::time::Duration;

use tokio::time::Instant;

use super::Tuning;
use crate::client::Fault;
use crate::models::Bitmap;

/// News of a growing peer are asked for at this pace first, slower while nothing changes.
const POLL_FAST: Duration = Duration::from_millis(20);
const POLL_SLOW: Duration = Duration::from_secs(1);
/// A peer that has everything changes no more.
const POLL_WHOLE: Duration = Duration::from_secs(30);
/// First pause after an honest failure; doubles.
const REST: Duration = Duration::from_millis(500);
const REST_MAX: Duration = Duration::from_secs(30);
const PUNISH_MAX: Duration = Duration::from_secs(3600);
/// A leaf faster than this widens the peer's window, one slower than [`SLOW`] narrows it.
const QUICK: Duration = Duration::from_millis(500);
const SLOW: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Peer {
    have: Option<Bitmap>,
    /// The provider named it lately.
    pub(super) named: bool,
    pub(super) polling: bool,
    /// When the question was sent to which the bitmap is the answer.
    news_from: Option<Instant>,
    poll_at: Instant,
    poll_pause: Duration,
    pub(super) in_flight: usize,
    window: usize,
    failures: u32,
    lies: u32,
    away_until: Instant,
}

impl Peer {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            have: None,
            named: true,
            polling: false,
            news_from: None,
            poll_at: now,
            poll_pause: POLL_FAST,
            in_flight: 0,
            window: 2,
            failures: 0,
            lies: 0,
            away_until: now,
        }
    }

    /// Whether it may be asked for anything now.
    pub(super) fn live(&self, now: Instant) -> bool {
        self.named && self.away_until <= now
    }

    /// Live, and known to have a part of the model.
    pub(super) fn partial(&self, now: Instant) -> bool {
        self.live(now) && self.have.as_ref().is_some_and(|have| !have.is_full())
    }

    /// Live, and known to have all of it.
    pub(super) fn whole(&self, now: Instant) -> bool {
        self.live(now) && self.have.as_ref().is_some_and(Bitmap::is_full)
    }

    /// Live and known to have the model at all.
    pub(super) fn useful(&self, now: Instant) -> bool {
        self.live(now) && self.have.is_some()
    }

    pub(super) fn has(&self, leaf: usize) -> bool {
        self.have.as_ref().is_some_and(|have| have.has(leaf))
    }

    pub(super) fn has_room(&self, per_peer: usize) -> bool {
        self.in_flight < self.window.min(per_peer)
    }

    pub(super) fn due(&self, now: Instant) -> bool {
        self.live(now) && !self.polling && self.poll_at <= now
    }

    /// Whether its bitmap was asked for after `since`.
    pub(super) fn news_since(&self, since: Instant) -> bool {
        self.news_from.is_some_and(|from| from > since)
    }

    pub(super) const fn poll_soon(&mut self, now: Instant) {
        self.poll_at = now;
    }

    /// Takes a have-bitmap; whether it is a usable one.
    pub(super) fn heard(&mut self, asked: Instant, have: Option<Bitmap>, leaves: usize) {
        self.polling = false;
        self.news_from = Some(asked);
        let have = have.filter(|have| have.leaves() == leaves);
        let changed = have != self.have;
        self.have = have;
        let whole = self.have.as_ref().is_some_and(Bitmap::is_full);
        self.poll_pause = match (whole, changed) {
            (true, _) => POLL_WHOLE,
            (false, true) => POLL_FAST,
            (false, false) => self.poll_pause.saturating_mul(2).min(POLL_SLOW),
        };
        let now = Instant::now();
        self.poll_at = now.checked_add(self.poll_pause).unwrap_or(now);
    }

    pub(super) fn succeeded(&mut self, took: Duration) {
        self.failures = 0;
        if took <= QUICK {
            self.window = self.window.saturating_add(1).min(64);
        } else if took > SLOW {
            self.window = self.window.saturating_sub(1).max(1);
        }
    }

    /// Scores a failure: a short rest after an honest one, a long one after a lie.
    pub(super) fn failed(&mut self, fault: &Fault, leaf: Option<usize>, tuning: &Tuning) {
        let now = Instant::now();
        self.window = 1;
        let rest = if fault.is_lie() {
            self.lies = self.lies.saturating_add(1);
            doubled(tuning.punish, self.lies).min(PUNISH_MAX)
        } else {
            self.failures = self.failures.saturating_add(1);
            doubled(REST, self.failures).min(REST_MAX)
        };
        if let (Fault::NotFound, Some(leaf), Some(have)) = (fault, leaf, &mut self.have) {
            have.set(leaf, false);
        }
        let until = now.checked_add(rest).unwrap_or(now);
        self.away_until = self.away_until.max(until);
        self.poll_at = self.away_until;
    }
}

/// `first` the first time, then twice as long each time.
fn doubled(first: Duration, times: u32) -> Duration {
    let factor = 1_u32
        .checked_shl(times.saturating_sub(1))
        .unwrap_or(u32::MAX);
    first.saturating_mul(factor)
}
