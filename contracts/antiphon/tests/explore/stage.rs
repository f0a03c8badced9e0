//! A network on which courses are replayed: its draws find as many seats as they must.

use antiphon_api::*;
use cosmwasm_std::{Addr, Coin, coins};
use cw_multi_test::Executor;

use super::ends::LOCK;
use super::world::{Act, Scope};
use crate::suite::network::{DENOM, find};
use crate::suite::votes::{Says, commit_item, reveal_item};
use crate::suite::{Network, Options, Worker};

/// Rounds of 3, 7 and 15; or of 3 and 7, and as many replaced in each.
const WORKERS: u8 = 25;

/// The task's prompt, of the worked example's ten bytes.
const PROMPT: &str = "0123456789";

pub struct Stage {
    pub network: Network,
    pub task: u64,
    pub digest: Hex<32>,
    carried: bool,
}

fn options(scope: &Scope, full_meter: bool) -> Options {
    let mut options = Options {
        workers: WORKERS,
        bond: if full_meter { 20_000 } else { 10_000_000 },
        insecure: true,
        ..Options::default()
    };
    let params = &mut options.params;
    params.max_rounds = scope.rounds().into();
    (params.max_draws, params.max_misses) = (scope.max_draws, 100);
    params.appeal_window_blocks = 60;
    (params.draw_window_blocks, params.draw_window_seconds) = (20, 20);
    if full_meter {
        // Whatever is forfeited first fills it for good.
        (params.meter_permille, params.meter_blocks) = (1, 100_000);
    }
    options
}

/// Somebody withholds its ballot: its lock is more than the meter takes.
fn fill_meter(network: &mut Network) {
    let same = Says::Answer("same");
    let task = network.settle(&[same, same, same, same, Says::Withholds]);
    network.blocks(100);
    network.advance(task);
    let settlement = network.task(task).settlement.unwrap();
    assert_eq!(settlement.forfeited.u128(), LOCK);
}

impl Stage {
    pub fn start(scope: &Scope, full_meter: bool) -> Self {
        let mut network = Network::start(&options(scope, full_meter));
        if full_meter {
            fill_meter(&mut network);
        }
        Self {
            network,
            task: 0,
            digest: Hex([0; 32]),
            carried: scope.carried,
        }
    }

    /// Executes without the books' check after each message: that is made once for each course.
    fn execute(
        &mut self,
        sender: &Addr,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Vec<cosmwasm_std::Event> {
        let contract = self.network.contract.clone();
        let done = self
            .network
            .app
            .execute_contract(sender.clone(), contract, msg, funds);
        done.unwrap_or_else(|error| panic!("{msg:?}: {error:#}"))
            .events
    }

    fn by_stranger(&mut self, msg: &ExecuteMsg) {
        let stranger = self.network.stranger.clone();
        self.execute(&stranger, msg, &[]);
    }

    pub fn post(&mut self) {
        self.network.blocks(1);
        let holder = self.network.workers[0].address.to_string();
        let msg = ExecuteMsg::PostTask {
            model: self.network.model,
            prompt: Cid::of_raw(PROMPT.as_bytes()),
            prompt_bytes: 10,
            max_output_tokens: 80,
            holders: vec![holder],
            block: self.carried.then(|| PROMPT.as_bytes().into()),
            committee: Some(3),
            callback: None,
        };
        let requester = self.network.requester.clone();
        let events = self.execute(&requester, &msg, &coins(300, DENOM));
        let added: TaskAdded = find(&events).unwrap();
        self.task = added.task;
        self.digest = self.network.task(added.task).task_digest;
    }

    /// Does what an act says; `ballot` is what a committing member is bound to.
    pub fn act(&mut self, act: Act, draws: bool, round: u8, ballot: Option<Ballot>) {
        match act {
            Act::Publish => self.publish(),
            Act::Wait => self.wait(round),
            Act::Advance { found } => {
                if draws {
                    self.pass_over_all_but(found.into());
                    self.network.blocks(1);
                }
                let tasks = vec![self.task];
                self.by_stranger(&ExecuteMsg::Advance { tasks });
            }
            Act::Commit(index) => {
                let worker = self.member(round, index);
                let ballot = ballot.unwrap();
                let commit = commit_item(&worker, self.task, self.digest, round, &ballot);
                self.by_stranger(&ExecuteMsg::Commit {
                    commits: vec![commit],
                });
            }
            Act::Reveal(index, said) => {
                let worker = self.member(round, index);
                let ballot = said.ballot(round);
                let reveal = reveal_item(&worker, self.task, self.digest, round, ballot);
                self.by_stranger(&ExecuteMsg::Reveal {
                    reveals: vec![reveal],
                });
            }
            Act::Appeal => {
                let stranger = self.network.stranger.clone();
                let bond = self.network.task(self.task).appeal_bond.unwrap();
                let msg = ExecuteMsg::Appeal {
                    task: self.task,
                    round: None,
                };
                self.execute(&stranger, &msg, &coins(bond.u128(), DENOM));
            }
        }
    }

    fn publish(&mut self) {
        self.network.step(1, 2);
        let round = self.network.task(self.task).waits_for.unwrap();
        let signature = self.network.beacon.sign(round);
        self.by_stranger(&ExecuteMsg::PublishBeacon {
            round,
            signature,
            draws: 0,
        });
    }

    /// The first block after the window of the task's status.
    fn wait(&mut self, round: u8) {
        let task = self.network.task(self.task);
        let blocks = match task.deadline {
            Some(deadline) => deadline + 1 - self.network.height(),
            // The draw window, ten times as long in later rounds, from wherever it began.
            None if round == 0 => 21,
            None => 201,
        };
        self.network.blocks(blocks);
    }

    fn member(&self, round: u8, index: u8) -> Worker {
        let members = self.network.round(self.task, round).members;
        let found = members.iter().find(|it| it.position == u32::from(index));
        self.network.actor(&found.unwrap().worker)
    }

    /// Leaves so many seats for the next draw, of workers who are not in the task. The others leave
    /// and join again: a seat younger than the vacancies is passed over, until new ones arise.
    fn pass_over_all_but(&mut self, found: usize) {
        let last = self.network.task(self.task).round;
        let mut taken = Vec::new();
        for round in 0..=last {
            let round = self.network.round(self.task, round);
            let members = round.members.into_iter().chain(round.replaced);
            taken.extend(members.map(|it| it.worker));
        }
        let model = self.network.model;
        let workers = self.network.workers.iter();
        let free: Vec<_> = workers
            .filter(|it| !taken.contains(&it.address.to_string()))
            .cloned()
            .collect();
        assert!(
            free.len() >= found,
            "want {found} seats, got {}",
            free.len()
        );
        for worker in free.iter().skip(found) {
            self.execute(&worker.address, &ExecuteMsg::LeaveModel { model }, &[]);
            self.execute(&worker.address, &ExecuteMsg::JoinModel { model }, &[]);
        }
    }
}
