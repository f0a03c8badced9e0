//! Rounds of an open task: how each was opened, what it waits for, and who is in it.

use antiphon_rules::life;
use antiphon_rules::windows::Moment;
use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, remove, save};
use crate::error::ContractError;

/// What opened a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    Post,
    Undecided,
    /// An appeal and its bond.
    Appeal {
        by: CanonicalAddr,
        bond: u128,
    },
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) opener: Opener,
    /// Members it should have.
    pub(crate) size: u8,
    /// What happened in it besides its votes.
    pub(crate) state: life::Round,
}

impl Record for Round {
    const NAME: &'static str = "round";

    fn write(&self, to: &mut Writer) {
        match &self.opener {
            Opener::Post => to.u8(0),
            Opener::Undecided => to.u8(1),
            Opener::Appeal { by, bond } => to.u8(2).account(by).u128(*bond),
        };
        to.u8(self.size);
        self.state.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let opener = match from.u8()? {
            0 => Opener::Post,
            1 => Opener::Undecided,
            2 => Opener::Appeal {
                by: from.account()?,
                bond: from.u128()?,
            },
            _ => return Err(Damaged),
        };
        Ok(Self {
            opener,
            size: from.u8()?,
            state: life::Round::read(from)?,
        })
    }
}

impl Record for life::Round {
    const NAME: &'static str = "state of a round";

    fn write(&self, to: &mut Writer) {
        to.u64(self.opened.height).u64(self.opened.nanos);
        to.u64(self.waits_for).u8(self.draws).bool(self.revealing);
        to.bool(self.decided.is_some())
            .u8(self.decided.unwrap_or_default());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            opened: Moment {
                height: from.u64()?,
                nanos: from.u64()?,
            },
            waits_for: from.u64()?,
            draws: from.u8()?,
            revealing: from.bool()?,
            decided: {
                let known = from.bool()?;
                let line = from.u8()?;
                known.then_some(line)
            },
        })
    }
}

/// Who is in a round, by position, and who was replaced: at most 31, and twice as many, for each of
/// the three draws but the last may have to replace all of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roster {
    /// One for each place; none where it is empty.
    pub(crate) places: Vec<Option<CanonicalAddr>>,
    pub(crate) replaced: Vec<CanonicalAddr>,
}

impl Roster {
    /// Members by position.
    pub(crate) fn members(&self) -> impl Iterator<Item = (u8, &CanonicalAddr)> {
        (0..=u8::MAX)
            .zip(&self.places)
            .filter_map(|(position, place)| Some((position, place.as_ref()?)))
    }

    /// Places filled.
    pub(crate) fn count(&self) -> u8 {
        u8::try_from(self.members().count()).unwrap_or(u8::MAX)
    }
}

impl Record for Roster {
    const NAME: &'static str = "roster";

    fn write(&self, to: &mut Writer) {
        to.u8(u8::try_from(self.places.len()).unwrap_or(u8::MAX));
        for place in &self.places {
            to.short(place.as_ref().map_or(&[], CanonicalAddr::as_slice));
        }
        to.u8(u8::try_from(self.replaced.len()).unwrap_or(u8::MAX));
        for worker in &self.replaced {
            to.account(worker);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let places = (0..from.u8()?)
            .map(|_| {
                from.account()
                    .map(|place| (!place.as_slice().is_empty()).then_some(place))
            })
            .collect::<Result<_, _>>()?;
        let replaced = (0..from.u8()?)
            .map(|_| from.account())
            .collect::<Result<_, _>>()?;
        Ok(Self { places, replaced })
    }
}

pub(crate) fn get(storage: &dyn Storage, task: u64, round: u8) -> Result<Round, ContractError> {
    load(storage, &keys::round(task, round))?.ok_or(ContractError::Missing {
        record: "round",
        id: task,
    })
}

pub(crate) fn set(storage: &mut dyn Storage, task: u64, round: u8, record: &Round) {
    save(storage, &keys::round(task, round), record);
}

/// Nobody before the first draw.
pub(crate) fn roster(storage: &dyn Storage, task: u64, round: u8) -> Result<Roster, ContractError> {
    Ok(load(storage, &keys::roster(task, round))?.unwrap_or_default())
}

pub(crate) fn set_roster(storage: &mut dyn Storage, task: u64, round: u8, roster: &Roster) {
    save(storage, &keys::roster(task, round), roster);
}

/// Forgets a round: its task is at its end.
pub(crate) fn close(storage: &mut dyn Storage, task: u64, round: u8) {
    remove(storage, &keys::round(task, round));
    remove(storage, &keys::roster(task, round));
}
