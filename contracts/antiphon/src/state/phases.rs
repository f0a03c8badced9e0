//! Where an open task stands, in two small records: the phase, which a vote rewrites only when it
//! moves it, and the counters, which every vote rewrites.

use antiphon_api::TaskStatus;
use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, remove, save};
use crate::error::ContractError;

/// The outcome that stands until a later round decides another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The round that decided it.
    pub(crate) round: u8,
    /// Its line in that round's tally.
    pub(crate) line: u8,
    /// Equal ballots behind it.
    pub(crate) votes: u8,
}

/// Status, round and window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    /// Never `Final` or `Failed`: the phase goes with the end.
    pub(crate) status: TaskStatus,
    pub(crate) round: u8,
    /// Members the round should have.
    pub(crate) size: u8,
    /// Places filled.
    pub(crate) members: u8,
    /// Height of the transition into the status.
    pub(crate) entered: u64,
    /// Last height at which messages of the status are accepted; 0 while drawing.
    pub(crate) deadline: u64,
    /// A round after the standing one was undecided.
    pub(crate) contested: bool,
    pub(crate) standing: Option<Standing>,
}

impl Phase {
    /// Equal ballots that decide the round.
    pub(crate) fn quorum(&self) -> u32 {
        antiphon_rules::rounds::quorum(self.size.into())
    }

    /// Whether the window of the status is over at a height.
    pub(crate) const fn is_over(&self, height: u64) -> bool {
        height > self.deadline
    }
}

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
            status: TaskStatus::read(from)?,
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

/// Votes of the current round, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) committed: u8,
    pub(crate) revealed: u8,
    /// Lines of the tally.
    pub(crate) lines: u8,
    /// Most votes of a line that may decide the round.
    pub(crate) best: u8,
    /// Which line that is; only meaningful once `best` is a quorum, which one line alone can have.
    pub(crate) best_line: u8,
}

impl Record for Counters {
    const NAME: &'static str = "counters";

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
pub(crate) fn counters(storage: &dyn Storage, task: u64) -> Result<Counters, ContractError> {
    Ok(load(storage, &keys::counters(task))?.unwrap_or_default())
}

pub(crate) fn set_counters(storage: &mut dyn Storage, task: u64, counters: &Counters) {
    save(storage, &keys::counters(task), counters);
}

/// Forgets the votes counted so far: a new round begins.
pub(crate) fn clear_counters(storage: &mut dyn Storage, task: u64) {
    remove(storage, &keys::counters(task));
}

/// Forgets where the task stands: it is at its end.
pub(crate) fn close(storage: &mut dyn Storage, task: u64) {
    remove(storage, &keys::phase(task));
    clear_counters(storage, task);
}
