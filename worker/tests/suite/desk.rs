//! Who posts whose votes, and when.

use std::collections::BTreeSet;

use antiphon_api::{CommitItem, Hex};
use antiphon_worker::duty::DutyKey;
use antiphon_worker::relay::{Board, Decision, Desk, Half, Item, Seat};

const KEY: DutyKey = DutyKey::new(3, 0);

fn item(worker: &str) -> Item {
    Item::Commit(CommitItem {
        task: 3,
        round: 0,
        worker: worker.to_owned(),
        task_digest: Hex([0; 32]),
        commitment: Hex([0; 32]),
        signature: Hex([0; 64]),
    })
}

/// Members a, b, c, d, e; `a` has no endpoint, so `b` leads.
fn board(on_chain: &[&str]) -> Board {
    let seats = ["a", "b", "c", "d", "e"].map(|name| Seat {
        worker: name.to_owned(),
        endpoint: (name != "a").then(|| format!("http://{name}")),
        on_chain: on_chain.contains(&name),
    });
    Board {
        seats: seats.into(),
        deadline: 100,
    }
}

fn decide(desk: &mut Desk, height: u64, on_chain: &[&str]) -> Option<Decision> {
    desk.decide(KEY, Half::Commit, height, &board(on_chain))
}

fn posted(decision: Option<Decision>) -> Vec<String> {
    match decision {
        Some(Decision::Post(items)) => items.iter().map(|i| i.worker().to_owned()).collect(),
        other => panic!("want a post, got {other:?}"),
    }
}

#[test]
fn the_leader_posts_all_in_one_message_when_they_are_in() {
    let mut desk = Desk::new("b".to_owned());
    desk.put_own(item("b"), 10);
    for other in ["a", "c", "d"] {
        desk.put_other(item(other));
        assert_eq!(decide(&mut desk, 10, &[]), None);
    }
    desk.put_other(item("e"));
    assert_eq!(
        posted(decide(&mut desk, 10, &[])),
        ["a", "b", "c", "d", "e"]
    );
    assert_eq!(
        decide(&mut desk, 11, &[]),
        None,
        "not again while they are on their way"
    );
}

#[test]
fn the_leader_waits_two_blocks_after_its_own_and_then_posts_what_it_has() {
    let mut desk = Desk::new("b".to_owned());
    desk.put_own(item("b"), 10);
    desk.put_other(item("d"));
    assert_eq!(decide(&mut desk, 11, &[]), None);
    assert_eq!(posted(decide(&mut desk, 12, &[])), ["b", "d"]);
    desk.put_other(item("e"));
    assert_eq!(
        posted(decide(&mut desk, 13, &["b", "d"])),
        ["e"],
        "a late one follows"
    );
}

#[test]
fn the_leader_waits_for_nobody_who_is_on_chain() {
    let mut desk = Desk::new("b".to_owned());
    desk.put_own(item("b"), 10);
    assert_eq!(posted(decide(&mut desk, 10, &["a", "c", "d", "e"])), ["b"]);
}

#[test]
fn the_leader_posts_again_what_did_not_show_for_four_blocks() {
    let mut desk = Desk::new("b".to_owned());
    desk.put_own(item("b"), 10);
    posted(decide(&mut desk, 12, &[]));
    assert_eq!(decide(&mut desk, 15, &[]), None);
    assert_eq!(posted(decide(&mut desk, 16, &[])), ["b"]);
    assert_eq!(decide(&mut desk, 17, &["b"]), None);
}

#[test]
fn a_leader_without_its_own_vote_posts_nothing() {
    let mut desk = Desk::new("b".to_owned());
    desk.put_other(item("c"));
    assert_eq!(decide(&mut desk, 50, &[]), None);
}

#[test]
fn a_member_hands_over_once_and_posts_alone_four_blocks_later() {
    let mut desk = Desk::new("d".to_owned());
    desk.put_own(item("d"), 10);
    let handed = Decision::HandOver {
        endpoint: "http://b".to_owned(),
        item: item("d"),
    };
    assert_eq!(decide(&mut desk, 10, &[]), Some(handed));
    for height in 11..14 {
        assert_eq!(decide(&mut desk, height, &[]), None);
    }
    assert_eq!(posted(decide(&mut desk, 14, &[])), ["d"]);
}

#[test]
fn a_member_on_chain_does_nothing_more() {
    let mut desk = Desk::new("d".to_owned());
    desk.put_own(item("d"), 10);
    decide(&mut desk, 10, &[]);
    assert_eq!(decide(&mut desk, 14, &["d"]), None);
}

#[test]
fn a_member_that_is_refused_posts_alone_at_once() {
    let mut desk = Desk::new("d".to_owned());
    desk.put_own(item("d"), 10);
    decide(&mut desk, 10, &[]);
    desk.not_taken(KEY, Half::Commit, false, 10);
    assert_eq!(posted(decide(&mut desk, 10, &[])), ["d"]);
}

#[test]
fn a_member_that_comes_too_early_asks_again_in_the_next_block() {
    let mut desk = Desk::new("d".to_owned());
    desk.put_own(item("d"), 10);
    decide(&mut desk, 10, &[]);
    desk.not_taken(KEY, Half::Commit, true, 10);
    assert_eq!(decide(&mut desk, 10, &[]), None);
    assert!(matches!(
        decide(&mut desk, 11, &[]),
        Some(Decision::HandOver { .. })
    ));
}

#[test]
fn near_the_deadline_everybody_posts_alone() {
    let mut desk = Desk::new("d".to_owned());
    desk.put_own(item("d"), 95);
    assert_eq!(posted(decide(&mut desk, 95, &[])), ["d"]);
    let mut late = Desk::new("d".to_owned());
    late.put_own(item("d"), 101);
    assert_eq!(
        posted(decide(&mut late, 101, &[])),
        ["d"],
        "whether it is over is not decided here"
    );
}

#[test]
fn what_was_posted_at_a_height_that_was_none_is_posted_again() {
    let mut desk = Desk::new("d".to_owned());
    desk.put_own(item("d"), 95);
    assert_eq!(posted(decide(&mut desk, 9_000, &[])), ["d"]);
    desk.rewind(96);
    assert_eq!(decide(&mut desk, 96, &[]), None);
    assert_eq!(posted(decide(&mut desk, 100, &[])), ["d"]);
}

#[test]
fn without_any_endpoint_everybody_posts_alone() {
    let mut desk = Desk::new("a".to_owned());
    desk.put_own(item("a"), 10);
    let mut board = board(&[]);
    board.seats.iter_mut().for_each(|seat| seat.endpoint = None);
    assert_eq!(posted(desk.decide(KEY, Half::Commit, 10, &board)), ["a"]);
}

#[test]
fn ended_rounds_leave_the_desk() {
    let mut desk = Desk::new("b".to_owned());
    desk.put_own(item("b"), 10);
    desk.keep(&BTreeSet::new());
    assert_eq!(decide(&mut desk, 12, &[]), None);
}
