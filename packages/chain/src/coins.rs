//! Coins and gas prices.

use std::fmt;
use std::str::FromStr;

use crate::error::ChainError;

/// An amount of one native denom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    /// In the smallest unit.
    pub amount: u128,
    /// Such as `uanti`.
    pub denom: String,
}

impl Coin {
    /// An amount of a denom.
    #[must_use]
    pub fn new(amount: u128, denom: &str) -> Self {
        Self {
            amount,
            denom: denom.to_owned(),
        }
    }
}

impl fmt::Display for Coin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.denom)
    }
}

/// Decimal places kept of a gas price, as in the Cosmos SDK.
const PLACES: usize = 18;
const ONE: u128 = 1_000_000_000_000_000_000;

/// What a unit of gas costs, such as `0.025uanti`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasPrice {
    /// In 10^-18 of the denom.
    atto: u128,
    denom: String,
}

impl GasPrice {
    /// The fee for a gas limit, rounded up.
    ///
    /// # Errors
    /// The product does not fit 128 bits.
    pub fn fee(&self, gas: u64) -> Result<Coin, ChainError> {
        let product = self
            .atto
            .checked_mul(u128::from(gas))
            .ok_or_else(|| ChainError::Message(format!("{self} times {gas} gas is too much")))?;
        Ok(Coin::new(product.div_ceil(ONE), &self.denom))
    }

    /// The denom fees are paid in.
    #[must_use]
    pub fn denom(&self) -> &str {
        &self.denom
    }
}

impl fmt::Display for GasPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.atto.checked_div(ONE).unwrap_or_default();
        let part = self.atto.checked_rem(ONE).unwrap_or_default();
        let text = format!("{whole}.{part:018}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        write!(f, "{text}{}", self.denom)
    }
}

impl FromStr for GasPrice {
    type Err = ChainError;

    fn from_str(text: &str) -> Result<Self, ChainError> {
        let refused = || {
            ChainError::Message(format!(
                "got {text:?} as a gas price, want a decimal and a denom such as 0.025uanti"
            ))
        };
        let split = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .ok_or_else(refused)?;
        let (number, denom) = text.split_at(split);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || part.len() > PLACES || !digits(whole) || !digits(part) {
            return Err(refused());
        }
        let part: u128 = format!("{part:0<PLACES$}").parse().map_err(|_| refused())?;
        let whole: u128 = whole.parse().map_err(|_| refused())?;
        let atto = whole
            .checked_mul(ONE)
            .and_then(|w| w.checked_add(part))
            .ok_or_else(refused)?;
        Ok(Self {
            atto,
            denom: denom.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_rounded_up() {
        let price: GasPrice = "0.025uanti".parse().unwrap();
        assert_eq!(price.fee(200_000).unwrap(), Coin::new(5_000, "uanti"));
        assert_eq!(price.fee(1).unwrap(), Coin::new(1, "uanti"));
        assert_eq!(price.fee(0).unwrap(), Coin::new(0, "uanti"));
        assert_eq!(price.to_string(), "0.025uanti");
    }

    #[test]
    fn a_gas_price_without_number_or_denom_is_refused() {
        for bad in ["", "uanti", "0.025", "1.2.3uanti", ".5uanti", "-1uanti"] {
            assert!(bad.parse::<GasPrice>().is_err(), "{bad}");
        }
        assert_eq!("3uanti".parse::<GasPrice>().unwrap().to_string(), "3uanti");
    }
}
