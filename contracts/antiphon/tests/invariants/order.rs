//! The order of votes, which means nothing.

use antiphon_api::*;
use antiphon_documents::digest::ballot_digest;
use cosmwasm_std::Addr;

use super::{drawn, send};
use crate::suite::votes::*;
use crate::suite::{Copy, Network, Worker};

/// Every order of some things.
pub fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let mut orders = Vec::new();
    for (index, first) in things.iter().enumerate() {
        let mut rest = things.to_vec();
        rest.remove(index);
        for mut order in self::orders(&rest) {
            order.insert(0, first.clone());
            orders.push(order);
        }
    }
    orders
}

/// Posts votes one message each, and ends the task.
fn play_in_order(network: &Network, task: u64, votes: &[ExecuteMsg]) -> (Copy, Vec<TallyLine>) {
    let mut copy = network.copy();
    for msg in votes {
        send(&mut copy, network, msg);
    }
    let mut tally = copy.round(task, 0).tally;
    tally.sort_by_key(|line| ballot_digest(&line.ballot));
    copy.blocks(61);
    let advance = ExecuteMsg::Advance { tasks: vec![task] };
    send(&mut copy, network, &advance);
    (copy, tally)
}

fn single(network: &Network, task: u64, members: &[Worker], says: &[Says]) -> Vec<ExecuteMsg> {
    let one = |(worker, says): (&Worker, &Says)| ExecuteMsg::Reveal {
        reveals: vec![network.reveal_of(worker, task, *says)],
    };
    let opened = members.iter().zip(says);
    opened
        .filter(|(_, says)| **says != Withholds)
        .map(one)
        .collect()
}

#[test]
fn invariant_09_the_tally_does_not_depend_on_the_order_of_votes() {
    let cases: [[Says; 5]; 3] = [
        [
            Answer("a"),
            Answer("a"),
            Answer("b"),
            Answer("a"),
            Answer("a"),
        ],
        [Answer("a"), Answer("b"), Invalid, Answer("a"), Unavailable],
        [
            Answer("a"),
            Untraced("a"),
            Answer("a"),
            Withholds,
            Answer("a"),
        ],
    ];
    for says in cases {
        let (mut network, task, members) = drawn();
        network.commit_all(task, &says);
        let votes = single(&network, task, &members, &says);
        let (first, tally) = play_in_order(&network, task, &votes);
        let all = orders(&votes);
        assert_eq!(all.len(), if says.contains(&Withholds) { 24 } else { 120 });
        for order in all {
            let (copy, other) = play_in_order(&network, task, &order);
            assert_eq!(other, tally);
            let entered = |mut info: TaskResponse| {
                info.entered = 0;
                info
            };
            assert_eq!(entered(copy.task(task)), entered(first.task(task)));
            assert_eq!(copy.round(task, 0), first.round(task, 0));
            assert_eq!(copy.totals(), first.totals());
        }
    }
}

/// The order of commits, and who sends which, changes nothing but that.
#[test]
fn invariant_09_nor_on_the_order_of_commits_or_their_senders() {
    let (network, task, members) = drawn();
    let one = |worker: &Worker| ExecuteMsg::Commit {
        commits: vec![network.commit_of(worker, task, Answer("a"))],
    };
    let votes: Vec<_> = members.iter().map(one).collect();
    let senders: Vec<Addr> = vec![network.stranger.clone(), network.publisher.clone()];
    let play = |order: &[ExecuteMsg]| {
        let mut copy = network.copy();
        for (msg, sender) in order.iter().zip(senders.iter().cycle()) {
            copy.execute(sender, msg, &[]).unwrap();
        }
        copy.records()
    };
    let first = play(&votes);
    for order in orders(&votes) {
        assert_eq!(play(&order), first);
    }
}
