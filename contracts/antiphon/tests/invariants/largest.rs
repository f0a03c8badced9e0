//! The largest task that the protocol allows: rounds of 11, 23 and 31 members, with members replaced
//! in each (protocol, section 10). What holds for small ones holds for it.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_api::*;
use cosmwasm_std::testing::MockApi;
use cosmwasm_std::{Addr, Response, coins};

use crate::matrix::messages::{post, register};
use crate::suite::network::{DENOM, all};
use crate::suite::votes::*;
use crate::suite::{Beacon, Copy, Network, Options, Worker};

const WORKERS: u8 = 140;
const TASK: u64 = 1;

/// A network of many workers, without a chain around it.
struct Crowd {
    copy: Copy,
    beacon: Beacon,
    workers: BTreeMap<String, Worker>,
    stranger: Addr,
}

impl Crowd {
    fn new() -> Self {
        let options = Options::default();
        let network = Network::bare(&Options {
            params: Params {
                meter_permille: 1_000,
                ..options.params.clone()
            },
            ..options
        });
        let api = MockApi::default().with_prefix("wasm");
        let mut crowd = Self {
            copy: network.copy(),
            beacon: network.beacon,
            workers: BTreeMap::new(),
            stranger: network.stranger,
        };
        let stranger = crowd.stranger.clone();
        crowd.send(&stranger, &register(), 1_000);
        for seed in 0..WORKERS {
            let worker = Worker::new(api.addr_make(&format!("one of many {seed}")), seed);
            let update = ExecuteMsg::UpdateWorker {
                endpoint: Some("http://127.0.0.1:1".to_owned()),
                moniker: None,
                voter: Some(worker.public_key()),
            };
            crowd.send(&worker.address, &ExecuteMsg::Bond {}, 10_000);
            crowd.send(&worker.address, &update, 0);
            crowd.send(&worker.address, &ExecuteMsg::JoinModel { model: 1 }, 0);
            crowd.workers.insert(worker.address.to_string(), worker);
        }
        crowd.copy.blocks(1);
        crowd
    }

    fn send(&mut self, sender: &Addr, msg: &ExecuteMsg, amount: u128) -> Response {
        let funds = coins(amount, DENOM);
        let funds = if amount == 0 { &[] } else { funds.as_slice() };
        let answered = self.copy.execute_and_keep(sender, msg, funds).unwrap();
        assert_eq!(all::<VoteRefused>(&answered.events), []);
        answered
    }

    fn advance(&mut self) {
        let stranger = self.stranger.clone();
        let tasks = vec![TASK];
        self.send(&stranger, &ExecuteMsg::Advance { tasks }, 0);
    }

    fn draw(&mut self) {
        let round = self.copy.task(TASK).waits_for.unwrap();
        self.copy.blocks(3);
        let publish = ExecuteMsg::PublishBeacon {
            round,
            signature: self.beacon.sign(round),
            draws: 1,
        };
        let stranger = self.stranger.clone();
        self.send(&stranger, &publish, 0);
        assert_eq!(self.copy.task(TASK).status, TaskStatus::Committing);
    }

    /// What each member of the round says, by position; those who have committed already are left
    /// out.
    fn commit(&mut self, says: impl Fn(usize) -> Says) {
        let info = self.copy.task(TASK);
        let members = self.copy.round(TASK, info.round).members;
        let mut commits = Vec::new();
        for (index, member) in members.iter().enumerate() {
            if says(index) != Silent && member.commitment.is_none() {
                let worker = &self.workers[&member.worker];
                let said = ballot(says(index), &info.task_digest.0, info.round);
                commits.push(commit_item(
                    worker,
                    TASK,
                    info.task_digest,
                    info.round,
                    &said,
                ));
            }
        }
        let stranger = self.stranger.clone();
        self.send(&stranger, &ExecuteMsg::Commit { commits }, 0);
    }

    fn reveal(&mut self, says: impl Fn(usize) -> Says) {
        let info = self.copy.task(TASK);
        let members = self.copy.round(TASK, info.round).members;
        let mut reveals = Vec::new();
        for (index, member) in members.iter().enumerate() {
            if says(index) != Withholds {
                let worker = &self.workers[&member.worker];
                let said = ballot(says(index), &info.task_digest.0, info.round);
                reveals.push(reveal_item(
                    worker,
                    TASK,
                    info.task_digest,
                    info.round,
                    said,
                ));
            }
        }
        let stranger = self.stranger.clone();
        self.send(&stranger, &ExecuteMsg::Reveal { reveals }, 0);
    }

    /// A round in which those from `silent` on are replaced once, and then all say what is said.
    fn play(&mut self, silent: usize, says: fn(usize) -> Says) {
        self.draw();
        self.commit(|index| if index >= silent { Silent } else { says(index) });
        self.copy.blocks(150);
        self.advance();
        self.draw();
        self.commit(says);
        assert_eq!(self.copy.task(TASK).status, TaskStatus::Revealing);
        self.reveal(says);
        self.copy.blocks(61);
        self.advance();
    }
}

const fn split(index: usize) -> Says {
    match index % 3 {
        0 => Answer("a"),
        1 => Answer("b"),
        _ => Withholds,
    }
}

const fn mostly(index: usize) -> Says {
    match index {
        0..=24 => Answer("a"),
        25..=28 => Answer("b"),
        _ => Withholds,
    }
}

fn played() -> Crowd {
    let mut crowd = Crowd::new();
    let holder = crowd.workers.values().next().unwrap().address.clone();
    let mut ask = post(&holder);
    if let ExecuteMsg::PostTask { committee, .. } = &mut ask {
        *committee = Some(11);
    }
    let stranger = crowd.stranger.clone();
    crowd.send(&stranger, &ask, 1_100);
    assert_eq!(crowd.copy.task(TASK).rounds_possible, 3);
    crowd.play(5, split);
    crowd.play(10, split);
    crowd.play(15, mostly);
    crowd
}

#[test]
fn the_largest_task_moves_exactly_what_it_held() {
    let crowd = played();
    let info = crowd.copy.task(TASK);
    assert_eq!((info.status, info.round), (TaskStatus::Final, 2));
    let mut served = BTreeSet::new();
    let (mut paid, mut forfeited) = (0, 0);
    for (round, size) in [(0, 11), (1, 23), (2, 31)] {
        let it = crowd.copy.round(TASK, round);
        assert_eq!((it.size, it.members.len()), (size, size as usize));
        assert!(it.replaced.len() > 5);
        for member in it.members.iter().chain(&it.replaced) {
            assert!(served.insert(member.worker.clone()), "nobody serves twice");
            paid += member.paid.u128();
            forfeited += member.forfeited.u128();
        }
    }
    let moved = info.settlement.unwrap();
    assert_eq!(
        (paid, forfeited),
        (moved.paid.u128(), moved.forfeited.u128())
    );
    let out = moved.paid + moved.refunded + moved.burned;
    assert_eq!(out, info.escrow + moved.forfeited);
    // 4, 8 and 25 right members at f = 60 each: 240 from the escrow, the rest from forfeits.
    assert_eq!((moved.paid.u128(), moved.refunded.u128()), (37 * 60, 860));
    for worker in crowd.workers.values() {
        assert_eq!(crowd.copy.worker(&worker.address).locked.u128(), 0);
    }
    let totals = crowd.copy.totals();
    assert_eq!((totals.escrows.u128(), totals.to_burn.u128()), (0, 0));
    let model: ModelResponse = crowd.copy.read(QueryMsg::Model { model: 1 });
    assert_eq!(model.open_tasks, 0);
}
