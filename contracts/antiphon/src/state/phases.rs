//! Where an open task stands, in two small records of the rules: the phase, which a vote rewrites
//! only when it moves it, and the votes, which every vote rewrites.

use antiphon_api::TaskStatus;
use antiphon_rules::life::{Phase, Standing, Status, Votes};
use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, remove, save};
use crate::error::ContractError;

/// The statuses by their byte.
const STATUSES: [TaskStatus; 6] = [
    TaskStatus::Drawing,
    TaskStatus::Committing,
    TaskStatus::Revealing,
    TaskStatus::Answered,
    TaskStatus::Final,
    TaskStatus::Failed,
];

impl Record for TaskStatus {
    const NAME: &'static str = "status";

    fn write(&self, to: &mut Writer) {
        to.u8(*self as u8);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        STATUSES
            .get(usize::from(from.u8()?))
            .copied()
            .ok_or(Damaged)
    }
}

const OPEN: [Status; 4] = [
    Status::Drawing,
    Status::Committing,
    Status::Revealing,
    Status::Answered,
];

impl Record for Status {
    const NAME: &'static str = "open status";

    fn write(&self, to: &mut Writer) {
        to.u8(*self as u8);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        OPEN.get(usize::from(from.u8()?)).copied().ok_or(Damaged)
    }
}

impl Record for Option<Standing> {
    const NAME: &'static str = "standing outcome";

    fn write(&self, to: &mut Writer) {
        if let Some(standing) = self {
            to.u8(1).u8(standing.round);
            to.u8(standing.line).u8(standing.votes);
        } else {
            to.u8(0);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        if !from.bool()? {
            return Ok(None);
        }
        Ok(Some(Standing {
            round: from.u8()?,
            line: from.u8()?,
            votes: from.u8()?,
        }))
    }
}

impl Record for Phase {
    const NAME: &'static str = "phase";

    fn write(&self, to: &mut Writer) {
        self.status.write(to);
        to.u8(self.round).u8(self.size).u8(self.members);
        to.u64(self.entered).u64(self.deadline);
        to.bool(self.contested);
        self.standing.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            status: Status::read(from)?,
            round: from.u8()?,
            size: from.u8()?,
            members: from.u8()?,
            entered: from.u64()?,
            deadline: from.u64()?,
            contested: from.bool()?,
            standing: Option::read(from)?,
        })
    }
}

impl Record for Votes {
    const NAME: &'static str = "votes";

    fn write(&self, to: &mut Writer) {
        to.u8(self.committed).u8(self.revealed).u8(self.lines);
        to.u8(self.best).u8(self.best_line);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            committed: from.u8()?,
            revealed: from.u8()?,
            lines: from.u8()?,
            best: from.u8()?,
            best_line: from.u8()?,
        })
    }
}

/// None if the task is unknown or at its end.
pub(crate) fn find(storage: &dyn Storage, task: u64) -> Result<Option<Phase>, ContractError> {
    load(storage, &keys::phase(task))
}

pub(crate) fn set(storage: &mut dyn Storage, task: u64, phase: &Phase) {
    save(storage, &keys::phase(task), phase);
}

/// All zero before the first vote of a round.
pub(crate) fn votes(storage: &dyn Storage, task: u64) -> Result<Votes, ContractError> {
    Ok(load(storage, &keys::counters(task))?.unwrap_or_default())
}

pub(crate) fn set_votes(storage: &mut dyn Storage, task: u64, votes: &Votes) {
    save(storage, &keys::counters(task), votes);
}

/// Forgets the votes counted so far: a new round begins.
pub(crate) fn clear_votes(storage: &mut dyn Storage, task: u64) {
    remove(storage, &keys::counters(task));
}

/// Forgets where the task stands: it is at its end.
pub(crate) fn close(storage: &mut dyn Storage, task: u64) {
    remove(storage, &keys::phase(task));
    clear_votes(storage, task);
}
