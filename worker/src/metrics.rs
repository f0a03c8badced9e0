//! What this worker did, counted where it happens.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::duty::{DutyKey, Reason, State};
use crate::ports::Handed;

/// A node that gives no block for so long is lost: readiness turns within half a minute.
const LOST_AFTER_SECONDS: u64 = 20;
/// Kinds of messages, by their names in `antiphon_messages_total`.
const MESSAGES: [&str; 6] = [
    "commit",
    "reveal",
    "publish_beacon",
    "advance",
    "deliver",
    "other",
];
/// What became of votes handed over.
const HANDED: [&str; 3] = ["taken", "busy", "refused"];

/// Numbers and the present state, behind one lock; never held across an await.
#[derive(Debug, Default)]
pub struct Metrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    height: u64,
    ticked: Option<Instant>,
    states: BTreeMap<&'static str, u64>,
    lost: BTreeMap<&'static str, u64>,
    sent: BTreeMap<&'static str, (u64, u64)>,
    handed: BTreeMap<&'static str, u64>,
    send_errors: u64,
    chain_errors: u64,
    duties: Vec<DutyStatus>,
    last: Option<State>,
    /// By cause, so that the end of one does not hide another.
    faults: BTreeMap<&'static str, String>,
    fee_balance: u128,
    bond: u128,
    misses: u64,
}

/// One duty in `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct DutyStatus {
    /// The task.
    pub task: u64,
    /// The round.
    pub round: u8,
    /// Where it stands.
    pub state: State,
}

/// What `status` tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Status {
    /// This worker.
    pub worker: String,
    /// The last block taken in.
    pub height: u64,
    /// Why it cannot take part right now; none when it can.
    pub not_ready: Option<String>,
    /// Open duties and those that ended last.
    pub duties: Vec<DutyStatus>,
}

impl Metrics {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block was taken in.
    pub fn tick(&self, height: u64) {
        let mut inner = self.lock();
        inner.height = height;
        inner.ticked = Some(Instant::now());
    }

    /// A duty came to this state.
    pub fn state(&self, state: State) {
        let mut inner = self.lock();
        add(inner.states.entry(state.name()).or_default(), 1);
        if let State::Lost(reason) = state {
            add(inner.lost.entry(reason.name()).or_default(), 1);
        }
        if state.ended() {
            inner.last = Some(state);
        }
    }

    /// Where all duties stand.
    pub fn duties(&self, states: BTreeMap<DutyKey, State>) {
        let list = states.into_iter().map(|(key, state)| DutyStatus {
            task: key.task,
            round: key.round,
            state,
        });
        self.lock().duties = list.collect();
    }

    /// A message is in a block.
    pub fn sent(&self, what: &'static str, gas: u64) {
        let mut inner = self.lock();
        let (count, total) = inner.sent.entry(what).or_default();
        add(count, 1);
        add(total, gas);
    }

    /// A message failed.
    pub fn send_error(&self) {
        add(&mut self.lock().send_errors, 1);
    }

    /// The chain could not be read.
    pub fn chain_error(&self) {
        add(&mut self.lock().chain_errors, 1);
    }

    /// A vote was handed over, or not.
    pub fn handed_over(&self, handed: Handed) {
        let name = match handed {
            Handed::Taken => "taken",
            Handed::Busy => "busy",
            Handed::Refused => "refused",
        };
        add(self.lock().handed.entry(name).or_default(), 1);
    }

    /// Something keeps this worker from taking part, or no longer.
    pub fn fault(&self, cause: &'static str, why: Option<String>) {
        let faults = &mut self.lock().faults;
        match why {
            Some(why) => faults.insert(cause, why),
            None => faults.remove(cause),
        };
    }

    /// What the chain shows of our record, and coins for gas in the smallest unit.
    pub fn record(&self, bond: u128, misses: u64) {
        let mut inner = self.lock();
        (inner.bond, inner.misses) = (bond, misses);
    }

    /// Coins of the key that pays gas, in the smallest unit.
    pub fn fee_balance(&self, coins: u128) {
        self.lock().fee_balance = coins;
    }

    /// Every reason why this worker cannot take part right now, one a line; none if it can.
    #[must_use]
    pub fn not_ready(&self) -> Option<String> {
        let inner = self.lock();
        let mut reasons: Vec<String> = inner.faults.values().cloned().collect();
        reasons.extend(inner.node_lost());
        match inner.last {
            Some(State::Lost(reason)) if reason != Reason::RoundOver => {
                reasons.push(format!("the last duty was lost: {reason}"));
            }
            _ => {}
        }
        (!reasons.is_empty()).then(|| reasons.join("\n"))
    }

    /// What `status` tells.
    #[must_use]
    pub fn status(&self, worker: &str) -> Status {
        let not_ready = self.not_ready();
        let inner = self.lock();
        Status {
            worker: worker.to_owned(),
            height: inner.height,
            not_ready,
            duties: inner.duties.clone(),
        }
    }

    /// The text that Prometheus reads: every series from the start on, also those at zero.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let ready = self.not_ready().is_none();
        let inner = self.lock();
        let mut out = String::new();
        let plain = [
            ("antiphon_ready", u128::from(ready)),
            ("antiphon_height", u128::from(inner.height)),
            ("antiphon_seconds_since_block", u128::from(inner.age())),
            ("antiphon_duties_open", inner.open()),
            ("antiphon_fee_balance", inner.fee_balance),
            ("antiphon_bond", inner.bond),
            ("antiphon_misses", u128::from(inner.misses)),
            (
                "antiphon_chain_errors_total",
                u128::from(inner.chain_errors),
            ),
            ("antiphon_send_errors_total", u128::from(inner.send_errors)),
        ];
        for (name, value) in plain {
            line(&mut out, name, "", value);
        }
        inner.labelled(&mut out);
        out
    }
}

impl Inner {
    /// Seconds since the last block; 0 before the first.
    fn age(&self) -> u64 {
        self.ticked.map_or(0, |at| at.elapsed().as_secs())
    }

    fn open(&self) -> u128 {
        let open = self.duties.iter().filter(|duty| !duty.state.ended());
        u128::try_from(open.count()).unwrap_or(u128::MAX)
    }

    fn node_lost(&self) -> Option<String> {
        match (self.ticked, self.age()) {
            (None, _) => Some("no block was seen yet".to_owned()),
            (Some(_), age) if age >= LOST_AFTER_SECONDS => {
                Some(format!("no new block for {age} s; is the chain node up?"))
            }
            _ => None,
        }
    }

    fn labelled(&self, out: &mut String) {
        let reasons = Reason::ALL.map(Reason::name);
        family(
            out,
            "antiphon_duties_total",
            "state",
            &State::NAMES,
            &self.states,
        );
        family(
            out,
            "antiphon_duties_lost_total",
            "reason",
            &reasons,
            &self.lost,
        );
        family(
            out,
            "antiphon_votes_handed_over_total",
            "result",
            &HANDED,
            &self.handed,
        );
        let part = |pick: fn(&(u64, u64)) -> u64| -> BTreeMap<&'static str, u64> {
            self.sent
                .iter()
                .map(|(what, sent)| (*what, pick(sent)))
                .collect()
        };
        family(
            out,
            "antiphon_messages_total",
            "message",
            &MESSAGES,
            &part(|sent| sent.0),
        );
        family(
            out,
            "antiphon_gas_total",
            "message",
            &MESSAGES,
            &part(|sent| sent.1),
        );
    }
}

fn family(
    out: &mut String,
    name: &str,
    label: &str,
    values: &[&'static str],
    counts: &BTreeMap<&'static str, u64>,
) {
    for value in values {
        let count = counts.get(value).copied().unwrap_or_default();
        line(
            out,
            name,
            &format!("{{{label}=\"{value}\"}}"),
            u128::from(count),
        );
    }
}

fn add(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}

fn line(out: &mut String, name: &str, label: &str, value: u128) {
    // Writing to a String does not fail.
    writeln!(out, "{name}{label} {value}").ok();
}
