//! Gives coins away, so that a page on the local network works without a wallet and without anybody's
//! key. For chains whose coins are worth nothing.

mod allowance;
mod server;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use antiphon_chain::{
    Chain, ChainConfig, ChainError, Coin, Gas, Key, Msg, Sender, SenderOptions, canonical,
};
use serde::{Deserialize, Serialize};

pub use allowance::Allowance;
pub use server::serve;

use crate::error::{During, LocalnetError, Result};
use crate::facts::Facts;
use allowance::Ledger;

/// A bank send uses 71,000 gas; the first one to an address a little more.
const GAS: u64 = 150_000;
/// Lengths that addresses have: accounts and contracts.
const ADDRESS_BYTES: [usize; 2] = [20, 32];

/// What a gift is taken from.
pub trait Purse: Send + Sync + 'static {
    /// Sends coins and waits for the block; gives the transaction's hash.
    fn send(
        &self,
        to: &str,
        coin: Coin,
    ) -> impl Future<Output = std::result::Result<String, ChainError>> + Send;
    /// What is left.
    fn left(&self) -> impl Future<Output = std::result::Result<u128, ChainError>> + Send;
    /// Whose coins these are.
    fn address(&self) -> &str;
}

impl Purse for Sender {
    async fn send(&self, to: &str, coin: Coin) -> std::result::Result<String, ChainError> {
        let coins = vec![coin];
        let to = to.to_owned();
        let done = Self::send(self, &[Msg::Send { to, coins }], Gas::Limit(GAS)).await?;
        Ok(done.hash)
    }

    async fn left(&self) -> std::result::Result<u128, ChainError> {
        self.balance().await
    }

    fn address(&self) -> &str {
        Self::address(self)
    }
}

/// One gift, as it is told to who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// Who got it.
    pub address: String,
    /// How much, in the smallest unit.
    pub amount: String,
    /// Of what.
    pub denom: String,
    /// The transaction.
    pub hash: String,
}

/// How the faucet stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaucetStatus {
    /// The account that gives.
    pub address: String,
    /// What it has.
    pub balance: String,
    /// What one gift is.
    pub amount: String,
    /// Of what.
    pub denom: String,
    /// Gifts to one address in a minute.
    pub per_minute: u32,
    /// Gifts to anybody within the running hour that are left.
    pub left_this_hour: u32,
}

/// Why there is no gift.
#[derive(Debug, thiserror::Error)]
pub enum GiftError {
    /// Not an address of this chain.
    #[error("got {got:?}, want an address of this chain, such as {example}")]
    Address {
        /// The text given.
        got: String,
        /// One that would do.
        example: String,
    },
    /// This address got its gifts for now.
    #[error("{address} got {gifts} gifts within a minute: ask again in {seconds} s")]
    TooOften {
        /// Who asked.
        address: String,
        /// How often it was given.
        gifts: u32,
        /// When the next one may be asked for.
        seconds: u64,
    },
    /// The hour's gifts are given.
    #[error("all {gifts} gifts of this hour are given: ask again in {seconds} s")]
    HourOver {
        /// The hour's gifts.
        gifts: u32,
        /// When the next one may be asked for.
        seconds: u64,
    },
    /// The chain did not do it.
    #[error("the gift could not be sent: {0}")]
    Chain(#[from] ChainError),
}

/// Gives coins, so much and so often.
#[derive(Debug)]
pub struct Faucet<P> {
    purse: P,
    prefix: String,
    gift: Coin,
    ledger: Mutex<Ledger>,
}

impl Faucet<Arc<Sender>> {
    /// The faucet of the network in this folder, with the key that `network.json` names `faucet`. There
    /// must be no second one: the key has one writer.
    ///
    /// # Errors
    /// There is no network, no key, or the node's address cannot be used.
    pub fn open(home: &Path, allowance: Allowance) -> Result<Self> {
        let facts = Facts::load(home)?;
        let none = || LocalnetError::NoNetwork {
            home: home.to_owned(),
            reason: "network.json names no key `faucet`".to_owned(),
        };
        let key = Key::load(facts.keys.get("faucet").ok_or_else(none)?)?;
        let mut config = ChainConfig::local(&facts.rpc);
        config.chain_id = Some(facts.chain_id.clone());
        let step = "opening the faucet";
        let price = facts.gas_price.parse().during(step)?;
        let chain = Chain::new(config).during(step)?;
        let sender = Sender::new(chain, Arc::new(key), SenderOptions::new(price)).during(step)?;
        let gift = Coin::new(allowance.amount, &facts.denom);
        Ok(Self::new(Arc::new(sender), &facts.prefix, gift, allowance))
    }
}

impl<P: Purse> Purse for Arc<P> {
    async fn send(&self, to: &str, coin: Coin) -> std::result::Result<String, ChainError> {
        P::send(self, to, coin).await
    }

    async fn left(&self) -> std::result::Result<u128, ChainError> {
        P::left(self).await
    }

    fn address(&self) -> &str {
        P::address(self)
    }
}

impl<P: Purse> Faucet<P> {
    /// A faucet that gives from this purse.
    pub fn new(purse: P, prefix: &str, gift: Coin, allowance: Allowance) -> Self {
        Self {
            purse,
            prefix: prefix.to_owned(),
            gift,
            ledger: Mutex::new(Ledger::new(allowance)),
        }
    }

    /// Gives. It is counted before it is sent: a gift whose end is not known counts too.
    ///
    /// # Errors
    /// No address, too often, or the chain did not do it.
    pub async fn give(&self, address: &str) -> std::result::Result<Gift, GiftError> {
        let who = self.checked(address)?;
        self.ledger().admit(Instant::now(), &who, address)?;
        let hash = self.purse.send(address, self.gift.clone()).await?;
        Ok(Gift {
            address: address.to_owned(),
            amount: self.gift.amount.to_string(),
            denom: self.gift.denom.clone(),
            hash,
        })
    }

    /// How it stands.
    ///
    /// # Errors
    /// The chain does not answer.
    pub async fn status(&self) -> std::result::Result<FaucetStatus, GiftError> {
        let balance = self.purse.left().await?.to_string();
        let ledger = self.ledger();
        Ok(FaucetStatus {
            address: self.purse.address().to_owned(),
            balance,
            amount: self.gift.amount.to_string(),
            denom: self.gift.denom.clone(),
            per_minute: ledger.per_minute(),
            left_this_hour: ledger.left(Instant::now()),
        })
    }

    /// An address has several spellings; its bytes are what is counted.
    fn checked(&self, address: &str) -> std::result::Result<Vec<u8>, GiftError> {
        let prefixed = address
            .rsplit_once('1')
            .is_some_and(|(prefix, _)| prefix == self.prefix);
        let bytes = canonical(address).ok();
        bytes
            .filter(|bytes| prefixed && ADDRESS_BYTES.contains(&bytes.len()))
            .ok_or_else(|| GiftError::Address {
                got: address.chars().take(100).collect(),
                example: self.purse.address().to_owned(),
            })
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        // Plain counters: whole at every moment.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
