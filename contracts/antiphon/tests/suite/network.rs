//! A chain with the contract on it, and what actors do there.

use std::collections::BTreeSet;

use antiphon_api::*;
use antiphon_contract::contract;
use cosmwasm_std::testing::{MockApi, MockStorage};
use cosmwasm_std::{Addr, Coin, Empty, Event, Timestamp, coins};
use cw_multi_test::{App, AppBuilder, AppResponse, BankKeeper, ContractWrapper, Executor, no_init};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::actors::{Beacon, Worker};
use super::check;

pub type Chain = App<BankKeeper, MockApi, MockStorage>;
pub const DENOM: &str = "uanti";
pub const START_HEIGHT: u64 = 1_000;
pub const START_TIME: u64 = 1_764_000_000;

/// How a network starts.
pub struct Options {
    pub params: Params,
    pub workers: u8,
    pub bond: u128,
    pub insecure: bool,
    /// Another beacon than the network's own, and the time of the first block in Unix seconds.
    pub foreign_beacon: Option<(BeaconConfig, u64)>,
    /// The requester owns the network.
    pub owned: bool,
}

impl Default for Options {
    /// The figures of the worked example (protocol, section 6): F = 100, f = 60, g = 20, L = 3,000.
    fn default() -> Self {
        Self {
            params: Params {
                min_lock: Uint128::new(3_000),
                min_base: Uint128::new(1),
                model_deposit: Uint128::new(1_000),
                ..Params::local()
            },
            workers: 5,
            bond: 10_000,
            insecure: false,
            foreign_beacon: None,
            owned: false,
        }
    }
}

impl Options {
    pub fn workers(workers: u8) -> Self {
        Self {
            workers,
            ..Self::default()
        }
    }
}

/// A request, with the worked example's figures unless changed.
#[derive(Clone)]
pub struct Ask {
    pub prompt: &'static str,
    pub prompt_bytes: u32,
    pub max_output_tokens: u32,
    pub committee: Option<u32>,
    pub coins: u128,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            prompt: "0123456789",
            prompt_bytes: 10,
            max_output_tokens: 80,
            committee: None,
            coins: 500,
        }
    }
}

pub struct Network {
    pub app: Chain,
    pub contract: Addr,
    pub beacon: Beacon,
    pub workers: Vec<Worker>,
    pub requester: Addr,
    pub publisher: Addr,
    pub stranger: Addr,
    /// Contracts with a balance.
    pub others: Vec<Addr>,
    pub model: u64,
    /// Names of all events so far.
    pub told: BTreeSet<String>,
}

pub fn price() -> Price {
    Price {
        base: Uint128::new(10),
        per_prompt_byte: Uint128::new(1),
        per_output_token: Uint128::new(1),
    }
}

pub fn manifest() -> Cid {
    Cid::of_raw(b"a manifest")
}

impl Network {
    /// A network with one model and a seat of every worker.
    pub fn start(options: &Options) -> Self {
        let mut network = Self::bare(options);
        network.register();
        for worker in network.workers.clone() {
            network.enlist(&worker, options.bond);
        }
        network.blocks(1);
        network
    }

    pub fn five() -> Self {
        Self::start(&Options::default())
    }

    /// A network without models or seats; all actors are rich.
    pub fn bare(options: &Options) -> Self {
        let api = MockApi::default().with_prefix("wasm");
        let name = |name: &str| api.addr_make(name);
        let (requester, publisher, stranger) =
            (name("requester"), name("publisher"), name("stranger"));
        let workers: Vec<_> = (0..options.workers)
            .map(|index| Worker::new(name(&format!("worker {index}")), index))
            .collect();
        let mut rich = vec![requester.clone(), publisher.clone(), stranger.clone()];
        rich.extend(workers.iter().map(|worker| worker.address.clone()));
        let mut app: Chain = AppBuilder::new().with_api(api).build(no_init);
        app.init_modules(|router, _, storage| {
            for account in &rich {
                let mut purse = coins(u128::from(u64::MAX), DENOM);
                purse.push(Coin::new(1_000_000_u128, "uother"));
                purse.sort_by(|one, other| one.denom.cmp(&other.denom));
                router.bank.init_balance(storage, account, purse).unwrap();
            }
        });
        let beacon = Beacon::new(7, START_TIME - 1_000);
        let (config, time) = match &options.foreign_beacon {
            Some((config, time)) => (config.clone(), *time),
            None => (beacon.config(1), START_TIME),
        };
        app.update_block(|block| {
            block.height = START_HEIGHT;
            block.time = Timestamp::from_seconds(time);
            block.chain_id = "antiphon-test-1".to_owned();
        });
        let code = app.store_code(Box::new(
            ContractWrapper::<_, _, _, _, _, _, Empty>::new(
                contract::execute,
                contract::instantiate,
                contract::query,
            )
            .with_reply(contract::reply),
        ));
        let msg = InstantiateMsg {
            denom: DENOM.to_owned(),
            owner: options.owned.then(|| requester.to_string()),
            beacon: config,
            params: options.params.clone(),
            insecure: options.insecure,
        };
        let contract = app
            .instantiate_contract(code, publisher.clone(), &msg, &[], "antiphon", None)
            .unwrap();
        Self {
            app,
            contract,
            beacon,
            workers,
            requester,
            publisher,
            stranger,
            others: Vec::new(),
            model: 0,
            told: BTreeSet::new(),
        }
    }

    pub fn register(&mut self) {
        let msg = ExecuteMsg::RegisterModel {
            manifest: manifest(),
            price: price(),
            limits: Limits {
                max_prompt_bytes: 10,
                max_output_tokens: 80,
            },
            endpoint: None,
        };
        self.pay(&self.publisher.clone(), &msg, 1_000).unwrap();
        self.model += 1;
    }

    /// Bonds a worker, puts it on record and gives it a seat.
    pub fn enlist(&mut self, worker: &Worker, bond: u128) {
        self.pay(&worker.address, &ExecuteMsg::Bond {}, bond)
            .unwrap();
        let update = ExecuteMsg::UpdateWorker {
            endpoint: Some(format!(
                "http://127.0.0.1:{}",
                4_000 + self.app.block_info().height
            )),
            moniker: None,
            voter: Some(worker.public_key()),
        };
        self.run(&worker.address, &update).unwrap();
        let join = ExecuteMsg::JoinModel { model: self.model };
        self.run(&worker.address, &join).unwrap();
    }

    pub fn height(&self) -> u64 {
        self.app.block_info().height
    }

    /// Steps by blocks of one second.
    pub fn blocks(&mut self, blocks: u64) {
        self.step(blocks, blocks);
    }

    pub fn step(&mut self, blocks: u64, seconds: u64) {
        self.app.update_block(|block| {
            block.height += blocks;
            block.time = block.time.plus_seconds(seconds);
        });
    }

    pub fn query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.try_query(msg).unwrap()
    }

    pub fn try_query<T: DeserializeOwned>(&self, msg: &impl Serialize) -> Result<T, String> {
        let wrapped = self.app.wrap();
        wrapped
            .query_wasm_smart(&self.contract, msg)
            .map_err(|error| error.to_string())
    }

    /// Executes without coins.
    pub fn run(&mut self, sender: &Addr, msg: &ExecuteMsg) -> Result<AppResponse, String> {
        self.execute(sender, msg, &[])
    }

    /// Executes with an amount of the network's denom.
    pub fn pay(
        &mut self,
        sender: &Addr,
        msg: &ExecuteMsg,
        amount: u128,
    ) -> Result<AppResponse, String> {
        self.execute(sender, msg, &coins(amount, DENOM))
    }

    /// Executes, and checks that the books are right whatever came of it.
    pub fn execute(
        &mut self,
        sender: &Addr,
        msg: &impl Serialize,
        funds: &[Coin],
    ) -> Result<AppResponse, String> {
        let before = check::books(self);
        let result = self
            .app
            .execute_contract(
                sender.clone(),
                self.contract.clone(),
                &serde_json::to_value(msg).unwrap(),
                funds,
            )
            .map_err(|error| error.to_string());
        let after = check::books(self);
        match &result {
            Err(_) => assert_eq!(before, after, "a refused message moved money"),
            Ok(response) => {
                check::events(&response.events);
                let kinds = response.events.iter().map(|event| event.ty.clone());
                self.told.extend(kinds);
            }
        }
        result
    }

    // What actors do.

    pub fn ask(&mut self, ask: &Ask) -> Result<u64, String> {
        let holder = self.workers[0].address.to_string();
        let msg = ExecuteMsg::PostTask {
            model: self.model,
            prompt: Cid::of_raw(ask.prompt.as_bytes()),
            prompt_bytes: ask.prompt_bytes,
            max_output_tokens: ask.max_output_tokens,
            holders: vec![holder],
            block: None,
            committee: ask.committee,
            callback: None,
        };
        let response = self.pay(&self.requester.clone(), &msg, ask.coins)?;
        let added: TaskAdded = find(&response.events).unwrap();
        Ok(added.task)
    }

    /// Lets time pass until the task's beacon round is out, then publishes it with one draw.
    pub fn draw(&mut self, task: u64) -> AppResponse {
        let round = self.task(task).waits_for.unwrap();
        let published = self.beacon.genesis + (round - 1) * self.beacon.period;
        let now = self.app.block_info().time.seconds();
        let wait = published.saturating_sub(now) + 1;
        self.step(1, wait);
        self.publish(round, 10).unwrap()
    }

    pub fn publish(&mut self, round: u64, draws: u32) -> Result<AppResponse, String> {
        let msg = ExecuteMsg::PublishBeacon {
            round,
            signature: self.beacon.sign(round),
            draws,
        };
        self.run(&self.stranger.clone(), &msg)
    }

    pub fn advance(&mut self, task: u64) -> AppResponse {
        let msg = ExecuteMsg::Advance { tasks: vec![task] };
        self.run(&self.stranger.clone(), &msg).unwrap()
    }

    pub fn task(&self, task: u64) -> TaskResponse {
        self.query(&QueryMsg::Task { task })
    }

    pub fn round(&self, task: u64, round: u8) -> RoundResponse {
        self.query(&QueryMsg::Round { task, round })
    }

    pub fn worker(&self, worker: &Worker) -> WorkerResponse {
        let worker = worker.address.to_string();
        self.query(&QueryMsg::Worker { worker })
    }

    pub fn balance(&self, account: &Addr) -> u128 {
        let address = account.to_string();
        let found: BalanceResponse = self.query(&QueryMsg::Balance { address });
        found.amount.u128()
    }

    pub fn totals(&self) -> TotalsResponse {
        self.query(&QueryMsg::Totals {})
    }

    /// The actor behind an address.
    pub fn actor(&self, address: &str) -> Worker {
        let mut workers = self.workers.iter();
        workers
            .find(|worker| worker.address.as_str() == address)
            .unwrap()
            .clone()
    }

    /// The members of a round, by position.
    pub fn members(&self, task: u64, round: u8) -> Vec<Worker> {
        let members = self.round(task, round).members;
        members.iter().map(|it| self.actor(&it.worker)).collect()
    }
}

/// The first event of a kind.
pub fn find<'a, E: TryFrom<&'a Event>>(events: &'a [Event]) -> Option<E> {
    events.iter().find_map(|event| E::try_from(event).ok())
}

/// All events of a kind.
pub fn all<'a, E: TryFrom<&'a Event>>(events: &'a [Event]) -> Vec<E> {
    events
        .iter()
        .filter_map(|event| E::try_from(event).ok())
        .collect()
}
