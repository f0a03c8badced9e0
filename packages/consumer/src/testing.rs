//! A whole Antiphon network inside cw-multi-test: the real contract, its real beacon check, five workers
//! that vote with real keys. `network.answer(task, "text")` plays a task to its end and delivers it.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a network for tests: what fails here shall panic"
)]

mod actors;

use antiphon_api::*;
use antiphon_contract::contract;
use cosmwasm_std::testing::{MockApi, MockStorage};
use cosmwasm_std::{Addr, Empty, Event, coins};
use cw_multi_test::{App, AppBuilder, AppResponse, BankKeeper, ContractWrapper, Executor, no_init};

use self::actors::{Beacon, Worker};

/// The chain of a [`TestNetwork`].
pub type Chain = App<BankKeeper, MockApi, MockStorage>;
/// The denom of everything.
pub const DENOM: &str = "uanti";

/// An Antiphon contract with one model and five seats, on a chain of its own.
pub struct TestNetwork {
    /// The chain: put your own contracts on it.
    pub app: Chain,
    /// The Antiphon contract.
    pub antiphon: Addr,
    /// The model's id.
    pub model: u64,
    beacon: Beacon,
    workers: Vec<Worker>,
    stranger: Addr,
}

impl std::fmt::Debug for TestNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestNetwork")
            .field("antiphon", &self.antiphon)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl TestNetwork {
    /// Starts it. These accounts are given coins, besides the network's own.
    #[must_use]
    pub fn start(rich: &[&str]) -> Self {
        let api = MockApi::default().with_prefix("wasm");
        let (publisher, stranger) = (api.addr_make("publisher"), api.addr_make("stranger"));
        let workers: Vec<_> = (0..5)
            .map(|seed| Worker::new(api.addr_make(&format!("worker {seed}")), seed))
            .collect();
        let mut accounts: Vec<Addr> = rich.iter().map(|name| api.addr_make(name)).collect();
        accounts.extend([publisher.clone(), stranger.clone()]);
        accounts.extend(workers.iter().map(|worker| worker.address.clone()));
        let mut app: Chain = AppBuilder::new().with_api(api).build(no_init);
        app.init_modules(|router, _, storage| {
            for account in &accounts {
                let purse = coins(1_000_000_000_000, DENOM);
                router.bank.init_balance(storage, account, purse).unwrap();
            }
        });
        let beacon = Beacon::new(app.block_info().time.seconds() - 1_000);
        let antiphon = instantiate(&mut app, &publisher, &beacon);
        let mut network = Self {
            app,
            antiphon,
            model: 1,
            beacon,
            workers,
            stranger,
        };
        network.populate(&publisher);
        network
    }

    /// The address that a name was given coins under.
    #[must_use]
    pub fn account(&self, name: &str) -> Addr {
        self.app.api().addr_make(name)
    }

    /// All five members answer with this text; the task ends, and its callback is delivered.
    pub fn answer(&mut self, task: u64, text: &str) -> AppResponse {
        self.finish(task, &[text; 5]);
        let with_text = self.task(task).callback.is_some_and(|it| it.with_text);
        self.deliver(task, with_text.then(|| text.to_owned()))
    }

    /// Every member answers differently: the task fails, and its callback is delivered.
    pub fn fail(&mut self, task: u64) -> AppResponse {
        self.finish(task, &["a", "b", "c", "d", "e"]);
        self.deliver(task, None)
    }

    /// Plays the votes of a task and advances it to its end.
    pub fn finish(&mut self, task: u64, texts: &[&str; 5]) {
        self.draw(task);
        let votes = self.votes(task, texts);
        let commits = votes.iter().map(|(commit, _)| commit.clone()).collect();
        self.run(&ExecuteMsg::Commit { commits });
        let reveals = votes.into_iter().map(|(_, reveal)| reveal).collect();
        self.run(&ExecuteMsg::Reveal { reveals });
        self.run(&ExecuteMsg::Advance { tasks: vec![task] });
    }

    /// Delivers the callback of a task at its end.
    pub fn deliver(&mut self, task: u64, text: Option<String>) -> AppResponse {
        self.run(&ExecuteMsg::Deliver { task, text })
    }

    /// The task as the contract tells it.
    #[must_use]
    pub fn task(&self, task: u64) -> TaskResponse {
        self.query(&QueryMsg::Task { task })
    }

    /// Asks the Antiphon contract.
    #[must_use]
    pub fn query<T: serde::de::DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.app
            .wrap()
            .query_wasm_smart(&self.antiphon, msg)
            .unwrap()
    }

    fn populate(&mut self, publisher: &Addr) {
        let register = ExecuteMsg::RegisterModel {
            manifest: Cid::of_raw(b"a model"),
            price: Price {
                base: Uint128::new(1_000),
                per_prompt_byte: Uint128::new(1),
                per_output_token: Uint128::new(10),
            },
            limits: Limits {
                max_prompt_bytes: MAX_PROMPT_BYTES,
                max_output_tokens: MAX_OUTPUT_TOKENS,
            },
            endpoint: None,
        };
        self.pay(publisher, &register, 10_000_000);
        for worker in self.workers.clone() {
            self.pay(&worker.address, &ExecuteMsg::Bond {}, 1_000_000_000);
            let update = ExecuteMsg::UpdateWorker {
                endpoint: Some("http://127.0.0.1:1".to_owned()),
                moniker: None,
                voter: Some(worker.public_key()),
            };
            self.pay(&worker.address, &update, 0);
            self.pay(&worker.address, &ExecuteMsg::JoinModel { model: 1 }, 0);
        }
        self.blocks(1);
    }

    fn draw(&mut self, task: u64) {
        // Drawn already with a task that was asked in the same block.
        let Some(round) = self.task(task).waits_for else {
            return;
        };
        let published = self.beacon.genesis + (round - 1) * self.beacon.period;
        let now = self.app.block_info().time.seconds();
        self.blocks(published.saturating_sub(now) + 1);
        let signature = self.beacon.sign(round);
        self.run(&ExecuteMsg::PublishBeacon {
            round,
            signature,
            draws: 10,
        });
    }

    fn votes(&self, task: u64, texts: &[&str; 5]) -> Vec<(CommitItem, RevealItem)> {
        let info = self.task(task);
        let round = info.round;
        let members: RoundResponse = self.query(&QueryMsg::Round { task, round });
        let voters = members.members.iter().zip(texts);
        voters
            .map(|(member, text)| {
                let mut workers = self.workers.iter();
                let worker = workers.find(|it| it.address.as_str() == member.worker);
                worker.unwrap().vote(self.app.api(), &info, text)
            })
            .collect()
    }

    fn run(&mut self, msg: &ExecuteMsg) -> AppResponse {
        self.blocks(1);
        let stranger = self.stranger.clone();
        self.pay(&stranger, msg, 0)
    }

    fn pay(&mut self, sender: &Addr, msg: &ExecuteMsg, amount: u128) -> AppResponse {
        let funds = match amount {
            0 => Vec::new(),
            amount => coins(amount, DENOM),
        };
        let sent = self
            .app
            .execute_contract(sender.clone(), self.antiphon.clone(), msg, &funds);
        sent.unwrap()
    }

    fn blocks(&mut self, blocks: u64) {
        self.app.update_block(|block| {
            block.height += blocks;
            block.time = block.time.plus_seconds(blocks);
        });
    }
}

/// The id of the task that a response tells of.
#[must_use]
pub fn task_in(events: &[Event]) -> Option<u64> {
    let mut added = events
        .iter()
        .filter_map(|event| TaskAdded::try_from(event).ok());
    added.next().map(|event| event.task)
}

fn instantiate(app: &mut Chain, publisher: &Addr, beacon: &Beacon) -> Addr {
    let code = ContractWrapper::<_, _, _, _, _, _, Empty>::new(
        contract::execute,
        contract::instantiate,
        contract::query,
    )
    .with_reply(contract::reply);
    let code = app.store_code(Box::new(code));
    let msg = InstantiateMsg {
        denom: DENOM.to_owned(),
        owner: None,
        beacon: beacon.config(),
        params: Params::local(),
        insecure: false,
    };
    app.instantiate_contract(code, publisher.clone(), &msg, &[], "antiphon", None)
        .unwrap()
}
