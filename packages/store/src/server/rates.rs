//! How often each address asked within the running second.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Addresses counted in one second; in a flood of more the count begins anew, and the cap on requests
/// in work is what protects us.
const MAX_SENDERS: usize = 16_384;

#[derive(Debug)]
pub(super) struct Rates {
    max: u32,
    began: Instant,
    asked: BTreeMap<IpAddr, u32>,
}

impl Rates {
    pub(super) fn new(max: u32) -> Self {
        Self {
            max,
            began: Instant::now(),
            asked: BTreeMap::new(),
        }
    }

    /// Counts a request; whether it is within the rate.
    pub(super) fn admit(&mut self, from: IpAddr) -> bool {
        let over = self.began.elapsed() >= Duration::from_secs(1);
        if over || self.asked.len() >= MAX_SENDERS {
            self.began = Instant::now();
            self.asked.clear();
        }
        let asked = self.asked.entry(crate::blocks::network(from)).or_insert(0);
        *asked = asked.saturating_add(1);
        *asked <= self.max
    }
}
