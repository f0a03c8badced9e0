//! A copy of the contract's state on which entry points are called directly: what a single message
//! would do, tried many times over without a chain around it.

use antiphon_api::*;
use antiphon_contract::{ContractError, contract};
use cosmwasm_std::testing::{MockApi, MockQuerier, MockStorage, message_info, mock_env};
use cosmwasm_std::{
    Addr, Binary, Coin, Deps, DepsMut, Env, Event, Order, QuerierWrapper, Response, Storage,
};

use super::network::{Network, find};

pub struct Copy {
    pub storage: MockStorage,
    pub env: Env,
    api: MockApi,
    querier: MockQuerier,
}

impl Network {
    /// The state of the contract as it is now, in the block that is now.
    pub fn copy(&self) -> Copy {
        let mut storage = MockStorage::new();
        for (key, value) in self.app.dump_wasm_raw(&self.contract) {
            storage.set(&key, &value);
        }
        let mut env = mock_env();
        env.block = self.app.block_info();
        env.contract.address = self.contract.clone();
        Copy {
            storage,
            env,
            api: MockApi::default().with_prefix("wasm"),
            querier: MockQuerier::default(),
        }
    }
}

impl Clone for Copy {
    fn clone(&self) -> Self {
        let mut storage = MockStorage::new();
        for (key, value) in self.storage.range(None, None, Order::Ascending) {
            storage.set(&key, &value);
        }
        Self {
            storage,
            env: self.env.clone(),
            api: self.api,
            querier: MockQuerier::default(),
        }
    }
}

impl Copy {
    /// Executes; as on a chain, a refused message keeps nothing.
    pub fn execute(
        &mut self,
        sender: &Addr,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Result<Response, ContractError> {
        let before = self.clone();
        let answered = self.execute_and_keep(sender, msg, funds);
        if answered.is_err() {
            self.storage = before.storage;
        }
        answered
    }

    /// Executes, and keeps even what a refused message wrote, which no chain does.
    pub fn execute_and_keep(
        &mut self,
        sender: &Addr,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Result<Response, ContractError> {
        let info = message_info(sender, funds);
        let (deps, env) = self.parts();
        contract::execute(deps, env, info, msg.clone())
    }

    pub fn migrate(&mut self) -> Result<Response, ContractError> {
        let (deps, env) = self.parts();
        contract::migrate(deps, env, MigrateMsg {})
    }

    fn parts(&mut self) -> (DepsMut<'_>, Env) {
        let deps = DepsMut {
            storage: &mut self.storage,
            api: &self.api,
            querier: QuerierWrapper::new(&self.querier),
        };
        (deps, self.env.clone())
    }

    pub fn query(&self, msg: QueryMsg) -> Result<Binary, ContractError> {
        let deps = Deps {
            storage: &self.storage,
            api: &self.api,
            querier: QuerierWrapper::new(&self.querier),
        };
        contract::query(deps, self.env.clone(), msg)
    }

    pub fn read<T: serde::de::DeserializeOwned>(&self, msg: QueryMsg) -> T {
        cosmwasm_std::from_json(self.query(msg).unwrap()).unwrap()
    }

    pub fn task(&self, task: u64) -> TaskResponse {
        self.read(QueryMsg::Task { task })
    }

    pub fn round(&self, task: u64, round: u8) -> RoundResponse {
        self.read(QueryMsg::Round { task, round })
    }

    pub fn worker(&self, worker: &Addr) -> WorkerResponse {
        let worker = worker.to_string();
        self.read(QueryMsg::Worker { worker })
    }

    pub fn totals(&self) -> TotalsResponse {
        self.read(QueryMsg::Totals {})
    }

    /// Steps by blocks of one second.
    pub fn blocks(&mut self, blocks: u64) {
        self.env.block.height += blocks;
        self.env.block.time = self.env.block.time.plus_seconds(blocks);
    }

    pub fn records(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.storage.range(None, None, Order::Ascending).collect()
    }
}

/// The stable code that an error begins with.
pub fn code(error: &ContractError) -> String {
    let text = error.to_string();
    text.split(':').next().unwrap().to_owned()
}

/// How a message was answered: `ok`, the code of the error, or why its one vote was refused.
pub fn answer_of(result: Result<Response, ContractError>) -> String {
    match result {
        Err(error) => code(&error),
        Ok(response) => refused_vote(&response.events).unwrap_or_else(|| "ok".to_owned()),
    }
}

fn refused_vote(events: &[Event]) -> Option<String> {
    find::<VoteRefused>(events).map(|event| event.code)
}
