//! The answer index: the uncontested final answer of the largest deciding committee for a model and
//! a prompt.

use antiphon_api::{Ballot, Cid};
use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, save};
use crate::error::ContractError;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) task: u64,
    pub(crate) ballot: Ballot,
    pub(crate) committee: u8,
    pub(crate) votes: u8,
    pub(crate) height: u64,
    /// A different answer of an equal or smaller committee came later.
    pub(crate) conflict: bool,
}

impl Record for Entry {
    const NAME: &'static str = "answer";

    fn write(&self, to: &mut Writer) {
        to.u64(self.task).u8(self.committee).u8(self.votes);
        to.u64(self.height).bool(self.conflict);
        self.ballot.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            task: from.u64()?,
            committee: from.u8()?,
            votes: from.u8()?,
            height: from.u64()?,
            conflict: from.bool()?,
            ballot: Ballot::read(from)?,
        })
    }
}

pub(crate) fn find(
    storage: &dyn Storage,
    model: u64,
    prompt: &Cid,
) -> Result<Option<Entry>, ContractError> {
    load(storage, &keys::answer(model, prompt.digest()))
}

/// Records a final answer: a larger committee replaces, a different one of another size marks a
/// conflict.
pub(crate) fn record(
    storage: &mut dyn Storage,
    model: u64,
    prompt: &Cid,
    entry: Entry,
) -> Result<(), ContractError> {
    let kept = match find(storage, model, prompt)? {
        Some(old) if old.committee >= entry.committee => Entry {
            conflict: old.conflict || !old.ballot.same_answer(&entry.ballot),
            ..old
        },
        _ => entry,
    };
    save(storage, &keys::answer(model, prompt.digest()), &kept);
    Ok(())
}
