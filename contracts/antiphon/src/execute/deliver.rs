//! `deliver`: tells a contract that asked what became of its task. Whatever it answers, the task is
//! settled already.

use antiphon_api::{
    AntiphonAnswer, Ballot, CallbackDelivered, CallbackOutcome, Cid, MAX_ANSWER_BYTES, ReceiverMsg,
    Uint128,
};
use cosmwasm_std::{SubMsg, WasmMsg, to_json_binary};

use crate::error::ContractError;
use crate::reply;
use crate::state::books::Pot;
use crate::state::callbacks::{self, Callback};
use crate::state::summaries::{self, Summary};
use crate::state::tasks;
use crate::turn::Turn;

pub(crate) fn run(turn: &mut Turn<'_>, id: u64, text: Option<String>) -> Result<(), ContractError> {
    turn.no_coins()?;
    let requester = tasks::get(turn.storage, id)?.requester;
    let callback = callbacks::find(turn.storage, id)?
        .filter(|callback| callback.can_deliver(turn.height()))
        .ok_or(ContractError::NoCallback { task: id })?;
    let summary = summaries::find(turn.storage, id)?.ok_or(ContractError::Missing {
        record: "summary",
        id,
    })?;
    let message = message(id, &callback, &summary, text)?;

    // Saved first: a receiver that comes back finds nothing left to deliver or to earn.
    callbacks::close(turn.storage, id);
    let deliverer = turn.sender.clone();
    turn.pay(Pot::DeliverFees, &deliverer, callback.fee)?;
    let receiver = turn.text(&requester)?;
    let call = WasmMsg::Execute {
        contract_addr: receiver.clone(),
        msg: to_json_binary(&message)?,
        funds: Vec::new(),
    };
    let again = reply::Undelivered {
        task: id,
        gas_limit: callback.gas_limit,
        with_text: callback.with_text,
        deadline: callback.deadline,
    };
    turn.send_submessage(
        SubMsg::reply_on_error(call, reply::DELIVER)
            .with_gas_limit(callback.gas_limit)
            .with_payload(again.to_payload()),
    );
    turn.emit(CallbackDelivered {
        task: id,
        receiver,
        by: turn.sender_text().to_string(),
        fee: Uint128::new(callback.fee),
    });
    Ok(())
}

fn message(
    task: u64,
    callback: &Callback,
    summary: &Summary,
    text: Option<String>,
) -> Result<ReceiverMsg, ContractError> {
    let ballot = summary.outcome.as_ref().map(|outcome| &outcome.ballot);
    let (outcome, answer) = match ballot {
        Some(Ballot::Answer { cid, .. }) => (CallbackOutcome::Answer, Some(*cid)),
        Some(Ballot::Invalid {}) => (CallbackOutcome::Invalid, None),
        Some(Ballot::Unavailable {}) => (CallbackOutcome::Unavailable, None),
        None => (CallbackOutcome::Failed, None),
    };
    check_text(answer.filter(|_| callback.with_text), text.as_deref())?;
    Ok(ReceiverMsg::AntiphonAnswer(AntiphonAnswer {
        task,
        outcome,
        contested: summary.contested,
        answer,
        text,
    }))
}

/// The text that hashes to the answer where one is wanted, and none elsewhere.
fn check_text(wanted: Option<Cid>, text: Option<&str>) -> Result<(), ContractError> {
    let fine = match (wanted, text) {
        (None, None) => true,
        (Some(cid), Some(text)) => {
            text.len() <= MAX_ANSWER_BYTES && Cid::of_raw(text.as_bytes()) == cid
        }
        _ => false,
    };
    match fine {
        true => Ok(()),
        false => Err(ContractError::Text {
            got: text.map_or_else(
                || "no text".to_owned(),
                |text| format!("a text of {} bytes", text.len()),
            ),
            want: wanted.map_or_else(
                || "none".to_owned(),
                |cid| format!("the text of {cid}, at most {MAX_ANSWER_BYTES} bytes"),
            ),
        }),
    }
}
