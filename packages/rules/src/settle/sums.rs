//! Checked sums over members and pots.

use super::MemberResult;
use crate::Overflow;

/// Pays as much of `owed` as `pot` has; returns what is left of the pot.
pub(super) fn draw_from(pot: u128, owed: &mut u128) -> u128 {
    let part = pot.min(*owed);
    *owed = owed.saturating_sub(part);
    pot.saturating_sub(part)
}

pub(super) fn count(members: &[MemberResult], which: impl Fn(&MemberResult) -> bool) -> u32 {
    let number = members.iter().filter(|member| which(member)).count();
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(super) fn times(amount: u128, number: u32) -> Result<u128, Overflow> {
    amount.checked_mul(number.into()).ok_or(Overflow("sum"))
}

pub(super) fn less(amount: u128, part: u128) -> Result<u128, Overflow> {
    amount.checked_sub(part).ok_or(Overflow("difference"))
}

pub(super) fn sum(amounts: impl IntoIterator<Item = u128>) -> Result<u128, Overflow> {
    amounts
        .into_iter()
        .try_fold(0_u128, |total, amount| total.checked_add(amount))
        .ok_or(Overflow("sum"))
}
