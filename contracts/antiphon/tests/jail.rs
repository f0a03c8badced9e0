//! Misses, jail, and what forgives them.

use antiphon_api::*;

use crate::suite::network::all;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options, Worker};

/// What the members of a drawn task say when one of them stays away.
fn all_but(network: &Network, task: u64, silent: &Worker) -> Vec<Says> {
    network
        .members(task, 0)
        .iter()
        .map(|it| match it.address == silent.address {
            true => Silent,
            false => Answer("a"),
        })
        .collect()
}

/// Four tasks at once that one member stays away from, each ended some seconds after the one before.
fn jailed() -> (Network, Worker, Vec<WorkerJailed>) {
    let mut network = Network::start(&Options {
        bond: 20_000,
        ..Options::default()
    });
    let silent = network.workers[0].clone();
    let tasks: Vec<_> = (0..4)
        .map(|_| network.ask(&Ask::default()).unwrap())
        .collect();
    network.draw(tasks[0]);
    for task in &tasks {
        let says = all_but(&network, *task, &silent);
        network.commit_all(*task, &says);
    }
    network.blocks(200);
    let mut told = Vec::new();
    for task in &tasks {
        network.blocks(7);
        network.advance(*task);
        let says = all_but(&network, *task, &silent);
        network.reveal_all(*task, &says);
        told.extend(all::<WorkerJailed>(&network.advance(*task).events));
    }
    (network, silent, told)
}

#[test]
fn the_third_miss_jails_and_later_ones_do_not_prolong_it() {
    let (network, silent, told) = jailed();
    let info = network.worker(&silent);
    assert_eq!((info.misses, told.len()), (4, 1));
    assert_eq!(info.jailed_until, Some(told[0].until));
    let now = network.app.block_info().time.seconds();
    assert_eq!(
        told[0].until,
        now - 7 + 10,
        "ten seconds from the third miss"
    );
    assert_eq!(info.bond.u128(), 20_000 - 4 * 10);
}

#[test]
fn a_jailed_worker_is_passed_over_loses_its_seat_and_cannot_sit_down_again() {
    let (mut network, silent, _) = jailed();
    let task = network.ask(&Ask::default()).unwrap();
    let drawn = network.draw(task);
    let members = network.members(task, 0);
    assert_eq!(members.len(), 4);
    assert!(members.iter().all(|it| it.address != silent.address));
    let left = all::<SeatLeft>(&drawn.events);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].worker, silent.address.as_str());
    let join = ExecuteMsg::JoinModel { model: 1 };
    let refused = network.run(&silent.address, &join).unwrap_err();
    assert!(refused.contains("E_JAILED"), "{refused}");
}

#[test]
fn a_right_ballot_sets_the_misses_to_zero() {
    let mut network = Network::five();
    let silent = network.workers[0].clone();
    for (stays_away, misses) in [(true, 1), (false, 0)] {
        let task = network.ask(&Ask::default()).unwrap();
        network.draw(task);
        let says = match stays_away {
            true => all_but(&network, task, &silent),
            false => vec![Answer("a"); 5],
        };
        network.play(task, &says);
        network.advance(task);
        assert_eq!(network.worker(&silent).misses, misses);
    }
}

#[test]
fn after_its_time_a_worker_comes_out_of_jail_and_may_sit_down_again() {
    let (mut network, silent, told) = jailed();
    let now = network.app.block_info().time.seconds();
    let wait = told[0].until.saturating_sub(now);
    if wait > 1 {
        network.step(1, wait - 1);
        let early = network
            .run(&silent.address, &ExecuteMsg::Unjail {})
            .unwrap_err();
        assert!(early.contains("E_JAILED"), "{early}");
    }
    network.step(1, 1);
    network
        .run(&silent.address, &ExecuteMsg::Unjail {})
        .unwrap();
    let info = network.worker(&silent);
    assert_eq!((info.jailed_until, info.since), (None, network.height()));
    let again = network
        .run(&silent.address, &ExecuteMsg::Unjail {})
        .unwrap_err();
    assert!(again.contains("E_NOT_JAILED"), "{again}");
}
