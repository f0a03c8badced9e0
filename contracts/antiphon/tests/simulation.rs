//! Random operations of random actors: after each the books are right, and every task ends by
//! `advance` alone (protocol, section 12: invariants 1, 2, 3 and 4).

mod acts;

use std::cell::RefCell;
use std::collections::BTreeSet;

use antiphon_api::*;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use self::acts::{act, attempt, open, perform};
use crate::suite::{Network, Options};

/// A stranger alone brings every task to its end, without beacon and without votes.
fn end_all(network: &mut Network) {
    for _ in 0..200 {
        let tasks: Vec<u64> = open(network).iter().map(|it| it.task).collect();
        if tasks.is_empty() {
            return;
        }
        network.blocks(700);
        for some in tasks.chunks(10) {
            let msg = ExecuteMsg::Advance {
                tasks: some.to_vec(),
            };
            network.run(&network.stranger.clone(), &msg).unwrap();
        }
    }
    panic!("tasks without an exit: {:?}", open(network));
}

fn all_locks_are_free(network: &Network) {
    for worker in &network.workers {
        let info = network.worker(worker);
        assert_eq!(info.locked.u128(), 0, "{info:?}");
    }
    let model: ModelResponse = network.query(&QueryMsg::Model { model: 1 });
    assert_eq!(model.open_tasks, 0);
    let totals = network.totals();
    assert_eq!(totals.escrows.u128(), 0);
    assert_eq!(totals.to_burn.u128(), 0);
}

/// Whoever asked says something of every answer, once.
fn rate_all(network: &mut Network) {
    let requester = network.requester.clone();
    for task in 1..10 {
        let good = task % 2 == 0;
        attempt(network.run(&requester, &ExecuteMsg::Rate { task, good }));
    }
}

/// Everybody takes out what is its own; nothing but the model's deposit is left (invariant 14).
fn everybody_leaves(network: &mut Network) {
    network.step(1, 100);
    for worker in network.workers.clone() {
        let bond = network.worker(&worker).bond;
        let steps = [
            ExecuteMsg::Unjail {},
            ExecuteMsg::LeaveModel { model: 1 },
            ExecuteMsg::Unbond { amount: bond },
        ];
        for msg in &steps {
            attempt(network.run(&worker.address, msg));
        }
    }
    network.step(1, 60);
    let mut accounts = vec![network.requester.clone(), network.stranger.clone()];
    for worker in network.workers.clone() {
        attempt(network.run(&worker.address, &ExecuteMsg::ClaimUnbonded {}));
        accounts.push(worker.address);
    }
    for account in accounts {
        attempt(network.run(&account, &ExecuteMsg::Withdraw { amount: None }));
    }
    let totals = network.totals();
    assert_eq!((totals.balances.u128(), totals.bonds.u128()), (0, 0));
    assert_eq!(
        (totals.unbonding.u128(), totals.appeal_bonds.u128()),
        (0, 0)
    );
    let held = totals.coins_in - totals.withdrawn - totals.burned;
    assert_eq!(held, totals.model_deposits);
}

/// What every ended task moved is what it held.
fn settlements_add_up(network: &Network) {
    let msg = QueryMsg::Tasks {
        filter: TaskFilter::Done,
        start_after: None,
        limit: Some(30),
    };
    for task in network.query::<TasksResponse>(&msg).tasks {
        let moved = task.settlement.unwrap();
        let put_in = task.escrow + moved.forfeited + moved.appeal_bonds;
        let out = moved.paid + moved.refunded + moved.burned + moved.to_appellants;
        assert_eq!(put_in, out);
        let members: Vec<_> = (0..=task.round)
            .flat_map(|round| network.round(task.task, round).members)
            .collect();
        let sum = |of: fn(&MemberInfo) -> Uint128| members.iter().map(of).sum::<Uint128>();
        assert_eq!(sum(|it| it.paid), moved.paid);
        assert_eq!(sum(|it| it.forfeited), moved.forfeited);
        let most = task.full_fee * Uint128::new(members.len() as u128);
        assert!(moved.paid <= most, "nobody is paid more than F");
    }
}

/// What must have happened at least once, or the simulation shows nothing.
const EVENTS: [&str; 27] = [
    "committee_drawn",
    "draw_short",
    "members_replaced",
    "vote_committed",
    "reveal_opened",
    "vote_revealed",
    "vote_refused",
    "task_answered",
    "round_undecided",
    "task_appealed",
    "round_opened",
    "task_finalised",
    "task_rated",
    "unbonding",
    "unbonded_claimed",
    "worker_unjailed",
    "params_updated",
    "pause_set",
    "task_failed",
    "slashed",
    "slash_withheld",
    "worker_missed",
    "worker_jailed",
    "seat_left",
    "seat_joined",
    "withdrawn",
    "burned",
];

#[test]
fn the_books_are_right_after_every_operation() {
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let told = RefCell::new(BTreeSet::new());
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(
            &(prop::collection::vec(act(), 20..90), any::<bool>()),
            |(acts, many)| {
                let options = Options::default();
                let mut network = Network::start(&Options {
                    workers: if many { 22 } else { 9 },
                    owned: true,
                    params: Params {
                        appeal_window_blocks: 100,
                        ..options.params.clone()
                    },
                    ..options
                });
                for act in &acts {
                    perform(&mut network, act);
                }
                end_all(&mut network);
                rate_all(&mut network);
                all_locks_are_free(&network);
                settlements_add_up(&network);
                everybody_leaves(&mut network);
                told.borrow_mut().append(&mut network.told);
                Ok(())
            },
        )
        .unwrap();
    let told = told.into_inner();
    for event in EVENTS {
        assert!(told.contains(&format!("wasm-{event}")), "never saw {event}");
    }
}
