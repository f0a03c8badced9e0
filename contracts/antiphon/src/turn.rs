//! One message on its way: who sent it, when, its money, and what it will answer.

use antiphon_rules::windows::Moment;
use cosmwasm_std::{
    Addr, Api, BlockInfo, CanonicalAddr, CosmosMsg, DepsMut, Env, Event, MessageInfo, Response,
    Storage, SubMsg, Uint128, Uint256,
};

use crate::error::ContractError;
use crate::state::books::{Books, Pot};
use crate::state::config;

/// Everything a message may touch. Totals are read when money first moves and written back once, if
/// it did.
pub(crate) struct Turn<'a> {
    pub(crate) storage: &'a mut dyn Storage,
    pub(crate) api: &'a dyn Api,
    pub(crate) env: Env,
    pub(crate) sender: CanonicalAddr,
    info: MessageInfo,
    books: Option<Ledger>,
    events: Vec<Event>,
    messages: Vec<SubMsg>,
}

/// The totals as they are, and as they were read.
struct Ledger {
    now: Books,
    read: Books,
}

/// The height and time of a block.
pub(crate) fn moment(block: &BlockInfo) -> Moment {
    Moment {
        height: block.height,
        nanos: block.time.nanos(),
    }
}

impl<'a> Turn<'a> {
    pub(crate) fn begin(
        deps: DepsMut<'a>,
        env: Env,
        info: MessageInfo,
    ) -> Result<Self, ContractError> {
        Ok(Self {
            sender: deps.api.addr_canonicalize(info.sender.as_str())?,
            storage: deps.storage,
            api: deps.api,
            env,
            info,
            books: None,
            events: Vec::new(),
            messages: Vec::new(),
        })
    }

    /// Writes the totals back and answers.
    pub(crate) fn end(self) -> Response {
        if let Some(books) = self.books.filter(|books| books.now != books.read) {
            books.now.close(self.storage);
        }
        Response::new()
            .add_events(self.events)
            .add_submessages(self.messages)
    }

    pub(crate) fn now(&self) -> Moment {
        moment(&self.env.block)
    }

    pub(crate) const fn height(&self) -> u64 {
        self.env.block.height
    }

    pub(crate) const fn sender_text(&self) -> &Addr {
        &self.info.sender
    }

    pub(crate) fn emit(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }

    pub(crate) fn send(&mut self, message: impl Into<CosmosMsg>) {
        self.messages.push(SubMsg::new(message));
    }

    pub(crate) fn send_submessage(&mut self, message: SubMsg) {
        self.messages.push(message);
    }

    /// The text of a stored account.
    pub(crate) fn text(&self, account: &CanonicalAddr) -> Result<String, ContractError> {
        Ok(self.api.addr_humanize(account)?.into_string())
    }

    /// The texts of stored accounts.
    pub(crate) fn texts(&self, accounts: &[CanonicalAddr]) -> Result<Vec<String>, ContractError> {
        accounts.iter().map(|account| self.text(account)).collect()
    }

    /// Refuses coins: for messages that take none.
    pub(crate) fn no_coins(&self) -> Result<(), ContractError> {
        if self.info.funds.is_empty() {
            return Ok(());
        }
        Err(ContractError::UnwantedCoins {
            got: list(&self.info),
        })
    }

    /// Credits the attached coin, if there is one, to the sender's balance; what came is returned.
    pub(crate) fn take_coins(&mut self) -> Result<u128, ContractError> {
        if self.info.funds.is_empty() {
            return Ok(0);
        }
        let denom = config::get(self.storage)?.denom;
        let amount = match self.info.funds.as_slice() {
            [coin] if coin.denom == denom => narrow(coin.amount)?,
            _ => {
                return Err(ContractError::Coins {
                    got: list(&self.info),
                    denom,
                });
            }
        };
        let sender = self.sender.clone();
        self.with_books(|books, storage| books.receive(storage, &sender, amount))?;
        Ok(amount)
    }

    /// Credits the attached coin, of which there must be one.
    pub(crate) fn require_coins(&mut self) -> Result<u128, ContractError> {
        match self.take_coins()? {
            0 => Err(ContractError::ZeroCoins {
                denom: config::get(self.storage)?.denom,
            }),
            amount => Ok(amount),
        }
    }

    /// Debits the sender's balance into a pot.
    pub(crate) fn charge_sender(&mut self, to: Pot, amount: u128) -> Result<(), ContractError> {
        let sender = self.sender.clone();
        self.with_books(|books, storage| books.charge(storage, &sender, to, amount))
    }

    /// Debits what is about to be sent to the sender.
    pub(crate) fn withdraw_sender(&mut self, amount: u128) -> Result<(), ContractError> {
        let sender = self.sender.clone();
        self.with_books(|books, storage| books.withdraw(storage, &sender, amount))
    }

    /// Credits an account out of a pot.
    pub(crate) fn pay(
        &mut self,
        from: Pot,
        account: &CanonicalAddr,
        amount: u128,
    ) -> Result<(), ContractError> {
        self.with_books(|books, storage| books.pay(storage, from, account, amount))
    }

    /// Pays a fee to a worker out of a pot.
    pub(crate) fn pay_worker(
        &mut self,
        from: Pot,
        worker: &CanonicalAddr,
        amount: u128,
    ) -> Result<(), ContractError> {
        self.with_books(|books, storage| books.earn(storage, from, worker, amount))
    }

    /// Moves between pots.
    pub(crate) fn shift(&mut self, from: Pot, to: Pot, amount: u128) -> Result<(), ContractError> {
        self.with_books(|books, _| books.shift(from, to, amount))
    }

    /// Does something with the totals.
    pub(crate) fn with_books<T>(
        &mut self,
        act: impl FnOnce(&mut Books, &mut dyn Storage) -> Result<T, ContractError>,
    ) -> Result<T, ContractError> {
        let (books, storage) = self.books()?;
        act(books, storage)
    }

    #[inline(never)]
    fn books(&mut self) -> Result<(&mut Books, &mut dyn Storage), ContractError> {
        let ledger = match &mut self.books {
            Some(ledger) => ledger,
            none => {
                let read = Books::open(self.storage)?;
                let now = read.clone();
                none.insert(Ledger { now, read })
            }
        };
        Ok((&mut ledger.now, self.storage))
    }
}

fn list(info: &MessageInfo) -> String {
    let coins: Vec<_> = info.funds.iter().map(ToString::to_string).collect();
    match coins.is_empty() {
        true => "no coins".to_owned(),
        false => coins.join(", "),
    }
}

/// Amounts here have 128 bits; coins of the bank have 256.
fn narrow(amount: Uint256) -> Result<u128, ContractError> {
    let amount = Uint128::try_from(amount).map_err(|_| ContractError::Overflow)?;
    Ok(amount.u128())
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::Order;
    use cosmwasm_std::testing::{MockApi, message_info, mock_dependencies, mock_env};

    use super::*;

    #[test]
    fn totals_that_did_not_move_are_not_written() {
        let mut deps = mock_dependencies();
        let sender = MockApi::default().addr_make("anybody");
        for (moved, written) in [(0, false), (7, true)] {
            let info = message_info(&sender, &[]);
            let mut turn = Turn::begin(deps.as_mut(), mock_env(), info).unwrap();
            let account = turn.sender.clone();
            turn.with_books(|books, _| books.flush()).unwrap();
            turn.with_books(|books, storage| match moved {
                0 => Ok(()),
                _ => books.receive(storage, &account, moved),
            })
            .unwrap();
            turn.end();
            let records = deps.storage.range(None, None, Order::Ascending);
            assert_eq!(records.count() > 0, written);
        }
    }
}
