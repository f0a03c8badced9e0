//! A contract that asks and, when it is told, misbehaves in a way chosen when it is made. It shows that
//! no receiver can hold up a settlement, a deliverer or a chain.

use std::hint::black_box;

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, WasmMsg,
    to_json_binary,
};
use cw_storage_plus::Item;
use serde::{Deserialize, Serialize};

use antiphon_consumer::{Ask, AskError, ReceiverMsg};

const CONFIG: Item<Config> = Item::new("config");
const TOLD: Item<u64> = Item::new("told");

/// Whom it asks, and how it takes the answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Config {
    /// The Antiphon contract.
    pub antiphon: Addr,
    /// How it misbehaves.
    pub mode: Mode,
}

/// Ways to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Writes, then panics: nothing of it may stay.
    Panic,
    /// Computes for ever.
    EatGas,
    /// Computes for ever, but is well behaved when it sees that it is only simulated.
    EatGasUnlessSimulated,
    /// Has its own answer delivered once more from inside the delivery.
    DeliverAgain,
}

/// What can be said to it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteMsg {
    /// Asks with the attached coins.
    Ask {
        /// The model's id.
        model: u64,
        /// What the model is asked.
        question: String,
        /// Most gas that telling it may use.
        gas_limit: u64,
    },
    /// Antiphon's answer.
    #[serde(untagged)]
    Antiphon(ReceiverMsg),
}

/// Why it cannot ask.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is another crate's error")]
pub enum Error {
    #[error(transparent)]
    Std(#[from] StdError),
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Chooses the network and the mode.
///
/// # Errors
/// The chain's own.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: Config) -> StdResult<Response> {
    CONFIG.save(deps.storage, &msg)?;
    TOLD.save(deps.storage, &0)?;
    Ok(Response::new())
}

/// Asks, or misbehaves.
///
/// # Errors
/// A question that no worker would take.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, Error> {
    let config = CONFIG.load(deps.storage)?;
    match msg {
        ExecuteMsg::Ask {
            model,
            question,
            gas_limit,
        } => {
            let mut ask = Ask::question(model, question, 8);
            (ask.gas_limit, ask.with_text) = (gas_limit, false);
            let message = ask.message(&config.antiphon, info.funds)?;
            Ok(Response::new().add_message(message))
        }
        ExecuteMsg::Antiphon(ReceiverMsg::AntiphonAnswer(answer)) => {
            let told = TOLD.load(deps.storage)?.saturating_add(1);
            TOLD.save(deps.storage, &told)?;
            Ok(Response::new().add_messages(misbehave(&config, &env, answer.task)?))
        }
    }
}

#[allow(clippy::panic, reason = "what this contract is for")]
fn misbehave(config: &Config, env: &Env, task: u64) -> StdResult<Option<WasmMsg>> {
    match config.mode {
        Mode::Panic => panic!("told of task {task}"),
        // A simulated transaction is the only one without a place in its block.
        Mode::EatGasUnlessSimulated if env.transaction.is_none() => Ok(None),
        Mode::EatGas | Mode::EatGasUnlessSimulated => loop {
            black_box(task);
        },
        Mode::DeliverAgain => Ok(Some(WasmMsg::Execute {
            contract_addr: config.antiphon.to_string(),
            msg: to_json_binary(&Deliver::Deliver { task })?,
            funds: Vec::new(),
        })),
    }
}

/// The one message of the Antiphon contract that the last mode needs.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Deliver {
    Deliver { task: u64 },
}

/// How often it was told, as far as it remembers.
///
/// # Errors
/// The chain's own.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, _: Env, _: Empty) -> StdResult<Binary> {
    to_json_binary(&TOLD.load(deps.storage)?)
}
