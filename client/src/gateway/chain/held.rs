//! What transactions under way will take from balances, until the chain's figures show it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one transaction takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Take {
    /// Whose.
    pub(super) account: String,
    /// From the balance in the contract.
    pub(super) prepaid: u128,
    /// From the account itself: coins attached, and the fee.
    pub(super) coins: u128,
}

/// What all transactions of an account take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) prepaid: u128,
    pub(super) coins: u128,
    /// How many they are.
    pub(super) count: u64,
}

/// Transactions whose fate is not known, by their hash.
#[derive(Debug, Default)]
pub(super) struct Held {
    inner: Mutex<BTreeMap<String, Take>>,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Take>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds money for a transaction that is handed over next.
    pub(super) fn hold(&self, hash: &str, take: Take) {
        self.lock().insert(hash.to_owned(), take);
    }

    /// The transaction is in a block, or never will be.
    pub(super) fn release(&self, hash: &str) {
        self.lock().remove(hash);
    }

    /// What is held of an account. Read it before its balances: what is resolved in between then counts
    /// twice for a moment, rather than not at all.
    pub(super) fn of(&self, account: &str) -> Sum {
        let held = self.lock();
        let mine = held.values().filter(|take| take.account == account);
        mine.fold(Sum::default(), |sum, take| Sum {
            prepaid: sum.prepaid.saturating_add(take.prepaid),
            coins: sum.coins.saturating_add(take.coins),
            count: sum.count.saturating_add(1),
        })
    }
}
