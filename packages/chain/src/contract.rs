//! Every query of the Antiphon contract, typed.

use antiphon_api::{
    AnswerResponse, BalanceResponse, BeaconResponse, Cid, ConfigResponse, DutiesResponse, Duty,
    EstimateFeeResponse, ExecuteMsg, MAX_PAGE, ModelResponse, ModelsResponse, ParamsResponse,
    QueryMsg, RoundResponse, SLOTS_PER_MODEL, SeatInfo, SeatsResponse, SecurityResponse,
    TaskFilter, TaskResponse, TasksResponse, TotalsResponse, WorkerResponse, WorkersResponse,
};
use serde::de::DeserializeOwned;

use crate::chain::Chain;
use crate::coins::Coin;
use crate::error::ChainError;
use crate::msg::Msg;

/// Pages read at most when a whole list is asked for: all seats of a model, and bounded for the rest.
const MAX_PAGES: usize = SLOTS_PER_MODEL as usize / MAX_PAGE as usize + 1;

/// The Antiphon contract at an address. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Contract {
    chain: Chain,
    address: String,
}

type Answer<T> = Result<T, ChainError>;

/// Errors of every query: no node answers, no such contract, or the contract's refusal.
#[allow(clippy::missing_errors_doc, reason = "one sentence for all, above")]
impl Contract {
    pub(crate) fn new(chain: Chain, address: &str) -> Self {
        Self {
            chain,
            address: address.to_owned(),
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The chain it lives on.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// A message for it.
    pub fn message(&self, msg: &ExecuteMsg, funds: &[Coin]) -> Answer<Msg> {
        Msg::execute(&self.address, msg, funds)
    }

    /// Any query.
    pub async fn query<R: DeserializeOwned>(&self, query: &QueryMsg) -> Answer<R> {
        self.chain.query(&self.address, query).await
    }

    /// What was fixed at instantiation.
    pub async fn config(&self) -> Answer<ConfigResponse> {
        self.query(&QueryMsg::Config {}).await
    }

    /// One version of the parameters; the current one if none is named.
    pub async fn params(&self, version: Option<u32>) -> Answer<ParamsResponse> {
        self.query(&QueryMsg::Params { version }).await
    }

    /// One model.
    pub async fn model(&self, model: u64) -> Answer<ModelResponse> {
        self.query(&QueryMsg::Model { model }).await
    }

    /// A page of models.
    pub async fn models(&self, start_after: Option<u64>) -> Answer<Vec<ModelResponse>> {
        let limit = Some(MAX_PAGE);
        let query = QueryMsg::Models { start_after, limit };
        Ok(self.query::<ModelsResponse>(&query).await?.models)
    }

    /// Models registered with this manifest, the first page.
    pub async fn models_by_manifest(&self, manifest: Cid) -> Answer<Vec<ModelResponse>> {
        let query = QueryMsg::ModelsByManifest {
            manifest,
            start_after: None,
            limit: Some(MAX_PAGE),
        };
        Ok(self.query::<ModelsResponse>(&query).await?.models)
    }

    /// One task.
    pub async fn task(&self, task: u64) -> Answer<TaskResponse> {
        self.query(&QueryMsg::Task { task }).await
    }

    /// A page of tasks.
    pub async fn tasks(
        &self,
        filter: TaskFilter,
        start_after: Option<u64>,
    ) -> Answer<Vec<TaskResponse>> {
        let query = QueryMsg::Tasks {
            filter,
            start_after,
            limit: Some(MAX_PAGE),
        };
        Ok(self.query::<TasksResponse>(&query).await?.tasks)
    }

    /// A page of what a worker must do now, with the height it was asked at and where the next begins.
    pub async fn duties(&self, worker: &str, start_after: Option<u64>) -> Answer<DutiesResponse> {
        let query = QueryMsg::Duties {
            worker: worker.to_owned(),
            start_after,
            limit: Some(MAX_PAGE),
        };
        self.query(&query).await
    }

    /// One round of a task.
    pub async fn round(&self, task: u64, round: u8) -> Answer<RoundResponse> {
        self.query(&QueryMsg::Round { task, round }).await
    }

    /// One worker.
    pub async fn worker(&self, worker: &str) -> Answer<WorkerResponse> {
        let worker = worker.to_owned();
        self.query(&QueryMsg::Worker { worker }).await
    }

    /// A page of workers.
    pub async fn workers(&self, start_after: Option<String>) -> Answer<Vec<WorkerResponse>> {
        let limit = Some(MAX_PAGE);
        let query = QueryMsg::Workers { start_after, limit };
        Ok(self.query::<WorkersResponse>(&query).await?.workers)
    }

    /// A page of a model's seats.
    pub async fn seats(&self, model: u64, start_after: Option<u16>) -> Answer<Vec<SeatInfo>> {
        let query = QueryMsg::Seats {
            model,
            start_after,
            limit: Some(MAX_PAGE),
        };
        Ok(self.query::<SeatsResponse>(&query).await?.seats)
    }

    /// What an account can withdraw, or spend on tasks.
    pub async fn balance(&self, address: &str) -> Answer<u128> {
        let address = address.to_owned();
        let query = QueryMsg::Balance { address };
        Ok(self.query::<BalanceResponse>(&query).await?.amount.u128())
    }

    /// The answer index for one model and prompt.
    pub async fn answer(&self, model: u64, prompt: Cid) -> Answer<AnswerResponse> {
        self.query(&QueryMsg::Answer { model, prompt }).await
    }

    /// What a task would cost.
    pub async fn estimate_fee(
        &self,
        model: u64,
        prompt_bytes: u32,
        max_output_tokens: u32,
        committee: Option<u32>,
    ) -> Answer<EstimateFeeResponse> {
        let query = QueryMsg::EstimateFee {
            model,
            prompt_bytes,
            max_output_tokens,
            committee,
        };
        self.query(&query).await
    }

    /// The beacon and the rounds that tasks wait for.
    pub async fn beacon(&self) -> Answer<BeaconResponse> {
        self.query(&QueryMsg::Beacon {}).await
    }

    /// What a committee of a model is worth against dishonest seats.
    pub async fn security(&self, model: u64, committee: Option<u32>) -> Answer<SecurityResponse> {
        self.query(&QueryMsg::Security { model, committee }).await
    }

    /// Every pot of the conservation law.
    pub async fn totals(&self) -> Answer<TotalsResponse> {
        self.query(&QueryMsg::Totals {}).await
    }

    /// All duties of a worker, page after page.
    pub async fn all_duties(&self, worker: &str) -> Answer<Vec<Duty>> {
        let mut all = Vec::new();
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let page = self.duties(worker, after).await?;
            all.extend(page.duties);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// All seats of a model, page after page.
    pub async fn all_seats(&self, model: u64) -> Answer<Vec<SeatInfo>> {
        let page = |after| self.seats(model, after);
        all_pages(page, |seat: &SeatInfo| seat.slot).await
    }

    /// All workers, page after page, the first few thousand.
    pub async fn all_workers(&self) -> Answer<Vec<WorkerResponse>> {
        let page = |after| self.workers(after);
        all_pages(page, |worker: &WorkerResponse| worker.worker.clone()).await
    }

    /// All models, page after page, the first few thousand.
    pub async fn all_models(&self) -> Answer<Vec<ModelResponse>> {
        let page = |after| self.models(after);
        all_pages(page, |model: &ModelResponse| model.model).await
    }

    /// All tasks of a kind, page after page, the first few thousand.
    pub async fn all_tasks(&self, filter: TaskFilter) -> Answer<Vec<TaskResponse>> {
        let page = |after| self.tasks(filter, after);
        all_pages(page, |task: &TaskResponse| task.task).await
    }
}

/// Reads pages until one is not full.
async fn all_pages<T, K, F, A>(page: F, key: impl Fn(&T) -> K) -> Answer<Vec<T>>
where
    F: Fn(Option<K>) -> A,
    A: Future<Output = Answer<Vec<T>>>,
{
    let mut all: Vec<T> = Vec::new();
    for _ in 0..MAX_PAGES {
        let next = page(all.last().map(&key)).await?;
        let full = next.len() >= MAX_PAGE as usize;
        all.extend(next);
        if !full {
            break;
        }
    }
    Ok(all)
}
