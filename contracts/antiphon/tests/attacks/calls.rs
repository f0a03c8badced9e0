//! Attacks by the contract that is told of an answer: it calls back while it is told.

use antiphon_api::*;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Empty, Env, MessageInfo, Reply, Response, StdError, StdResult,
    SubMsg, WasmMsg, coins, from_json, to_json_binary,
};
use cw_multi_test::{ContractWrapper, Executor};
use serde::{Deserialize, Serialize};

use crate::matrix::messages::post;
use crate::messages::assert_code;
use crate::suite::Network;
use crate::suite::elsewhere::are_tested;
use crate::suite::network::{DENOM, find};
use crate::suite::votes::*;

/// Sends messages on, keeps a plan, and carries it out while it is told of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Receiver {
    Send(ExecuteMsg),
    Plan { msgs: Vec<ExecuteMsg>, fails: bool },
    AntiphonAnswer(AntiphonAnswer),
}

/// What the receiver tells of its attempts.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempts {
    told: u32,
    succeeded: u32,
    refused: Vec<String>,
}

fn instantiate(deps: DepsMut<'_>, _: Env, _: MessageInfo, antiphon: String) -> StdResult<Response> {
    deps.storage.set(b"antiphon", antiphon.as_bytes());
    Ok(Response::new())
}

fn attempts(deps: Deps<'_>) -> Attempts {
    let stored = deps.storage.get(b"attempts");
    stored.map_or(
        Attempts {
            told: 0,
            succeeded: 0,
            refused: Vec::new(),
        },
        |bytes| from_json(bytes).unwrap(),
    )
}

fn call(deps: Deps<'_>, msg: &ExecuteMsg, info: MessageInfo) -> StdResult<WasmMsg> {
    let antiphon = deps.storage.get(b"antiphon").unwrap();
    Ok(WasmMsg::Execute {
        contract_addr: String::from_utf8(antiphon).unwrap(),
        msg: to_json_binary(msg)?,
        funds: info.funds,
    })
}

fn execute(deps: DepsMut<'_>, _: Env, info: MessageInfo, msg: Receiver) -> StdResult<Response> {
    match msg {
        Receiver::Send(msg) => {
            let call = call(deps.as_ref(), &msg, info)?;
            Ok(Response::new().add_message(call))
        }
        Receiver::Plan { msgs, fails } => {
            deps.storage.set(b"plan", &to_json_binary(&msgs)?);
            deps.storage.set(b"fails", &[u8::from(fails) + 1]);
            Ok(Response::new())
        }
        Receiver::AntiphonAnswer(_) => told(deps, &info),
    }
}

fn told(deps: DepsMut<'_>, info: &MessageInfo) -> StdResult<Response> {
    if deps.storage.get(b"fails") == Some(vec![2]) {
        return Err(StdError::msg("not today"));
    }
    let mut now = attempts(deps.as_ref());
    now.told += 1;
    deps.storage.set(b"attempts", &to_json_binary(&now)?);
    let plan = deps.storage.get(b"plan").unwrap_or_else(|| b"[]".to_vec());
    let mut response = Response::new();
    for msg in from_json::<Vec<ExecuteMsg>>(plan)? {
        let call = call(deps.as_ref(), &msg, info.clone())?;
        response = response.add_submessage(SubMsg::reply_always(call, 1));
    }
    Ok(response)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the signature of an entry point"
)]
fn reply(deps: DepsMut<'_>, _: Env, reply: Reply) -> StdResult<Response> {
    let mut now = attempts(deps.as_ref());
    match reply.result.into_result() {
        Ok(_) => now.succeeded += 1,
        Err(error) => now.refused.push(error),
    }
    deps.storage.set(b"attempts", &to_json_binary(&now)?);
    Ok(Response::new())
}

fn query(deps: Deps<'_>, _: Env, _: Empty) -> StdResult<Binary> {
    to_json_binary(&attempts(deps))
}

struct Scene {
    network: Network,
    receiver: Addr,
    task: u64,
}

impl Scene {
    /// A task of the receiver's, with a callback and the text, at its end.
    fn new() -> Self {
        let mut network = Network::five();
        let code = ContractWrapper::new(execute, instantiate, query).with_reply(reply);
        let code = network.app.store_code(Box::new(code));
        let (owner, antiphon) = (network.publisher.clone(), network.contract.to_string());
        let receiver = network
            .app
            .instantiate_contract(code, owner, &antiphon, &[], "receiver", None)
            .unwrap();
        network.others.push(receiver.clone());
        let mut msg = post(&network.workers[0].address);
        if let ExecuteMsg::PostTask { callback, .. } = &mut msg {
            *callback = Some(Callback {
                gas_limit: 400_000,
                with_text: true,
            });
        }
        let mut scene = Self {
            network,
            receiver,
            task: 0,
        };
        let posted = scene.tell(&Receiver::Send(msg), 510);
        scene.task = find::<TaskAdded>(&posted).unwrap().task;
        scene.network.draw(scene.task);
        scene.network.play(scene.task, &[Answer("a"); 5]);
        scene.network.advance(scene.task);
        scene
    }

    fn tell(&mut self, msg: &Receiver, amount: u128) -> Vec<cosmwasm_std::Event> {
        let funds = coins(amount, DENOM);
        let funds = if amount == 0 { &[] } else { funds.as_slice() };
        let (sender, receiver) = (self.network.stranger.clone(), self.receiver.clone());
        let app = &mut self.network.app;
        let told = app.execute_contract(sender, receiver, msg, funds);
        told.unwrap().events
    }

    fn deliver_msg(&self) -> ExecuteMsg {
        ExecuteMsg::Deliver {
            task: self.task,
            text: Some("a".to_owned()),
        }
    }

    /// Delivers as a stranger; the suite checks the books. Returns the fee.
    fn deliver(&mut self) -> Result<u128, String> {
        let stranger = self.network.stranger.clone();
        let told = self.network.run(&stranger, &self.deliver_msg())?;
        let delivered: CallbackDelivered = find(&told.events).unwrap();
        Ok(delivered.fee.u128())
    }

    fn attempts(&self) -> Attempts {
        let wrapped = self.network.app.wrap();
        wrapped.query_wasm_smart(&self.receiver, &Empty {}).unwrap()
    }
}

#[test]
fn a_receiver_that_delivers_again_while_it_is_told_earns_nothing() {
    let mut scene = Scene::new();
    let msgs = vec![scene.deliver_msg(); 3];
    scene.tell(&Receiver::Plan { msgs, fails: false }, 0);
    assert_eq!(scene.deliver().unwrap(), 10);
    let attempts = scene.attempts();
    assert_eq!((attempts.told, attempts.succeeded), (1, 0));
    assert_eq!(attempts.refused.len(), 3);
    assert_code(scene.deliver(), "E_NO_CALLBACK");
    assert_eq!(scene.network.balance(&scene.network.stranger), 10);
    assert_eq!(scene.network.totals().deliver_fees.u128(), 0);
}

#[test]
fn a_receiver_may_use_what_is_its_own_while_it_is_told_and_no_more() {
    let mut scene = Scene::new();
    let task = scene.task;
    let all = ExecuteMsg::Withdraw { amount: None };
    let msgs = vec![
        all.clone(),
        all,
        ExecuteMsg::Rate { task, good: true },
        ExecuteMsg::Rate { task, good: false },
        ExecuteMsg::Advance { tasks: vec![task] },
        ExecuteMsg::Appeal { task, round: None },
    ];
    scene.tell(&Receiver::Plan { msgs, fails: false }, 0);
    assert_eq!(scene.deliver().unwrap(), 10);
    let attempts = scene.attempts();
    // Its refund once, a rating once, an advance that does nothing.
    assert_eq!((attempts.succeeded, attempts.refused.len()), (3, 3));
    let purse = scene.network.app.wrap();
    let purse = purse.query_balance(&scene.receiver, DENOM).unwrap();
    assert_eq!(purse.amount.to_string(), "200");
    assert_eq!(scene.network.task(task).rated, Some(true));
}

#[test]
fn a_receiver_that_fails_is_told_again_without_a_second_fee() {
    let mut scene = Scene::new();
    let msgs = Vec::new();
    scene.tell(&Receiver::Plan { msgs, fails: true }, 0);
    assert_eq!(scene.deliver().unwrap(), 10);
    for _ in 0..3 {
        assert_eq!(scene.deliver().unwrap(), 0);
    }
    assert_eq!(scene.attempts().told, 0);
    let msgs = vec![scene.deliver_msg()];
    scene.tell(&Receiver::Plan { msgs, fails: false }, 0);
    assert_eq!(scene.deliver().unwrap(), 0);
    assert_eq!((scene.attempts().told, scene.attempts().succeeded), (1, 0));
    assert_code(scene.deliver(), "E_NO_CALLBACK");
    assert_eq!(scene.network.balance(&scene.network.stranger), 10);
}

#[test]
fn a_wrong_text_is_not_delivered() {
    let mut scene = Scene::new();
    let long = "a".repeat(65_537);
    for text in [None, Some("b"), Some("a "), Some(""), Some(long.as_str())] {
        let msg = ExecuteMsg::Deliver {
            task: scene.task,
            text: text.map(str::to_owned),
        };
        let stranger = scene.network.stranger.clone();
        assert_code(scene.network.run(&stranger, &msg), "E_TEXT");
    }
    assert_eq!(scene.attempts().told, 0);
    scene.deliver().unwrap();
    assert_eq!(scene.attempts().told, 1);
    are_tested(&[(
        "contracts/antiphon/tests/callbacks.rs",
        "the_asker_is_told_the_proven_text_and_the_deliverer_earns_its_fee",
    )]);
}
