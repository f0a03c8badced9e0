//! One writer per key: sequence, gas, fee, broadcast, and the wait for the block.
//!
//! A transaction is signed for a limited number of blocks. Until it is found or has lapsed it is never
//! signed again under another sequence, so nothing is done twice; sending the *same* bytes again is
//! always safe.

mod delivery;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use antiphon_api::ExecuteMsg;
use tokio::sync::{Mutex, MutexGuard};

use crate::chain::{Account, Chain};
use crate::coins::{Coin, GasPrice};
use crate::error::{ChainError, classify};
use crate::gas::{self, Gas};
use crate::key::Key;
use crate::msg::Msg;
use crate::outcome::TxOutcome;
use crate::tx::Draft;
use crate::types::{Broadcast, TxHash};

/// Gas whose fee stands in a simulated transaction: without a fee the figure is far too low. Less than any
/// transaction uses, so that nobody is refused for a fee that is not asked.
const SIMULATED_FEE_GAS: u64 = 50_000;

/// How a sender pays and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderOptions {
    /// At least the node's minimum.
    pub gas_price: GasPrice,
    /// Who pays the fees by a grant; `on_behalf_of` or the sender itself if none.
    pub fee_granter: Option<String>,
    /// In whose name everything is sent, by a grant: each message goes inside of [`Msg::Exec`].
    pub on_behalf_of: Option<String>,
    /// Blocks after which an unseen transaction lapses.
    pub timeout_blocks: u64,
    /// Between two looks for a transaction.
    pub poll: Duration,
    /// Between two handovers of the same bytes while they are in no block: a node may lose its mempool.
    pub hand_over_again: Duration,
}

impl SenderOptions {
    /// Own fees and name at this price, 60 blocks, looks every 100 ms, hands over every 3 s.
    #[must_use]
    pub const fn new(gas_price: GasPrice) -> Self {
        Self {
            gas_price,
            fee_granter: None,
            on_behalf_of: None,
            timeout_blocks: 60,
            poll: Duration::from_millis(100),
            hand_over_again: Duration::from_secs(3),
        }
    }
}

/// The only writer of one key.
#[derive(Debug)]
pub struct Sender {
    chain: Chain,
    key: Arc<Key>,
    address: String,
    options: SenderOptions,
    /// The next sequence; none when it must be read again.
    account: Mutex<Option<Account>>,
}

/// A signed transaction that a node has, or is about to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its name.
    pub hash: TxHash,
    /// The last height it can be in.
    pub timeout_height: u64,
    /// What was signed: may be handed over at any time, without being done twice.
    pub bytes: Arc<[u8]>,
}

impl Sent {
    /// Signed bytes, as they were written down.
    #[must_use]
    pub fn of(bytes: &[u8], timeout_height: u64) -> Self {
        Self {
            hash: TxHash::of(bytes),
            timeout_height,
            bytes: bytes.into(),
        }
    }
}

/// Hears of signed bytes before any node does; an error keeps them here.
type Note<'a> = &'a mut (dyn FnMut(&Sent) -> Result<(), ChainError> + Send);

impl Sender {
    /// A writer for this key. There must be no other one for it, in no process.
    ///
    /// # Errors
    /// The chain's bech32 prefix is not usable.
    pub fn new(chain: Chain, key: Arc<Key>, options: SenderOptions) -> Result<Self, ChainError> {
        let address = key.address(&chain.config().prefix)?;
        Ok(Self {
            chain,
            key,
            address,
            options,
            account: Mutex::new(None),
        })
    }

    /// The account that signs.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The account it writes for, which the contract sees: the granter, or the one that signs.
    #[must_use]
    pub fn requester(&self) -> &str {
        let granter = self.options.on_behalf_of.as_deref();
        granter.unwrap_or(&self.address)
    }

    /// Whether it writes for another account, by a grant.
    #[must_use]
    pub const fn is_on_behalf(&self) -> bool {
        self.options.on_behalf_of.is_some()
    }

    /// The chain it writes to.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Coins of the chain's denom in the account that signs.
    ///
    /// # Errors
    /// No node answers.
    pub async fn balance(&self) -> Result<u128, ChainError> {
        let denom = &self.chain.config().denom;
        self.chain.balance(&self.address, denom).await
    }

    /// One contract message with its gas from the table or simulated; waits for its block.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub async fn execute(
        &self,
        contract: &str,
        msg: &ExecuteMsg,
        funds: &[Coin],
    ) -> Result<TxOutcome, ChainError> {
        let gas = gas::of(msg);
        self.send(&[Msg::execute(contract, msg, funds)?], gas).await
    }

    /// The gas that a simulation of these messages uses; nothing is sent.
    ///
    /// # Errors
    /// The simulation is refused, as sending would be; or no node answers.
    pub async fn simulated(&self, msgs: &[Msg]) -> Result<u64, ChainError> {
        let mut account = self.chain.account(&self.address).await?;
        let msgs = self.in_whose_name(msgs);
        self.used(&mut account, &msgs).await
    }

    /// The fee of a transaction with this gas limit.
    ///
    /// # Errors
    /// It is more than can be written.
    pub fn fee(&self, limit: u64) -> Result<Coin, ChainError> {
        self.options.gas_price.fee(limit)
    }

    /// Signs, sends, waits for the block, and turns a failed transaction into a typed error.
    ///
    /// # Errors
    /// Refused by the node, chain or contract; lapsed; or the node went away.
    pub async fn send(&self, msgs: &[Msg], gas: Gas) -> Result<TxOutcome, ChainError> {
        let sent = self.broadcast(msgs, gas).await?;
        self.wait(&sent).await?.into_result(self.payer())
    }

    /// Signs and hands over to a node, without waiting for a block: several may be on their way.
    ///
    /// # Errors
    /// Refused at the first check, or the node went away.
    pub async fn broadcast(&self, msgs: &[Msg], gas: Gas) -> Result<Sent, ChainError> {
        self.broadcast_noting(msgs, gas, |_| Ok(())).await
    }

    /// The same, telling `note` what was signed before any node sees it, so that it can be written down.
    /// It is told again if the sequence was wrong; what it was told before was then refused and is void.
    ///
    /// # Errors
    /// As [`Sender::broadcast`], and whatever `note` gives: then nothing was handed over.
    pub async fn broadcast_noting(
        &self,
        msgs: &[Msg],
        gas: Gas,
        mut note: impl FnMut(&Sent) -> Result<(), ChainError> + Send,
    ) -> Result<Sent, ChainError> {
        let mut account = self.account.lock().await;
        let msgs = self.in_whose_name(msgs);
        let result = self.broadcast_as(&mut account, &msgs, gas, &mut note).await;
        if result.is_err() {
            *account = None;
        }
        result
    }

    fn in_whose_name<'m>(&self, msgs: &'m [Msg]) -> Cow<'m, [Msg]> {
        match &self.options.on_behalf_of {
            None => Cow::Borrowed(msgs),
            Some(granter) => Cow::Owned(vec![Msg::Exec {
                granter: granter.clone(),
                msgs: msgs.to_vec(),
            }]),
        }
    }

    async fn broadcast_as(
        &self,
        slot: &mut MutexGuard<'_, Option<Account>>,
        msgs: &[Msg],
        gas: Gas,
        note: Note<'_>,
    ) -> Result<Sent, ChainError> {
        let mut account = match **slot {
            Some(account) => account,
            None => self.chain.account(&self.address).await?,
        };
        let limit = self.gas_limit(&mut account, msgs, gas).await?;
        let height = self.chain.height().await?;
        let timeout_height = height.saturating_add(self.options.timeout_blocks);
        let mut signed_again = false;
        loop {
            let tx = self.sign(account, msgs, limit, timeout_height).await?;
            let sent = Sent::of(&tx, timeout_height);
            note(&sent)?;
            let answer = self.hand_over(&sent).await?;
            if answer.code == 0 {
                account.sequence = account.sequence.saturating_add(1);
                **slot = Some(account);
                return Ok(sent);
            }
            if !answer.is_wrong_sequence() || signed_again {
                return Err(self.refused(&answer));
            }
            signed_again = true;
            account = self.reread(&answer.log, account).await?;
        }
    }

    async fn gas_limit(
        &self,
        account: &mut Account,
        msgs: &[Msg],
        gas: Gas,
    ) -> Result<u64, ChainError> {
        let more = self.options.on_behalf_of.as_ref().map_or(0, |_| gas::EXEC);
        let least = match gas {
            Gas::Limit(limit) => return Ok(limit.saturating_add(more)),
            Gas::AtLeast(least) => least.saturating_add(more),
            Gas::Simulate => 0,
        };
        let used = self.used(account, msgs).await?;
        Ok(gas::from_simulation(used).max(least))
    }

    /// What a simulation uses; a sequence that was not the node's is read again.
    async fn used(&self, account: &mut Account, msgs: &[Msg]) -> Result<u64, ChainError> {
        match self.simulate(*account, msgs).await {
            Err(ChainError::Rejected { log, .. }) if expected_sequence(&log).is_some() => {
                *account = self.reread(&log, *account).await?;
                self.simulate(*account, msgs).await
            }
            other => other,
        }
    }

    async fn simulate(&self, account: Account, msgs: &[Msg]) -> Result<u64, ChainError> {
        let tx = self.sign(account, msgs, SIMULATED_FEE_GAS, 0).await?;
        self.chain.simulate(&tx, self.payer()).await
    }

    /// The sequence the node expects: from its own words, else from the account.
    async fn reread(&self, log: &str, account: Account) -> Result<Account, ChainError> {
        match expected_sequence(log) {
            Some(sequence) => Ok(Account {
                sequence,
                ..account
            }),
            None => self.chain.account(&self.address).await,
        }
    }

    async fn sign(
        &self,
        account: Account,
        msgs: &[Msg],
        gas_limit: u64,
        timeout_height: u64,
    ) -> Result<Vec<u8>, ChainError> {
        let chain_id = self.chain.id().await?;
        let draft = Draft {
            msgs,
            sender: &self.address,
            chain_id: &chain_id,
            account_number: account.number,
            sequence: account.sequence,
            gas_limit,
            fee: self.options.gas_price.fee(gas_limit)?,
            fee_granter: self.fee_granter(),
            timeout_height,
        };
        draft.sign(&self.key)
    }

    fn refused(&self, answer: &Broadcast) -> ChainError {
        let hash = answer.hash.to_string();
        let (space, log) = (&answer.codespace, &answer.log);
        classify(answer.code, space, log, self.payer(), Some(&hash))
    }

    fn payer(&self) -> &str {
        self.fee_granter().unwrap_or(&self.address)
    }

    fn fee_granter(&self) -> Option<&str> {
        let options = &self.options;
        let granter = options.fee_granter.as_ref();
        granter
            .or(options.on_behalf_of.as_ref())
            .map(String::as_str)
    }
}

/// `account sequence mismatch, expected 17, got 22: incorrect account sequence`
fn expected_sequence(log: &str) -> Option<u64> {
    let tail = log.split("account sequence mismatch, expected ").nth(1)?;
    tail.split(',').next()?.parse().ok()
}
