//! One network in which every message is due for somebody, and everybody who could send it.

use antiphon_api::*;
use cosmwasm_std::Addr;
use cosmwasm_std::testing::MockApi;

use super::messages::{post, register};
use crate::suite::network::{DENOM, find};
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options, Worker};

/// The tasks of the world by where they stand, and its actors by their part.
pub struct World {
    pub network: Network,
    pub roles: Vec<(&'static str, Addr)>,
    /// Waits for randomness that is published.
    pub drawing: u64,
    pub committing: u64,
    pub revealing: u64,
    pub answered: u64,
    /// Its draw window is over.
    pub due: u64,
    /// Final with an answer that nobody rated.
    pub ended: u64,
    /// Final with a callback that nobody delivered.
    pub untold: u64,
    pub member: Worker,
}

/// A model of the publisher that nobody serves.
pub const IDLE_MODEL: u64 = 2;

fn account(name: &str) -> Addr {
    MockApi::default().with_prefix("wasm").addr_make(name)
}

/// An account with a purse, whose balance the suite counts.
fn rich(network: &mut Network, name: &str) -> Addr {
    let address = account(name);
    fill_purse(network, &address);
    network.others.push(address.clone());
    address
}

fn fill_purse(network: &mut Network, address: &Addr) {
    network
        .app
        .init_modules(|router, _, storage| {
            let purse = vec![
                cosmwasm_std::coin(1_000_000, DENOM),
                cosmwasm_std::coin(1_000, "uother"),
            ];
            router.bank.init_balance(storage, address, purse)
        })
        .unwrap();
}

fn start() -> Network {
    let options = Options::default();
    let mut network = Network::start(&Options {
        workers: 18,
        bond: 100_000,
        owned: true,
        params: Params {
            appeal_window_blocks: 100,
            max_misses: 2,
            ..options.params.clone()
        },
        ..options
    });
    network.register();
    network.model = 1;
    network
}

/// Plays whole tasks in which one worker stays away until it is in jail, and out of its time there.
fn jail(network: &mut Network, bad: &Worker) -> u64 {
    loop {
        let task = finish(network, &Ask::default(), bad);
        if network.worker(bad).jailed_until.is_some() {
            network.step(1, 10);
            return task;
        }
    }
}

/// A task from post to its end; one worker is silent if it is drawn.
fn finish(network: &mut Network, ask: &Ask, silent: &Worker) -> u64 {
    let task = network.ask(ask).unwrap();
    network.draw(task);
    let says: Vec<_> = network
        .members(task, 0)
        .iter()
        .map(|it| match it.address == silent.address {
            true => Silent,
            false => Answer("a"),
        })
        .collect();
    network.play(task, &says);
    network.blocks(101);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Final);
    task
}

/// The ownership moves twice: there is a former owner, an owner, and one to whom it is offered.
fn hand_over(network: &mut Network, first: &Addr) -> [Addr; 3] {
    let [former, owner, pending] =
        ["former owner", "owner", "pending owner"].map(|name| rich(network, name));
    let steps = [(first, &former), (&former, &owner), (&owner, &pending)];
    for (from, to) in steps {
        let offer = ExecuteMsg::TransferOwnership {
            to: Some(to.to_string()),
        };
        network.run(from, &offer).unwrap();
        if *to != pending {
            network.run(to, &ExecuteMsg::AcceptOwnership {}).unwrap();
        }
    }
    [former, owner, pending]
}

/// Posts a task from any account.
fn post_from(network: &mut Network, from: &Addr, wanted: Option<Callback>) -> u64 {
    let coins = if wanted.is_some() { 510 } else { 500 };
    let mut msg = post(&network.workers[0].address);
    if let ExecuteMsg::PostTask { callback, .. } = &mut msg {
        *callback = wanted;
    }
    let posted = network.pay(from, &msg, coins).unwrap();
    find::<TaskAdded>(&posted.events).unwrap().task
}

/// A task of an account that wants to be told, played to its end.
fn untold(network: &mut Network, asker: &Addr, silent: &Worker) -> u64 {
    let callback = Callback {
        gas_limit: 1_000,
        with_text: true,
    };
    let task = post_from(network, asker, Some(callback));
    network.draw(task);
    let members = network.members(task, 0);
    assert!(members.iter().all(|it| it.address != silent.address));
    network.play(task, &[Answer("a"); 5]);
    network.blocks(101);
    network.advance(task);
    task
}

/// A drawn task with a wanted member; tasks without it are played to their ends.
fn drawn_with(network: &mut Network, member: &Worker, nobody: &Worker) -> u64 {
    loop {
        let task = network.ask(&Ask::default()).unwrap();
        network.draw(task);
        let members = network.members(task, 0);
        if members.iter().any(|it| it.address == member.address) {
            return task;
        }
        assert!(members.iter().all(|it| it.address != nobody.address));
        network.play(task, &[Answer("a"); 5]);
        network.blocks(1);
    }
}

/// Takes a worker out of service, its bond claimable.
fn leave(network: &mut Network, worker: &Worker) {
    let steps = [
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::Unbond {
            amount: Uint128::new(90_000),
        },
    ];
    for msg in &steps {
        network.run(&worker.address, msg).unwrap();
    }
    network.step(1, 61);
}

impl World {
    pub fn new() -> Self {
        let mut network = start();
        let first = network.requester.clone();
        network.others.push(first.clone());
        network.requester = account("the requester");
        fill_purse(&mut network, &account("the requester"));
        let other_publisher = rich(&mut network, "publisher 2");
        network.pay(&other_publisher, &register(), 1_000).unwrap();
        let [former, owner, pending] = hand_over(&mut network, &first);
        let [asker, other, voter] =
            ["a contract that asked", "requester 2", "voter"].map(|name| rich(&mut network, name));
        let (jailed, leaver) = (network.workers[16].clone(), network.workers[17].clone());
        let ended = jail(&mut network, &jailed);
        leave(&mut network, &leaver);
        let untold = untold(&mut network, &asker, &jailed);
        let due = post_from(&mut network, &other, None);
        network.blocks(61);
        let answered = network.ask(&Ask::default()).unwrap();
        network.draw(answered);
        network.play(answered, &[Answer("a"); 5]);
        let member = network.workers[3].clone();
        let revealing = drawn_with(&mut network, &member, &jailed);
        network.commit_all(revealing, &[Answer("a"); 5]);
        let committing = drawn_with(&mut network, &member, &jailed);
        let drawing = network.ask(&Ask::default()).unwrap();
        network.blocks(3);
        let roles = roles(&network, &member, committing, revealing);
        let mut world = Self {
            roles,
            drawing,
            committing,
            revealing,
            answered,
            due,
            ended,
            untold,
            member,
            network,
        };
        world.add_roles(vec![
            ("other requester", other),
            ("jailed worker", jailed.address),
            ("worker without a seat", leaver.address),
            ("contract that asked", asker),
            ("other publisher", other_publisher),
            ("account of a voter key", voter),
            ("owner", owner),
            ("pending owner", pending),
            ("former owner", former),
        ]);
        world
    }

    /// Everybody has a small balance, so that a withdrawal is fine.
    fn add_roles(&mut self, more: Vec<(&'static str, Addr)>) {
        self.roles.extend(more);
        for (_, address) in &self.roles {
            let deposit = ExecuteMsg::Deposit {};
            self.network.pay(address, &deposit, 3).unwrap();
        }
        let task = |id: u64| self.network.task(id);
        assert_eq!(task(self.revealing).status, TaskStatus::Revealing);
        assert_eq!(task(self.committing).status, TaskStatus::Committing);
        assert!(task(self.answered).appeal_bond.is_some());
        assert!(task(self.due).due && task(self.untold).callback.is_some());
    }

    pub fn role(&self, name: &str) -> Addr {
        let mut roles = self.roles.iter();
        roles.find(|(role, _)| *role == name).unwrap().1.clone()
    }
}

fn roles(
    network: &Network,
    member: &Worker,
    committing: u64,
    revealing: u64,
) -> Vec<(&'static str, Addr)> {
    let busy = [committing, revealing].map(|task| network.members(task, 0));
    let busy: Vec<_> = busy.iter().flatten().map(|it| &it.address).collect();
    let seated = &network.workers[..16];
    let idle = seated.iter().find(|it| !busy.contains(&&it.address));
    vec![
        ("requester", network.requester.clone()),
        ("stranger", network.stranger.clone()),
        ("member of the committee", member.address.clone()),
        ("worker not in the committee", idle.unwrap().address.clone()),
        ("publisher", network.publisher.clone()),
    ]
}
