//! What stays of a task at its end: one row with its outcome, its rounds, and its members' conduct.

use antiphon_api::{Ballot, ConductInfo, SettlementInfo, TaskStatus, Uint128};
use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, id_of, load, save, scan};
use crate::error::ContractError;

/// One member, in at most 40 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SummaryMember {
    pub(crate) worker: CanonicalAddr,
    pub(crate) position: u8,
    pub(crate) replaced: bool,
    pub(crate) conduct: ConductInfo,
    pub(crate) paid: u128,
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SummaryRound {
    pub(crate) size: u8,
    /// Height at which its last vacancies arose.
    pub(crate) opened: u64,
    pub(crate) members: Vec<SummaryMember>,
}

/// The decided outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SummaryOutcome {
    pub(crate) ballot: Ballot,
    pub(crate) round: u8,
    pub(crate) votes: u8,
}

/// The row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// `Final` or `Failed`.
    pub(crate) status: TaskStatus,
    /// Height of the end.
    pub(crate) entered: u64,
    pub(crate) contested: bool,
    pub(crate) committed: u8,
    pub(crate) revealed: u8,
    pub(crate) outcome: Option<SummaryOutcome>,
    pub(crate) settlement: SettlementInfo,
    pub(crate) rounds: Vec<SummaryRound>,
}

const CONDUCTS: [ConductInfo; 7] = [
    ConductInfo::Right,
    ConductInfo::Wrong,
    ConductInfo::Neutral,
    ConductInfo::Withheld,
    ConductInfo::Silent,
    ConductInfo::Unavailable,
    ConductInfo::Revealer,
];

/// Set in the byte of the conduct of a replaced member.
const REPLACED: u8 = 0x80;

impl Record for SummaryMember {
    const NAME: &'static str = "summary member";

    fn write(&self, to: &mut Writer) {
        let flag = if self.replaced { REPLACED } else { 0 };
        to.account(&self.worker).u8(self.position);
        to.u8(self.conduct as u8 | flag).number(self.paid);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Self::read_with(from, Reader::number)
    }
}

/// How an amount is read: its significant bytes, or sixteen as older versions wrote it.
type Amount<'a> = fn(&mut Reader<'a>) -> Result<u128, Damaged>;

impl SummaryMember {
    fn read_with<'a>(from: &mut Reader<'a>, amount: Amount<'a>) -> Result<Self, Damaged> {
        let worker = from.account()?;
        let position = from.u8()?;
        let byte = from.u8()?;
        Ok(Self {
            worker,
            position,
            replaced: byte & REPLACED != 0,
            conduct: CONDUCTS
                .get(usize::from(byte & !REPLACED))
                .copied()
                .ok_or(Damaged)?,
            paid: amount(from)?,
        })
    }
}

impl SummaryRound {
    fn write(&self, to: &mut Writer) {
        to.u8(self.size).u64(self.opened);
        to.u8(u8::try_from(self.members.len()).unwrap_or(u8::MAX));
        for member in &self.members {
            member.write(to);
        }
    }

    fn read<'a>(from: &mut Reader<'a>, amount: Amount<'a>) -> Result<Self, Damaged> {
        Ok(Self {
            size: from.u8()?,
            opened: from.u64()?,
            members: (0..from.u8()?)
                .map(|_| SummaryMember::read_with(from, amount))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Flags of a settlement.
const WITHHELD: u8 = 0x01;
/// The two sums of appeals follow.
const APPEALED: u8 = 0x02;

fn settlement<'a>(from: &mut Reader<'a>, amount: Amount<'a>) -> Result<SettlementInfo, Damaged> {
    let mut info = SettlementInfo {
        paid: Uint128::new(amount(from)?),
        refunded: Uint128::new(amount(from)?),
        forfeited: Uint128::new(amount(from)?),
        burned: Uint128::new(amount(from)?),
        miss_charges: Uint128::new(amount(from)?),
        slash_withheld: false,
        appeal_bonds: Uint128::zero(),
        to_appellants: Uint128::zero(),
    };
    let flags = from.u8()?;
    info.slash_withheld = flags & WITHHELD != 0;
    if flags & APPEALED != 0 {
        info.appeal_bonds = Uint128::new(amount(from)?);
        info.to_appellants = Uint128::new(amount(from)?);
    }
    Ok(info)
}

/// Set in the byte of the status: amounts are as short as they can be.
const COMPACT: u8 = 0x80;

impl Record for Summary {
    const NAME: &'static str = "summary";

    fn write(&self, to: &mut Writer) {
        to.u8(self.status as u8 | COMPACT);
        to.u64(self.entered).bool(self.contested);
        to.u8(self.committed).u8(self.revealed);
        to.bool(self.outcome.is_some());
        if let Some(outcome) = &self.outcome {
            outcome.ballot.write(to);
            to.u8(outcome.round).u8(outcome.votes);
        }
        to.number(self.settlement.paid.u128())
            .number(self.settlement.refunded.u128())
            .number(self.settlement.forfeited.u128())
            .number(self.settlement.burned.u128())
            .number(self.settlement.miss_charges.u128());
        let appealed = !self.settlement.appeal_bonds.is_zero();
        let withheld = if self.settlement.slash_withheld {
            WITHHELD
        } else {
            0
        };
        to.u8(withheld | if appealed { APPEALED } else { 0 });
        if appealed {
            to.number(self.settlement.appeal_bonds.u128())
                .number(self.settlement.to_appellants.u128());
        }
        to.u8(u8::try_from(self.rounds.len()).unwrap_or(u8::MAX));
        for round in &self.rounds {
            round.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let first = from.u8()?;
        let amount = match first & COMPACT {
            0 => Reader::u128,
            _ => Reader::number,
        };
        Ok(Self {
            status: TaskStatus::read(&mut Reader::new(&[first & !COMPACT]))?,
            entered: from.u64()?,
            contested: from.bool()?,
            committed: from.u8()?,
            revealed: from.u8()?,
            outcome: if from.bool()? {
                Some(SummaryOutcome {
                    ballot: Ballot::read(from)?,
                    round: from.u8()?,
                    votes: from.u8()?,
                })
            } else {
                None
            },
            settlement: settlement(from, amount)?,
            rounds: (0..from.u8()?)
                .map(|_| SummaryRound::read(from, amount))
                .collect::<Result<_, _>>()?,
        })
    }
}

pub(crate) fn find(storage: &dyn Storage, task: u64) -> Result<Option<Summary>, ContractError> {
    load(storage, &keys::summary(task))
}

pub(crate) fn set(storage: &mut dyn Storage, task: u64, summary: &Summary) {
    save(storage, &keys::summary(task), summary);
}

/// Tasks at their end after `after`, ascending.
pub(crate) fn done(storage: &dyn Storage, after: Option<u64>) -> impl Iterator<Item = u64> + '_ {
    let after = after.map(u64::to_be_bytes);
    scan(
        storage,
        &keys::summaries(),
        after.as_ref().map(<[u8; 8]>::as_slice),
    )
    .filter_map(|(suffix, _)| id_of(&suffix))
}
