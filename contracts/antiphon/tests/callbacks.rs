//! Callbacks: a contract that asked is told once, whatever it does with it.

use antiphon_api::*;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, WasmMsg,
    coins, to_json_binary,
};
use cw_multi_test::{ContractWrapper, Executor};
use serde::{Deserialize, Serialize};

use crate::suite::Network;
use crate::suite::network::{DENOM, find};
use crate::suite::votes::*;

/// A contract that asks and keeps what it is told, or refuses to hear it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asker {
    Ask { contract: String, msg: ExecuteMsg },
    Refuse(bool),
    AntiphonAnswer(AntiphonAnswer),
}

fn instantiate(_: DepsMut<'_>, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
    Ok(Response::new())
}

fn execute(deps: DepsMut<'_>, _: Env, info: MessageInfo, msg: Asker) -> StdResult<Response> {
    match msg {
        Asker::Ask { contract, msg } => Ok(Response::new().add_message(WasmMsg::Execute {
            contract_addr: contract,
            msg: to_json_binary(&msg)?,
            funds: info.funds,
        })),
        Asker::Refuse(refuse) => {
            deps.storage.set(b"refuse", &[u8::from(refuse) + 1]);
            Ok(Response::new())
        }
        Asker::AntiphonAnswer(_) if deps.storage.get(b"refuse") == Some(vec![2]) => {
            Err(StdError::msg("not today"))
        }
        Asker::AntiphonAnswer(answer) => {
            deps.storage.set(b"told", &to_json_binary(&answer)?);
            Ok(Response::new())
        }
    }
}

fn query(deps: Deps<'_>, _: Env, _: Empty) -> StdResult<Binary> {
    Ok(deps
        .storage
        .get(b"told")
        .unwrap_or_else(|| b"null".to_vec())
        .into())
}

/// A network with an asking contract.
fn asking() -> (Network, Addr) {
    let mut network = Network::five();
    let code = ContractWrapper::new(execute, instantiate, query);
    let code = network.app.store_code(Box::new(code));
    let owner = network.publisher.clone();
    let asker = network
        .app
        .instantiate_contract(code, owner, &Empty {}, &[], "asker", None)
        .unwrap();
    network.others.push(asker.clone());
    (network, asker)
}

fn ask(network: &mut Network, asker: &Addr, with_text: bool, gas: u64) -> Result<u64, String> {
    let msg = ExecuteMsg::PostTask {
        model: 1,
        prompt: Cid::of_raw(b"0123456789"),
        prompt_bytes: 10,
        max_output_tokens: 80,
        holders: vec![network.workers[0].address.to_string()],
        block: None,
        committee: None,
        callback: Some(Callback {
            gas_limit: gas,
            with_text,
        }),
    };
    let ask = Asker::Ask {
        contract: network.contract.to_string(),
        msg,
    };
    let requester = network.requester.clone();
    let funds = coins(510, DENOM);
    let response = network
        .app
        .execute_contract(requester, asker.clone(), &ask, &funds)
        .map_err(|error| error.to_string())?;
    let added: TaskAdded = find(&response.events).unwrap();
    Ok(added.task)
}

fn finish(network: &mut Network, task: u64, says: &[Says]) {
    network.draw(task);
    network.play(task, says);
    network.advance(task);
}

fn deliver(network: &mut Network, task: u64, text: Option<&str>) -> Result<u128, String> {
    let msg = ExecuteMsg::Deliver {
        task,
        text: text.map(str::to_owned),
    };
    let stranger = network.stranger.clone();
    let response = network.app.execute_contract(
        stranger,
        network.contract.clone(),
        &serde_json::to_value(&msg).unwrap(),
        &[],
    );
    let response = response.map_err(|error| error.to_string())?;
    let delivered: CallbackDelivered = find(&response.events).unwrap();
    Ok(delivered.fee.u128())
}

fn told(network: &Network, asker: &Addr) -> Option<AntiphonAnswer> {
    let wrapped = network.app.wrap();
    wrapped.query_wasm_smart(asker, &Empty {}).unwrap()
}

fn refuse(network: &mut Network, asker: &Addr, refuse: bool) {
    let requester = network.requester.clone();
    network
        .app
        .execute_contract(requester, asker.clone(), &Asker::Refuse(refuse), &[])
        .unwrap();
}

#[test]
fn the_asker_is_told_the_proven_text_and_the_deliverer_earns_its_fee() {
    let (mut network, asker) = asking();
    let task = ask(&mut network, &asker, true, 100_000).unwrap();
    assert_eq!(network.totals().deliver_fees.u128(), 10);
    let early = deliver(&mut network, task, Some("a")).unwrap_err();
    assert!(early.contains("E_NO_CALLBACK"), "{early}");
    let deadline = |network: &Network| network.task(task).callback.unwrap().deadline;
    assert_eq!(deadline(&network), None, "not before the end");
    finish(&mut network, task, &[Answer("a"); 5]);
    assert!(deadline(&network) > Some(network.height()));
    for wrong in [None, Some("b")] {
        let refused = deliver(&mut network, task, wrong).unwrap_err();
        assert!(refused.contains("E_TEXT"), "{refused}");
    }
    assert_eq!(deliver(&mut network, task, Some("a")).unwrap(), 10);
    assert_eq!(network.balance(&network.stranger), 10);
    let answer = told(&network, &asker).unwrap();
    assert_eq!(
        (answer.task, answer.outcome),
        (task, CallbackOutcome::Answer)
    );
    assert_eq!(answer.text.as_deref(), Some("a"));
    let again = deliver(&mut network, task, Some("a")).unwrap_err();
    assert!(again.contains("E_NO_CALLBACK"), "{again}");
    assert_eq!(network.totals().deliver_fees.u128(), 0);
}

#[test]
fn a_receiver_that_refuses_can_be_told_again_without_a_fee() {
    let (mut network, asker) = asking();
    let task = ask(&mut network, &asker, false, 100_000).unwrap();
    finish(&mut network, task, &[Answer("a"); 5]);
    refuse(&mut network, &asker, true);
    assert_eq!(deliver(&mut network, task, None).unwrap(), 10);
    assert!(network.told_nothing(&asker));
    let left = network.task(task).callback.unwrap();
    assert_eq!(left.fee.u128(), 0);
    refuse(&mut network, &asker, false);
    assert_eq!(deliver(&mut network, task, None).unwrap(), 0);
    assert_eq!(told(&network, &asker).unwrap().text, None);
    assert_eq!(network.balance(&network.stranger), 10, "one fee in all");
}

#[test]
fn a_failed_task_is_told_too() {
    let (mut network, asker) = asking();
    let task = ask(&mut network, &asker, true, 100_000).unwrap();
    let all_different = [
        Answer("a"),
        Answer("b"),
        Answer("c"),
        Answer("d"),
        Answer("e"),
    ];
    finish(&mut network, task, &all_different);
    deliver(&mut network, task, None).unwrap();
    let answer = told(&network, &asker).unwrap();
    assert_eq!(answer.outcome, CallbackOutcome::Failed);
    assert_eq!((answer.answer, answer.text), (None, None));
}

#[test]
fn a_fee_that_nobody_earned_returns_when_the_window_is_over() {
    let (mut network, asker) = asking();
    let task = ask(&mut network, &asker, false, 100_000).unwrap();
    finish(&mut network, task, &[Answer("a"); 5]);
    let refund = network.balance(&asker);
    network.blocks(17_280);
    network.advance(task);
    assert!(network.task(task).callback.is_some(), "a block too early");
    network.blocks(1);
    let late = deliver(&mut network, task, None).unwrap_err();
    assert!(late.contains("E_NO_CALLBACK"), "{late}");
    let told: CallbackOver = find(&network.advance(task).events).unwrap();
    assert_eq!(told.refunded.u128(), 10);
    assert_eq!(network.balance(&asker), refund + 10);
    assert_eq!(network.task(task).callback, None);
}

#[test]
fn the_gas_limit_of_a_callback_is_bounded() {
    let (mut network, asker) = asking();
    for gas in [0, 500_001] {
        let refused = ask(&mut network, &asker, false, gas).unwrap_err();
        assert!(refused.contains("E_CALLBACK"), "{refused}");
    }
}

impl Network {
    fn told_nothing(&self, asker: &Addr) -> bool {
        told(self, asker).is_none()
    }
}
