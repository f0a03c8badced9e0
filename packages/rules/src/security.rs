//! The odds that a committee is bad, given how many seats are.
//!
//! Members are drawn without replacement, so the number of dishonest ones is hypergeometric. The
//! distribution is computed member by member in fixed point; each step rounds down, and what is lost
//! stays below size² units of 10⁻¹⁸.

use crate::rounds::quorum;

/// One, in fixed point.
pub const ONE: u128 = 1_000_000_000_000_000_000;

/// What can go wrong in one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    /// A quorum of members is dishonest and decides what it likes; in units of 10⁻¹⁸.
    pub wrong: u128,
    /// So many are dishonest that the honest ones are no quorum; in units of 10⁻¹⁸.
    pub blocked: u128,
}

/// The odds for a committee of `size` out of `seats`, of which `dishonest` are; all of them if
/// there are no more.
#[must_use]
pub fn odds(size: u32, seats: u32, dishonest: u32) -> Odds {
    let size = size.min(seats);
    if size == 0 {
        return Odds {
            wrong: 0,
            blocked: 0,
        };
    }
    let quorum = quorum(size);
    let spread = spread(size, seats, dishonest.min(seats));
    let tail = |from: u32| {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let sum = spread.iter().skip(from);
        sum.fold(0_u128, |sum, part| sum.saturating_add(*part))
            .min(ONE)
    };
    let to_block = size.saturating_sub(quorum).saturating_add(1);
    Odds {
        wrong: tail(quorum),
        blocked: tail(to_block),
    }
}

/// P(k of the members are dishonest) for k = 0 ..= size.
fn spread(size: u32, seats: u32, dishonest: u32) -> Vec<u128> {
    let mut spread = vec![ONE];
    for drawn in 0..size {
        let left = u128::from(seats.saturating_sub(drawn)).max(1);
        let mut next = vec![0_u128; spread.len().saturating_add(1)];
        for ((met, part), index) in (0_u32..).zip(&spread).zip(0_usize..) {
            let bad = u128::from(dishonest.saturating_sub(met));
            let good = left.saturating_sub(bad);
            if let Some(stays) = next.get_mut(index) {
                *stays = stays.saturating_add(of(*part, good, left));
            }
            if let Some(grows) = next.get_mut(index.saturating_add(1)) {
                *grows = grows.saturating_add(of(*part, bad, left));
            }
        }
        spread = next;
    }
    spread
}

/// part · number / of, rounded down. Parts are at most [`ONE`], numbers at most 4,096: no overflow.
fn of(part: u128, number: u128, of: u128) -> u128 {
    part.saturating_mul(number).checked_div(of).unwrap_or(0)
}

/// What a wrong quorum of a committee costs who stands behind it.
///
/// Its locks are forfeited if a later round stands against it and the meter takes them; half of the
/// forfeits, up to the appeal bond, returns to the appellant, who may be the same person. Nothing is
/// lost where no appeal is possible.
#[must_use]
pub fn cost_to_corrupt(
    size: u32,
    lock: u128,
    appeal_bond: Option<u128>,
    meter_takes: bool,
) -> u128 {
    let locks = lock.saturating_mul(quorum(size).into());
    match appeal_bond {
        Some(bond) if meter_takes => locks.saturating_sub((locks / 2).min(bond)),
        _ => 0,
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "the reference is plain floating point"
)]
mod tests {
    use super::*;

    fn binomial(n: u64, k: u64) -> f64 {
        (0..k).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64)
    }

    fn tail(size: u64, seats: u64, bad: u64, from: u64) -> f64 {
        let ways = |k: u64| match k <= bad && size - k <= seats - bad {
            true => binomial(bad, k) * binomial(seats - bad, size - k),
            false => 0.0,
        };
        (from..=size).map(ways).sum::<f64>() / binomial(seats, size)
    }

    #[test]
    fn odds_are_the_tails_of_the_hypergeometric_distribution() {
        for (size, seats, bad) in [
            (5, 100, 20),
            (5, 5, 2),
            (7, 40, 13),
            (11, 4_096, 1_365),
            (15, 300, 99),
            (31, 4_096, 819),
        ] {
            let got = odds(size, seats, bad);
            let q = u64::from(quorum(size));
            let (n, s, d) = (u64::from(size), u64::from(seats), u64::from(bad));
            for (got, want) in [
                (got.wrong, tail(n, s, d, q)),
                (got.blocked, tail(n, s, d, n - q + 1)),
            ] {
                let got = got as f64 / ONE as f64;
                assert!(
                    (got - want).abs() < 1e-12,
                    "{size} of {seats}: {got} {want}"
                );
            }
        }
    }

    #[test]
    fn nobody_dishonest_is_no_risk_and_everybody_is_certainty() {
        assert_eq!(
            odds(5, 100, 0),
            Odds {
                wrong: 0,
                blocked: 0
            }
        );
        let all = odds(5, 100, 100);
        assert_eq!((all.wrong, all.blocked), (ONE, ONE));
    }

    #[test]
    fn a_committee_larger_than_the_pool_is_the_pool() {
        assert_eq!(odds(15, 5, 5), odds(5, 5, 5));
        assert_eq!(
            odds(5, 0, 0),
            Odds {
                wrong: 0,
                blocked: 0
            }
        );
    }

    #[test]
    fn a_wrong_quorum_costs_its_locks_less_what_an_appeal_returns() {
        assert_eq!(cost_to_corrupt(5, 3_000, Some(4_100), true), 12_000 - 4_100);
        assert_eq!(cost_to_corrupt(5, 3_000, Some(9_000), true), 6_000);
        assert_eq!(cost_to_corrupt(5, 3_000, None, true), 0);
        assert_eq!(cost_to_corrupt(5, 3_000, Some(4_100), false), 0);
    }
}
