//! What can be shown without a chain: a receiver that comes back during its own delivery earns nothing.
//! And one that sees it is simulated behaves only then. Panics and gas are for the real chain (`e2e/tests/callbacks.rs`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use antiphon_bad_receiver::{Config, ExecuteMsg, Mode, execute, instantiate, query};
use antiphon_consumer::testing::{DENOM, TestNetwork, task_in};
use antiphon_consumer::{AntiphonAnswer, CallbackOutcome, ReceiverMsg};
use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cosmwasm_std::{Addr, Empty, Env, coins, from_json};
use cw_multi_test::{ContractWrapper, Executor};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

#[test]
fn a_receiver_that_delivers_its_own_answer_again_undoes_only_itself() {
    let mut network = TestNetwork::start(&["asker"]);
    let asker = network.account("asker");
    let code = ContractWrapper::<_, _, _, _, _, _, Empty>::new(execute, instantiate, query);
    let code = network.app.store_code(Box::new(code));
    let config = Config {
        antiphon: network.antiphon.clone(),
        mode: Mode::DeliverAgain,
    };
    let receiver = network
        .app
        .instantiate_contract(code, asker.clone(), &config, &[], "bad", None)
        .unwrap();
    let ask = ExecuteMsg::Ask {
        model: network.model,
        question: "Well?".to_owned(),
        gas_limit: 200_000,
    };
    let funds = coins(100_000, DENOM);
    let response = network
        .app
        .execute_contract(asker, receiver.clone(), &ask, &funds)
        .unwrap();
    let task = task_in(&response.events).unwrap();

    let delivered = network.answer(task, "Well.");
    let kinds: Vec<&str> = delivered.events.iter().map(|it| it.ty.as_str()).collect();
    assert!(kinds.contains(&"wasm-callback_failed"), "{kinds:?}");
    let told: u64 = network
        .app
        .wrap()
        .query_wasm_smart(&receiver, &Empty {})
        .unwrap();
    assert_eq!(told, 0);
    let left = network.task(task).callback.expect("still deliverable");
    assert!(left.fee.is_zero(), "the fee is paid once: {left:?}");
}

/// Tells a receiver that eats gas unless it is simulated; gives back how often it was told.
fn told_in(env: Env) -> u64 {
    let mut deps = mock_dependencies();
    let antiphon = Addr::unchecked("antiphon");
    let config = Config {
        antiphon: antiphon.clone(),
        mode: Mode::EatGasUnlessSimulated,
    };
    let info = message_info(&antiphon, &[]);
    instantiate(deps.as_mut(), env.clone(), info.clone(), config).unwrap();
    let answer = ReceiverMsg::AntiphonAnswer(AntiphonAnswer {
        task: 1,
        outcome: CallbackOutcome::Failed,
        contested: false,
        answer: None,
        text: None,
    });
    let response = execute(
        deps.as_mut(),
        env.clone(),
        info,
        ExecuteMsg::Antiphon(answer),
    )
    .unwrap();
    assert_eq!(response.messages, []);
    from_json(query(deps.as_ref(), env, Empty {}).unwrap()).unwrap()
}

#[test]
fn a_receiver_behaves_while_it_is_simulated_and_computes_for_ever_in_a_block() {
    let mut simulated = mock_env();
    simulated.transaction = None;
    assert_eq!(told_in(simulated), 1);

    let in_a_block = mock_env();
    assert!(in_a_block.transaction.is_some());
    let (sender, receiver) = channel();
    // It never ends by itself: the test's process ends it.
    thread::spawn(move || sender.send(told_in(in_a_block)));
    let wait = Duration::from_millis(300);
    let ended = receiver.recv_timeout(wait);
    assert_eq!(ended, Err(RecvTimeoutError::Timeout));
}
