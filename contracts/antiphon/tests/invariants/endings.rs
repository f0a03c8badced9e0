//! Every task ends, and whom that costs something.

use antiphon_api::*;

use super::pass_window;
use crate::matrix::world::World;
use crate::suite::votes::*;
use crate::suite::{Ask, Copy, Network, Options};

/// A stranger alone, without beacon and without votes, ends a task.
fn end_alone(mut copy: Copy, network: &Network, task: u64) -> TaskResponse {
    for _ in 0..20 {
        let info = copy.task(task);
        if matches!(info.status, TaskStatus::Final | TaskStatus::Failed) {
            return info;
        }
        copy.blocks(3_700);
        let tasks = (1..=task).rev().take(10).collect();
        let advance = ExecuteMsg::Advance { tasks };
        copy.execute(&network.stranger, &advance, &[]).unwrap();
    }
    panic!("no exit: {:?}", copy.task(task))
}

/// A network with a task that came as far as is said.
fn at(steps: usize) -> (Network, u64) {
    let mut network = Network::start(&Options::workers(24));
    let task = network.ask(&Ask::default()).unwrap();
    let split = [
        Answer("a"),
        Answer("b"),
        Answer("a"),
        Answer("b"),
        Answer("a"),
    ];
    let walk: [&dyn Fn(&mut Network); 9] = [
        &|network| drop(network.draw(task)),
        &|network| drop(network.commit_all(task, &[Answer("a"), Silent, Silent, Silent, Silent])),
        &|network| {
            pass_window(network, task);
            network.advance(task);
        },
        &|network| {
            network.draw(task);
            let rest = network.members(task, 0);
            let commits = rest.iter().zip(split);
            let commits = commits.map(|(it, says)| network.commit_of(it, task, says));
            let commits = commits.collect();
            network.commit(commits);
        },
        &|network| drop(network.reveal_all(task, &split)),
        &|network| drop(network.advance(task)),
        &|network| network.draw_and_play(task, &[Answer("a"); 11]),
        &|network| drop(network.advance(task)),
        &|network| network.blocks(1),
    ];
    for step in &walk[..steps] {
        step(&mut network);
    }
    (network, task)
}

impl Network {
    fn draw_and_play(&mut self, task: u64, says: &[Says]) {
        self.draw(task);
        self.play(task, says);
    }
}

#[test]
fn invariant_03_a_strangers_advance_alone_ends_every_task() {
    let mut seen = std::collections::BTreeSet::new();
    for steps in 0..=9 {
        let (network, task) = at(steps);
        let info = network.task(task);
        seen.insert(format!("{:?} {}", info.status, info.round));
        let ended = end_alone(network.copy(), &network, task);
        let moved = ended.settlement.unwrap();
        let sum = moved.paid + moved.refunded + moved.burned;
        assert_eq!(sum, ended.escrow + moved.forfeited);
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn invariant_03_every_task_of_a_busy_network_has_an_exit() {
    let world = World::new();
    let open = [
        world.drawing,
        world.committing,
        world.revealing,
        world.answered,
        world.due,
    ];
    for task in open {
        end_alone(world.network.copy(), &world.network, task);
    }
    let mut appealed = world.network.copy();
    let appeal = ExecuteMsg::Appeal {
        task: world.answered,
        round: None,
    };
    let funds = cosmwasm_std::coins(4_100, crate::suite::network::DENOM);
    appealed
        .execute(&world.network.stranger, &appeal, &funds)
        .unwrap();
    let ended = end_alone(appealed, &world.network, world.answered);
    assert!(
        ended.contested,
        "the beacon never came: the answer stands, contested"
    );
}

#[test]
fn invariant_10_without_a_quorum_a_task_ends_and_only_withholders_lose_a_lock() {
    let cases: [[Says; 5]; 9] = [
        [
            Answer("a"),
            Answer("a"),
            Answer("a"),
            Answer("b"),
            Answer("b"),
        ],
        [
            Answer("a"),
            Answer("b"),
            Answer("c"),
            Answer("d"),
            Answer("e"),
        ],
        [Answer("a"), Answer("a"), Answer("b"), Answer("b"), Invalid],
        [
            Answer("a"),
            Untraced("a"),
            Answer("a"),
            Untraced("a"),
            Answer("a"),
        ],
        [Unavailable, Unavailable, Unavailable, Answer("a"), Invalid],
        [
            Answer("a"),
            Answer("a"),
            Answer("b"),
            Answer("b"),
            Withholds,
        ],
        [Withholds; 5],
        [Answer("a"), Answer("a"), Answer("a"), Withholds, Withholds],
        [Answer("a"), Answer("b"), Unavailable, Silent, Invalid],
    ];
    for says in cases {
        let mut network = Network::five();
        let task = network.settle(&says);
        assert_eq!(network.task(task).status, TaskStatus::Failed, "{says:?}");
        for (member, said) in network.round(task, 0).members.iter().zip(says) {
            let lost = u128::from(said == Withholds) * 3_000;
            assert_eq!(member.forfeited.u128(), lost, "{says:?}");
            let worker = network.worker(&network.actor(&member.worker));
            let charged = u128::from(said == Silent) * 10;
            assert_eq!(worker.bond.u128(), 10_000 - lost - charged, "{says:?}");
        }
    }
    let mut nobody = Network::five();
    let task = nobody.ask(&Ask::default()).unwrap();
    nobody.draw(task);
    let ended = end_alone(nobody.copy(), &nobody, task);
    assert_eq!(ended.status, TaskStatus::Failed);
    assert_eq!(ended.settlement.unwrap().forfeited.u128(), 0);
}

/// What one of five may do; four follow the protocol.
const DEVIATIONS: [Says; 6] = [
    Answer("lie"),
    Untraced("a"),
    Invalid,
    Unavailable,
    Withholds,
    Silent,
];

/// One task in which one worker says something else than "a".
fn play_with(network: &mut Network, other: &crate::suite::Worker, says: Says) -> u64 {
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    let all: Vec<_> = members
        .iter()
        .map(|it| match it.address == other.address {
            true => says,
            false => Answer("a"),
        })
        .collect();
    network.play(task, &all);
    network.blocks(200);
    network.advance(task);
    task
}

#[test]
fn invariant_15_with_an_honest_quorum_no_follower_loses_more_than_miss_charges() {
    let mut network = Network::start(&Options {
        bond: 50_000,
        ..Options::default()
    });
    let (deviant, offline) = (network.workers[0].clone(), network.workers[1].clone());
    for deviation in DEVIATIONS {
        let task = play_with(&mut network, &deviant, deviation);
        let outcome = network.task(task).outcome.unwrap();
        let right = matches!(outcome, Ballot::Answer { cid, .. } if cid == Cid::of_raw(b"a"));
        assert!(right, "an honest quorum decides: {outcome:?}");
        for member in network.round(task, 0).members {
            if member.worker != deviant.address.as_str() {
                assert_eq!((member.forfeited.u128(), member.paid.u128()), (0, 60));
            }
        }
    }
    play_with(&mut network, &offline, Silent);
    for worker in &network.workers[2..] {
        assert_eq!(network.worker(worker).bond.u128(), 50_000);
    }
    assert_eq!(network.worker(&offline).bond.u128(), 49_990, "one miss");
    assert!(network.worker(&deviant).bond.u128() < 50_000 - 3_000);
}
