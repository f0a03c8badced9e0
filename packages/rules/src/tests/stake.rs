//! What each act on a stake is for, at its bounds.

use crate::stake::{Held, Stake, Staying, Unclaimable};

/// A bond of 10 with an entry of 4 that may be claimed from 100 on.
fn leaving() -> Stake {
    Stake {
        bond: 10,
        unbonding: 4,
        claimable: 100,
        ..Stake::default()
    }
}

fn in_jail() -> Stake {
    Stake {
        jailed_until: 100,
        since: 7,
        ..Stake::default()
    }
}

#[test]
fn judged_right_forgets_misses() {
    let mut stake = Stake {
        misses: 3,
        ..Stake::default()
    };
    stake.forget_misses();
    assert_eq!(stake.misses, 0);
}

#[test]
fn unbonding_takes_a_part_that_seats_do_not_need() {
    let mut stake = leaving();
    assert_eq!(stake.unbond(6, 4, 200), Ok(()));
    assert_eq!((stake.bond, stake.unbonding, stake.claimable), (4, 10, 200));
    let before = stake;
    assert_eq!(stake.unbond(1, 4, 300), Err(Staying::SeatsNeed { rest: 3 }));
    assert_eq!(stake.unbond(5, 0, 300), Err(Staying::Amount));
    assert_eq!(stake.unbond(0, 0, 300), Err(Staying::Amount));
    assert_eq!(stake, before, "a refused part changes nothing");
    assert_eq!(stake.unbond(4, 0, 300), Ok(()), "without seats all may go");
    assert_eq!(stake.bond, 0);
}

#[test]
fn a_claim_pays_the_whole_entry_once_from_its_time_on() {
    let mut stake = leaving();
    assert_eq!(stake.claim(99), Err(Unclaimable::Early));
    assert_eq!(stake, leaving(), "an early claim changes nothing");
    assert_eq!(stake.claim(100), Ok(4));
    assert_eq!((stake.bond, stake.unbonding, stake.claimable), (10, 0, 0));
    assert_eq!(stake.claim(101), Err(Unclaimable::Nothing));
}

#[test]
fn a_claim_waits_while_a_lock_rests_on_the_entry() {
    let mut stake = leaving();
    stake.locked = 11;
    assert_eq!(stake.claim(100), Err(Unclaimable::Locked));
    stake.locked = 10;
    assert_eq!(stake.claim(100), Ok(4));
}

#[test]
fn a_worker_leaves_jail_at_its_time_and_counts_as_new() {
    let mut stake = in_jail();
    assert_eq!(stake.release(99, 50), Err(Held::Early));
    assert_eq!(stake, in_jail(), "an early release changes nothing");
    assert_eq!(stake.release(100, 50), Ok(()));
    assert!(!stake.jailed());
    assert_eq!(stake.since, 50);
    assert_eq!(stake.release(101, 60), Err(Held::Free));
    assert_eq!(stake.since, 50, "who is free stays as old as it is");
    let mut late = in_jail();
    assert_eq!(late.release(101, 50), Ok(()));
}
