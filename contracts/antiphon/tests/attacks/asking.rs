//! Attacks by who asks, and by who lost.

use antiphon_api::*;

use super::{foreseen, randomness_is_public, sixteen};
use crate::messages::assert_code;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

/// A task whose round 0 says these and stands.
fn standing(network: &mut Network, says: &[Says]) -> u64 {
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.play(task, says);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Answered);
    task
}

fn appeal(network: &mut Network, task: u64) -> Result<(), String> {
    let requester = network.requester.clone();
    let appeal = ExecuteMsg::Appeal { task, round: None };
    network.pay(&requester, &appeal, 4_100).map(|_| ())
}

/// The requester reads the answer of round 0, takes the prompt off its store and appeals: were
/// `unavailable` an outcome of later rounds, it would have the answer and most of its money.
#[test]
fn a_prompt_withheld_before_an_appeal_takes_nobodys_pay() {
    let mut network = sixteen();
    let before = network.balance(&network.requester);
    let task = standing(&mut network, &[Answer("a"); 5]);
    appeal(&mut network, task).unwrap();
    network.draw(task);
    network.play(task, &[Unavailable; 11]);
    network.blocks(61);
    network.advance(task);
    let info = network.task(task);
    assert_eq!((info.status, info.contested), (TaskStatus::Final, true));
    let Some(Ballot::Answer { cid, .. }) = info.outcome else {
        panic!("the answer stands: {info:?}")
    };
    assert_eq!(cid, Cid::of_raw(b"a"));
    for member in network.round(task, 0).members {
        assert_eq!((member.paid.u128(), member.forfeited.u128()), (60, 0));
    }
    let moved = info.settlement.unwrap();
    assert_eq!((moved.paid.u128(), moved.refunded.u128()), (300, 200));
    assert_eq!(network.balance(&network.requester) - before, 200 + 4_100);
}

/// Before any round is decided, withholding the prompt buys nothing either: the base fees are lost.
#[test]
fn a_prompt_withheld_after_an_undecided_round_costs_its_revealers_nothing() {
    let mut network = sixteen();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let split = [
        Answer("a"),
        Answer("b"),
        Answer("a"),
        Answer("b"),
        Answer("a"),
    ];
    network.play(task, &split);
    network.advance(task);
    network.draw(task);
    network.play(task, &[Unavailable; 11]);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Failed);
    for member in network.round(task, 0).members {
        assert_eq!((member.paid.u128(), member.forfeited.u128()), (20, 0));
    }
}

/// A requester that sees a committee it does not like has no way to another one.
#[test]
fn a_requester_cannot_roll_for_another_committee() {
    let mut network = Network::start(&Options {
        owned: true,
        ..Options::workers(12)
    });
    let task = randomness_is_public(&mut network);
    let drawn = foreseen(&network, task);
    let (requester, publisher) = (network.requester.clone(), network.publisher.clone());
    // No message takes a task back.
    for key in ["cancel_task", "withdraw_task", "refund"] {
        let msg = serde_json::json!({ key: { "task": task } });
        assert!(network.execute(&requester, &msg, &[]).is_err());
    }
    let escrow = ExecuteMsg::Withdraw {
        amount: Some(Uint128::new(500)),
    };
    assert_code(network.run(&requester, &escrow), "E_AMOUNT");
    // Neither a pause, nor a model that retires, nor other tasks, nor waiting changes who is drawn.
    let pause = ExecuteMsg::SetPaused { paused: true };
    network.run(&requester, &pause).unwrap();
    network
        .run(&requester, &ExecuteMsg::SetPaused { paused: false })
        .unwrap();
    network.ask(&Ask::default()).unwrap();
    network
        .run(&publisher, &ExecuteMsg::RetireModel { model: 1 })
        .unwrap();
    network.blocks(5_000);
    assert!(!network.task(task).undecided, "randomness came in time");
    network.advance(task);
    let members = network.round(task, 0).members;
    let members: Vec<_> = members.into_iter().map(|it| it.worker).collect();
    assert_eq!(members, drawn);
}

#[test]
fn a_loser_cannot_appeal_after_the_window() {
    let mut network = sixteen();
    let says = [
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("b"),
    ];
    let task = standing(&mut network, &says);
    let loser = network.members(task, 0)[4].address.clone();
    let deadline = network.task(task).deadline.unwrap();
    network.blocks(deadline + 1 - network.height());
    let late = ExecuteMsg::Appeal { task, round: None };
    assert_code(network.pay(&loser, &late, 4_100), "E_APPEAL_OVER");
    network.advance(task);
    assert_code(network.pay(&loser, &late, 4_100), "E_NOT_ANSWERED");
    assert_eq!(network.balance(&loser), 0, "and its coins stay its own");
    assert_eq!(network.round(task, 0).members[4].forfeited.u128(), 3_000);
}

#[test]
fn a_second_rating_is_refused_whatever_it_says() {
    let mut network = Network::five();
    let task = network.settle(&[Answer("a"); 5]);
    let requester = network.requester.clone();
    let rate = |good| ExecuteMsg::Rate { task, good };
    network.run(&requester, &rate(false)).unwrap();
    for good in [false, true] {
        assert_code(network.run(&requester, &rate(good)), "E_RATED");
    }
    let model: ModelResponse = network.query(&QueryMsg::Model { model: 1 });
    assert_eq!((model.ratings.good, model.ratings.bad), (0, 1));
}
