//! A task from post to payout with everybody doing what they should.

use antiphon_api::*;

use crate::suite::network::{all, find};
use crate::suite::votes::*;
use crate::suite::{Ask, Network};

const FIVE: [Says; 5] = [Answer("blue"); 5];

#[test]
fn five_right_members_are_paid_and_the_rest_returns() {
    let mut network = Network::five();
    let before = network.balance(&network.requester);
    let task = network.settle(&FIVE);

    let info = network.task(task);
    assert_eq!(info.status, TaskStatus::Final);
    assert_eq!(info.outcome_votes, Some(5));
    assert!(!info.contested && !info.due);
    let moved = info.settlement.unwrap();
    assert_eq!(moved.paid.u128(), 300);
    assert_eq!(moved.refunded.u128(), 200);
    assert_eq!(moved.burned.u128(), 0);
    assert_eq!(network.balance(&network.requester), before + 200);
    for worker in network.workers.clone() {
        assert_eq!(network.balance(&worker.address), 60);
        assert_eq!(network.worker(&worker).locked.u128(), 0);
    }
    let round = network.round(task, 0);
    assert_eq!(round.members.len(), 5);
    for member in round.members {
        assert_eq!(member.conduct, Some(ConductInfo::Right));
        assert_eq!(member.paid.u128(), 60);
    }
}

#[test]
fn every_status_is_passed_through_and_told_of() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    assert_eq!(network.task(task).status, TaskStatus::Drawing);
    let drawn: CommitteeDrawn = find(&network.draw(task).events).unwrap();
    assert_eq!(drawn.members.len(), 5);
    assert_eq!(network.task(task).status, TaskStatus::Committing);

    let committed = network.commit_all(task, &FIVE);
    assert_eq!(all::<VoteCommitted>(&committed.events).len(), 5);
    assert!(find::<RevealOpened>(&committed.events).is_some());
    assert_eq!(network.task(task).status, TaskStatus::Revealing);

    let revealed = network.reveal_all(task, &FIVE);
    assert_eq!(all::<VoteRevealed>(&revealed.events).len(), 5);
    let answered: TaskAnswered = find(&revealed.events).unwrap();
    assert_eq!((answered.votes, answered.size), (5, 5));
    assert_eq!(network.task(task).status, TaskStatus::Answered);

    let finished = network.advance(task);
    assert!(find::<TaskFinalised>(&finished.events).is_some());
    assert!(find::<Slashed>(&finished.events).is_none(), "nobody lost");
    assert_eq!(network.task(task).status, TaskStatus::Final);
}
