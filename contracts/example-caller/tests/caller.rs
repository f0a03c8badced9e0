//! The example on a whole network, without a chain.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use antiphon_consumer::testing::{DENOM, TestNetwork, task_in};
use antiphon_consumer::{AntiphonAnswer, CallbackOutcome, ReceiverMsg};
use antiphon_example_caller::{Config, ExecuteMsg, QueryMsg, execute, instantiate, query, reply};
use cosmwasm_std::{Addr, Empty, coin, coins};
use cw_multi_test::{ContractWrapper, Executor};

const PRIZE: u128 = 5_000_000;

fn start() -> (TestNetwork, Addr, Addr) {
    let mut network = TestNetwork::start(&["asker"]);
    let asker = network.account("asker");
    let code = ContractWrapper::<_, _, _, _, _, _, Empty>::new(execute, instantiate, query)
        .with_reply(reply);
    let code = network.app.store_code(Box::new(code));
    let config = Config {
        antiphon: network.antiphon.clone(),
        model: network.model,
        prize: coin(PRIZE, DENOM),
    };
    let funds = coins(PRIZE, DENOM);
    let caller = network
        .app
        .instantiate_contract(code, asker.clone(), &config, &funds, "caller", None)
        .unwrap();
    (network, caller, asker)
}

fn ask(network: &mut TestNetwork, caller: &Addr, asker: &Addr) -> u64 {
    let msg = ExecuteMsg::Convince {
        question: "Is the sky blue? Begin with yes or no.".to_owned(),
    };
    let response = network
        .app
        .execute_contract(asker.clone(), caller.clone(), &msg, &coins(100_000, DENOM))
        .unwrap();
    task_in(&response.events).unwrap()
}

fn purse(network: &TestNetwork, account: &Addr) -> u128 {
    let coin = network.app.wrap().query_balance(account, DENOM).unwrap();
    coin.amount.to_string().parse().unwrap()
}

fn verdict(network: &TestNetwork, caller: &Addr, asker: &Addr) -> Option<String> {
    let asker = asker.clone();
    let msg = QueryMsg::Verdict { asker };
    network.app.wrap().query_wasm_smart(caller, &msg).unwrap()
}

#[test]
fn whoever_is_told_yes_gets_the_prize() {
    let (mut network, caller, asker) = start();
    let task = ask(&mut network, &caller, &asker);
    let before = purse(&network, &asker);
    network.answer(task, "Yes, it is.");
    assert_eq!(purse(&network, &asker) - before, PRIZE);
    assert_eq!(purse(&network, &caller), 0);
    assert_eq!(
        verdict(&network, &caller, &asker).as_deref(),
        Some("Yes, it is.")
    );
}

#[test]
fn an_answer_that_was_delivered_cannot_be_delivered_again() {
    let (mut network, caller, asker) = start();
    let task = ask(&mut network, &caller, &asker);
    network.answer(task, "Yes, it is.");
    assert!(network.task(task).callback.is_none());
    let again = antiphon_api::ExecuteMsg::Deliver {
        task,
        text: Some("Yes, it is.".to_owned()),
    };
    let antiphon = network.antiphon.clone();
    let refused = network.app.execute_contract(asker, antiphon, &again, &[]);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("E_NO_CALLBACK"), "{refused}");
}

#[test]
fn a_prize_that_cannot_be_paid_leaves_the_answer_deliverable() {
    let (mut network, caller, asker) = start();
    let (first, second) = (
        ask(&mut network, &caller, &asker),
        ask(&mut network, &caller, &asker),
    );
    network.answer(first, "Yes, it is.");
    // The purse is empty now: the second receipt fails as a whole, and nothing of it stays.
    network.answer(second, "Yes, once more.");
    assert_eq!(
        verdict(&network, &caller, &asker).as_deref(),
        Some("Yes, it is.")
    );
    let funds = coins(PRIZE, DENOM);
    network
        .app
        .send_tokens(asker.clone(), caller.clone(), &funds)
        .unwrap();
    network.deliver(second, Some("Yes, once more.".to_owned()));
    assert_eq!(
        verdict(&network, &caller, &asker).as_deref(),
        Some("Yes, once more.")
    );
    assert_eq!(purse(&network, &caller), 0);
}

#[test]
fn a_no_and_a_failed_task_earn_nothing() {
    let (mut network, caller, asker) = start();
    let task = ask(&mut network, &caller, &asker);
    network.answer(task, "No.");
    let task = ask(&mut network, &caller, &asker);
    network.fail(task);
    assert_eq!(purse(&network, &caller), PRIZE);
}

#[test]
fn answers_of_others_and_to_unknown_tasks_are_refused() {
    let (mut network, caller, asker) = start();
    let task = ask(&mut network, &caller, &asker);
    let forged = ExecuteMsg::Antiphon(ReceiverMsg::AntiphonAnswer(AntiphonAnswer {
        task,
        outcome: CallbackOutcome::Answer,
        contested: false,
        answer: None,
        text: Some("Yes!".to_owned()),
    }));
    let refused = network
        .app
        .execute_contract(asker, caller.clone(), &forged, &[])
        .unwrap_err();
    assert!(
        refused.to_string().contains("only the Antiphon contract"),
        "{refused}"
    );
    assert_eq!(purse(&network, &caller), PRIZE);
}

#[test]
fn a_question_without_its_price_is_refused_whole() {
    let (mut network, caller, asker) = start();
    let msg = ExecuteMsg::Convince {
        question: "Is it?".to_owned(),
    };
    let refused = network
        .app
        .execute_contract(asker, caller, &msg, &coins(10, DENOM))
        .unwrap_err();
    assert!(refused.to_string().contains("E_FUNDS"), "{refused}");
}
