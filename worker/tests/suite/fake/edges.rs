//! The fake world behind the worker's traits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon_api::{
    BeaconResponse, Cid, DutiesResponse, ExecuteMsg, Finish, Hex, ModelResponse, ParamsResponse,
    RoundResponse, SeatsResponse, TaskResponse, TasksResponse, WorkerResponse,
};
use antiphon_worker::ports::{
    BeaconPort, ChainPort, Computed, ContentPort, Cost, Edge, EdgeError, Handed, Inference, Job,
    ModelFiles, Outcome, PeerPort, Receipt,
};
use antiphon_worker::relay::{Intake, Item, Verdict};
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{Fault, World};

/// The one right answer to a prompt.
pub(crate) fn computed(prompt: &Cid) -> Computed {
    let text = format!("the answer to {prompt}");
    let bound = text.clone();
    Computed {
        text,
        finish: Finish::Stop,
        prompt_tokens: 7,
        output_tokens: 3,
        tracer: Arc::new(move |nonce| {
            Sha256::new_with_prefix(nonce)
                .chain_update(&bound)
                .finalize()
                .into()
        }),
    }
}

/// The chain as one process sees it; after `alive` is false nothing of that process arrives any more.
#[derive(Clone, Debug)]
pub(crate) struct FakeChain {
    pub(crate) world: World,
    pub(crate) alive: Arc<AtomicBool>,
}

impl FakeChain {
    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&mut super::world::State, Fault) -> Option<T> + Send + 'a,
    ) -> Edge<'a, T> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut state = self.world.lock();
            let fault = state.fault(false);
            if fault == Fault::Dropped || !self.alive.load(Ordering::SeqCst) {
                return Err(EdgeError::new("no node answers"));
            }
            read(&mut state, fault).ok_or_else(|| EdgeError::new("no such thing"))
        })
    }
}

/// Gas that every simulation sees, and gas that one coin buys.
pub(crate) const SIMULATED: u64 = 100_000;
pub(crate) const GAS_FOR_A_COIN: u64 = 100_000;

impl ChainPort for FakeChain {
    fn agreed_height(&self) -> Edge<'_, u64> {
        self.read(|state, _| Some(state.height))
    }
    fn duties(&self) -> Edge<'_, DutiesResponse> {
        self.read(|state, fault| Some(state.duties(fault)))
    }
    fn task(&self, task: u64) -> Edge<'_, TaskResponse> {
        self.read(move |state, fault| state.task(task, fault))
    }
    fn round(&self, task: u64, _: u8) -> Edge<'_, RoundResponse> {
        self.read(move |state, fault| state.round(task, fault))
    }
    fn open_tasks(&self, start_after: Option<u64>) -> Edge<'_, TasksResponse> {
        self.read(move |state, fault| Some(state.open_tasks(start_after, fault)))
    }
    fn worker<'a>(&'a self, worker: &'a str) -> Edge<'a, Option<WorkerResponse>> {
        self.read(move |state, _| Some(state.worker(worker)))
    }
    fn beacon(&self) -> Edge<'_, BeaconResponse> {
        self.read(|state, _| Some(state.beacon()))
    }
    fn model(&self, _: u64) -> Edge<'_, ModelResponse> {
        self.read(|state, _| state.model.clone())
    }
    fn seats(&self, _: u64) -> Edge<'_, SeatsResponse> {
        self.read(|state, _| Some(state.seats()))
    }
    fn params(&self) -> Edge<'_, ParamsResponse> {
        self.read(|_, _| None)
    }
    fn fee_balance(&self) -> Edge<'_, u128> {
        self.read(|state, _| Some(state.told.purse))
    }
    fn cost<'a>(&'a self, _: &'a ExecuteMsg, more: u64) -> Edge<'a, Cost> {
        self.read(move |state, _| {
            let fee = state.told.cost + u128::from(more / GAS_FOR_A_COIN);
            let gas = SIMULATED + more;
            Some(Cost { gas, fee })
        })
    }
    fn send(&self, msg: ExecuteMsg, gas: Option<u64>) -> Edge<'_, Receipt> {
        Box::pin(async move {
            if matches!(msg, ExecuteMsg::Deliver { .. }) {
                let mut state = self.world.lock();
                let height = state.height;
                state.told.limits.push((height, gas));
            }
            let fault = self.world.lock().fault(true);
            if matches!(msg, ExecuteMsg::Advance { .. }) && self.world.lock().advances_hang {
                std::future::pending::<()>().await;
            }
            // A transaction takes about a block.
            tokio::time::sleep(Duration::from_millis(350)).await;
            let mut state = self.world.lock();
            if !self.alive.load(Ordering::SeqCst) || fault == Fault::Dropped {
                return Err(EdgeError::new("no node answers"));
            }
            if fault == Fault::Sequence {
                return Err(EdgeError::new("account sequence mismatch"));
            }
            let refused = state.execute(&msg);
            if fault == Fault::Repeated {
                state.execute(&msg);
            }
            if fault == Fault::AnswerLost {
                return Err(EdgeError::new("the answer was lost"));
            }
            Ok(Receipt {
                hash: "AB".to_owned(),
                height: state.height,
                gas_used: 1,
                refused,
            })
        })
    }
    fn send_as_operator(&self, msg: ExecuteMsg, coins: u128) -> Edge<'_, Receipt> {
        self.world.lock().operator.push((msg.clone(), coins));
        self.send(msg, None)
    }
}

/// What a source of blocks does when asked.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Gives(Vec<u8>),
    Has404,
    Hangs,
    Lies,
}

/// A store that outlives its process, and sources behind URLs.
#[derive(Debug, Default)]
pub(crate) struct FakeContent {
    pub(crate) served: Mutex<BTreeMap<Cid, Vec<u8>>>,
    pub(crate) withheld: Mutex<BTreeSet<Cid>>,
    pub(crate) sources: Mutex<BTreeMap<String, Source>>,
    pub(crate) asked: Mutex<BTreeMap<String, u32>>,
}

impl ContentPort for FakeContent {
    fn local<'a>(&'a self, cid: &'a Cid) -> Edge<'a, Option<Vec<u8>>> {
        Box::pin(async move { Ok(self.served.lock().unwrap().get(cid).cloned()) })
    }
    fn ask<'a>(&'a self, endpoint: &'a str, _: &'a Cid) -> Edge<'a, Vec<u8>> {
        Box::pin(async move {
            *self
                .asked
                .lock()
                .unwrap()
                .entry(endpoint.to_owned())
                .or_default() += 1;
            let source = self.sources.lock().unwrap().get(endpoint).cloned();
            match source.unwrap_or(Source::Has404) {
                Source::Gives(block) => Ok(block),
                Source::Has404 => Err(EdgeError::new("404")),
                Source::Lies => Ok(b"something else".to_vec()),
                Source::Hangs => std::future::pending().await,
            }
        })
    }
    fn keep<'a>(&'a self, cid: &'a Cid, bytes: &'a [u8]) -> Edge<'a, ()> {
        self.served.lock().unwrap().insert(*cid, bytes.to_vec());
        Box::pin(async { Ok(()) })
    }
    fn withhold<'a>(&'a self, cid: &'a Cid, _: &'a [u8]) -> Edge<'a, ()> {
        self.withheld.lock().unwrap().insert(*cid);
        Box::pin(async { Ok(()) })
    }
    fn discard<'a>(&'a self, cid: &'a Cid) -> Edge<'a, ()> {
        self.withheld.lock().unwrap().remove(cid);
        Box::pin(async { Ok(()) })
    }
    fn release<'a>(&'a self, cid: &'a Cid) -> Edge<'a, ()> {
        if self.withheld.lock().unwrap().remove(cid) {
            self.served.lock().unwrap().insert(*cid, Vec::new());
        }
        Box::pin(async { Ok(()) })
    }
}

/// An engine that takes a while and may crash.
#[derive(Debug, Default)]
pub(crate) struct FakeEngine {
    pub(crate) crashes: AtomicBool,
    /// It does not reproduce golden answers.
    pub(crate) wrong: AtomicBool,
    pub(crate) runs: AtomicUsize,
    /// A prompt that takes half an hour.
    pub(crate) slow: Mutex<Option<Cid>>,
    pub(crate) broken_off: AtomicUsize,
    /// One job at a time.
    pub(crate) busy: tokio::sync::Mutex<()>,
}

impl FakeEngine {
    async fn answer(&self, job: &Job) -> Result<Outcome, EdgeError> {
        let _busy = self.busy.lock().await;
        self.runs.fetch_add(1, Ordering::SeqCst);
        let slow = *self.slow.lock().unwrap() == Some(job.prompt);
        let takes = Duration::from_millis(if slow { 1_800_000 } else { 500 });
        tokio::time::sleep(takes).await;
        if self.crashes.load(Ordering::SeqCst) {
            return Err(EdgeError::new("the engine crashed"));
        }
        Ok(Outcome::Answer(Arc::new(computed(&job.prompt))))
    }
}

impl Inference for FakeEngine {
    fn prepare<'a>(&'a self, _: &'a ModelFiles) -> Edge<'a, ()> {
        Box::pin(async {
            match self.wrong.load(Ordering::SeqCst) {
                true => Err(EdgeError::new("case 0, step 3: another trace")),
                false => Ok(()),
            }
        })
    }
    fn compute<'a>(&'a self, job: &'a Job) -> Edge<'a, Outcome> {
        Box::pin(self.answer(job))
    }
    fn compute_unless<'a>(
        &'a self,
        job: &'a Job,
        stop: &'a CancellationToken,
    ) -> Edge<'a, Outcome> {
        Box::pin(async move {
            tokio::select! {
                done = self.answer(job) => done,
                () = stop.cancelled() => {
                    self.broken_off.fetch_add(1, Ordering::SeqCst);
                    Err(EdgeError::new("broken off"))
                }
            }
        })
    }
    fn idle(&self) -> bool {
        true
    }
}

/// A beacon that has rounds up to one, and may fail.
#[derive(Debug, Default)]
pub(crate) struct FakeBeacon {
    pub(crate) latest: Mutex<u64>,
    pub(crate) fails: AtomicBool,
}

impl BeaconPort for FakeBeacon {
    fn signature(&self, round: u64, _: Hex<96>) -> Edge<'_, Option<Hex<48>>> {
        Box::pin(async move {
            if self.fails.load(Ordering::SeqCst) {
                return Err(EdgeError::new("the beacon is down"));
            }
            Ok((round <= *self.latest.lock().unwrap()).then_some(Hex([7; 48])))
        })
    }
}

/// Other workers' relays: all post at once for whoever hands over, or answer as told.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakePeers {
    pub(crate) answer: Option<Handed>,
    pub(crate) intakes: Arc<Mutex<BTreeMap<String, Arc<Intake>>>>,
}

impl PeerPort for FakePeers {
    fn hand_over<'a>(&'a self, endpoint: &'a str, item: &'a Item) -> BoxFuture<'a, Handed> {
        Box::pin(async move {
            if let Some(answer) = self.answer {
                return answer;
            }
            let intake = self.intakes.lock().unwrap().get(endpoint).cloned();
            match intake.map(|intake| intake.take(item.clone())) {
                Some(Verdict::Taken) => Handed::Taken,
                Some(Verdict::NotNow(_)) | None => Handed::Busy,
                Some(Verdict::Bad(_)) => Handed::Refused,
            }
        })
    }
}
