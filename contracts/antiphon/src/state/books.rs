//! All money: one ledger of balances and the totals of every pot. Each verb is a double entry, so
//! the conservation law (protocol, invariant 1) holds by construction.

use antiphon_api::{TotalsResponse, Uint128};
use cosmwasm_std::{CanonicalAddr, Storage};

use super::record::{Damaged, Reader, Record, Writer, load, remove, save};
use super::{keys, workers};
use crate::error::ContractError;

/// Where money of the contract can lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pot {
    Balances,
    Bonds,
    Unbonding,
    Escrows,
    DeliverFees,
    AppealBonds,
    ModelDeposits,
    ToBurn,
}

/// The totals of all pots, held in memory during a message and written back once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pots: [u128; 8],
    coins_in: u128,
    withdrawn: u128,
    burned: u128,
}

/// Bytes of the record as older versions wrote it: eleven amounts of sixteen.
const FIXED: usize = 176;

impl Record for Books {
    const NAME: &'static str = "totals";

    fn write(&self, to: &mut Writer) {
        let sums = [self.coins_in, self.withdrawn, self.burned];
        for number in self.pots.iter().chain(&sums) {
            to.number(*number);
        }
        to.unlike(FIXED);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let next = match from.left() {
            FIXED => Reader::u128,
            _ => Reader::number,
        };
        let mut books = Self::default();
        for pot in &mut books.pots {
            *pot = next(from)?;
        }
        books.coins_in = next(from)?;
        books.withdrawn = next(from)?;
        books.burned = next(from)?;
        from.end()?;
        Ok(books)
    }
}

fn add(to: &mut u128, amount: u128) -> Result<(), ContractError> {
    *to = to.checked_add(amount).ok_or(ContractError::Overflow)?;
    Ok(())
}

fn sub(from: &mut u128, amount: u128) -> Result<(), ContractError> {
    *from = from.checked_sub(amount).ok_or(ContractError::Overflow)?;
    Ok(())
}

impl Books {
    /// Reads the totals; all zero before the first coin.
    pub(crate) fn open(storage: &dyn Storage) -> Result<Self, ContractError> {
        Ok(load(storage, &keys::totals())?.unwrap_or_default())
    }

    /// Writes the totals back: every message that moved money ends with this.
    pub(crate) fn close(&self, storage: &mut dyn Storage) {
        save(storage, &keys::totals(), self);
    }

    fn pot(&mut self, pot: Pot) -> &mut u128 {
        let [
            balances,
            bonds,
            unbonding,
            escrows,
            fees,
            appeals,
            deposits,
            to_burn,
        ] = &mut self.pots;
        match pot {
            Pot::Balances => balances,
            Pot::Bonds => bonds,
            Pot::Unbonding => unbonding,
            Pot::Escrows => escrows,
            Pot::DeliverFees => fees,
            Pot::AppealBonds => appeals,
            Pot::ModelDeposits => deposits,
            Pot::ToBurn => to_burn,
        }
    }

    /// Moves between two pots that are not balances.
    pub(crate) fn shift(&mut self, from: Pot, to: Pot, amount: u128) -> Result<(), ContractError> {
        sub(self.pot(from), amount)?;
        add(self.pot(to), amount)
    }

    /// Credits attached coins to an account.
    pub(crate) fn receive(
        &mut self,
        storage: &mut dyn Storage,
        account: &CanonicalAddr,
        amount: u128,
    ) -> Result<(), ContractError> {
        add(&mut self.coins_in, amount)?;
        add(self.pot(Pot::Balances), amount)?;
        credit(storage, account, amount)
    }

    /// Credits an account out of a pot.
    pub(crate) fn pay(
        &mut self,
        storage: &mut dyn Storage,
        from: Pot,
        account: &CanonicalAddr,
        amount: u128,
    ) -> Result<(), ContractError> {
        if amount == 0 {
            return Ok(());
        }
        self.shift(from, Pot::Balances, amount)?;
        credit(storage, account, amount)
    }

    /// Pays a fee to a worker: into its stake, which the same message rewrites.
    pub(crate) fn earn(
        &mut self,
        storage: &mut dyn Storage,
        from: Pot,
        worker: &CanonicalAddr,
        amount: u128,
    ) -> Result<(), ContractError> {
        if amount == 0 {
            return Ok(());
        }
        self.shift(from, Pot::Balances, amount)?;
        let mut stake = workers::stake_of(storage, worker)?;
        add(&mut stake.earned, amount)?;
        workers::set_stake(storage, worker, &stake);
        Ok(())
    }

    /// Debits an account into a pot.
    pub(crate) fn charge(
        &mut self,
        storage: &mut dyn Storage,
        account: &CanonicalAddr,
        to: Pot,
        amount: u128,
    ) -> Result<(), ContractError> {
        debit(storage, account, amount)?;
        self.shift(Pot::Balances, to, amount)
    }

    /// Debits what is about to be sent to its owner.
    pub(crate) fn withdraw(
        &mut self,
        storage: &mut dyn Storage,
        account: &CanonicalAddr,
        amount: u128,
    ) -> Result<(), ContractError> {
        debit(storage, account, amount)?;
        sub(self.pot(Pot::Balances), amount)?;
        add(&mut self.withdrawn, amount)
    }

    /// Empties the pot of coins to burn and returns what was in it.
    pub(crate) fn flush(&mut self) -> Result<u128, ContractError> {
        let amount = std::mem::take(self.pot(Pot::ToBurn));
        add(&mut self.burned, amount)?;
        Ok(amount)
    }

    /// Puts back what could not be burned.
    pub(crate) fn unburn(&mut self, amount: u128) -> Result<(), ContractError> {
        sub(&mut self.burned, amount)?;
        add(self.pot(Pot::ToBurn), amount)
    }

    /// Bonds and unbonding entries of all workers: what the slash meter is measured by.
    pub(crate) fn slashable(&self) -> Result<u128, ContractError> {
        let [_, bonds, unbonding, ..] = self.pots;
        bonds.checked_add(unbonding).ok_or(ContractError::Overflow)
    }

    /// Every pot, as it is queried.
    pub(crate) fn response(&self) -> TotalsResponse {
        let [
            balances,
            bonds,
            unbonding,
            escrows,
            fees,
            appeals,
            deposits,
            to_burn,
        ] = self.pots.map(Uint128::new);
        TotalsResponse {
            balances,
            bonds,
            unbonding,
            escrows,
            deliver_fees: fees,
            appeal_bonds: appeals,
            model_deposits: deposits,
            to_burn,
            coins_in: Uint128::new(self.coins_in),
            withdrawn: Uint128::new(self.withdrawn),
            burned: Uint128::new(self.burned),
        }
    }
}

/// What an account can withdraw: what was credited to it, and what it earned as a worker.
pub(crate) fn balance(
    storage: &dyn Storage,
    account: &CanonicalAddr,
) -> Result<u128, ContractError> {
    let earned = workers::stake(storage, account)?.map_or(0, |stake| stake.earned);
    let credited = credited(storage, account)?;
    credited.checked_add(earned).ok_or(ContractError::Overflow)
}

fn credited(storage: &dyn Storage, account: &CanonicalAddr) -> Result<u128, ContractError> {
    Ok(load::<u128>(storage, &keys::balance(account))?.unwrap_or(0))
}

fn set_credited(storage: &mut dyn Storage, account: &CanonicalAddr, amount: u128) {
    let key = keys::balance(account);
    if amount == 0 {
        remove(storage, &key);
    } else {
        save(storage, &key, &amount);
    }
}

fn credit(
    storage: &mut dyn Storage,
    account: &CanonicalAddr,
    amount: u128,
) -> Result<(), ContractError> {
    let mut sum = credited(storage, account)?;
    add(&mut sum, amount)?;
    set_credited(storage, account, sum);
    Ok(())
}

/// Takes what was credited first, and then what was earned.
fn debit(
    storage: &mut dyn Storage,
    account: &CanonicalAddr,
    amount: u128,
) -> Result<(), ContractError> {
    let credited = credited(storage, account)?;
    if let Some(rest) = credited.checked_sub(amount) {
        set_credited(storage, account, rest);
        return Ok(());
    }
    let refused = ContractError::Funds {
        balance: balance(storage, account)?,
        needed: amount,
    };
    let Some(mut stake) = workers::stake(storage, account)? else {
        return Err(refused);
    };
    let missing = amount.saturating_sub(credited);
    stake.earned = stake.earned.checked_sub(missing).ok_or(refused)?;
    workers::set_stake(storage, account, &stake);
    set_credited(storage, account, 0);
    Ok(())
}
