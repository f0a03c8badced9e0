//! Whether the chain lets this worker take part, told by cause.

use antiphon_api::WorkerResponse;
use antiphon_chain::{GasPrice, gas, rfc3339};

use crate::metrics::Metrics;
use crate::ports::EdgeError;

/// Reveals that the key that pays gas should always be able to pay.
pub const REVEALS_IN_RESERVE: u128 = 10;

/// What the key that pays gas should always have, at this price.
#[must_use]
pub fn reserve(price: &GasPrice) -> u128 {
    let fee = price.fee(gas::reveal(1));
    fee.map_or(0, |coin| coin.amount.saturating_mul(REVEALS_IN_RESERVE))
}

/// Takes our record down. What could not be read leaves things as they were: a lost node has a reason of its own.
pub fn judge_record(metrics: &Metrics, record: &Result<Option<WorkerResponse>, EdgeError>) {
    let Ok(record) = record else { return };
    let record = record.as_ref();
    let bonded = record.is_some_and(|record| record.bond.u128() > 0);
    let jailed = record.and_then(|record| record.jailed_until);
    let seated = record.is_some_and(|record| !record.seats.is_empty());
    let told = |fault: bool, why: &str| fault.then(|| why.to_owned());
    metrics.fault("bond", told(!bonded, "not bonded"));
    let jailed = jailed.map(|until| {
        let date = rfc3339(until);
        format!("jailed after misses until {date}: find out why duties were lost, then `antiphon-worker unjail`")
    });
    metrics.fault("jail", jailed);
    metrics.fault("seat", told(bonded && !seated, "no seat is held"));
    if let Some(record) = record {
        metrics.record(record.bond.u128(), u64::from(record.misses));
    }
}

/// Takes the coins for gas down; `reserve` is what they should at least be.
pub fn judge_purse(metrics: &Metrics, balance: &Result<u128, EdgeError>, reserve: u128) {
    let Ok(balance) = balance else { return };
    metrics.fee_balance(*balance);
    let why =
        format!("the key that pays gas runs dry: it has {balance}, want {reserve}; send it coins");
    metrics.fault("gas", (*balance < reserve).then_some(why));
}
