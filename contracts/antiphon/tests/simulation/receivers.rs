//! Contracts that ask: they send what they are told to send, and hear answers well or badly.

use std::panic::{catch_unwind, resume_unwind};

use antiphon_api::{AntiphonAnswer, ExecuteMsg};
use cosmwasm_std::{
    Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, WasmMsg,
    from_json, to_json_binary,
};
use cw_multi_test::{Contract, ContractWrapper};
use serde::{Deserialize, Serialize};

use super::ledger::Behaviour;

/// What a receiver is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToReceiver {
    /// Sends this with the coins that came along.
    Send {
        contract: String,
        msg: ExecuteMsg,
    },
    /// Behaves like this from now on.
    Behave(Manner),
    AntiphonAnswer(AntiphonAnswer),
}

/// How it hears an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    Keeps,
    Refuses,
    Panics,
    Sends { contract: String, msg: ExecuteMsg },
    Redelivers { contract: String },
}

impl Manner {
    pub fn of(behaviour: &Behaviour, contract: &str) -> Self {
        let contract = contract.to_owned();
        match behaviour {
            Behaviour::Keeps => Self::Keeps,
            Behaviour::Refuses => Self::Refuses,
            Behaviour::Panics => Self::Panics,
            Behaviour::Redelivers => Self::Redelivers { contract },
            Behaviour::Sends(msg) => Self::Sends {
                contract,
                msg: msg.clone(),
            },
        }
    }
}

pub fn receiver() -> Box<dyn Contract<Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}

fn instantiate(_: DepsMut<'_>, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
    Ok(Response::new())
}

fn query(_: Deps<'_>, _: Env, _: Empty) -> StdResult<Binary> {
    Ok(Binary::default())
}

fn call(contract: String, msg: &ExecuteMsg, info: MessageInfo) -> StdResult<Response> {
    Ok(Response::new().add_message(WasmMsg::Execute {
        contract_addr: contract,
        msg: to_json_binary(msg)?,
        funds: info.funds,
    }))
}

fn execute(deps: DepsMut<'_>, _: Env, info: MessageInfo, msg: ToReceiver) -> StdResult<Response> {
    match msg {
        ToReceiver::Send { contract, msg } => call(contract, &msg, info),
        ToReceiver::Behave(manner) => {
            deps.storage.set(b"manner", &to_json_binary(&manner)?);
            Ok(Response::new())
        }
        ToReceiver::AntiphonAnswer(answer) => {
            deps.storage.set(b"told", &to_json_binary(&answer)?);
            let manner = deps.storage.get(b"manner").unwrap_or_default();
            hear(from_json(manner)?, answer, info)
        }
    }
}

fn hear(manner: Manner, answer: AntiphonAnswer, info: MessageInfo) -> StdResult<Response> {
    match manner {
        Manner::Keeps => Ok(Response::new()),
        Manner::Refuses => Err(StdError::msg("not today")),
        // A chain's virtual machine turns a panic into a failed call.
        Manner::Panics => catch_unwind(|| resume_unwind(Box::new("a receiver's panic")))
            .map_err(|_| StdError::msg("panicked")),
        Manner::Sends { contract, msg } => call(contract, &msg, info),
        Manner::Redelivers { contract } => {
            let msg = ExecuteMsg::Deliver {
                task: answer.task,
                text: answer.text,
            };
            call(contract, &msg, info)
        }
    }
}
