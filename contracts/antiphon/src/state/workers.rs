//! Workers: the stake, which every draw and settlement rewrites, apart from the profile, which they
//! don't.

use antiphon_rules::Stake;
use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, save, scan};
use crate::error::ContractError;

/// Bytes of the record as older versions wrote it: fixed widths, and nothing earned.
const FIXED: usize = 76;

impl Record for Stake {
    const NAME: &'static str = "stake";

    fn write(&self, to: &mut Writer) {
        let numbers = [
            self.bond,
            self.locked,
            self.unbonding,
            self.claimable.into(),
            self.since.into(),
            self.misses.into(),
            self.jailed_until.into(),
            self.earned,
        ];
        for number in numbers {
            to.number(number);
        }
        to.unlike(FIXED);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        if from.left() == FIXED {
            return fixed(from);
        }
        let stake = Self {
            bond: from.number()?,
            locked: from.number()?,
            unbonding: from.number()?,
            claimable: from.number64()?,
            since: from.number64()?,
            misses: from.number32()?,
            jailed_until: from.number64()?,
            earned: from.number()?,
        };
        from.end()?;
        Ok(stake)
    }
}

fn fixed(from: &mut Reader<'_>) -> Result<Stake, Damaged> {
    Ok(Stake {
        bond: from.u128()?,
        locked: from.u128()?,
        unbonding: from.u128()?,
        claimable: from.u64()?,
        since: from.u64()?,
        misses: from.u32()?,
        jailed_until: from.u64()?,
        earned: 0,
    })
}

/// What a worker tells about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) voter: Option<[u8; 33]>,
    pub(crate) endpoint: Option<String>,
    pub(crate) moniker: Option<String>,
}

impl Record for Profile {
    const NAME: &'static str = "profile";

    fn write(&self, to: &mut Writer) {
        to.short(self.voter.as_ref().map_or(&[], <[u8; 33]>::as_slice));
        to.short(self.endpoint.as_deref().unwrap_or_default().as_bytes());
        to.short(self.moniker.as_deref().unwrap_or_default().as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            voter: match from.short()? {
                [] => None,
                key => Some(key.try_into().map_err(|_| Damaged)?),
            },
            endpoint: Some(from.text()?).filter(|text| !text.is_empty()),
            moniker: Some(from.text()?).filter(|text| !text.is_empty()),
        })
    }
}

pub(crate) fn stake(
    storage: &dyn Storage,
    worker: &CanonicalAddr,
) -> Result<Option<Stake>, ContractError> {
    load(storage, &keys::stake(worker))
}

/// The stake of an account that a record names as a worker.
pub(crate) fn stake_of(
    storage: &dyn Storage,
    worker: &CanonicalAddr,
) -> Result<Stake, ContractError> {
    stake(storage, worker)?.ok_or(ContractError::Missing {
        record: "stake",
        id: 0,
    })
}

pub(crate) fn set_stake(storage: &mut dyn Storage, worker: &CanonicalAddr, stake: &Stake) {
    save(storage, &keys::stake(worker), stake);
}

/// Nothing on record reads as an empty profile.
pub(crate) fn profile(
    storage: &dyn Storage,
    worker: &CanonicalAddr,
) -> Result<Profile, ContractError> {
    Ok(load(storage, &keys::profile(worker))?.unwrap_or_default())
}

pub(crate) fn set_profile(storage: &mut dyn Storage, worker: &CanonicalAddr, profile: &Profile) {
    save(storage, &keys::profile(worker), profile);
}

/// Workers after `after`, by length and bytes of the canonical address.
pub(crate) fn all<'a>(
    storage: &'a dyn Storage,
    after: Option<&CanonicalAddr>,
) -> impl Iterator<Item = CanonicalAddr> + use<'a> {
    let after = after.map(|worker| {
        let key = keys::stake(worker);
        key.as_slice().get(1..).unwrap_or_default().to_vec()
    });
    scan(storage, &keys::stakes(), after.as_deref())
        .filter_map(|(suffix, _)| Reader::new(&suffix).account().ok())
}
