//! How things stand after an errand, for people and for programs.

use std::fmt::{self, Display};

use antiphon_api::{Uint128, WorkerResponse};
use antiphon_chain::{TxOutcome, rfc3339};
use serde::Serialize;

use crate::config::Config;

/// One transaction that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Its messages, by name.
    pub what: String,
    /// Its hash.
    pub hash: String,
    /// Its block.
    pub height: u64,
    /// What it used.
    pub gas_used: u64,
}

impl Sent {
    pub(super) fn new(what: String, outcome: &TxOutcome) -> Self {
        Self {
            what,
            hash: outcome.hash.clone(),
            height: outcome.height,
            gas_used: outcome.gas_used,
        }
    }
}

/// The worker's record, what was sent, and what can be done next. Amounts are of the smallest unit, times are
/// Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The worker's address.
    pub worker: String,
    /// Models it holds seats of.
    pub seats: Vec<u64>,
    /// Its bond.
    pub bond: Uint128,
    /// The part at risk in open tasks.
    pub locked: Uint128,
    /// On its way out, still at risk.
    pub unbonding: Uint128,
    /// When that can be claimed.
    pub claimable: Option<u64>,
    /// What the operator can withdraw.
    pub balance: Uint128,
    /// What the sender earned by telling contracts, and can withdraw.
    pub fees: Uint128,
    /// Misses in a row.
    pub misses: u32,
    /// When it can leave jail, if it is in it.
    pub jailed_until: Option<u64>,
    /// The denom of all amounts.
    pub denom: String,
    /// What this errand sent.
    pub sent: Vec<Sent>,
    /// What can, or should, be done next.
    pub next: Vec<String>,
}

/// Balances inside the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// The operator's.
    pub balance: u128,
    /// The sender's: fees for telling contracts.
    pub fees: u128,
}

impl Report {
    /// Of this record; `left` tells whether the operator said `leave`, `now` is a Unix time.
    #[must_use]
    pub fn new(
        config: &Config,
        record: &WorkerResponse,
        purse: Purse,
        sent: Vec<Sent>,
        left: bool,
        now: u64,
    ) -> Self {
        Self {
            worker: record.worker.clone(),
            seats: record.seats.clone(),
            bond: record.bond,
            locked: record.locked,
            unbonding: record.unbonding,
            claimable: record.claimable,
            balance: Uint128::new(purse.balance),
            fees: Uint128::new(purse.fees),
            misses: record.misses,
            jailed_until: record.jailed_until,
            denom: config.denom.clone(),
            sent,
            next: next(config, record, purse, left, now),
        }
    }

    fn coins(&self, amount: Uint128) -> String {
        format!("{amount}{}", self.denom)
    }
}

/// Advice in the order in which it matters.
fn next(
    config: &Config,
    record: &WorkerResponse,
    purse: Purse,
    left: bool,
    now: u64,
) -> Vec<String> {
    let command = |name: &str| {
        let home = config.home.display();
        format!("`antiphon-worker {name} --home {home}`")
    };
    let mut next = Vec::new();
    if left && !record.locked.is_zero() {
        let locked = record.locked;
        next.push(format!(
            "keep the worker running until its open tasks are over: {locked} are locked in them"
        ));
    }
    if let Some(until) = record.jailed_until {
        let unjail = command("unjail");
        let why = "find out in its log why duties were lost, then";
        next.push(format!("{why} {unjail}{}", from(until, now)));
    }
    if let Some(at) = record.claimable {
        next.push(format!("{}{}", command("claim"), from(at, now)));
    }
    let what = match (purse.balance > 0, purse.fees > 0) {
        (true, true) => Some("the balance and the sender's fees"),
        (true, false) => Some("the balance"),
        (false, true) => Some("the sender's fees"),
        (false, false) => None,
    };
    if let Some(what) = what {
        next.push(format!("{} for {what}", command("withdraw")));
    }
    let (bond, wanted) = (record.bond.u128(), config.bond);
    if !left && bond < wanted {
        next.push(format!(
            "lower worker.bond in config.toml from {wanted} to {bond}, or the next start tops the bond up again"
        ));
    }
    next
}

fn from(at: u64, now: u64) -> String {
    match at > now {
        true => format!(" from {}", rfc3339(at)),
        false => String::new(),
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sent in &self.sent {
            let Sent {
                what, hash, height, ..
            } = sent;
            writeln!(f, "sent       {what}   {hash} in block {height}")?;
        }
        writeln!(f, "worker     {}", self.worker)?;
        let seats: Vec<String> = self.seats.iter().map(u64::to_string).collect();
        let seats = match seats.is_empty() {
            true => "none".to_owned(),
            false => format!("model {}", seats.join(", ")),
        };
        writeln!(f, "seats      {seats}")?;
        let (bond, locked) = (self.coins(self.bond), self.coins(self.locked));
        writeln!(f, "bond       {bond}   locked {locked}")?;
        let unbonding = self.coins(self.unbonding);
        let claimable = self
            .claimable
            .map(|at| format!("   claimable from {}", rfc3339(at)));
        let claimable = claimable.unwrap_or_default();
        writeln!(f, "unbonding  {unbonding}{claimable}")?;
        let (balance, fees) = (self.coins(self.balance), self.coins(self.fees));
        write!(f, "balance    {balance}   the sender's fees {fees}")?;
        if let Some(until) = self.jailed_until {
            let misses = self.misses;
            write!(
                f,
                "\njailed     until {} after {misses} misses",
                rfc3339(until)
            )?;
        }
        for next in &self.next {
            write!(f, "\nnext       {next}")?;
        }
        Ok(())
    }
}
