//! The contract on a real chain.

use std::sync::Arc;

use antiphon_api::{
    BeaconResponse, DutiesResponse, ExecuteMsg, ModelResponse, ParamsResponse, RoundResponse,
    SeatsResponse, TaskFilter, TaskResponse, TasksResponse, WorkerResponse,
};
use antiphon_chain::{ChainError, Coin, Contract, Gas, Sender, TxOutcome, WasmEvent, gas};

use crate::ports::{ChainPort, Cost, Edge, EdgeError, Receipt};

/// Pages of duties read at most: 3,000 duties, or 50,000 memberships without one.
const PAGES: usize = 100;

/// Queries of one worker, and the keys that send for it.
#[derive(Clone, Debug)]
pub struct ContractPort {
    contract: Contract,
    worker: String,
    sender: Arc<Sender>,
    operator: Option<Arc<Sender>>,
}

impl ContractPort {
    /// The contract as this worker uses it; `operator` only if its key is on this machine.
    #[must_use]
    pub const fn new(
        contract: Contract,
        worker: String,
        sender: Arc<Sender>,
        operator: Option<Arc<Sender>>,
    ) -> Self {
        Self {
            contract,
            worker,
            sender,
            operator,
        }
    }

    async fn all_duties(&self) -> Result<DutiesResponse, ChainError> {
        let mut all = self.contract.duties(&self.worker, None).await?;
        for _ in 0..PAGES {
            if all.next.is_none() {
                break;
            }
            let page = self.contract.duties(&self.worker, all.next).await?;
            all.duties.extend(page.duties);
            all.next = page.next;
            // The oldest height of all pages: nothing newer was shown by every one of them.
            all.height = all.height.min(page.height);
        }
        Ok(all)
    }

    async fn execute(
        &self,
        sender: &Sender,
        msg: &ExecuteMsg,
        coins: u128,
        gas: Option<u64>,
    ) -> Result<Receipt, ChainError> {
        let denom = &self.contract.chain().config().denom;
        let funds: Vec<Coin> = (coins > 0)
            .then(|| Coin::new(coins, denom))
            .into_iter()
            .collect();
        let gas = gas.map_or_else(|| gas::of(msg), Gas::Limit);
        let sent = self.contract.message(msg, &funds)?;
        let outcome = sender.send(&[sent], gas).await?;
        Ok(self.receipt(outcome))
    }

    fn receipt(&self, outcome: TxOutcome) -> Receipt {
        let refused = outcome
            .events
            .iter()
            .filter_map(|event| WasmEvent::from_event(event, self.contract.address(), 0))
            .filter(|event| event.kind == "vote_refused")
            .filter_map(|event| Some((event.number("task")?, event.get("code")?.to_owned())))
            .collect();
        Receipt {
            hash: outcome.hash,
            height: outcome.height,
            gas_used: outcome.gas_used,
            refused,
        }
    }
}

async fn edge<T>(call: impl Future<Output = Result<T, ChainError>>) -> Result<T, EdgeError> {
    call.await.map_err(EdgeError::new)
}

impl ChainPort for ContractPort {
    fn agreed_height(&self) -> Edge<'_, u64> {
        Box::pin(edge(self.contract.chain().rpc().agreed_height()))
    }

    fn duties(&self) -> Edge<'_, DutiesResponse> {
        Box::pin(edge(self.all_duties()))
    }

    fn task(&self, task: u64) -> Edge<'_, TaskResponse> {
        Box::pin(edge(self.contract.task(task)))
    }

    fn round(&self, task: u64, round: u8) -> Edge<'_, RoundResponse> {
        Box::pin(edge(self.contract.round(task, round)))
    }

    fn open_tasks(&self, start_after: Option<u64>) -> Edge<'_, TasksResponse> {
        Box::pin(async move {
            let tasks = edge(self.contract.tasks(TaskFilter::Open, start_after)).await?;
            Ok(TasksResponse { tasks })
        })
    }

    fn worker<'a>(&'a self, worker: &'a str) -> Edge<'a, Option<WorkerResponse>> {
        Box::pin(async move {
            match self.contract.worker(worker).await {
                Ok(found) => Ok(Some(found)),
                Err(error) if error.contract_code() == Some("E_UNKNOWN_WORKER") => Ok(None),
                Err(error) => Err(EdgeError::new(error)),
            }
        })
    }

    fn beacon(&self) -> Edge<'_, BeaconResponse> {
        Box::pin(edge(self.contract.beacon()))
    }

    fn model(&self, model: u64) -> Edge<'_, ModelResponse> {
        Box::pin(edge(self.contract.model(model)))
    }

    fn seats(&self, model: u64) -> Edge<'_, SeatsResponse> {
        Box::pin(async move {
            let seats = edge(self.contract.seats(model, None)).await?;
            Ok(SeatsResponse { seats })
        })
    }

    fn params(&self) -> Edge<'_, ParamsResponse> {
        Box::pin(edge(self.contract.params(None)))
    }

    fn fee_balance(&self) -> Edge<'_, u128> {
        Box::pin(edge(self.sender.balance()))
    }

    fn cost<'a>(&'a self, msg: &'a ExecuteMsg, more: u64) -> Edge<'a, Cost> {
        Box::pin(edge(async move {
            let sent = self.contract.message(msg, &[])?;
            let gas = gas::delivery(self.sender.simulated(&[sent]).await?, more);
            let fee = self.sender.fee(gas)?.amount;
            Ok(Cost { gas, fee })
        }))
    }

    fn send(&self, msg: ExecuteMsg, gas: Option<u64>) -> Edge<'_, Receipt> {
        Box::pin(async move { edge(self.execute(&self.sender, &msg, 0, gas)).await })
    }

    fn send_as_operator(&self, msg: ExecuteMsg, coins: u128) -> Edge<'_, Receipt> {
        Box::pin(async move {
            let Some(operator) = &self.operator else {
                return Err(EdgeError::new(
                    "keys/operator.json is not in this home, and bond, profile or seat have to change: \
                     put it there for one start, or make the change with the operator's key elsewhere",
                ));
            };
            edge(self.execute(operator, &msg, coins, None)).await
        })
    }
}
