//! `antiphon security`: what a committee of a model is worth against dishonest seats, in words and numbers.

use antiphon_api::{SecurityResponse, Uint128};
use antiphon_chain::ChainError;
use antiphon_rules::security::ONE;
use serde::Serialize;

use crate::ask::choose_model;
use crate::error::ClientError;
use crate::network::Network;

/// Sizes a committee can have; 3 on networks for experiments only.
const SIZES: [u32; 6] = [3, 5, 7, 9, 11, 15];
/// Odds below one in so many are told as that.
const RARE: u128 = 1_000_000_000;

/// What committees of a model are worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecurityView {
    /// The model.
    pub model: u64,
    /// The size a task gets that names none.
    pub usual: u32,
    /// The denom of all amounts.
    pub denom: String,
    /// Each size that can be had, the smallest first; odds in units of 10⁻¹⁸.
    pub committees: Vec<SecurityResponse>,
    /// Each size that cannot be had now, with the contract's reason.
    pub refused: Vec<RefusedSize>,
}

/// A size that cannot be had now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedSize {
    /// Members.
    pub committee: u32,
    /// The contract's sentence.
    pub why: String,
}

/// Asks for one size, or for all.
///
/// # Errors
/// No such model, no node answers, or the one size that was named cannot be had.
pub async fn view(
    network: &Network,
    model: Option<u64>,
    committee: Option<u32>,
) -> Result<SecurityView, ClientError> {
    let model = choose_model(network, model).await?.model;
    let usual = network.contract.params(None).await?.params.committee;
    let mut view = SecurityView {
        model,
        usual,
        denom: network.file.denom.clone(),
        committees: Vec::new(),
        refused: Vec::new(),
    };
    if committee.is_some() {
        let one = network.contract.security(model, committee).await?;
        view.committees.push(one);
        return Ok(view);
    }
    for size in sizes(network).await? {
        match network.contract.security(model, Some(size)).await {
            Ok(one) => view.committees.push(one),
            Err(ChainError::Refused(refusal)) => view.refused.push(RefusedSize {
                committee: size,
                why: refusal.sentence,
            }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(view)
}

async fn sizes(network: &Network) -> Result<Vec<u32>, ClientError> {
    let insecure = network.contract.config().await?.insecure;
    Ok(SIZES
        .into_iter()
        .filter(|size| *size > 3 || insecure)
        .collect())
}

/// Odds in per cent with two digits that count: `0.72 %`.
#[must_use]
pub fn percent(odds: Uint128) -> String {
    let odds = odds.u128().min(ONE);
    if odds == 0 {
        return "0 %".to_owned();
    }
    if ONE.checked_div(odds).is_some_and(|times| times > RARE) {
        return "< 0.0000001 %".to_owned();
    }
    let mut unit = ONE.wrapping_div(100);
    let mut decimals: usize = 0;
    while odds < unit.saturating_mul(10) && unit > 1 && decimals < 9 {
        unit = unit.wrapping_div(10);
        decimals = decimals.saturating_add(1);
    }
    let number = rounded(odds, unit);
    let digits = format!("{number:0>width$}", width = decimals.saturating_add(1));
    let (whole, part) = digits.split_at(digits.len().saturating_sub(decimals));
    match part {
        "" => format!("{whole} %"),
        part => format!("{whole}.{part} %"),
    }
}

/// The same in words: `1 in 139`, and from a tenth on `4 in 10`.
#[must_use]
pub fn one_in(odds: Uint128) -> String {
    let odds = odds.u128().min(ONE);
    match ONE.checked_div(odds) {
        None => "never".to_owned(),
        Some(_) if odds == ONE => "always".to_owned(),
        Some(times) if times > RARE => "less than 1 in a billion".to_owned(),
        // Rounded, but never to a certainty that it is not.
        Some(times) if times < 10 => {
            format!("{} in 10", rounded(odds, ONE.wrapping_div(10)).min(9))
        }
        Some(_) => format!("1 in {}", grouped(rounded(ONE, odds))),
    }
}

fn rounded(number: u128, unit: u128) -> u128 {
    let half = unit.wrapping_div(2);
    let sum = number.saturating_add(half);
    sum.checked_div(unit).unwrap_or(0)
}

/// Thousands apart.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(place);
        if place > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What the numbers of one size mean, sentence by sentence.
#[must_use]
pub fn sentences(one: &SecurityResponse, denom: &str) -> Vec<String> {
    let size = one.committee;
    let mut list = vec![format!(
        "{size} workers are drawn out of {} seats, and {} equal ballots decide. {} of the model's members are busy in open tasks now",
        one.seats, one.quorum, one.busy
    )];
    if let Some(middle) = one.odds.get(one.odds.len().wrapping_div(2)) {
        list.push(format!(
            "If {} of the {} seats were dishonest and in league ({} %), a wrong answer would pass the first committee {}, and they could keep it from any answer {}",
            middle.dishonest_seats,
            one.seats,
            middle.dishonest_percent,
            how_often(middle.wrong, middle.dishonest_seats >= one.quorum),
            // They block with as many as the honest ones may lack for a quorum.
            how_often(
                middle.blocked,
                middle.dishonest_seats > size.saturating_sub(one.quorum)
            )
        ));
    }
    list.push(match one.appeal_bond {
        Some(bond) => format!(
            "Who doubts an answer can appeal for a bond of {bond} {denom}: a task has up to {} rounds, each with a larger, fresh committee",
            one.rounds_possible
        ),
        None => "No appeal is possible: the model has too few seats for a second committee".to_owned(),
    });
    list.push(cost(one, denom));
    list
}

/// Odds in words. They are rounded down to units of 10⁻¹⁸: zero means never only where it cannot happen.
fn how_often(odds: Uint128, possible: bool) -> String {
    match odds.u128() {
        0 if possible => "less than 1 in a billion times".to_owned(),
        0 => "never".to_owned(),
        some if some >= ONE => "every time".to_owned(),
        _ => format!("{} times", one_in(odds)),
    }
}

/// What a wrong committee loses.
fn cost(one: &SecurityResponse, denom: &str) -> String {
    let lock = one.lock;
    match (one.appeal_bond, one.meter_takes) {
        (None, _) => format!(
            "Each member locks {lock} {denom}, but where nobody can appeal a wrong quorum loses nothing for certain"
        ),
        (Some(_), false) => format!(
            "Each member locks {lock} {denom}, but so much was forfeited lately that nothing more is taken now: a wrong quorum loses nothing for certain"
        ),
        (Some(_), true) => format!(
            "Each member locks {lock} {denom}: a wrong quorum that a later round overturns loses at least {} {denom}, unless the meter of what was forfeited lately is full by then",
            one.cost_to_corrupt
        ),
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "tests: an overflow is a failed test"
)]
mod tests {
    use super::*;

    fn of(numerator: u128, denominator: u128) -> Uint128 {
        Uint128::new(ONE / denominator * numerator)
    }

    #[test]
    fn odds_are_told_with_two_digits_that_count() {
        for (odds, want) in [
            (Uint128::zero(), "0 %"),
            (of(1, 1), "100 %"),
            (of(1, 3), "33 %"),
            (of(1, 139), "0.72 %"),
            (of(1, 13), "7.7 %"),
            (of(1, 250_000), "0.00040 %"),
            (of(1, 2_000_000_000), "< 0.0000001 %"),
        ] {
            assert_eq!(percent(odds), want);
        }
    }

    #[test]
    fn odds_are_told_as_one_in_so_many() {
        for (odds, want) in [
            (Uint128::zero(), "never"),
            (of(1, 1), "always"),
            (of(13, 20), "7 in 10"),
            (of(99, 100), "9 in 10"),
            (of(1, 5), "2 in 10"),
            (of(1, 12), "1 in 12"),
            (of(1, 139), "1 in 139"),
            (of(1, 250_000), "1 in 250,000"),
            (of(1, 2_000_000_000), "less than 1 in a billion"),
        ] {
            assert_eq!(one_in(odds), want);
        }
    }

    #[test]
    fn what_can_happen_is_never_told_as_never() {
        let zero = Uint128::zero();
        assert_eq!(how_often(zero, true), "less than 1 in a billion times");
        assert_eq!(how_often(zero, false), "never");
        assert_eq!(how_often(of(1, 1), true), "every time");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(123_456_789), "123,456,789");
    }
}
