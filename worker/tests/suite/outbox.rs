//! What is sent first, and how much in one message.

use antiphon_api::{CommitItem, ExecuteMsg, Hex, RevealItem};
use antiphon_worker::outbox::{Outbox, VOTES_PER_MESSAGE};
use antiphon_worker::relay::Item;
use antiphon_worker::stagger::{advance_wait, beacon_wait};

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

#[test]
fn reveals_go_before_commits_and_commits_before_the_rest() {
    let mut outbox = Outbox::default();
    outbox.advance(9);
    outbox.beacon(5, Hex([1; 48]), 2);
    outbox.votes(vec![commit(1), reveal(2)]);
    assert!(matches!(
        outbox.next_message(),
        Some(ExecuteMsg::Reveal { .. })
    ));
    assert!(matches!(
        outbox.next_message(),
        Some(ExecuteMsg::Commit { .. })
    ));
    assert!(matches!(
        outbox.next_message(),
        Some(ExecuteMsg::PublishBeacon {
            round: 5,
            draws: 2,
            ..
        })
    ));
    assert!(matches!(outbox.next_message(), Some(ExecuteMsg::Advance { tasks }) if tasks == [9]));
    assert!(outbox.is_empty() && outbox.next_message().is_none());
}

#[test]
fn a_message_carries_so_many_votes_and_each_vote_once() {
    let mut outbox = Outbox::default();
    for task in 0..20 {
        outbox.votes(vec![commit(task), commit(task)]);
    }
    let sizes: Vec<usize> = std::iter::from_fn(|| match outbox.next_message() {
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
        matches!(outbox.next_message(), Some(ExecuteMsg::Advance { tasks }) if tasks.len() == 10)
    );
    assert!(
        matches!(outbox.next_message(), Some(ExecuteMsg::Advance { tasks }) if tasks == [10, 11])
    );
}

#[test]
fn a_flood_is_dropped_and_not_kept() {
    let mut outbox = Outbox::default();
    (0..5_000).for_each(|task| outbox.votes(vec![commit(task)]));
    let mut kept = 0;
    while let Some(ExecuteMsg::Commit { commits }) = outbox.next_message() {
        kept += commits.len();
    }
    assert_eq!(kept, 1_024);
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
