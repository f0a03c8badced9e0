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
