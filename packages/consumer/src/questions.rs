//! Which tasks are the asker's own, and what it wanted to know with the answer.

use antiphon_api::{AntiphonAnswer, TaskAdded};
use cosmwasm_std::{Addr, MessageInfo, Reply, StdError, Storage, SubMsgResult};
use cw_storage_plus::Map;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Somebody else than the Antiphon contract.
    #[error("got an answer from {got}, want one from {want}; only the Antiphon contract answers")]
    Sender {
        /// Who sent it.
        got: String,
        /// The Antiphon contract.
        want: String,
    },
    /// A task that was not asked here, or was answered before.
    #[error("got an answer to task {task}, want one that was asked here and is open")]
    Unknown {
        /// The task.
        task: u64,
    },
    /// The reply is not that of a question.
    #[error(
        "got a reply without the event of an added task, want one; reply to the message of Ask only"
    )]
    NoTask,
    /// The chain's own.
    #[error(transparent)]
    Std(#[from] StdError),
}

/// Open questions by task, each with what the asker noted.
#[derive(Debug)]
pub struct Questions<T> {
    open: Map<u64, T>,
}

impl<T: Serialize + DeserializeOwned> Questions<T> {
    /// Under a storage namespace of the asker's.
    #[must_use]
    pub const fn new(namespace: &'static str) -> Self {
        Self {
            open: Map::new(namespace),
        }
    }

    /// Notes the task that a reply tells of; returns its id.
    ///
    /// # Errors
    /// The reply is not that of a question to this Antiphon contract.
    pub fn asked(
        &self,
        storage: &mut dyn Storage,
        antiphon: &Addr,
        reply: &Reply,
        note: &T,
    ) -> Result<u64, AnswerError> {
        let task = task_of(reply, antiphon).ok_or(AnswerError::NoTask)?;
        self.open.save(storage, task, note)?;
        Ok(task)
    }

    /// Takes an answer: gives back what was noted, once.
    ///
    /// # Errors
    /// Another sender than the Antiphon contract; a task that is not open here.
    pub fn answered(
        &self,
        storage: &mut dyn Storage,
        info: &MessageInfo,
        antiphon: &Addr,
        answer: &AntiphonAnswer,
    ) -> Result<T, AnswerError> {
        if info.sender != antiphon {
            return Err(AnswerError::Sender {
                got: info.sender.to_string(),
                want: antiphon.to_string(),
            });
        }
        let task = answer.task;
        let note = self.open.may_load(storage, task)?;
        let note = note.ok_or(AnswerError::Unknown { task })?;
        self.open.remove(storage, task);
        Ok(note)
    }
}

/// The task that this contract's event tells of; events of others are not believed.
fn task_of(reply: &Reply, antiphon: &Addr) -> Option<u64> {
    let SubMsgResult::Ok(response) = &reply.result else {
        return None;
    };
    let ours = response.events.iter().filter(|event| {
        let mut attributes = event.attributes.iter();
        attributes.any(|it| it.key == "_contract_address" && it.value == antiphon.as_str())
    });
    ours.into_iter()
        .find_map(|event| TaskAdded::try_from(event).ok())
        .map(|added| added.task)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use antiphon_api::{CallbackOutcome, Cid, Uint128};
    use cosmwasm_std::testing::{MockStorage, message_info};
    use cosmwasm_std::{Binary, Event, SubMsgResponse};

    use super::*;

    const OPEN: Questions<String> = Questions::new("open");

    fn antiphon() -> Addr {
        Addr::unchecked("antiphon")
    }

    /// What the chain replies with if the contract at `from` says that it added task 7.
    fn reply(from: &str) -> Reply {
        let added = TaskAdded {
            task: 7,
            model: 1,
            requester: "caller".to_owned(),
            prompt: Cid::of_raw(b"?"),
            prompt_bytes: 1,
            max_output_tokens: 1,
            committee: 5,
            escrow: Uint128::new(5),
            waits_for: 1,
            holders: Vec::new(),
        };
        let told = Event::from(added);
        let event = Event::new(format!("wasm-{}", told.ty))
            .add_attribute("_contract_address", from)
            .add_attributes(told.attributes);
        #[allow(deprecated, reason = "the field has no other way to be filled")]
        let response = SubMsgResponse {
            events: vec![event],
            data: None,
            msg_responses: Vec::new(),
        };
        Reply {
            id: 1,
            payload: Binary::default(),
            gas_used: 0,
            result: SubMsgResult::Ok(response),
        }
    }

    fn answer(task: u64) -> AntiphonAnswer {
        AntiphonAnswer {
            task,
            outcome: CallbackOutcome::Failed,
            contested: false,
            answer: None,
            text: None,
        }
    }

    fn tell(storage: &mut MockStorage, from: &str, task: u64) -> Result<String, AnswerError> {
        let info = message_info(&Addr::unchecked(from), &[]);
        OPEN.answered(storage, &info, &antiphon(), &answer(task))
    }

    #[test]
    fn an_answer_gives_the_note_back_once() {
        let mut storage = MockStorage::new();
        let note = "who asked".to_owned();
        let asked = OPEN.asked(&mut storage, &antiphon(), &reply("antiphon"), &note);
        assert_eq!(asked.unwrap(), 7);
        assert_eq!(tell(&mut storage, "antiphon", 7).unwrap(), note);
        let twice = tell(&mut storage, "antiphon", 7).unwrap_err();
        assert!(matches!(twice, AnswerError::Unknown { task: 7 }), "{twice}");
    }

    #[test]
    fn answers_of_strangers_and_to_strangers_questions_leave_ours_open() {
        let mut storage = MockStorage::new();
        let note = "who asked".to_owned();
        OPEN.asked(&mut storage, &antiphon(), &reply("antiphon"), &note)
            .unwrap();
        let stranger = tell(&mut storage, "stranger", 7).unwrap_err();
        assert!(matches!(stranger, AnswerError::Sender { .. }), "{stranger}");
        let other = tell(&mut storage, "antiphon", 8).unwrap_err();
        assert!(matches!(other, AnswerError::Unknown { task: 8 }), "{other}");
        assert_eq!(tell(&mut storage, "antiphon", 7).unwrap(), note);
    }

    #[test]
    fn an_event_of_another_contract_is_no_task_of_ours() {
        let mut storage = MockStorage::new();
        let note = String::new();
        let asked = OPEN.asked(&mut storage, &antiphon(), &reply("forger"), &note);
        assert!(matches!(asked, Err(AnswerError::NoTask)));
        let failed = Reply {
            result: SubMsgResult::Err("refused".to_owned()),
            ..reply("antiphon")
        };
        let asked = OPEN.asked(&mut storage, &antiphon(), &failed, &note);
        assert!(matches!(asked, Err(AnswerError::NoTask)));
    }
}
