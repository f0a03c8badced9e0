//! Coins in, coins out, and what every pot holds.

use antiphon_api::{TotalsResponse, Uint128};

use super::{Coins, Expected, Ledger, Op, Reasons, Round, coins_of};

/// What a message takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// Coins, or the balance.
    Either,
    Coins,
}

impl Ledger {
    /// The coins of a message, and what is wrong with them.
    pub(super) fn attached(&self, op: &Op, takes: Takes) -> (Coins, Reasons) {
        let mut no = Reasons::default();
        let ours = match op.coins.as_slice() {
            [coin] if coin.denom == self.denom => {
                Some(Uint128::try_from(coin.amount).map_or(0, |it| coins_of(it.u128())))
            }
            _ => None,
        };
        let none = op.coins.is_empty();
        no.when(takes == Takes::Nothing && !none, "E_NO_COINS");
        no.when(
            takes != Takes::Nothing && !none && ours.is_none(),
            "E_COINS",
        );
        no.when(takes == Takes::Coins && none, "E_ZERO");
        (ours.unwrap_or(0), no)
    }

    pub fn balance(&self, account: &str) -> Coins {
        self.accounts.get(account).map_or(0, |it| it.balance)
    }

    pub(super) fn receive(&mut self, account: &str, amount: Coins) {
        self.coins_in += amount;
        let account = self.accounts.entry(account.to_owned()).or_default();
        account.balance += amount;
        account.put_in += amount;
    }

    /// Takes from a balance what goes into a pot that is added up from what it is made of.
    pub(super) fn charge(&mut self, account: &str, amount: Coins) {
        let account = self.accounts.entry(account.to_owned()).or_default();
        account.balance -= amount;
        assert!(account.balance >= 0, "a balance below zero: {account:?}");
    }

    /// Gives back what was the account's own.
    pub(super) fn give_back(&mut self, account: &str, amount: Coins) {
        self.touched.insert(account.to_owned());
        self.accounts.entry(account.to_owned()).or_default().balance += amount;
    }

    /// Pays what was not the account's own before.
    pub(super) fn reward(&mut self, account: &str, amount: Coins) {
        self.give_back(account, amount);
        self.accounts.entry(account.to_owned()).or_default().earned += amount;
    }

    pub(super) fn deposit(&mut self, op: &Op) -> Expected {
        let (coins, no) = self.attached(op, Takes::Coins);
        if no.any() {
            return no.refuse();
        }
        self.receive(&op.sender, coins);
        Expected::done()
    }

    pub(super) fn withdraw(&mut self, op: &Op, amount: Option<Coins>) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let balance = self.balance(&op.sender);
        let amount = amount.unwrap_or(balance);
        no.when(amount == 0 || amount > balance, "E_AMOUNT");
        if no.any() {
            return no.refuse();
        }
        self.charge(&op.sender, amount);
        self.accounts
            .entry(op.sender.clone())
            .or_default()
            .taken_out += amount;
        self.withdrawn += amount;
        Expected::done()
    }

    /// Bonds and unbonding entries: what can be slashed.
    pub fn slashable(&self) -> Coins {
        let workers = self.workers.values();
        workers.map(|worker| worker.bond + worker.unbonding).sum()
    }

    /// Every pot, added up from its parts.
    pub fn totals(&self) -> TotalsResponse {
        let workers = || self.workers.values();
        let bonds = |round: &Round| round.appeal.as_ref().map_or(0, |(_, bond)| *bond);
        let appeals = self.open().flat_map(|task| &task.rounds).map(bonds).sum();
        let fees = self.tasks.iter().filter_map(|task| task.callback.as_ref());
        TotalsResponse {
            balances: uint(self.accounts.values().map(|it| it.balance).sum()),
            bonds: uint(workers().map(|it| it.bond).sum()),
            unbonding: uint(workers().map(|it| it.unbonding).sum()),
            escrows: uint(self.open().map(|it| it.escrow).sum()),
            deliver_fees: uint(fees.map(|it| it.fee).sum()),
            appeal_bonds: uint(appeals),
            model_deposits: uint(self.models.iter().map(|it| it.deposit).sum()),
            to_burn: uint(self.to_burn),
            coins_in: uint(self.coins_in),
            withdrawn: uint(self.withdrawn),
            burned: uint(self.burned),
        }
    }

    /// What is on chain in the contract's name.
    pub const fn held(&self) -> Coins {
        self.coins_in - self.withdrawn - self.burned
    }
}

/// A sum that must not be negative.
pub fn uint(amount: Coins) -> Uint128 {
    Uint128::new(u128::try_from(amount).unwrap())
}
