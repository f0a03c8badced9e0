//! Random operations of random actors: after each the books are right, and every task ends by
//! `advance` alone (protocol, section 12: invariants 1, 2, 3 and 4).

use std::cell::RefCell;
use std::collections::BTreeSet;

use antiphon_api::*;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

/// What happens next. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Act {
    Ask,
    Publish {
        draws: u32,
    },
    Commit {
        task: usize,
        from: usize,
        count: usize,
        says: usize,
    },
    Reveal {
        task: usize,
        from: usize,
        count: usize,
    },
    Advance,
    Wait {
        blocks: u64,
    },
    Bond {
        worker: usize,
        amount: u128,
    },
    Leave {
        worker: usize,
    },
    Join {
        worker: usize,
    },
    Withdraw {
        account: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Ask),
        4 => (0..4_u32).prop_map(|draws| Act::Publish { draws }),
        8 => (0..4_usize, 0..16_usize, 1..8_usize, 0..8_usize).prop_map(
            |(task, from, count, says)| Act::Commit { task, from, count, says }
        ),
        8 => (0..4_usize, 0..16_usize, 1..8_usize)
            .prop_map(|(task, from, count)| Act::Reveal { task, from, count }),
        4 => Just(Act::Advance),
        4 => (1..160_u64).prop_map(|blocks| Act::Wait { blocks }),
        1 => (0..9_usize, 1..5_000_u128).prop_map(|(worker, amount)| Act::Bond { worker, amount }),
        1 => (0..9_usize).prop_map(|worker| Act::Leave { worker }),
        1 => (0..9_usize).prop_map(|worker| Act::Join { worker }),
        1 => (0..10_usize).prop_map(|account| Act::Withdraw { account }),
    ]
}

const SAYS: [Says; 8] = [
    Answer("a"),
    Answer("a"),
    Answer("a"),
    Answer("a"),
    Answer("b"),
    Untraced("a"),
    Unavailable,
    Invalid,
];

/// What each member says in each round is a function of both, so that reveals match commits.
fn says_of(network: &Network, address: &str, task: u64, bias: usize) -> Says {
    let index = network
        .workers
        .iter()
        .position(|it| it.address.as_str() == address)
        .unwrap();
    SAYS[(index * 5 + task as usize * 3 + bias) % SAYS.len()]
}

/// Refusals are part of the game: the suite checks that they change nothing.
fn attempt<T>(result: Result<T, String>) -> bool {
    result.is_ok()
}

fn open(network: &Network) -> Vec<TaskResponse> {
    let msg = QueryMsg::Tasks {
        filter: TaskFilter::Open,
        start_after: None,
        limit: Some(30),
    };
    network.query::<TasksResponse>(&msg).tasks
}

fn chosen(network: &Network, task: usize) -> Option<TaskResponse> {
    let tasks = open(network);
    tasks.get(task % tasks.len().max(1)).cloned()
}

/// Does one thing; what is refused is refused whole, which the suite checks.
fn perform(network: &mut Network, act: &Act) {
    let stranger = network.stranger.clone();
    match *act {
        Act::Ask => {
            attempt(network.ask(&Ask::default()));
        }
        Act::Publish { draws } => {
            let beacon: BeaconResponse = network.query(&QueryMsg::Beacon {});
            if let Some(awaited) = beacon.awaited.last() {
                let now = network.app.block_info().time.seconds();
                network.blocks(awaited.published.saturating_sub(now));
                attempt(network.publish(awaited.round, draws));
            }
        }
        Act::Commit {
            task,
            from,
            count,
            says,
        } => {
            let Some(task) = chosen(network, task) else {
                return;
            };
            let members = network.members(task.task, task.round);
            let commits: Vec<_> = (0..count.min(members.len()))
                .map(|offset| &members[(from + offset) % members.len()])
                .map(|worker| {
                    // A fixed bias a task: half of all tasks agree, the others quarrel.
                    let bias = if task.task % 2 == 0 { 0 } else { says };
                    let said = match bias {
                        0 => Answer("a"),
                        _ => says_of(network, worker.address.as_str(), task.task, 1),
                    };
                    network.commit_of(worker, task.task, said)
                })
                .collect();
            if !commits.is_empty() {
                network.commit(commits);
            }
        }
        Act::Reveal { task, from, count } => {
            let Some(task) = chosen(network, task) else {
                return;
            };
            let members = network.members(task.task, task.round);
            for offset in 0..count.min(members.len()) {
                let worker = &members[(from + offset) % members.len()];
                let varied = says_of(network, worker.address.as_str(), task.task, 1);
                for said in [Answer("a"), varied] {
                    let item = network.reveal_of(worker, task.task, said);
                    network.reveal(vec![item]);
                }
            }
        }
        Act::Advance => {
            let tasks = open(network).iter().map(|it| it.task).take(10).collect();
            network
                .run(&stranger, &ExecuteMsg::Advance { tasks })
                .unwrap();
        }
        Act::Wait { blocks } => network.blocks(blocks),
        Act::Bond { worker, amount } => {
            let worker = network.workers[worker].address.clone();
            network.pay(&worker, &ExecuteMsg::Bond {}, amount).unwrap();
        }
        Act::Leave { worker } => {
            let worker = network.workers[worker].address.clone();
            attempt(network.run(&worker, &ExecuteMsg::LeaveModel { model: 1 }));
        }
        Act::Join { worker } => {
            let worker = network.workers[worker].address.clone();
            attempt(network.run(&worker, &ExecuteMsg::JoinModel { model: 1 }));
        }
        Act::Withdraw { account } => {
            let account = match network.workers.get(account) {
                Some(worker) => worker.address.clone(),
                None => network.requester.clone(),
            };
            attempt(network.run(&account, &ExecuteMsg::Withdraw { amount: None }));
        }
    }
}

/// A stranger alone brings every task to its end, without beacon and without votes.
fn end_all(network: &mut Network) {
    for _ in 0..60 {
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

/// What every ended task moved is what it held.
fn settlements_add_up(network: &Network) {
    let msg = QueryMsg::Tasks {
        filter: TaskFilter::Done,
        start_after: None,
        limit: Some(30),
    };
    for task in network.query::<TasksResponse>(&msg).tasks {
        let moved = task.settlement.unwrap();
        let put_in = task.escrow + moved.forfeited;
        assert_eq!(put_in, moved.paid + moved.refunded + moved.burned);
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
const EVENTS: [&str; 19] = [
    "committee_drawn",
    "draw_short",
    "members_replaced",
    "vote_committed",
    "reveal_opened",
    "vote_revealed",
    "vote_refused",
    "task_answered",
    "round_undecided",
    "task_finalised",
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
        .run(&prop::collection::vec(act(), 20..90), |acts| {
            let mut network = Network::start(&Options::workers(9));
            for act in &acts {
                perform(&mut network, act);
            }
            end_all(&mut network);
            all_locks_are_free(&network);
            settlements_add_up(&network);
            told.borrow_mut().append(&mut network.told);
            Ok(())
        })
        .unwrap();
    let told = told.into_inner();
    for event in EVENTS {
        assert!(told.contains(&format!("wasm-{event}")), "never saw {event}");
    }
}
