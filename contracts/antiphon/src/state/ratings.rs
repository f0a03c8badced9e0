//! What requesters said of answers: a mark for each task, sums for each model.

use antiphon_api::{Ratings, Uint128};
use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, load, save};
use crate::error::ContractError;

impl Record for Ratings {
    const NAME: &'static str = "ratings";

    fn write(&self, to: &mut Writer) {
        to.u64(self.good).u64(self.bad);
        to.u128(self.good_fees.u128()).u128(self.bad_fees.u128());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            good: from.u64()?,
            bad: from.u64()?,
            good_fees: Uint128::new(from.u128()?),
            bad_fees: Uint128::new(from.u128()?),
        })
    }
}

/// A verdict under a key of its own: storage keeps no empty values, so it is a byte.
struct Verdict(bool);

impl Record for Verdict {
    const NAME: &'static str = "rating";

    fn write(&self, to: &mut Writer) {
        to.bool(self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self(from.bool()?))
    }
}

/// All zero before the first rating.
pub(crate) fn of_model(storage: &dyn Storage, model: u64) -> Result<Ratings, ContractError> {
    let none = || Ratings {
        good: 0,
        bad: 0,
        good_fees: Uint128::zero(),
        bad_fees: Uint128::zero(),
    };
    Ok(load(storage, &keys::ratings(model))?.unwrap_or_else(none))
}

/// What was said of a task's answer.
pub(crate) fn of_task(storage: &dyn Storage, task: u64) -> Result<Option<bool>, ContractError> {
    Ok(load::<Verdict>(storage, &keys::rated(task))?.map(|verdict| verdict.0))
}

/// Counts a verdict; the caller has checked that it is the first.
pub(crate) fn add(
    storage: &mut dyn Storage,
    model: u64,
    task: u64,
    good: bool,
    fees: u128,
) -> Result<(), ContractError> {
    let mut ratings = of_model(storage, model)?;
    let (count, sum) = match good {
        true => (&mut ratings.good, &mut ratings.good_fees),
        false => (&mut ratings.bad, &mut ratings.bad_fees),
    };
    *count = count.checked_add(1).ok_or(ContractError::Overflow)?;
    *sum = sum
        .u128()
        .checked_add(fees)
        .map(Uint128::new)
        .ok_or(ContractError::Overflow)?;
    save(storage, &keys::ratings(model), &ratings);
    save(storage, &keys::rated(task), &Verdict(good));
    Ok(())
}
