//! Every order in which a worker can bond, serve, leave, claim, be judged and jailed, on small
//! amounts.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests: an overflow or a missing value is a failure to be shown"
)]

use std::collections::{BTreeSet, VecDeque};

use antiphon_rules::stake::{Stake, Staying, Unclaimable};

/// One lock, and the charge of a miss: no lock is smaller than the base it stands for.
const LOCK: u128 = 2;
const BASE: u128 = 1;
const MAX_MISSES: u32 = 2;
/// Nobody bonds more here.
const MOST: u128 = 7;

/// A worker with at most two open memberships, and at most one seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Worker {
    stake: Stake,
    open: u32,
    seated: bool,
    /// What ever came, and where it went.
    came: u128,
    claimed: u128,
    taken: u128,
}

/// Times: an entry or a jail is either over or not.
const NOW: u64 = 10;
const LATER: u64 = 11;

fn next(worker: &Worker) -> Vec<Worker> {
    let mut found = Vec::new();
    let mut when = |may: bool, act: &dyn Fn(&mut Worker)| {
        let mut next = *worker;
        if may {
            act(&mut next);
            found.push(next);
        }
    };
    let stake = &worker.stake;
    when(worker.came < MOST, &|it| {
        it.stake.add(1, 0).unwrap();
        it.came += 1;
    });
    when(
        !worker.seated && !stake.jailed() && stake.free() >= LOCK,
        &|it| it.seated = true,
    );
    when(worker.seated, &|it| it.seated = false);
    let drawn = worker.seated && !stake.jailed() && stake.free() >= LOCK && worker.open < 2;
    when(drawn, &|it| {
        it.stake.lock(LOCK).unwrap();
        it.open += 1;
    });
    when(worker.open > 0, &|it| {
        close(it, |it| it.stake.forget_misses())
    });
    when(worker.open > 0, &|it| close(it, forfeit));
    when(worker.open > 0, &|it| close(it, miss));
    for amount in 1..=2 {
        let mut next = *worker;
        let needed = if worker.seated { LOCK } else { 0 };
        match next.stake.unbond(amount, needed, LATER) {
            Ok(()) => found.push(next),
            Err(Staying::Amount) => assert!(amount > stake.bond),
            Err(Staying::SeatsNeed { rest }) => assert!(worker.seated && rest < LOCK),
        }
    }
    found.extend(claimed(worker));
    found.extend(waited(worker));
    let mut next = *worker;
    if next.stake.release(NOW, 0).is_ok() {
        found.push(next);
    }
    found
}

fn close(worker: &mut Worker, judge: impl FnOnce(&mut Worker)) {
    worker.stake.unlock(LOCK).unwrap();
    worker.open -= 1;
    judge(worker);
}

/// A lock that is forfeited is there, whole.
fn forfeit(worker: &mut Worker) {
    let taken = worker.stake.take(LOCK).total();
    assert_eq!(taken, LOCK, "{worker:?}");
    worker.taken += taken;
}

/// So is the charge of a miss, for the lock was larger.
fn miss(worker: &mut Worker) {
    let before = worker.stake;
    let miss = worker.stake.miss(BASE, MAX_MISSES, LATER);
    assert_eq!(miss.taken.total(), BASE, "{worker:?}");
    worker.taken += BASE;
    let due = before.misses + 1 >= MAX_MISSES;
    assert_eq!(worker.stake.jailed(), before.jailed() || due);
    assert_eq!(miss.jailed, due && !before.jailed());
    worker.stake.misses = worker.stake.misses.min(MAX_MISSES);
}

fn claimed(worker: &Worker) -> Option<Worker> {
    let (before, mut next) = (worker.stake, *worker);
    match next.stake.claim(NOW) {
        Ok(amount) => {
            next.claimed += amount;
            Some(next)
        }
        Err(Unclaimable::Nothing) => {
            assert_eq!(before.unbonding, 0);
            None
        }
        Err(Unclaimable::Early) => {
            assert_eq!(before.claimable, LATER);
            None
        }
        Err(Unclaimable::Locked) => {
            assert!(before.bond < before.locked);
            None
        }
    }
}

/// Time passes: what was later is now.
fn waited(worker: &Worker) -> Option<Worker> {
    let mut next = *worker;
    let due = |at: &mut u64| *at = (*at).min(NOW);
    due(&mut next.stake.claimable);
    due(&mut next.stake.jailed_until);
    (next != *worker).then_some(next)
}

fn check(worker: &Worker) {
    let stake = &worker.stake;
    assert_eq!(stake.locked, LOCK * u128::from(worker.open));
    assert!(stake.locked <= stake.bond + stake.unbonding, "{worker:?}");
    let left = stake.bond + stake.unbonding;
    assert_eq!(
        worker.came,
        left + worker.claimed + worker.taken,
        "{worker:?}"
    );
    if worker.seated && worker.taken == 0 {
        assert!(stake.bond >= LOCK, "a seat without its bond: {worker:?}");
    }
}

#[test]
fn no_order_of_leaving_and_judging_frees_a_lock_or_loses_a_coin() {
    let mut known = BTreeSet::from([Worker::default()]);
    let mut todo = VecDeque::from([Worker::default()]);
    let mut transitions = 0;
    while let Some(worker) = todo.pop_front() {
        check(&worker);
        for next in next(&worker) {
            transitions += 1;
            if known.insert(next) {
                todo.push_back(next);
            }
        }
    }
    println!(
        "{} states, {transitions} transitions of one worker",
        known.len()
    );
    assert!(known.len() > 1_000);
}
