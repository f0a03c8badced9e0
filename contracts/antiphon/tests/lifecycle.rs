//! Models that retire, answers that are rated, workers that come out of jail.

use antiphon_api::*;

use crate::suite::network::find;
use crate::suite::votes::*;
use crate::suite::{Ask, Network};

fn model(network: &Network) -> ModelResponse {
    network.query(&QueryMsg::Model { model: 1 })
}

fn retire(network: &mut Network) -> Result<Option<DepositReturned>, String> {
    let publisher = network.publisher.clone();
    let response = network.run(&publisher, &ExecuteMsg::RetireModel { model: 1 })?;
    Ok(find(&response.events))
}

#[test]
fn an_idle_model_retires_with_its_deposit_at_once() {
    let mut network = Network::five();
    let told = retire(&mut network).unwrap().unwrap();
    assert_eq!(told.amount.u128(), 1_000);
    assert_eq!(network.balance(&network.publisher), 1_000);
    assert_eq!(
        (model(&network).retired, model(&network).deposit.u128()),
        (true, 0)
    );
    let refused = network.ask(&Ask::default()).unwrap_err();
    assert!(refused.contains("E_MODEL_RETIRED"), "{refused}");
    let again = retire(&mut network).unwrap_err();
    assert!(again.contains("E_MODEL_RETIRED"), "{again}");
}

#[test]
fn the_deposit_of_a_busy_model_waits_for_its_last_task() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    assert_eq!(retire(&mut network).unwrap(), None);
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    let ended = network.advance(task);
    let told: DepositReturned = find(&ended.events).unwrap();
    assert_eq!(told.amount.u128(), 1_000);
    assert_eq!(network.task(task).status, TaskStatus::Final);
}

#[test]
fn only_the_publisher_retires_a_model() {
    let mut network = Network::five();
    let stranger = network.stranger.clone();
    let refused = network
        .run(&stranger, &ExecuteMsg::RetireModel { model: 1 })
        .unwrap_err();
    assert!(refused.contains("E_NOT_PUBLISHER"), "{refused}");
}

#[test]
fn the_requester_rates_an_answer_once_and_no_money_moves() {
    let mut network = Network::five();
    let task = network.settle(&[Answer("a"); 5]);
    let rate = |good| ExecuteMsg::Rate { task, good };
    let stranger = network.stranger.clone();
    let refused = network.run(&stranger, &rate(true)).unwrap_err();
    assert!(refused.contains("E_NOT_REQUESTER"), "{refused}");
    let before = network.totals();
    let requester = network.requester.clone();
    network.run(&requester, &rate(false)).unwrap();
    assert_eq!(network.totals(), before);
    let refused = network.run(&requester, &rate(true)).unwrap_err();
    assert!(refused.contains("E_RATED"), "{refused}");
    let ratings = model(&network).ratings;
    assert_eq!((ratings.good, ratings.bad), (0, 1));
    assert_eq!(ratings.bad_fees.u128(), 300);
    assert_eq!(network.task(task).rated, Some(false));
}

#[test]
fn only_answers_of_final_tasks_are_rated() {
    let mut network = Network::five();
    let open = network.ask(&Ask::default()).unwrap();
    let failed = network.settle(&[
        Answer("a"),
        Answer("b"),
        Answer("c"),
        Answer("d"),
        Answer("e"),
    ]);
    let invalid = network.settle(&[Invalid; 5]);
    let requester = network.requester.clone();
    for task in [open, failed, invalid] {
        let msg = ExecuteMsg::Rate { task, good: true };
        let refused = network.run(&requester, &msg).unwrap_err();
        assert!(refused.contains("E_NO_ANSWER"), "{refused}");
    }
}
