//! Memberships: one small key for each worker in a task, under the worker, so that its duties are a
//! range.

use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, decode, id_of, load, remove, save, scan};
use crate::error::ContractError;

/// How far a member came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Drawn,
    Committed {
        commitment: [u8; 32],
    },
    Revealed {
        commitment: [u8; 32],
        line: u8,
    },
    /// Did not commit and was replaced: its lock is free, and it stays in the task.
    Replaced,
}

/// One worker in one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) round: u8,
    pub(crate) position: u8,
    pub(crate) stage: Stage,
}

impl Member {
    /// What the member is bound to.
    pub(crate) const fn commitment(&self) -> Option<[u8; 32]> {
        match self.stage {
            Stage::Committed { commitment } | Stage::Revealed { commitment, .. } => {
                Some(commitment)
            }
            Stage::Drawn | Stage::Replaced => None,
        }
    }

    /// The tally line of its ballot.
    pub(crate) const fn line(&self) -> Option<u8> {
        match self.stage {
            Stage::Revealed { line, .. } => Some(line),
            _ => None,
        }
    }
}

impl Record for Member {
    const NAME: &'static str = "member";

    fn write(&self, to: &mut Writer) {
        to.u8(self.round).u8(self.position);
        match &self.stage {
            Stage::Drawn => to.u8(0),
            Stage::Committed { commitment } => to.u8(1).bytes(commitment),
            Stage::Revealed { commitment, line } => to.u8(2).bytes(commitment).u8(*line),
            Stage::Replaced => to.u8(3),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            round: from.u8()?,
            position: from.u8()?,
            stage: match from.u8()? {
                0 => Stage::Drawn,
                1 => Stage::Committed {
                    commitment: from.array()?,
                },
                2 => Stage::Revealed {
                    commitment: from.array()?,
                    line: from.u8()?,
                },
                3 => Stage::Replaced,
                _ => return Err(Damaged),
            },
        })
    }
}

pub(crate) fn find(
    storage: &dyn Storage,
    worker: &CanonicalAddr,
    task: u64,
) -> Result<Option<Member>, ContractError> {
    load(storage, &keys::member(worker, task))
}

/// A membership that a roster names.
pub(crate) fn get(
    storage: &dyn Storage,
    worker: &CanonicalAddr,
    task: u64,
) -> Result<Member, ContractError> {
    find(storage, worker, task)?.ok_or(ContractError::Missing {
        record: "member",
        id: task,
    })
}

pub(crate) fn set(storage: &mut dyn Storage, worker: &CanonicalAddr, task: u64, member: &Member) {
    save(storage, &keys::member(worker, task), member);
}

pub(crate) fn close(storage: &mut dyn Storage, worker: &CanonicalAddr, task: u64) {
    remove(storage, &keys::member(worker, task));
}

/// Memberships of a worker in open tasks after `after`, by task.
pub(crate) fn of_worker<'a>(
    storage: &'a dyn Storage,
    worker: &CanonicalAddr,
    after: Option<u64>,
) -> impl Iterator<Item = Result<(u64, Member), ContractError>> + use<'a> {
    let after = after.map(u64::to_be_bytes);
    scan(
        storage,
        &keys::memberships(worker),
        after.as_ref().map(<[u8; 8]>::as_slice),
    )
    .filter_map(|(suffix, value)| Some((id_of(&suffix)?, value)))
    .map(|(task, value)| Ok((task, decode(&value)?)))
}
