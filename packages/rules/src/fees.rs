//! Prices, fees, escrow, locks and bonds (protocol, section 6).

use crate::Overflow;

/// What one member is paid by, per answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Paid for every ballot that counts, and the charge of a miss.
    pub base: u128,
    /// Paid per byte of the prompt's document.
    pub per_prompt_byte: u128,
    /// Paid per output token of the answer.
    pub per_output_token: u128,
}

impl Price {
    /// g: the part of the fee that does not depend on the answer; all of it for outcomes without
    /// tokens.
    ///
    /// # Errors
    /// The fee does not fit u128.
    pub fn base_fee(&self, prompt_bytes: u32) -> Result<u128, Overflow> {
        self.per_prompt_byte
            .checked_mul(prompt_bytes.into())
            .and_then(|fee| fee.checked_add(self.base))
            .ok_or(Overflow("fee"))
    }

    /// f: the fee of one member for an answer of this many tokens; F at the task's maximum.
    ///
    /// # Errors
    /// The fee does not fit u128.
    pub fn fee(&self, prompt_bytes: u32, output_tokens: u32) -> Result<u128, Overflow> {
        self.per_output_token
            .checked_mul(output_tokens.into())
            .zip(Some(self.base_fee(prompt_bytes)?))
            .and_then(|(tokens, base)| tokens.checked_add(base))
            .ok_or(Overflow("fee"))
    }
}

/// How much of a bond is at risk in one membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockRule {
    /// Smallest lock.
    pub min_lock: u128,
    /// The lock in full fees F, if that is more.
    pub lock_multiple: u32,
}

impl LockRule {
    /// L: the lock of each member of a task whose full fee is F.
    ///
    /// # Errors
    /// The lock does not fit u128.
    pub fn lock(&self, full_fee: u128) -> Result<u128, Overflow> {
        full_fee
            .checked_mul(self.lock_multiple.into())
            .map(|lock| lock.max(self.min_lock))
            .ok_or(Overflow("lock"))
    }
}

/// What `post_task` takes: n · F, whatever the answer will cost in the end.
///
/// # Errors
/// The escrow does not fit u128.
pub fn escrow(full_fee: u128, committee: u32) -> Result<u128, Overflow> {
    full_fee
        .checked_mul(committee.into())
        .ok_or(Overflow("escrow"))
}

/// What an appeal takes: the full fee of every member of the next round, and one lock.
///
/// # Errors
/// The bond does not fit u128.
pub fn appeal_bond(full_fee: u128, next_size: u32, lock: u128) -> Result<u128, Overflow> {
    full_fee
        .checked_mul(next_size.into())
        .and_then(|fees| fees.checked_add(lock))
        .ok_or(Overflow("appeal bond"))
}

/// The largest lock a seat can meet: that of a task at its model's limits.
///
/// # Errors
/// The lock does not fit u128.
pub fn seat_lock(
    price: &Price,
    max_prompt_bytes: u32,
    max_output_tokens: u32,
    rule: &LockRule,
) -> Result<u128, Overflow> {
    rule.lock(price.fee(max_prompt_bytes, max_output_tokens)?)
}

/// A debt split over the two places it is taken from: the bond first, then the unbonding entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Taken from the bond.
    pub from_bond: u128,
    /// Taken from the unbonding entry.
    pub from_unbonding: u128,
}

impl Taken {
    /// Splits a forfeit or a miss charge; takes what there is where it exceeds both.
    #[must_use]
    pub fn split(amount: u128, bond: u128, unbonding: u128) -> Self {
        let from_bond = amount.min(bond);
        Self {
            from_bond,
            from_unbonding: amount.saturating_sub(from_bond).min(unbonding),
        }
    }

    /// What was taken in all.
    #[must_use]
    pub const fn total(&self) -> u128 {
        self.from_bond.saturating_add(self.from_unbonding)
    }
}
