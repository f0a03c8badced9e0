//! What can be shown without a chain: a receiver that comes back during its own delivery earns nothing.
//! Panics and gas are for the real chain (`e2e/tests/callbacks.rs`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use antiphon_bad_receiver::{Config, ExecuteMsg, Mode, execute, instantiate, query};
use antiphon_consumer::testing::{DENOM, TestNetwork, task_in};
use cosmwasm_std::{Empty, coins};
use cw_multi_test::{ContractWrapper, Executor};

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
