//! How much is given, and how often.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::GiftError;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// How much is given, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// One gift, in the smallest unit.
    pub amount: u128,
    /// Gifts to one address in a minute.
    pub per_minute: u32,
    /// Gifts to anybody in an hour. It also bounds what the faucet remembers.
    pub per_hour: u32,
}

impl Default for Allowance {
    /// 150 ANTI: about 50 answers of the local model at their longest, with their fees.
    fn default() -> Self {
        Self {
            amount: 150_000_000,
            per_minute: 3,
            per_hour: 600,
        }
    }
}

/// The gifts of the last hour, the oldest first.
#[derive(Debug)]
pub(super) struct Ledger {
    allowance: Allowance,
    given: VecDeque<(Instant, Vec<u8>)>,
}

impl Ledger {
    pub(super) const fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            given: VecDeque::new(),
        }
    }

    pub(super) const fn per_minute(&self) -> u32 {
        self.allowance.per_minute
    }

    /// Gifts left in the hour before now.
    pub(super) fn left(&self, now: Instant) -> u32 {
        let fresh = self.given.iter().filter(|(at, _)| age(now, *at) < HOUR);
        let given = u32::try_from(fresh.count()).unwrap_or(u32::MAX);
        self.allowance.per_hour.saturating_sub(given)
    }

    /// Counts a gift to these bytes, whose spelling is `address`, if it is allowed.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        who: &[u8],
        address: &str,
    ) -> Result<(), GiftError> {
        while self
            .given
            .front()
            .is_some_and(|(at, _)| age(now, *at) >= HOUR)
        {
            self.given.pop_front();
        }
        let in_minute = |entry: &&(Instant, Vec<u8>)| entry.1 == who && age(now, entry.0) < MINUTE;
        let gifts = self.given.iter().filter(in_minute).count();
        if gifts >= usize::try_from(self.allowance.per_minute).unwrap_or(usize::MAX) {
            let first = self.given.iter().find(in_minute);
            return Err(GiftError::TooOften {
                address: address.to_owned(),
                gifts: self.allowance.per_minute,
                seconds: first.map_or(60, |(at, _)| wait(now, *at, MINUTE)),
            });
        }
        if self.given.len() >= usize::try_from(self.allowance.per_hour).unwrap_or(usize::MAX) {
            return Err(GiftError::HourOver {
                gifts: self.allowance.per_hour,
                seconds: self
                    .given
                    .front()
                    .map_or(3600, |(at, _)| wait(now, *at, HOUR)),
            });
        }
        self.given.push_back((now, who.to_vec()));
        Ok(())
    }
}

fn age(now: Instant, at: Instant) -> Duration {
    now.saturating_duration_since(at)
}

/// Whole seconds, rounded up, until something of this moment is `span` old.
fn wait(now: Instant, at: Instant, span: Duration) -> u64 {
    span.saturating_sub(age(now, at))
        .as_secs()
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(per_minute: u32, per_hour: u32) -> Ledger {
        Ledger::new(Allowance {
            amount: 1,
            per_minute,
            per_hour,
        })
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn the_fourth_gift_in_a_minute_waits_for_the_first_to_be_a_minute_old() {
        let (mut ledger, began) = (ledger(3, 100), Instant::now());
        for n in 0..3 {
            ledger.admit(began + seconds(n * 10), b"a", "a").unwrap();
        }
        let error = ledger.admit(began + seconds(25), b"a", "a").unwrap_err();
        assert!(
            matches!(error, GiftError::TooOften { seconds: 36, .. }),
            "{error:?}"
        );
        ledger.admit(began + seconds(25), b"b", "b").unwrap();
        ledger.admit(began + seconds(60), b"a", "a").unwrap();
    }

    #[test]
    fn the_hour_has_a_cap_for_all_together() {
        let (mut ledger, began) = (ledger(3, 2), Instant::now());
        ledger.admit(began, b"a", "a").unwrap();
        assert_eq!(ledger.left(began), 1);
        ledger.admit(began + seconds(600), b"b", "b").unwrap();
        let error = ledger.admit(began + seconds(600), b"c", "c").unwrap_err();
        assert!(
            matches!(error, GiftError::HourOver { seconds: 3001, .. }),
            "{error:?}"
        );
        ledger.admit(began + seconds(3600), b"c", "c").unwrap();
        assert_eq!(
            ledger.given.len(),
            2,
            "what is older than an hour is forgotten"
        );
    }

    #[test]
    fn a_refused_gift_is_not_counted() {
        let (mut ledger, began) = (ledger(1, 10), Instant::now());
        ledger.admit(began, b"a", "a").unwrap();
        for _ in 0..5 {
            assert!(ledger.admit(began, b"a", "a").is_err());
        }
        assert_eq!(ledger.left(began), 9);
    }
}
