//! What is sent first, and how much in one message.

use antiphon_api::{CommitItem, ExecuteMsg, Hex, RevealItem};
use antiphon_worker::outbox::{Delivery, Outbox, VOTES_PER_MESSAGE};
use antiphon_worker::ports::Cost;
use antiphon_worker::relay::Item;
use antiphon_worker::stagger::{advance_wait, beacon_wait, deliver_turn};

use crate::answer;

fn commit(task: u64) -> Item {
    Item::Commit(CommitItem {
        task,
        round: 0,
        worker: "wasm1w".to_owned(),
        task_digest: Hex([0; 32]),
        commitment: Hex([0; 32]),
        signature: Hex([0; 64]),
    })
}

fn reveal(task: u64) -> Item {
    Item::Reveal(RevealItem {
        task,
        round: 0,
        worker: "wasm1w".to_owned(),
        ballot: answer(1),
        salt: Hex([0; 32]),
    })
}

fn by(worker: &str, item: Item) -> Item {
    match item {
        Item::Commit(item) => Item::Commit(CommitItem {
            worker: worker.to_owned(),
            ..item
        }),
        Item::Reveal(item) => Item::Reveal(RevealItem {
            worker: worker.to_owned(),
            ..item
        }),
    }
}

fn next(outbox: &mut Outbox) -> Option<ExecuteMsg> {
    outbox.next_message().map(|outgoing| outgoing.msg)
}

/// The next message, which lands at once.
fn landed(outbox: &mut Outbox) -> Option<ExecuteMsg> {
    let outgoing = outbox.next_message()?;
    outbox.landed(outgoing.id);
    Some(outgoing.msg)
}

#[test]
fn reveals_go_before_commits_and_commits_before_the_rest() {
    let mut outbox = Outbox::new("wasm1w");
    outbox.advance(9);
    outbox.beacon(5, Hex([1; 48]), 2);
    outbox.votes(vec![commit(1), reveal(2)], 100);
    assert!(matches!(
        landed(&mut outbox),
        Some(ExecuteMsg::Reveal { .. })
    ));
    assert!(matches!(
        landed(&mut outbox),
        Some(ExecuteMsg::Commit { .. })
    ));
    assert!(matches!(
        landed(&mut outbox),
        Some(ExecuteMsg::PublishBeacon {
            round: 5,
            draws: 2,
            ..
        })
    ));
    assert!(matches!(landed(&mut outbox), Some(ExecuteMsg::Advance { tasks }) if tasks == [9]));
    assert!(outbox.is_empty() && landed(&mut outbox).is_none());
}

#[test]
fn own_votes_go_first_by_deadline_and_then_those_of_others() {
    let mut outbox = Outbox::new("wasm1w");
    outbox.votes(vec![by("wasm1a", reveal(1))], 50);
    outbox.votes(vec![reveal(2)], 90);
    outbox.votes(vec![by("wasm1a", reveal(3))], 40);
    outbox.votes(vec![reveal(4)], 80);
    let Some(ExecuteMsg::Reveal { reveals }) = landed(&mut outbox) else {
        panic!()
    };
    let order: Vec<u64> = reveals.iter().map(|item| item.task).collect();
    assert_eq!(order, [4, 2, 3, 1]);
}

#[test]
fn what_is_in_flight_leaves_places_to_what_is_more_urgent() {
    let mut outbox = Outbox::new("wasm1w");
    (0..50).for_each(|task| outbox.advance(task));
    let rest = std::iter::from_fn(|| outbox.next_message()).count();
    assert_eq!(rest, 2, "work for all takes two places");
    outbox.votes((0..1_000).map(commit).collect(), 100);
    let commits = std::iter::from_fn(|| outbox.next_message()).count();
    assert_eq!(commits, 6, "commits leave two places to reveals");
    outbox.votes((0..1_000).map(reveal).collect(), 100);
    let reveals: Vec<_> = std::iter::from_fn(|| outbox.next_message()).collect();
    assert_eq!(reveals.len(), 2);
    outbox.landed(reveals[0].id);
    assert!(matches!(next(&mut outbox), Some(ExecuteMsg::Reveal { .. })));
    assert!(next(&mut outbox).is_none() && !outbox.is_empty());
}

#[test]
fn a_message_carries_so_many_votes_and_each_vote_once() {
    let mut outbox = Outbox::new("wasm1w");
    for task in 0..20 {
        outbox.votes(vec![commit(task), commit(task)], 100);
    }
    let sizes: Vec<usize> = std::iter::from_fn(|| match landed(&mut outbox) {
        Some(ExecuteMsg::Commit { commits }) => Some(commits.len()),
        _ => None,
    })
    .collect();
    assert_eq!(sizes, [VOTES_PER_MESSAGE, 4]);
}

#[test]
fn advances_come_ten_in_a_message() {
    let mut outbox = Outbox::default();
    (0..12).chain(0..12).for_each(|task| outbox.advance(task));
    assert!(
        matches!(landed(&mut outbox), Some(ExecuteMsg::Advance { tasks }) if tasks.len() == 10)
    );
    assert!(
        matches!(landed(&mut outbox), Some(ExecuteMsg::Advance { tasks }) if tasks == [10, 11])
    );
}

#[test]
fn of_a_flood_the_least_urgent_is_dropped() {
    let mut outbox = Outbox::new("wasm1w");
    (0..5_000).for_each(|task| outbox.votes(vec![commit(task)], 10_000 - task));
    let mut kept = Vec::new();
    while let Some(ExecuteMsg::Commit { commits }) = landed(&mut outbox) {
        kept.extend(commits.into_iter().map(|item| item.task));
    }
    assert_eq!(kept.len(), 1_024);
    assert_eq!(kept[0], 4_999, "the earliest deadline");
}

#[test]
fn five_workers_do_not_all_wait_equally_long() {
    let workers: Vec<[u8; 20]> = (0..5).map(|n| [n; 20]).collect();
    for round in 0..50 {
        let waits: Vec<u64> = workers.iter().map(|w| beacon_wait(round, w)).collect();
        assert!(waits.iter().all(|w| *w < 4));
        assert_eq!(
            waits,
            workers
                .iter()
                .map(|w| beacon_wait(round, w))
                .collect::<Vec<_>>()
        );
    }
    let spread: std::collections::BTreeSet<u64> =
        (0..50).map(|t| advance_wait(t, 7, &workers[0])).collect();
    assert_eq!(spread.len(), 4);
}

#[test]
fn the_wait_for_a_beacon_round_is_the_hash_of_round_and_worker_mod_four() {
    use sha2::{Digest, Sha256};
    let worker = [0xab; 20];
    let hash = Sha256::new()
        .chain_update(1000_u64.to_be_bytes())
        .chain_update(worker)
        .finalize();
    let rest = hash
        .iter()
        .fold(0_u64, |rest, byte| (rest * 256 + u64::from(*byte)) % 4);
    assert_eq!(beacon_wait(1000, &worker), rest);
}

#[test]
fn a_delivery_without_room_is_given_back_and_the_others_stay_owed_until_they_landed() {
    let mut outbox = Outbox::new("wasm1w");
    let cost = Cost {
        gas: 300_000,
        fee: 7,
    };
    let delivery = |task| Delivery {
        task,
        text: None,
        cost,
    };
    assert!((0..16).all(|task| outbox.deliver(delivery(task))));
    assert!(!outbox.deliver(delivery(16)));
    assert_eq!(outbox.owed(), 16 * 7);
    outbox.advance(1);
    let advance = outbox.next_message().unwrap();
    assert_eq!(advance.gas, None);
    let first = outbox.next_message().unwrap();
    let wanted = ExecuteMsg::Deliver {
        task: 0,
        text: None,
    };
    assert_eq!((first.msg, first.gas), (wanted, Some(300_000)));
    assert_eq!(outbox.owed(), 16 * 7);
    outbox.landed(first.id);
    assert_eq!(outbox.owed(), 15 * 7);
}

#[test]
fn strangers_take_256_different_turns_to_tell_a_contract() {
    let strangers = (0..2_000_u32).map(|worker| deliver_turn(7, &worker.to_be_bytes()));
    let turns: std::collections::BTreeSet<u64> = strangers.collect();
    assert!(turns.len() > 250, "{}", turns.len());
    assert_eq!(turns.last(), Some(&255));
    let other_task = (0..100_u32).filter(|worker| {
        let worker = worker.to_be_bytes();
        deliver_turn(7, &worker) == deliver_turn(8, &worker)
    });
    assert!(other_task.count() < 5);
}
