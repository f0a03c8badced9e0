//! A worker's money and standing: what is locked, what leaves, what a miss costs (protocol, sections
//! 3.1 and 3.2).

use crate::Overflow;
use crate::fees::Taken;

/// A worker's money and standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stake {
    /// In service, and slashable.
    pub bond: u128,
    /// Σ locks of open memberships; never above `bond + unbonding` (invariant 2).
    pub locked: u128,
    /// Leaving, and slashable until claimed.
    pub unbonding: u128,
    /// Unix time in seconds at which the unbonding entry can be claimed.
    pub claimable: u64,
    /// Height of the last bond, seat or release from jail.
    pub since: u64,
    /// Misses since the last right ballot.
    pub misses: u32,
    /// Unix time in seconds at which a jailed worker may ask to be let out; 0 if not jailed.
    pub jailed_until: u64,
    /// Fees earned and not withdrawn, a part of the worker's balance: here, because every payment of
    /// a fee rewrites this record anyway.
    pub earned: u128,
}

/// Why a part of the bond cannot leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staying {
    /// Nothing, or more than the bond.
    Amount,
    /// The seats held need more than this `rest`.
    SeatsNeed {
        /// What would be left of the bond.
        rest: u128,
    },
}

/// Why the unbonding entry cannot be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclaimable {
    /// There is none.
    Nothing,
    /// Its time has not come.
    Early,
    /// Locks of open tasks rest on it: a forfeit must find its coins.
    Locked,
}

/// Why a worker is not let out of jail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is in none.
    Free,
    /// Its time is not over.
    Early,
}

impl Stake {
    /// Whether draws pass the worker over.
    #[must_use]
    pub const fn jailed(&self) -> bool {
        self.jailed_until != 0
    }

    /// The part of the bond at no risk.
    #[must_use]
    pub const fn free(&self) -> u128 {
        self.bond.saturating_sub(self.locked)
    }

    /// Adds to the bond. Bonds made once the randomness of a draw is known must not enter it
    /// (invariant 18): the worker counts as new from this height on.
    ///
    /// # Errors
    /// The bond does not fit u128.
    pub fn add(&mut self, amount: u128, height: u64) -> Result<(), Overflow> {
        self.bond = self.bond.checked_add(amount).ok_or(Overflow("bond"))?;
        self.since = height;
        Ok(())
    }

    /// Puts a part at risk in one more task.
    ///
    /// # Errors
    /// The sum does not fit u128.
    pub fn lock(&mut self, amount: u128) -> Result<(), Overflow> {
        self.locked = self.locked.checked_add(amount).ok_or(Overflow("locked"))?;
        Ok(())
    }

    /// Frees the lock of a task that is over for the worker.
    ///
    /// # Errors
    /// Less is locked.
    pub fn unlock(&mut self, amount: u128) -> Result<(), Overflow> {
        self.locked = self.locked.checked_sub(amount).ok_or(Overflow("locked"))?;
        Ok(())
    }

    /// Takes at most `amount`: from the bond first, then from the unbonding entry.
    pub fn take(&mut self, amount: u128) -> Taken {
        let taken = Taken::split(amount, self.bond, self.unbonding);
        self.bond = self.bond.saturating_sub(taken.from_bond);
        self.unbonding = self.unbonding.saturating_sub(taken.from_unbonding);
        taken
    }

    /// Charges a miss of a task whose lock is free again. Nobody is jailed twice.
    pub fn miss(&mut self, base: u128, max_misses: u32, jailed_until: u64) -> Miss {
        let taken = self.take(base);
        self.misses = self.misses.saturating_add(1);
        let jailed = self.misses >= max_misses && !self.jailed();
        if jailed {
            self.jailed_until = jailed_until;
        }
        Miss { taken, jailed }
    }

    /// Judged right: earlier misses are forgotten.
    pub const fn forget_misses(&mut self) {
        self.misses = 0;
    }

    /// Takes a part of the bond out of service; `needed` is the largest lock of the seats held. The
    /// clock of the whole entry starts anew.
    ///
    /// # Errors
    /// There is no such part, or seats need it: leave them first.
    pub fn unbond(&mut self, amount: u128, needed: u128, claimable: u64) -> Result<(), Staying> {
        let rest = self.bond.checked_sub(amount).filter(|_| amount > 0);
        let rest = rest.ok_or(Staying::Amount)?;
        if rest < needed {
            return Err(Staying::SeatsNeed { rest });
        }
        self.bond = rest;
        // Both are parts of what was one bond or more of the one denom.
        self.unbonding = self.unbonding.saturating_add(amount);
        self.claimable = claimable;
        Ok(())
    }

    /// Gives up the unbonding entry; returns what its owner is to be paid.
    ///
    /// # Errors
    /// There is none, it is too early, or locks rest on it.
    pub fn claim(&mut self, now: u64) -> Result<u128, Unclaimable> {
        match self.unbonding {
            0 => Err(Unclaimable::Nothing),
            _ if now < self.claimable => Err(Unclaimable::Early),
            _ if self.bond < self.locked => Err(Unclaimable::Locked),
            amount => {
                (self.unbonding, self.claimable) = (0, 0);
                Ok(amount)
            }
        }
    }

    /// Lets a worker out of jail. Whoever comes back once the randomness of a draw is known must not
    /// enter it (invariant 18): the worker counts as new from this height on.
    ///
    /// # Errors
    /// It is in none, or its time is not over.
    pub const fn release(&mut self, now: u64, height: u64) -> Result<(), Held> {
        if !self.jailed() {
            return Err(Held::Free);
        }
        if now < self.jailed_until {
            return Err(Held::Early);
        }
        self.jailed_until = 0;
        self.since = height;
        Ok(())
    }
}

/// What a miss came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// What was charged.
    pub taken: Taken,
    /// The worker went to jail by it.
    pub jailed: bool,
}
