//! Attacks on who is drawn.

use std::collections::BTreeSet;

use antiphon_api::*;

use super::{committee, foreseen, randomness_is_public, sixteen};
use crate::suite::network::all;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options, Worker};

const LEAVE: ExecuteMsg = ExecuteMsg::LeaveModel { model: 1 };
const JOIN: ExecuteMsg = ExecuteMsg::JoinModel { model: 1 };

/// Seats kept in a list without gaps would move when one leaves, and the same randomness would draw
/// others.
#[test]
fn draw_remapping_leaving_after_the_beacon_moves_nobody_elses_place() {
    let mut network = sixteen();
    let task = randomness_is_public(&mut network);
    let before = foreseen(&network, task);
    let idle = network.workers.clone().into_iter();
    let idle = idle.filter(|it| !before.contains(&it.address.to_string()));
    for worker in idle.take(3).collect::<Vec<_>>() {
        network.run(&worker.address, &LEAVE).unwrap();
    }
    assert_eq!(
        foreseen(&network, task),
        before,
        "who is not drawn changes nothing"
    );
    let leaver = network.actor(&before[1]).address;
    network.run(&leaver, &LEAVE).unwrap();
    let after = committee(&mut network, task);
    let rest: Vec<_> = before
        .iter()
        .filter(|it| **it != before[1])
        .cloned()
        .collect();
    assert_eq!(after[..4], rest, "the next candidate comes last");
}

/// A slot that was left after the beacon is a place in the committee for whoever takes it.
#[test]
fn a_seat_moved_after_the_randomness_serves_nobody() {
    let mut network = Network::start(&Options::workers(16));
    let accomplice = network.workers[15].clone();
    network.run(&accomplice.address, &LEAVE).unwrap();
    let task = randomness_is_public(&mut network);
    let before = foreseen(&network, task);
    let chosen = network.actor(&before[0]);
    let slot = |network: &Network, worker: &Worker| {
        let seats: SeatsResponse = network.query(&QueryMsg::Seats {
            model: 1,
            start_after: None,
            limit: Some(30),
        });
        let mut seats = seats.seats.into_iter();
        seats
            .find(|it| it.worker == worker.address.as_str())
            .unwrap()
            .slot
    };
    let taken = slot(&network, &chosen);
    network.run(&chosen.address, &LEAVE).unwrap();
    network.run(&accomplice.address, &JOIN).unwrap();
    assert_eq!(
        slot(&network, &accomplice),
        taken,
        "the very slot that is drawn"
    );
    let after = committee(&mut network, task);
    assert!(!after.contains(&accomplice.address.to_string()));
    assert!(!after.contains(&chosen.address.to_string()));
}

/// A worker short of bond waits for the randomness, and tops up only where it is drawn.
#[test]
fn opt_in_by_top_up_comes_too_late() {
    let mut network = Network::start(&Options {
        bond: 3_000,
        ..Options::workers(8)
    });
    // Its whole bond is locked in a task that is still open.
    let busy = network.ask(&Ask::default()).unwrap();
    network.draw(busy);
    let busy: BTreeSet<_> = network
        .round(busy, 0)
        .members
        .into_iter()
        .map(|it| it.worker)
        .collect();
    let task = randomness_is_public(&mut network);
    let mut tried = 0;
    for worker in busy {
        let worker = network.actor(&worker).address;
        let mut copy = network.copy();
        let funds = cosmwasm_std::coins(3_000, crate::suite::network::DENOM);
        copy.execute(&worker, &ExecuteMsg::Bond {}, &funds).unwrap();
        let tasks = vec![task];
        copy.execute(&network.stranger, &ExecuteMsg::Advance { tasks }, &[])
            .unwrap();
        let members = copy.round(task, 0).members;
        assert!(members.iter().all(|it| it.worker != worker.as_str()));
        tried += 1;
    }
    assert_eq!(tried, 5);
}

/// Tasks that lock the bonds of honest workers would leave the committees to the attacker's seats.
#[test]
fn lock_exhaustion_leaves_places_empty_and_fills_none_with_others() {
    let options = Options::default();
    let mut network = Network::start(&Options {
        workers: 10,
        bond: 3_000,
        ..options
    });
    // Three rich seats of the attacker among ten honest ones.
    let rich: Vec<_> = (0..3)
        .map(|index| {
            let api = cosmwasm_std::testing::MockApi::default().with_prefix("wasm");
            let address = api.addr_make(&format!("attacker {index}"));
            Worker::new(address, 100 + index)
        })
        .collect();
    let purse = cosmwasm_std::coins(1_000_000, crate::suite::network::DENOM);
    for worker in &rich {
        use cw_multi_test::Executor;
        let (from, to) = (network.stranger.clone(), worker.address.clone());
        network.app.send_tokens(from, to, &purse).unwrap();
        network.workers.push(worker.clone());
        network.enlist(worker, 900_000);
    }
    network.blocks(1);
    // With every bond free, this is whom the randomness would draw.
    let first = network.ask(&Ask::default()).unwrap();
    network.draw(first);
    let locked: BTreeSet<_> = network
        .round(first, 0)
        .members
        .into_iter()
        .map(|it| it.worker)
        .collect();
    let mut empty = 0;
    for _ in 0..8 {
        let task = network.ask(&Ask::default()).unwrap();
        network.draw(task);
        let drawn: Vec<_> = network.round(task, 0).members;
        empty += 5 - drawn.len();
        let attackers =
            |it: &&MemberInfo| rich.iter().any(|rich| rich.address.as_str() == it.worker);
        // Three of thirteen seats: never a quorum of four, however many bonds are exhausted.
        assert!(drawn.iter().filter(attackers).count() <= 3);
        for member in drawn.iter().filter(|it| !attackers(it)) {
            assert!(!locked.contains(&member.worker), "an exhausted bond serves");
        }
    }
    assert!(empty >= 8, "{empty} places stayed empty");
    assert!(
        network
            .workers
            .iter()
            .all(|it| network.worker(it).misses == 0)
    );
}

/// Draws until a committee is found, then plays; the first member says something of its own. Returns
/// that member.
fn serve(network: &mut Network, first: Says, gone: &mut BTreeSet<String>) -> Option<String> {
    let task = network.ask(&Ask::default()).unwrap();
    while network.task(task).waits_for.is_some() {
        let told = network.draw(task);
        let left = all::<SeatLeft>(&told.events);
        gone.extend(left.into_iter().map(|it| it.worker));
    }
    let members = network.round(task, 0).members;
    if !members.is_empty() {
        let mut says = vec![Answer("a"); members.len()];
        says[0] = first;
        network.play(task, &says);
    }
    network.blocks(6);
    network.advance(task);
    members.first().map(|it| it.worker.clone())
}

/// Seats of workers that can no longer serve would fill the pool until no draw finds anybody.
#[test]
fn dead_seats_are_removed_by_the_draws_that_meet_them() {
    let options = Options::default();
    let mut network = Network::start(&Options {
        workers: 12,
        bond: 3_000,
        params: Params {
            meter_permille: 1_000,
            max_rounds: 1,
            ..options.params.clone()
        },
        ..options
    });
    let (mut dead, mut gone) = (BTreeSet::new(), BTreeSet::new());
    while dead.len() < 6 {
        // It loses its whole bond.
        dead.extend(serve(&mut network, Withholds, &mut gone));
    }
    for _ in 0..12 {
        serve(&mut network, Answer("a"), &mut gone);
    }
    assert_eq!(gone, dead);
    let model: ModelResponse = network.query(&QueryMsg::Model { model: 1 });
    assert_eq!(model.seats, 6);
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    assert_eq!(network.task(task).members, 5, "the others serve as before");
}

/// Whoever joins when the task is posted, or later, has seen too much.
#[test]
fn a_late_joiner_is_passed_over() {
    let mut network = Network::start(&Options::workers(7));
    let [same_block, later] = [5, 6].map(|index: usize| network.workers[index].address.clone());
    for worker in [&same_block, &later] {
        network.run(worker, &LEAVE).unwrap();
    }
    network.run(&same_block, &JOIN).unwrap();
    let task = network.ask(&Ask::default()).unwrap();
    network.blocks(1);
    network.run(&later, &JOIN).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    assert_eq!(members.len(), 5);
    for late in [same_block, later] {
        assert!(members.iter().all(|it| it.address != late));
    }
}
