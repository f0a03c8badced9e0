//! A prize for whoever convinces the model: anybody pays for one question, the answer's text is kept, and
//! if it begins with "Yes", the prize is theirs. Everything that is not of Antiphon is in this file.

use antiphon_consumer::{AnswerError, Ask, AskError, Questions, ReceiverMsg};
#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{
    Addr, BankMsg, Binary, Coin, Deps, DepsMut, Env, MessageInfo, Reply, Response, StdError,
    StdResult, SubMsg, to_json_binary,
};
use cw_storage_plus::{Item, Map};
use serde::{Deserialize, Serialize};

const CONFIG: Item<Config> = Item::new("config");
const ASKING: Item<Addr> = Item::new("asking");
const QUESTIONS: Questions<Addr> = Questions::new("questions");
const VERDICTS: Map<&Addr, String> = Map::new("verdicts");

/// Which network answers, and what convincing it earns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Config {
    /// The Antiphon contract.
    pub antiphon: Addr,
    /// The model's id.
    pub model: u64,
    /// Paid to whoever is told yes.
    pub prize: Coin,
}

/// What can be said to it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteMsg {
    /// Asks; the price of the question is attached. What it leaves over pays for others' questions.
    Convince {
        /// What the model is asked.
        question: String,
    },
    /// Antiphon's answer.
    #[serde(untagged)]
    Antiphon(ReceiverMsg),
}

/// What can be read of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryMsg {
    /// The last text somebody was told, if any.
    Verdict {
        /// Who asked.
        asker: Addr,
    },
}

/// Why it refuses.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each is another crate's error")]
pub enum Error {
    #[error(transparent)]
    Std(#[from] StdError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// Sets the network and the prize.
///
/// # Errors
/// The chain's own.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: Config) -> StdResult<Response> {
    CONFIG.save(deps.storage, &msg)?;
    Ok(Response::new())
}

/// Asks, or hears the answer.
///
/// # Errors
/// A question that no worker would take; an answer that is not of the network, or not to a question
/// of this contract.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut<'_>,
    _: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, Error> {
    let config = CONFIG.load(deps.storage)?;
    match msg {
        ExecuteMsg::Convince { question } => {
            ASKING.save(deps.storage, &info.sender)?;
            let ask = Ask::question(config.model, question, 32);
            let message = ask.message(&config.antiphon, info.funds)?;
            Ok(Response::new().add_submessage(SubMsg::reply_on_success(message, 1)))
        }
        ExecuteMsg::Antiphon(ReceiverMsg::AntiphonAnswer(answer)) => {
            let asker = QUESTIONS.answered(deps.storage, &info, &config.antiphon, &answer)?;
            let verdict = answer.text.unwrap_or_default();
            VERDICTS.save(deps.storage, &asker, &verdict)?;
            let prize = verdict.starts_with("Yes").then(|| BankMsg::Send {
                to_address: asker.into_string(),
                amount: vec![config.prize],
            });
            Ok(Response::new().add_messages(prize))
        }
    }
}

/// Notes the task.
///
/// # Errors
/// The reply is not that of a question.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn reply(deps: DepsMut<'_>, _: Env, reply: Reply) -> Result<Response, Error> {
    let antiphon = CONFIG.load(deps.storage)?.antiphon;
    let asker = ASKING.load(deps.storage)?;
    QUESTIONS.asked(deps.storage, &antiphon, &reply, &asker)?;
    Ok(Response::new())
}

/// Tells a verdict.
///
/// # Errors
/// The chain's own.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps<'_>, _: Env, msg: QueryMsg) -> StdResult<Binary> {
    let QueryMsg::Verdict { asker } = msg;
    to_json_binary(&VERDICTS.may_load(deps.storage, &asker)?)
}
