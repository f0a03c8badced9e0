//! The worker's edges, each a small trait: the chain, the content network, the engine, other workers.
//! The tests have fakes of them; nothing inside the worker knows which it talks to.

use std::fmt;
use std::sync::Arc;

use antiphon_api::{
    BeaconResponse, Cid, DutiesResponse, ExecuteMsg, Finish, Hex, ModelResponse, ParamsResponse,
    RoundResponse, SeatsResponse, TaskResponse, TasksResponse, WorkerResponse,
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::relay::Item;

/// A call over an edge failed; the text says where and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EdgeError(pub String);

impl EdgeError {
    /// An error with this text.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }
}

/// What a call over an edge gives.
pub type Edge<'a, T> = BoxFuture<'a, Result<T, EdgeError>>;

/// A block that the node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Its height.
    pub height: u64,
    /// Its time, in Unix seconds: that of the next block is not earlier.
    pub time: u64,
    /// The contract emitted something in it, or blocks before it were skipped.
    pub touched: bool,
}

/// The contract as this worker needs it.
pub trait ChainPort: Send + Sync {
    /// A height the chain has certainly reached: no single node's word.
    fn agreed_height(&self) -> Edge<'_, u64>;
    /// What this worker must do now; every page of it.
    fn duties(&self) -> Edge<'_, DutiesResponse>;
    /// One task.
    fn task(&self, task: u64) -> Edge<'_, TaskResponse>;
    /// One round.
    fn round(&self, task: u64, round: u8) -> Edge<'_, RoundResponse>;
    /// A page of open tasks after this id.
    fn open_tasks(&self, start_after: Option<u64>) -> Edge<'_, TasksResponse>;
    /// A worker; none if the address never bonded.
    fn worker<'a>(&'a self, worker: &'a str) -> Edge<'a, Option<WorkerResponse>>;
    /// Beacon rounds that tasks wait for.
    fn beacon(&self) -> Edge<'_, BeaconResponse>;
    /// A model of the registry.
    fn model(&self, model: u64) -> Edge<'_, ModelResponse>;
    /// A page of a model's seats.
    fn seats(&self, model: u64) -> Edge<'_, SeatsResponse>;
    /// The current parameters.
    fn params(&self) -> Edge<'_, ParamsResponse>;
    /// Coins of the key that pays gas.
    fn fee_balance(&self) -> Edge<'_, u128>;
    /// What sending this message with the key that pays gas would cost when it may use `more` gas than its simulation
    /// did. An error is also a message that would be refused.
    fn cost<'a>(&'a self, msg: &'a ExecuteMsg, more: u64) -> Edge<'a, Cost>;
    /// Sends a message with the key that pays gas, and waits until it is in a block. With `gas` it gets just that limit.
    fn send(&self, msg: ExecuteMsg, gas: Option<u64>) -> Edge<'_, Receipt>;
    /// Sends a message with the key that owns the bond, with coins of the chain's denom.
    fn send_as_operator(&self, msg: ExecuteMsg, coins: u128) -> Edge<'_, Receipt>;
}

/// What a message may use, and the price of it, which is paid whether it is used or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The gas limit to send it with.
    pub gas: u64,
    /// Its fee, in coins of the chain's denom.
    pub fee: u128,
}

/// A message in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub hash: String,
    /// Where it is.
    pub height: u64,
    /// What it cost.
    pub gas_used: u64,
    /// Votes refused in it: task and code.
    pub refused: Vec<(u64, String)>,
}

/// Blocks of prompts and answers.
pub trait ContentPort: Send + Sync {
    /// A raw block of our own store.
    fn local<'a>(&'a self, cid: &'a Cid) -> Edge<'a, Option<Vec<u8>>>;
    /// A raw block from the store behind a URL, hash checked, at most 64 KiB, within bounded time.
    fn ask<'a>(&'a self, endpoint: &'a str, cid: &'a Cid) -> Edge<'a, Vec<u8>>;
    /// Keeps a block and serves it.
    fn keep<'a>(&'a self, cid: &'a Cid, bytes: &'a [u8]) -> Edge<'a, ()>;
    /// Keeps a block and does not serve it.
    fn withhold<'a>(&'a self, cid: &'a Cid, bytes: &'a [u8]) -> Edge<'a, ()>;
    /// Serves a block withheld until now.
    fn release<'a>(&'a self, cid: &'a Cid) -> Edge<'a, ()>;
    /// Throws a withheld block away: its ballot will never be revealed.
    fn discard<'a>(&'a self, cid: &'a Cid) -> Edge<'a, ()>;
}

/// What another worker said to a vote handed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It will post it (202).
    Taken,
    /// Not now (409 or unreachable for the moment): ask again in the next block.
    Busy,
    /// Never (422, or anything else).
    Refused,
}

/// Other workers' vote relays.
pub trait PeerPort: Send + Sync {
    /// Hands a vote over, within bounded time.
    fn hand_over<'a>(&'a self, endpoint: &'a str, item: &'a Item) -> BoxFuture<'a, Handed>;
}

/// Where beacon rounds are read.
pub trait BeaconPort: Send + Sync {
    /// The signature of a round under the contract's beacon key, verified; none while it is in the future.
    fn signature(&self, round: u64, key: Hex<96>) -> Edge<'_, Option<Hex<48>>>;
}

/// A prompt to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The model's manifest.
    pub manifest: Cid,
    /// The prompt's block.
    pub prompt: Cid,
    /// Its bytes: valid by documents.md but for the checks that need the model.
    pub block: Arc<Vec<u8>>,
    /// The task's limit.
    pub max_output_tokens: u32,
}

/// From a round's nonce to the trace of an answer.
pub type Tracer = Arc<dyn Fn(&[u8; 32]) -> [u8; 32] + Send + Sync>;

/// A computed answer; the trace is chained when task and round are known.
#[derive(Clone)]
pub struct Computed {
    /// The answer's text.
    pub text: String,
    /// Why generation ended.
    pub finish: Finish,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens of the output.
    pub output_tokens: u32,
    /// Gives the trace for a nonce (cn-1.md, section 7.5).
    pub tracer: Tracer,
}

impl fmt::Debug for Computed {
    /// Never the text: an answer is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Computed")
            .field("finish", &self.finish)
            .field("prompt_tokens", &self.prompt_tokens)
            .field("output_tokens", &self.output_tokens)
            .finish_non_exhaustive()
    }
}

/// What became of a job.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An answer.
    Answer(Arc<Computed>),
    /// A deterministic fault of the prompt, voted `invalid`; the reason is for the log only.
    Invalid(String),
}

/// A model's files on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles {
    /// The manifest's block.
    pub manifest: Vec<u8>,
    /// Its identifier.
    pub manifest_cid: Cid,
    /// The weights.
    pub weights: std::path::PathBuf,
}

/// The engine behind its process boundary.
pub trait Inference: Send + Sync {
    /// Checks the file, loads it, reproduces every golden answer; only then a seat is taken.
    fn prepare<'a>(&'a self, model: &'a ModelFiles) -> Edge<'a, ()>;
    /// Computes an answer. An error is a crash or a kill: no commit, never a guess.
    fn compute<'a>(&'a self, job: &'a Job) -> Edge<'a, Outcome>;
    /// The same, broken off when the token is cancelled: then an error, soon. An engine that cannot break off goes on.
    fn compute_unless<'a>(&'a self, job: &'a Job, _: &'a CancellationToken) -> Edge<'a, Outcome> {
        self.compute(job)
    }
    /// Nothing waits for the engine.
    fn idle(&self) -> bool;
}
