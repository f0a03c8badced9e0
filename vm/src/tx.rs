//! The transaction around a call.

use crate::prices;

/// How a call comes to the contract.
#[derive(Clone, Copy, Debug)]
pub enum Sent {
    /// The one message of a transaction.
    Message {
        /// Of the message's JSON.
        bytes: u64,
        /// A coin comes with it.
        coins: bool,
    },
    /// From inside another message of this contract: the instance alone is paid again, at a discount.
    Within,
}

impl Sent {
    /// What the transaction costs beside the contract's work, with the code pinned or not. SDK gas.
    #[must_use]
    pub const fn floor(self, pinned: bool) -> u64 {
        match self {
            Self::Within => prices::INSTANCE_PINNED,
            Self::Message { bytes, coins } => {
                let instance = if pinned {
                    prices::INSTANCE_PINNED
                } else {
                    prices::INSTANCE
                };
                let coins = if coins { prices::COIN } else { 0 };
                prices::TRANSACTION + bytes * prices::TX_BYTE + instance + coins
            }
        }
    }
}
