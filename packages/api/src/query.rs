//! Queries. Lists page: default 10 entries, at most 30.

#[cfg(doc)]
use crate::{
    AnswerResponse, BalanceResponse, BeaconResponse, ConfigResponse, DutiesResponse,
    EstimateFeeResponse, ModelResponse, ModelsResponse, ParamsResponse, RoundResponse,
    SeatsResponse, SecurityResponse, TaskResponse, TasksResponse, TotalsResponse, WorkerResponse,
    WorkersResponse,
};
use antiphon_content::Cid;
use schemars::JsonSchema;
use serde::Serialize;

/// Which tasks a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskFilter {
    /// Not yet final or failed.
    Open,
    /// Final or failed.
    Done,
}

/// What can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QueryMsg {
    /// [`ConfigResponse`].
    Config {},
    /// [`ParamsResponse`]; the current version if none is named.
    Params {
        /// A version a task was posted under.
        version: Option<u32>,
    },
    /// [`ModelResponse`].
    Model {
        /// The model's id.
        model: u64,
    },
    /// [`ModelsResponse`], by id.
    Models {
        /// The last id of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`ModelsResponse`]: every model registered with this manifest.
    ModelsByManifest {
        /// The manifest.
        manifest: Cid,
        /// The last id of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`TaskResponse`].
    Task {
        /// The task's id.
        task: u64,
    },
    /// [`TasksResponse`], by id.
    Tasks {
        /// Open or done.
        filter: TaskFilter,
        /// The last id of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`DutiesResponse`]: what a worker must do now, by task.
    Duties {
        /// The worker.
        worker: String,
        /// `next` of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`RoundResponse`]: unpaged, at most 31 members and, with three draws, 62 replaced.
    Round {
        /// The task's id.
        task: u64,
        /// The round, from 0.
        round: u8,
    },
    /// [`WorkerResponse`].
    Worker {
        /// The worker's address.
        worker: String,
    },
    /// [`WorkersResponse`], by address.
    Workers {
        /// The last address of the page before.
        start_after: Option<String>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`SeatsResponse`], by slot.
    Seats {
        /// The model's id.
        model: u64,
        /// The last slot of the page before.
        start_after: Option<u16>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`BalanceResponse`].
    Balance {
        /// Any account.
        address: String,
    },
    /// [`AnswerResponse`]: the uncontested final answer of the largest committee, if there is one.
    Answer {
        /// The model's id.
        model: u64,
        /// The prompt.
        prompt: Cid,
    },
    /// [`EstimateFeeResponse`].
    EstimateFee {
        /// The model's id.
        model: u64,
        /// The prompt's length.
        prompt_bytes: u32,
        /// The prompt's `max_output_tokens`.
        max_output_tokens: u32,
        /// Members of round 0.
        committee: Option<u32>,
    },
    /// [`BeaconResponse`]: the beacon rounds that tasks wait for.
    Beacon {},
    /// [`SecurityResponse`]: what a committee of this size is worth against dishonest seats.
    Security {
        /// The model's id.
        model: u64,
        /// Its members; the parameters' default if absent.
        committee: Option<u32>,
    },
    /// [`TotalsResponse`]: every pot of the conservation law.
    Totals {},
}
