//! What random actors do in the simulation, in whatever order.

use antiphon_api::*;
use cosmwasm_std::Addr;
use proptest::prelude::*;

use crate::suite::votes::*;
use crate::suite::{Ask, Network};

/// What happens next. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub enum Act {
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
    /// A whole round of votes.
    Round {
        task: usize,
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
    Appeal {
        task: usize,
        account: usize,
    },
    Unbond {
        worker: usize,
        amount: u128,
    },
    Claim {
        worker: usize,
    },
    Unjail {
        worker: usize,
    },
    Rate {
        task: u64,
        good: bool,
    },
    Owner {
        what: usize,
    },
}

pub fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Ask),
        4 => (0..4_u32).prop_map(|draws| Act::Publish { draws }),
        8 => (0..4_usize, 0..16_usize, 1..8_usize, 0..8_usize).prop_map(
            |(task, from, count, says)| Act::Commit { task, from, count, says }
        ),
        8 => (0..4_usize, 0..16_usize, 1..8_usize)
            .prop_map(|(task, from, count)| Act::Reveal { task, from, count }),
        4 => (0..4_usize).prop_map(|task| Act::Round { task }),
        4 => Just(Act::Advance),
        4 => (1..160_u64).prop_map(|blocks| Act::Wait { blocks }),
        1 => (0..9_usize, 1..5_000_u128).prop_map(|(worker, amount)| Act::Bond { worker, amount }),
        1 => (0..9_usize).prop_map(|worker| Act::Leave { worker }),
        1 => (0..9_usize).prop_map(|worker| Act::Join { worker }),
        1 => (0..10_usize).prop_map(|account| Act::Withdraw { account }),
        4 => (0..4_usize, 0..10_usize).prop_map(|(task, account)| Act::Appeal { task, account }),
        1 => (0..9_usize, 1..9_000_u128)
            .prop_map(|(worker, amount)| Act::Unbond { worker, amount }),
        1 => (0..9_usize).prop_map(|worker| Act::Claim { worker }),
        1 => (0..9_usize).prop_map(|worker| Act::Unjail { worker }),
        1 => (1..6_u64, any::<bool>()).prop_map(|(task, good)| Act::Rate { task, good }),
        1 => (0..4_usize).prop_map(|what| Act::Owner { what }),
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
pub fn attempt<T>(result: Result<T, String>) -> bool {
    result.is_ok()
}

pub fn open(network: &Network) -> Vec<TaskResponse> {
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
pub fn perform(network: &mut Network, act: &Act) {
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
        Act::Round { task } => {
            perform(
                network,
                &Act::Commit {
                    task,
                    from: 0,
                    count: 31,
                    says: 0,
                },
            );
            perform(
                network,
                &Act::Reveal {
                    task,
                    from: 0,
                    count: 31,
                },
            );
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
            let account = account_of(network, account);
            attempt(network.run(&account, &ExecuteMsg::Withdraw { amount: None }));
        }
        Act::Appeal { task, account } => {
            let standing: Vec<_> = open(network)
                .into_iter()
                .filter(|task| task.appeal_bond.is_some())
                .collect();
            if let Some(task) = standing.get(task % standing.len().max(1)) {
                let bond = task.appeal_bond.unwrap_or_default().u128();
                let msg = ExecuteMsg::Appeal { task: task.task };
                attempt(network.pay(&account_of(network, account), &msg, bond));
            }
        }
        Act::Unbond { worker, amount } => {
            let amount = Uint128::new(amount);
            as_worker(network, worker, &ExecuteMsg::Unbond { amount });
        }
        Act::Claim { worker } => as_worker(network, worker, &ExecuteMsg::ClaimUnbonded {}),
        Act::Unjail { worker } => as_worker(network, worker, &ExecuteMsg::Unjail {}),
        Act::Rate { task, good } => {
            let requester = network.requester.clone();
            attempt(network.run(&requester, &ExecuteMsg::Rate { task, good }));
        }
        Act::Owner { what } => govern(network, what),
    }
}

fn account_of(network: &Network, account: usize) -> Addr {
    match network.workers.get(account) {
        Some(worker) => worker.address.clone(),
        None => network.requester.clone(),
    }
}

fn as_worker(network: &mut Network, worker: usize, msg: &ExecuteMsg) {
    let worker = network.workers[worker].address.clone();
    attempt(network.run(&worker, msg));
}

/// The owner pauses, resumes, or changes the rules in the middle of tasks.
fn govern(network: &mut Network, what: usize) {
    let owner = network.requester.clone();
    let mut params = network
        .query::<ParamsResponse>(&QueryMsg::Params { version: None })
        .params;
    let msg = match what {
        0 => ExecuteMsg::SetPaused { paused: true },
        1 => ExecuteMsg::SetPaused { paused: false },
        2 => {
            params.lock_multiple = 10 + params.lock_multiple % 40;
            ExecuteMsg::UpdateParams { params }
        }
        _ => {
            params.reveal_window_blocks = 5 + params.reveal_window_blocks % 60;
            params.meter_permille = 1 + params.meter_permille * 7 % 1_000;
            ExecuteMsg::UpdateParams { params }
        }
    };
    attempt(network.run(&owner, &msg));
}
