//! What is locked stays locked.

use antiphon_api::*;
use cosmwasm_std::Addr;

use super::order::orders;
use super::{pass_window, send};
use crate::suite::network::find;
use crate::suite::votes::*;
use crate::suite::{Ask, Copy, Network, Options, Worker};

/// Five workers whose bond is two locks, and a meter that takes every forfeit.
fn two_locks_each() -> Network {
    let options = Options::default();
    Network::start(&Options {
        bond: 6_000,
        params: Params {
            meter_permille: 1_000,
            ..options.params.clone()
        },
        ..options
    })
}

#[test]
fn invariant_02_every_lock_is_covered_until_the_last_one_is_taken() {
    let mut network = two_locks_each();
    let tasks = [0, 1, 2].map(|_| network.ask(&Ask::default()).unwrap());
    let drawn = network.draw(tasks[0]);
    let short: DrawShort = find(&drawn.events).unwrap();
    assert_eq!((short.task, short.found), (tasks[2], 0), "no bond is left");
    let liar = network.workers[0].clone();
    assert_eq!(network.worker(&liar).locked.u128(), 6_000);
    let steps = [
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::Unbond {
            amount: Uint128::new(6_000),
        },
    ];
    for msg in &steps {
        network.run(&liar.address, msg).unwrap();
    }
    network.step(1, 60);
    let claimed = network.run(&liar.address, &ExecuteMsg::ClaimUnbonded {});
    assert!(claimed.unwrap_err().contains("E_LOCKED"));
    for (task, left) in [(tasks[0], 3_000), (tasks[1], 0)] {
        let members = network.members(task, 0);
        let says: Vec<_> = members
            .iter()
            .map(|it| match it.address == liar.address {
                true => Withholds,
                false => Answer("a"),
            })
            .collect();
        network.commit_all(task, &says);
        network.reveal_all(task, &says);
        pass_window(&mut network, task);
        network.advance(task);
        let info = network.worker(&liar);
        assert_eq!((info.bond.u128(), info.unbonding.u128()), (0, left));
        assert_eq!(info.locked.u128(), left);
    }
}

/// A worker in a task that is being revealed, with two others in which nobody has committed.
fn in_three_tasks() -> (Network, Worker, [u64; 3]) {
    let options = Options::default();
    let mut network = Network::start(&Options {
        bond: 30_000,
        params: Params {
            reveal_window_blocks: 1_000,
            max_misses: 2,
            max_draws: 1,
            meter_permille: 1_000,
            ..options.params.clone()
        },
        ..options
    });
    let tasks = [0, 1, 2].map(|_| network.ask(&Ask::default()).unwrap());
    network.draw(tasks[0]);
    let worker = network.workers[0].clone();
    network.commit_all(tasks[0], &[Answer("a"); 5]);
    network.blocks(150);
    (network, worker, tasks)
}

/// What its owner, and others, can do to free a bond.
#[derive(Clone, Copy, Debug)]
enum Move {
    Leave,
    UnbondHalf,
    UnbondAll,
    Claim,
    /// The two other tasks end: two misses, jail.
    Jail,
}

fn perform(copy: &mut Copy, network: &Network, worker: &Addr, what: Move, tasks: &[u64; 3]) {
    let bond = copy.worker(worker).bond;
    let own = match what {
        Move::Leave => ExecuteMsg::LeaveModel { model: 1 },
        Move::UnbondHalf => ExecuteMsg::Unbond {
            amount: bond / Uint128::new(2),
        },
        Move::UnbondAll => ExecuteMsg::Unbond { amount: bond },
        Move::Claim => {
            copy.blocks(61);
            ExecuteMsg::ClaimUnbonded {}
        }
        Move::Jail => {
            let tasks = tasks[1..].to_vec();
            send(copy, network, &ExecuteMsg::Advance { tasks });
            assert!(copy.worker(worker).jailed_until.is_some());
            return;
        }
    };
    // Refused in some orders: that is the point.
    drop(copy.execute(worker, &own, &[]));
}

#[test]
fn invariant_11_no_order_of_leaving_frees_the_lock_of_an_open_task() {
    let (network, worker, tasks) = in_three_tasks();
    let moves = [
        Move::Leave,
        Move::UnbondHalf,
        Move::UnbondAll,
        Move::Claim,
        Move::Jail,
    ];
    let mut claimed = 0;
    for order in orders(&moves) {
        let mut copy = network.copy();
        for what in &order {
            perform(&mut copy, &network, &worker.address, *what, &tasks);
            let info = copy.worker(&worker.address);
            let least = if info.jailed_until.is_some() {
                3_000
            } else {
                9_000
            };
            assert_eq!(info.locked.u128(), least, "{order:?}");
            assert!(info.bond + info.unbonding >= info.locked, "{order:?}");
        }
        let info = copy.worker(&worker.address);
        let left = info.bond + info.unbonding;
        claimed += u32::from(left.u128() < 29_980);
        // It withholds: the whole lock is there to be taken.
        copy.blocks(1_001);
        let tasks = vec![tasks[0]];
        send(&mut copy, &network, &ExecuteMsg::Advance { tasks });
        let info = copy.worker(&worker.address);
        assert_eq!(info.locked.u128(), 0);
        assert_eq!(
            (left - info.bond - info.unbonding).u128(),
            3_000,
            "{order:?}"
        );
    }
    assert!(
        claimed > 10,
        "only {claimed} of 120 orders claimed anything"
    );
}
