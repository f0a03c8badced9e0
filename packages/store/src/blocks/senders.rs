//! How much each address has uploaded lately.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::error::StoreError;

/// Addresses remembered in one period. More than that means a flood, against which the count of one
/// address is no help: the table starts anew and the total quota is what protects the disk.
const MAX_SENDERS: usize = 16_384;

#[derive(Debug)]
pub(super) struct Senders {
    max: u64,
    period: Duration,
    began: Instant,
    spent: BTreeMap<IpAddr, u64>,
}

impl Senders {
    pub(super) fn new(max: u64, period: Duration) -> Self {
        Self {
            max,
            period,
            began: Instant::now(),
            spent: BTreeMap::new(),
        }
    }

    pub(super) fn charge(&mut self, from: IpAddr, bytes: u64) -> Result<(), StoreError> {
        if self.began.elapsed() >= self.period || self.spent.len() >= MAX_SENDERS {
            self.began = Instant::now();
            self.spent.clear();
        }
        let spent = self.spent.entry(network(from)).or_insert(0);
        let after = spent.saturating_add(bytes);
        if after > self.max {
            let left = self.period.saturating_sub(self.began.elapsed());
            return Err(StoreError::SenderQuota {
                max: self.max,
                seconds: left.as_secs().saturating_add(1),
            });
        }
        *spent = after;
        Ok(())
    }
}

/// The part of an address that stands for one customer: all of IPv4, a /64 of IPv6.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}
