//! Which beacon round draws a committee, and what a beacon signs (drand, unchained scheme).

use sha2::{Digest, Sha256};

use crate::Overflow;

const NANOS: u128 = 1_000_000_000;

/// When a beacon publishes: round r at `genesis + (r − 1) · period`, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Unix time of round 1, in seconds.
    pub genesis: u64,
    /// Seconds between rounds; a schedule of 0 is read as 1.
    pub period: u64,
}

impl Schedule {
    /// The first round published strictly after block time + delay: its randomness did not exist
    /// when the transition at that time was made. Round 1 before genesis.
    ///
    /// # Errors
    /// The round does not fit u64.
    pub fn first_round_after(
        &self,
        block_time_nanos: u64,
        delay_seconds: u64,
    ) -> Result<u64, Overflow> {
        let delay = u128::from(delay_seconds).saturating_mul(NANOS);
        let earliest = u128::from(block_time_nanos).saturating_add(delay);
        let genesis = u128::from(self.genesis).saturating_mul(NANOS);
        let period = u128::from(self.period.max(1)).saturating_mul(NANOS);
        let Some(elapsed) = earliest.checked_sub(genesis) else {
            return Ok(1);
        };
        let published = elapsed.checked_div(period).ok_or(Overflow("round"))?;
        u64::try_from(published.saturating_add(2)).map_err(|_| Overflow("round"))
    }

    /// Unix time at which a round is published, in seconds.
    ///
    /// # Errors
    /// The time does not fit u64.
    pub fn published(&self, round: u64) -> Result<u64, Overflow> {
        round
            .saturating_sub(1)
            .checked_mul(self.period.max(1))
            .and_then(|seconds| seconds.checked_add(self.genesis))
            .ok_or(Overflow("publishing time"))
    }

    /// The latest round published at this Unix time in seconds; none before genesis.
    #[must_use]
    pub fn latest_at(&self, seconds: u64) -> Option<u64> {
        let elapsed = seconds.checked_sub(self.genesis)?;
        elapsed.checked_div(self.period.max(1))?.checked_add(1)
    }
}

/// The 32 bytes that the beacon signs for a round: SHA-256 of its number, big-endian.
#[must_use]
pub fn beacon_message(round: u64) -> [u8; 32] {
    Sha256::digest(round.to_be_bytes()).into()
}

/// The randomness of a round: SHA-256 of its (verified) signature.
#[must_use]
pub fn randomness(signature: &[u8]) -> [u8; 32] {
    Sha256::digest(signature).into()
}
