//! `/healthz`, `/readyz`, `/metrics`: whether the process lives, and whether it can be of use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use crate::gateway::answers::{Answers, Probe};
use crate::gateway::error::ApiError;
use crate::gateway::failure::Failure;
use crate::gateway::metrics::Gauges;
use crate::gateway::wire::{HealthReply, ReadyReason, ReadyReply};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(3);
/// A chain that makes no block for so long has stopped.
const STALLED: Duration = Duration::from_secs(30);

/// What was seen of the network last.
#[derive(Debug, Default)]
pub struct Monitor {
    inner: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    probe: Option<Probe>,
    /// Why the last look failed.
    failure: Option<Failure>,
    /// When the height last grew.
    grew: Option<Instant>,
}

impl Monitor {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks now and then, for ever.
    pub async fn watch(&self, answers: &dyn Answers) {
        loop {
            self.look(answers, Instant::now()).await;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Looks once, at this time.
    pub async fn look(&self, answers: &dyn Answers, now: Instant) {
        let looked = answers.probe().await;
        let mut seen = self.lock();
        match looked {
            Ok(probe) => {
                let before = seen.probe.as_ref().map(|probe| probe.height);
                if before.is_none_or(|height| probe.height > height) {
                    seen.grew = Some(now);
                }
                seen.probe = Some(probe);
                seen.failure = None;
            }
            Err(failure) => seen.failure = Some(failure),
        }
    }

    /// What is wrong at this time.
    pub fn reply(&self, now: Instant, denom: &str, account: &str) -> ReadyReply {
        let seen = self.lock();
        let mut reasons = Vec::new();
        if let Some(failure) = &seen.failure {
            let code = ApiError::from(failure).code.name();
            reasons.push(reason(code, failure.to_string()));
        }
        match &seen.probe {
            Some(probe) => reasons.extend(doubts(probe, denom, account)),
            None if seen.failure.is_none() => {
                reasons.push(reason(
                    "starting",
                    "the network was not looked at yet".to_owned(),
                ));
            }
            None => {}
        }
        if let Some(since) = seen
            .grew
            .map(|at| now.saturating_duration_since(at))
            .filter(|since| *since > STALLED)
        {
            let text = format!(
                "no new block for {} s. Check that the chain runs and that the node follows it",
                since.as_secs()
            );
            reasons.push(reason("chain_stalled", text));
        }
        ReadyReply {
            ready: reasons.is_empty(),
            height: seen.probe.as_ref().map(|probe| probe.height),
            reasons,
        }
    }
}

fn doubts(probe: &Probe, denom: &str, account: &str) -> Vec<ReadyReason> {
    let mut list = Vec::new();
    if probe.catching_up {
        list.push(reason(
            "node_catching_up",
            "the node still reads old blocks. Wait, or name another with --rpc".to_owned(),
        ));
    }
    if probe.seats < probe.committee {
        let text = format!(
            "{} workers hold a seat of the model, want {} for a committee. Wait for workers, or ask another model with --model",
            probe.seats, probe.committee
        );
        list.push(reason("no_workers", text));
    }
    let lacking = probe.escrow.saturating_sub(probe.prepaid);
    if probe.account < lacking.saturating_add(probe.fee) {
        let (have, prepaid) = (probe.account, probe.prepaid);
        let text = format!(
            "account {account} has {have}{denom} and {prepaid}{denom} prepaid, and a question takes {}{denom} and a fee of up \
             to {}{denom}, which no prepaid balance pays. Send it coins",
            probe.escrow, probe.fee
        );
        list.push(reason("insufficient_funds", text));
    }
    list
}

fn reason(code: &'static str, message: String) -> ReadyReason {
    ReadyReason { code, message }
}

pub(super) async fn alive() -> Json<HealthReply> {
    Json(HealthReply {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let facts = shared.answers.facts();
    let reply = shared
        .monitor
        .reply(Instant::now(), &facts.denom, &facts.account);
    let status = if reply.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut response = (status, Json(reply)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The balance is told to those who may spend it only.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let key = headers.get(header::AUTHORIZATION);
    let key = key.and_then(|value| value.to_str().ok());
    let trusted = shared.doorman.trusts(key);
    let facts = shared.answers.facts();
    let ready = shared
        .monitor
        .reply(Instant::now(), &facts.denom, &facts.account)
        .ready;
    let (height, account, prepaid) = {
        let seen = shared.monitor.lock();
        let probe = seen.probe.as_ref();
        probe.map_or((0, 0, 0), |probe| {
            (probe.height, probe.account, probe.prepaid)
        })
    };
    let gauges = Gauges {
        ready,
        height,
        balance: trusted.then_some((account, prepaid)),
        requests: shared
            .settings
            .max_requests
            .saturating_sub(shared.work.available_permits()),
        questions: shared.desk.under_way(),
        open_tasks: shared.journal.open_tasks().len(),
        in_doubt: shared.journal.in_doubt().len(),
    };
    let text = shared.metrics.text(&gauges, &facts.denom);
    let mut response = text.into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}
