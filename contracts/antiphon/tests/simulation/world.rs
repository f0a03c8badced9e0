//! A chain that can be taken back to where it was, with the contract, people and receivers on it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use antiphon_api::*;
use antiphon_contract::ContractError;
use antiphon_contract::contract;
use cosmwasm_std::testing::MockApi;
use cosmwasm_std::{
    Addr, Api, BlockInfo, Coin, DepsMut, Empty, Env, Event, MessageInfo, Order, Record, Response,
    Storage, Timestamp, coins,
};
use cw_multi_test::{App, AppBuilder, BankKeeper, ContractWrapper, Executor, no_init};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ledger::{Behaviour, Coins, Moment, Op};
use super::receivers::{Manner, ToReceiver, receiver};
use crate::suite::network::{DENOM, START_HEIGHT, START_TIME};
use crate::suite::{Beacon, Worker};

pub const CHAIN: &str = "antiphon-test-1";
pub const OTHER_DENOM: &str = "uother";

/// The entry point that is tried: the contract's, or one that a test has spoiled.
pub type Execute = fn(DepsMut<'_>, Env, MessageInfo, ExecuteMsg) -> Result<Response, ContractError>;

/// All keys and values of a chain; copied to be returned to.
#[derive(Clone, Default)]
pub struct Shelf(BTreeMap<Vec<u8>, Vec<u8>>);

impl Storage for Shelf {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key).cloned()
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        self.0.insert(key.to_vec(), value.to_vec());
    }

    fn remove(&mut self, key: &[u8]) {
        self.0.remove(key);
    }

    fn range<'a>(
        &'a self,
        start: Option<&[u8]>,
        end: Option<&[u8]>,
        order: Order,
    ) -> Box<dyn Iterator<Item = Record> + 'a> {
        let start = start.unwrap_or_default().to_vec();
        let own = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        let range = match end {
            Some(end) if end <= start.as_slice() => return Box::new(std::iter::empty()),
            Some(end) => self.0.range(start..end.to_vec()),
            None => self.0.range(start..),
        };
        match order {
            Order::Ascending => Box::new(range.map(own)),
            Order::Descending => Box::new(range.rev().map(own)),
        }
    }
}

type Chain = App<BankKeeper, MockApi, Shelf>;

/// How many of each there are.
pub struct Cast {
    pub workers: u8,
    pub people: u8,
    pub receivers: u8,
}

pub struct World {
    app: Chain,
    pub contract: Addr,
    pub beacon: Beacon,
    pub workers: Vec<Worker>,
    pub people: Vec<Addr>,
    pub receivers: Vec<Addr>,
    /// Owns no stake and asks nothing.
    pub stranger: Addr,
}

/// A chain as it was.
pub struct Memory(Shelf, BlockInfo);

impl World {
    pub fn new(
        cast: &Cast,
        execute: Execute,
        msg: &dyn Fn(&Addr, &Beacon) -> InstantiateMsg,
    ) -> Self {
        let api = MockApi::default().with_prefix("wasm");
        let name = |name: String| api.addr_make(&name);
        let workers: Vec<_> = (0..cast.workers)
            .map(|index| Worker::new(name(format!("worker {index}")), index))
            .collect();
        let people: Vec<_> = (0..cast.people)
            .map(|it| name(format!("person {it}")))
            .collect();
        let stranger = name("stranger".to_owned());
        let mut rich = people.clone();
        rich.push(stranger.clone());
        rich.extend(workers.iter().map(|worker| worker.address.clone()));
        let mut app: Chain = AppBuilder::new()
            .with_api(api)
            .with_storage(Shelf::default())
            .build(no_init);
        fill_purses(&mut app, &rich);
        app.update_block(|block| {
            block.height = START_HEIGHT;
            block.time = Timestamp::from_seconds(START_TIME);
            block.chain_id = CHAIN.to_owned();
        });
        let beacon = Beacon::new(7, START_TIME - 1_000);
        let code = app.store_code(Box::new(
            ContractWrapper::<_, _, _, _, _, _, Empty>::new(
                execute,
                contract::instantiate,
                contract::query,
            )
            .with_reply(contract::reply),
        ));
        let msg = msg(&people[0], &beacon);
        let contract = app
            .instantiate_contract(code, stranger.clone(), &msg, &[], "antiphon", None)
            .unwrap();
        let code = app.store_code(receiver());
        let receivers = (0..cast.receivers)
            .map(|index| {
                let label = format!("receiver {index}");
                app.instantiate_contract(code, stranger.clone(), &Empty {}, &[], label, None)
                    .unwrap()
            })
            .collect();
        Self {
            app,
            contract,
            beacon,
            workers,
            people,
            receivers,
            stranger,
        }
    }

    /// Canonical bytes of everybody's address.
    pub fn names(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = self.people.clone();
        all.extend(self.receivers.clone());
        all.extend(self.workers.iter().map(|worker| worker.address.clone()));
        all.extend([self.stranger.clone(), self.contract.clone()]);
        all.into_iter()
            .map(|it| (it.to_string(), self.canonical(&it)))
            .collect()
    }

    pub fn canonical(&self, address: &Addr) -> Vec<u8> {
        let canonical = self.app.api().addr_canonicalize(address.as_str());
        canonical.unwrap().to_vec()
    }

    pub fn now(&self) -> Moment {
        let block = self.app.block_info();
        Moment {
            height: block.height,
            nanos: block.time.nanos(),
        }
    }

    pub fn pass(&mut self, blocks: u64, nanos: u64) {
        self.app.update_block(|block| {
            block.height += blocks;
            block.time = block.time.plus_nanos(nanos);
        });
    }

    pub fn remember(&mut self) -> Memory {
        Memory(self.app.storage_mut().clone(), self.app.block_info())
    }

    pub fn go_back(&mut self, memory: Memory) {
        *self.app.storage_mut() = memory.0;
        self.app.set_block(memory.1);
    }

    /// Executes; receivers send what is sent in their name. Errors are the contract's code alone.
    pub fn execute(&mut self, op: &Op) -> Result<Vec<Event>, String> {
        let sender = Addr::unchecked(&op.sender);
        let done = if self.receivers.contains(&sender) {
            let relayed = ToReceiver::Send {
                contract: self.contract.to_string(),
                msg: op.msg.clone(),
            };
            self.send(&self.stranger.clone(), &sender, &relayed, &op.coins)
        } else {
            self.send(&sender, &self.contract.clone(), &op.msg, &op.coins)
        };
        done.map_err(|error| code_of(&error))
    }

    fn send(
        &mut self,
        from: &Addr,
        to: &Addr,
        msg: &(impl Serialize + Debug),
        coins: &[Coin],
    ) -> Result<Vec<Event>, String> {
        self.app
            .execute_contract(from.clone(), to.clone(), msg, coins)
            .map(|response| response.events)
            .map_err(|error| error.to_string())
    }

    pub fn teach(&mut self, receiver: &Addr, behaviour: &Behaviour) {
        let manner = ToReceiver::Behave(Manner::of(behaviour, self.contract.as_str()));
        self.send(&self.stranger.clone(), receiver, &manner, &[])
            .unwrap();
    }

    pub fn query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        let found = self.app.wrap().query_wasm_smart(&self.contract, msg);
        found.unwrap()
    }

    /// Coins in the contract's name on chain.
    pub fn held(&self) -> Coins {
        let found = self.app.wrap().query_balance(&self.contract, DENOM);
        found.unwrap().amount.to_string().parse().unwrap()
    }

    /// First bytes of the contract's keys: which kinds of records there are.
    pub fn kinds_of_records(&self) -> BTreeMap<u8, usize> {
        let mut kinds = BTreeMap::new();
        for (key, _) in self.app.dump_wasm_raw(&self.contract) {
            *kinds.entry(key[0]).or_default() += 1;
        }
        kinds
    }
}

fn fill_purses(app: &mut Chain, rich: &[Addr]) {
    app.init_modules(|router, _, storage| {
        for account in rich {
            let mut purse = coins(u128::MAX >> 8, DENOM);
            purse.push(Coin::new(1_000_000_000_u128, OTHER_DENOM));
            router.bank.init_balance(storage, account, purse).unwrap();
        }
    });
}

/// The stable code at the head of a refusal's text; the whole text if there is none.
fn code_of(error: &str) -> String {
    let Some(start) = error.find("E_") else {
        return error.to_owned();
    };
    let code = &error[start..];
    code.split(':').next().unwrap_or(code).to_owned()
}
