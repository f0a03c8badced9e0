//! The slash meter: a leaky bucket that lets no more than a share of all bonds be forfeited at once.
//!
//! Mass disagreement is likelier a software fault than an attack; then nobody loses a lock.

/// The meter at the height of a settlement, before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// What was forfeited lately, after the leak.
    pub level: u128,
    /// From this level on nothing is taken.
    pub cap: u128,
}

impl Meter {
    /// Leaks `⌊cap · blocks / meter_blocks⌋` since the level was stored, `blocks` ago; the cap is
    /// `⌊bonds_and_unbonding · per_mille / 1000⌋` as they are before the settlement.
    #[must_use]
    pub fn at(
        stored_level: u128,
        blocks: u64,
        bonds_and_unbonding: u128,
        per_mille: u32,
        meter_blocks: u64,
    ) -> Self {
        let cap = share(bonds_and_unbonding, per_mille.into(), 1_000);
        let leak = share(cap, blocks, meter_blocks);
        Self {
            level: stored_level.saturating_sub(leak),
            cap,
        }
    }

    /// Whether a task's forfeits are taken: all of them, or none.
    #[must_use]
    pub const fn takes(&self) -> bool {
        self.level < self.cap
    }

    /// The level to store after a settlement with these forfeits.
    #[must_use]
    pub const fn level_after(&self, forfeits: u128) -> u128 {
        if self.takes() {
            self.level.saturating_add(forfeits)
        } else {
            self.level
        }
    }
}

/// `⌊x · numerator / denominator⌋` without overflow on the way; saturates if the result does not
/// fit. A denominator of 0 is read as 1.
fn share(x: u128, numerator: u64, denominator: u64) -> u128 {
    let (numerator, denominator) = (u128::from(numerator), u128::from(denominator.max(1)));
    let whole = x.checked_div(denominator).unwrap_or(x);
    let rest = x.checked_rem(denominator).unwrap_or(0);
    // `rest` and `numerator` are below 2^64: their product fits.
    let part = rest
        .saturating_mul(numerator)
        .checked_div(denominator)
        .unwrap_or(0);
    whole.saturating_mul(numerator).saturating_add(part)
}
