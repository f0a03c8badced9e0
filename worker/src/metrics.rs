//! What this worker did, counted where it happens.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::duty::{DutyKey, Reason, State};
use crate::ports::Handed;

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
    sent: BTreeMap<&'static str, (u64, u64)>,
    handed: BTreeMap<&'static str, u64>,
    send_errors: u64,
    chain_errors: u64,
    duties: Vec<DutyStatus>,
    last: Option<State>,
    fault: Option<String>,
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

    /// Something known at start or by a later check keeps this worker from taking part.
    pub fn fault(&self, fault: Option<String>) {
        self.lock().fault = fault;
    }

    /// Why this worker cannot take part right now.
    #[must_use]
    pub fn not_ready(&self) -> Option<String> {
        let inner = self.lock();
        if let Some(fault) = &inner.fault {
            return Some(fault.clone());
        }
        match inner.ticked {
            None => Some("no block was seen yet".to_owned()),
            Some(at) if at.elapsed().as_secs() >= 30 => Some(format!(
                "no new block for {} s; is the chain node up?",
                at.elapsed().as_secs()
            )),
            Some(_) => match inner.last {
                Some(State::Lost(reason)) if reason != Reason::RoundOver => {
                    Some(format!("the last duty was lost: {reason}"))
                }
                _ => None,
            },
        }
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

    /// The text that Prometheus reads.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let ready = u8::from(self.not_ready().is_none());
        let inner = self.lock();
        let mut out = String::new();
        line(&mut out, "antiphon_ready", "", u64::from(ready));
        line(&mut out, "antiphon_height", "", inner.height);
        line(
            &mut out,
            "antiphon_chain_errors_total",
            "",
            inner.chain_errors,
        );
        line(
            &mut out,
            "antiphon_send_errors_total",
            "",
            inner.send_errors,
        );
        for (state, count) in &inner.states {
            line(
                &mut out,
                "antiphon_duties_total",
                &format!("{{state=\"{state}\"}}"),
                *count,
            );
        }
        for (what, (count, gas)) in &inner.sent {
            let label = format!("{{message=\"{what}\"}}");
            line(&mut out, "antiphon_messages_total", &label, *count);
            line(&mut out, "antiphon_gas_total", &label, *gas);
        }
        for (result, count) in &inner.handed {
            line(
                &mut out,
                "antiphon_votes_handed_over_total",
                &format!("{{result=\"{result}\"}}"),
                *count,
            );
        }
        out
    }
}

fn add(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}

fn line(out: &mut String, name: &str, label: &str, value: u64) {
    // Writing to a String does not fail.
    writeln!(out, "{name}{label} {value}").ok();
}
