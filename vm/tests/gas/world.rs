//! A network whose state was made by its messages alone. The contract itself makes it, outside of
//! the machine; a test compares both on every message that is measured.

use antiphon_api::*;
use antiphon_contract::contract as code;
use antiphon_vm::meter::api;
use antiphon_vm::store::Store;
use cosmwasm_std::testing::{MockQuerier, mock_env};
use cosmwasm_std::{
    Addr, Binary, Coin, Deps, DepsMut, Empty, Env, MessageInfo, QuerierWrapper, Reply, Response,
    Timestamp, coins, from_json,
};
use serde::de::DeserializeOwned;

use super::actors::{self, Beacon, Worker, address};

pub const DENOM: &str = "uanti";
const START_TIME: u64 = 1_764_000_000;
pub const BOND: u128 = 1_000_000_000_000;
/// Models of a world: as many as a worker may have seats of.
pub const MODELS: u64 = MAX_SEATS_PER_WORKER as u64;
pub const DEPOSIT: u128 = 10_000_000;

#[derive(Clone)]
pub struct World {
    pub store: Store,
    pub env: Env,
    pub beacon: Beacon,
    pub workers: Vec<Worker>,
    pub owner: Addr,
    pub publisher: Addr,
    pub requester: Addr,
    pub stranger: Addr,
    /// A contract that asks.
    pub caller: Addr,
    /// Tasks asked so far: every prompt is another.
    asked: u64,
}

/// What is asked.
#[derive(Clone)]
pub struct Ask {
    pub model: u64,
    pub committee: Option<u32>,
    pub holders: usize,
    pub block: Option<Vec<u8>>,
    pub callback: Option<Callback>,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            model: 1,
            committee: None,
            holders: 1,
            block: None,
            callback: None,
        }
    }
}

impl Ask {
    pub fn of(committee: u32) -> Self {
        Self {
            committee: Some(committee),
            ..Self::default()
        }
    }
}

pub fn price() -> Price {
    Price {
        base: Uint128::new(1_000),
        per_prompt_byte: Uint128::new(1),
        per_output_token: Uint128::new(10),
    }
}

pub fn limits() -> Limits {
    Limits {
        max_prompt_bytes: MAX_PROMPT_BYTES,
        max_output_tokens: MAX_OUTPUT_TOKENS,
    }
}

pub fn purse(amount: u128) -> Vec<Coin> {
    match amount {
        0 => Vec::new(),
        amount => coins(amount, DENOM),
    }
}

impl World {
    /// A network with its models; nobody has a seat.
    pub fn bare() -> Self {
        let mut env = mock_env();
        env.block.height = 1_000_000;
        env.block.time = Timestamp::from_seconds(START_TIME);
        env.block.chain_id = "antiphon-1".to_owned();
        env.contract.address = actors::contract("antiphon");
        let mut world = Self {
            store: Store::default(),
            env,
            beacon: Beacon::new(START_TIME - 100_000_000),
            workers: Vec::new(),
            owner: address("owner"),
            publisher: address("publisher"),
            requester: address("requester"),
            stranger: address("stranger"),
            caller: actors::contract("caller"),
            asked: 0,
        };
        let (info, msg) = world.beginning();
        let env = world.env.clone();
        world
            .native(|deps| code::instantiate(deps, env, info, msg))
            .unwrap();
        for _ in 0..MODELS {
            let msg = world.registration();
            world.run(&world.publisher.clone(), &msg, DEPOSIT);
        }
        world
    }

    /// How the network was created.
    pub fn beginning(&self) -> (MessageInfo, InstantiateMsg) {
        let info = info(&self.publisher, 0);
        let msg = InstantiateMsg {
            denom: DENOM.to_owned(),
            owner: Some(self.owner.to_string()),
            beacon: self.beacon.config(),
            params: Params::public(),
            insecure: false,
        };
        (info, msg)
    }

    pub fn registration(&self) -> ExecuteMsg {
        ExecuteMsg::RegisterModel {
            manifest: Cid::of_raw(b"manifest"),
            price: price(),
            limits: limits(),
            endpoint: Some("https://models.example.org:8443/antiphon".to_owned()),
        }
    }

    /// Bonds workers and gives each a seat of model 1.
    pub fn enlist(&mut self, count: usize) {
        for _ in 0..count {
            let worker = Worker::new(self.workers.len());
            self.equip(&worker);
            self.run(&worker.address, &ExecuteMsg::JoinModel { model: 1 }, 0);
            self.workers.push(worker);
        }
        self.step(1);
    }

    /// Bonds a worker and puts it on record; it has no seat yet.
    pub fn equip(&mut self, worker: &Worker) {
        self.run(&worker.address, &ExecuteMsg::Bond {}, BOND);
        self.run(&worker.address, &profile(worker), 0);
    }

    /// Blocks of one second.
    pub fn step(&mut self, blocks: u64) {
        self.env.block.height += blocks;
        self.env.block.time = self.env.block.time.plus_seconds(blocks);
    }

    /// Steps over the window that a task is in.
    pub fn pass(&mut self, task: u64) {
        let deadline = self.task(task).deadline.unwrap();
        self.step(deadline + 1 - self.env.block.height);
    }

    fn native<E: std::fmt::Display>(
        &mut self,
        act: impl FnOnce(DepsMut<'_>) -> Result<Response, E>,
    ) -> Result<Response, String> {
        let querier = MockQuerier::<Empty>::new(&[]);
        act(DepsMut {
            storage: &mut self.store,
            api: &api(),
            querier: QuerierWrapper::new(&querier),
        })
        .map_err(|error| error.to_string())
    }

    /// Sends a message that must succeed.
    pub fn run(&mut self, sender: &Addr, msg: &ExecuteMsg, amount: u128) -> Response {
        let (env, info, msg) = (self.env.clone(), info(sender, amount), msg.clone());
        self.native(|deps| code::execute(deps, env, info, msg))
            .unwrap()
    }

    pub fn reply(&mut self, reply: Reply) -> Response {
        let env = self.env.clone();
        self.native(|deps| code::reply(deps, env, reply)).unwrap()
    }

    pub fn query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        let querier = MockQuerier::<Empty>::new(&[]);
        let deps = Deps {
            storage: &self.store,
            api: &api(),
            querier: QuerierWrapper::new(&querier),
        };
        let answer: Binary = code::query(deps, self.env.clone(), msg.clone()).unwrap();
        from_json(answer).unwrap()
    }

    pub fn task(&self, task: u64) -> TaskResponse {
        self.query(&QueryMsg::Task { task })
    }

    pub fn worker(&self, address: &str) -> &Worker {
        let mut workers = self.workers.iter();
        workers.find(|it| it.address.as_str() == address).unwrap()
    }

    /// Members of a task's present round, by position.
    pub fn members(&self, task: u64) -> Vec<Worker> {
        let round = self.task(task).round;
        let round: RoundResponse = self.query(&QueryMsg::Round { task, round });
        let serving = round.members.iter();
        serving.map(|it| self.worker(&it.worker).clone()).collect()
    }

    pub fn request(&mut self, ask: &Ask) -> ExecuteMsg {
        self.asked += 1;
        let prompt = match &ask.block {
            Some(block) => block.clone(),
            None => format!("prompt {}", self.asked).into_bytes(),
        };
        let holders = self.workers.iter().rev().take(ask.holders);
        ExecuteMsg::PostTask {
            model: ask.model,
            prompt: Cid::of_raw(&prompt),
            prompt_bytes: ask.block.as_ref().map_or(400, |it| it.len() as u32),
            max_output_tokens: 256,
            holders: holders.map(|it| it.address.to_string()).collect(),
            block: ask.block.clone().map(Into::into),
            committee: ask.committee,
            callback: ask.callback.clone(),
        }
    }

    /// Exactly what an ask costs.
    pub fn cost(ask: &Ask) -> u128 {
        let bytes = ask.block.as_ref().map_or(400, Vec::len) as u128;
        let fee = 1_000 + bytes + 2_560;
        let deliver = if ask.callback.is_some() { 1_000 } else { 0 };
        fee * u128::from(ask.committee.unwrap_or(5)) + deliver
    }

    pub fn post(&mut self, ask: &Ask) -> u64 {
        let sender = match ask.callback {
            Some(_) => self.caller.clone(),
            None => self.requester.clone(),
        };
        let msg = self.request(ask);
        let response = self.run(&sender, &msg, Self::cost(ask));
        TaskAdded::try_from(&response.events[0]).unwrap().task
    }

    /// The message that draws a task, once its beacon round is published.
    pub fn beacon(&mut self, task: u64, draws: u32) -> ExecuteMsg {
        self.step(3);
        let round = self.task(task).waits_for.unwrap();
        ExecuteMsg::PublishBeacon {
            round,
            signature: self.beacon.sign(round),
            draws,
        }
    }

    pub fn draw(&mut self, task: u64) {
        let msg = self.beacon(task, 10);
        self.run(&self.stranger.clone(), &msg, 0);
    }

    pub fn advance(&mut self, tasks: &[u64]) -> Response {
        let tasks = tasks.to_vec();
        self.run(&self.stranger.clone(), &ExecuteMsg::Advance { tasks }, 0)
    }

    /// Commits of members to what each of them says: `says` gives the text by position.
    pub fn commits(
        &self,
        task: u64,
        members: &[Worker],
        says: &dyn Fn(usize) -> String,
    ) -> Vec<CommitItem> {
        let info = self.task(task);
        let one = |(index, member): (usize, &Worker)| {
            let ballot = actors::answer(&says(index), &info.task_digest, info.round);
            member.commit(task, info.task_digest.clone(), info.round, &ballot)
        };
        members.iter().enumerate().map(one).collect()
    }

    pub fn reveals(
        &self,
        task: u64,
        members: &[Worker],
        says: &dyn Fn(usize) -> String,
    ) -> Vec<RevealItem> {
        let info = self.task(task);
        let one = |(index, member): (usize, &Worker)| {
            let ballot = actors::answer(&says(index), &info.task_digest, info.round);
            member.reveal(task, info.task_digest.clone(), info.round, ballot)
        };
        members.iter().enumerate().map(one).collect()
    }

    pub fn commit(&mut self, commits: Vec<CommitItem>) {
        self.run(&self.stranger.clone(), &ExecuteMsg::Commit { commits }, 0);
    }

    pub fn reveal(&mut self, reveals: Vec<RevealItem>) {
        self.run(&self.stranger.clone(), &ExecuteMsg::Reveal { reveals }, 0);
    }

    /// A drawn round, committed by all of its members.
    pub fn committed(&mut self, task: u64, says: &dyn Fn(usize) -> String) -> Vec<Worker> {
        let members = self.members(task);
        let commits = self.commits(task, &members, says);
        self.commit(commits);
        members
    }

    /// A drawn round, voted on by all of its members.
    pub fn voted(&mut self, task: u64, says: &dyn Fn(usize) -> String) {
        let members = self.committed(task, says);
        let reveals = self.reveals(task, &members, says);
        self.reveal(reveals);
    }

    /// A new task whose answer stands.
    pub fn answered(&mut self, ask: &Ask) -> u64 {
        let task = self.post(ask);
        self.draw(task);
        self.voted(task, &same);
        task
    }

    /// A new task at its end.
    pub fn ended(&mut self, ask: &Ask) -> u64 {
        let task = self.answered(ask);
        self.pass(task);
        self.advance(&[task]);
        task
    }
}

/// All say the same.
pub fn same(_: usize) -> String {
    "the answer".to_owned()
}

/// Everybody says something else.
pub fn different(index: usize) -> String {
    format!("answer {index}")
}

pub fn info(sender: &Addr, amount: u128) -> MessageInfo {
    MessageInfo {
        sender: sender.clone(),
        funds: purse(amount),
    }
}

pub fn profile(worker: &Worker) -> ExecuteMsg {
    ExecuteMsg::UpdateWorker {
        endpoint: Some("https://worker.example.org:8443/antiphon".to_owned()),
        moniker: Some("a worker of twenty".to_owned()),
        voter: Some(worker.public_key()),
    }
}
