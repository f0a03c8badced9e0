//! Prices, locks, sizes and windows (protocol, sections 3, 4 and 6).

use antiphon_api::{Params, Price};

use super::{Coins, Ledger, Model, Moment, Task, coins_of};

/// What one member is paid for a prompt of this length and an answer of so many tokens.
pub fn fee(price: &Price, prompt_bytes: u32, tokens: u32) -> Coins {
    coins_of(price.base.u128())
        + coins_of(price.per_prompt_byte.u128()) * Coins::from(prompt_bytes)
        + coins_of(price.per_output_token.u128()) * Coins::from(tokens)
}

/// What a member of a task with this full fee has at risk.
pub fn lock(params: &Params, full_fee: Coins) -> Coins {
    (full_fee * Coins::from(params.lock_multiple)).max(coins_of(params.min_lock.u128()))
}

/// The lock of a task at the model's limits.
pub fn seat_lock(params: &Params, model: &Model) -> Coins {
    let full = fee(
        &model.price,
        model.limits.max_prompt_bytes,
        model.limits.max_output_tokens,
    );
    lock(params, full)
}

/// Members of the round after one of this size; none if that is the largest.
pub fn larger(size: u32) -> Option<u32> {
    Some((2 * size + 1).min(31)).filter(|next| *next > size)
}

/// How many rounds so many occupied seats allow, if they allow any.
pub fn rounds_possible(committee: u32, occupied: u32, most: u32) -> usize {
    let (mut rounds, mut needed, mut size) = (0, 0, Some(committee));
    while let Some(now) = size {
        needed += now;
        if rounds as u32 == most || needed > occupied {
            break;
        }
        rounds += 1;
        size = larger(now);
    }
    rounds
}

impl Ledger {
    /// The first beacon round published strictly after now and the delay.
    pub(super) fn next_beacon_round(&self) -> u64 {
        const SECOND: i128 = 1_000_000_000;
        let earliest = i128::from(self.now.nanos) + i128::from(self.beacon.delay_seconds) * SECOND;
        let out =
            (earliest / SECOND - i128::from(self.beacon.genesis)) / i128::from(self.beacon.period);
        // From a round that is out by then on, until one is not.
        let mut round = u64::try_from(out).unwrap_or(1).max(1);
        while i128::from(self.published(round)) * SECOND <= earliest {
            round += 1;
        }
        round
    }

    /// Unix time in seconds at which a beacon round is published.
    pub fn published(&self, round: u64) -> u64 {
        self.beacon.genesis + (round - 1) * self.beacon.period
    }

    /// Whether the draw window of a round that opened then is over at a moment.
    pub fn draw_window_over(&self, task: &Task, opened: Moment, at: Moment) -> bool {
        let params = self.rule_of(task);
        let times = if task.number() == 0 { 1 } else { 10 };
        at.height > opened.height + times * params.draw_window_blocks
            && at.nanos > opened.nanos + times * params.draw_window_seconds * 1_000_000_000
    }

    pub(super) fn commit_window(&self, task: &Task) -> u64 {
        let params = self.rule_of(task);
        let by_tokens = task
            .max_output_tokens
            .div_ceil(params.commit_tokens_per_block);
        params.commit_window_blocks + u64::from(by_tokens)
    }

    /// Bond of an appeal now: the fees of the next round and one lock.
    pub fn appeal_bond(&self, task: &Task) -> Option<Coins> {
        let next = larger(task.round().size).filter(|_| task.round_left())?;
        Some(task.full_fee * Coins::from(next) + task.lock)
    }
}
