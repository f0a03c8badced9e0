//! One writer per key: sequence, gas, fee, broadcast, and the wait for the block.
//!
//! A transaction is signed for a limited number of blocks. Until it is found or has lapsed it is never
//! signed again under another sequence, so nothing is done twice; sending the *same* bytes again is
//! always safe.

use std::sync::Arc;
use std::time::Duration;

use antiphon_api::ExecuteMsg;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep;

use crate::chain::{Account, Chain};
use crate::coins::{Coin, GasPrice};
use crate::error::{ChainError, classify};
use crate::gas::{self, Gas};
use crate::key::Key;
use crate::msg::Msg;
use crate::outcome::TxOutcome;
use crate::tx::Draft;
use crate::types::{Broadcast, TxFound, TxHash};

/// Wrong sequence, in the codespace `sdk`.
const WRONG_SEQUENCE: u32 = 32;
/// Times the same bytes are handed to nodes that do not answer.
const HANDOVERS: u32 = 4;
/// Looks for a hash that should be there; a node indexes a block shortly after it made it.
const LOOKS: u32 = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// A node may be away this many polls in a row while a transaction is waited for.
const MAX_SILENT_POLLS: u32 = 150;
/// Gas whose fee stands in a simulated transaction: without a fee the figure is far too low. Less than any
/// transaction uses, so that nobody is refused for a fee that is not asked.
const SIMULATED_FEE_GAS: u64 = 50_000;

/// How a sender pays and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderOptions {
    /// At least the node's minimum.
    pub gas_price: GasPrice,
    /// Who pays the fees by a grant; the sender itself if none.
    pub fee_granter: Option<String>,
    /// Blocks after which an unseen transaction lapses.
    pub timeout_blocks: u64,
    /// Between two looks for a transaction.
    pub poll: Duration,
}

impl SenderOptions {
    /// Own fees at this price, 60 blocks, looks every 100 ms.
    #[must_use]
    pub const fn new(gas_price: GasPrice) -> Self {
        Self {
            gas_price,
            fee_granter: None,
            timeout_blocks: 60,
            poll: Duration::from_millis(100),
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

/// A transaction a node has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its name.
    pub hash: TxHash,
    /// The last height it can be in.
    pub timeout_height: u64,
}

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

    /// The account it writes for.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The chain it writes to.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Coins of the chain's denom in the sending account.
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

    /// Signs, sends, waits for the block, and turns a failed transaction into a typed error.
    ///
    /// # Errors
    /// Refused by the node, chain or contract; lapsed; or the node went away.
    pub async fn send(&self, msgs: &[Msg], gas: Gas) -> Result<TxOutcome, ChainError> {
        let sent = self.broadcast(msgs, gas).await?;
        self.wait(sent).await?.into_result(self.payer())
    }

    /// Signs and hands over to a node, without waiting for a block: several may be on their way.
    ///
    /// # Errors
    /// Refused at the first check, or the node went away.
    pub async fn broadcast(&self, msgs: &[Msg], gas: Gas) -> Result<Sent, ChainError> {
        let mut account = self.account.lock().await;
        let result = self.broadcast_as(&mut account, msgs, gas).await;
        if result.is_err() {
            *account = None;
        }
        result
    }

    /// Waits until the transaction is in a block or has lapsed.
    ///
    /// # Errors
    /// Lapsed, or the node stayed away. A failed transaction is an outcome with a code.
    pub async fn wait(&self, sent: Sent) -> Result<TxOutcome, ChainError> {
        let mut silent: u32 = 0;
        loop {
            match self.look(sent).await {
                Ok(Some(found)) => return Ok(TxOutcome::from(found)),
                Ok(None) => silent = 0,
                Err(error @ ChainError::Lapsed { .. }) => {
                    *self.account.lock().await = None;
                    return Err(error);
                }
                Err(error) if silent >= MAX_SILENT_POLLS => {
                    return Err(unconfirmed(sent.hash, &error));
                }
                Err(_) => silent = silent.saturating_add(1),
            }
            sleep(self.options.poll).await;
        }
    }

    async fn look(&self, sent: Sent) -> Result<Option<TxFound>, ChainError> {
        let rpc = self.chain.rpc();
        if let Some(found) = rpc.tx(sent.hash).await? {
            return Ok(Some(found));
        }
        if rpc.status().await?.height <= sent.timeout_height {
            return Ok(None);
        }
        let found = self.find(sent.hash).await?;
        found.map(Some).ok_or_else(|| ChainError::Lapsed {
            hash: sent.hash.to_string(),
            height: sent.timeout_height,
        })
    }

    /// Looks for a transaction that may just have been put into a block.
    async fn find(&self, hash: TxHash) -> Result<Option<TxFound>, ChainError> {
        for _ in 0..LOOKS {
            if let Some(found) = self.chain.rpc().tx(hash).await? {
                return Ok(Some(found));
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(None)
    }

    async fn broadcast_as(
        &self,
        slot: &mut MutexGuard<'_, Option<Account>>,
        msgs: &[Msg],
        gas: Gas,
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
            let answer = self.hand_over(&tx).await?;
            let hash = answer.hash;
            if answer.code == 0 {
                account.sequence = account.sequence.saturating_add(1);
                **slot = Some(account);
                return Ok(Sent {
                    hash,
                    timeout_height,
                });
            }
            if answer.code != WRONG_SEQUENCE || answer.codespace != "sdk" || signed_again {
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
        if let Gas::Limit(limit) = gas {
            return Ok(limit);
        }
        let used = match self.simulate(*account, msgs).await {
            Err(ChainError::Rejected { log, .. }) if expected_sequence(&log).is_some() => {
                *account = self.reread(&log, *account).await?;
                self.simulate(*account, msgs).await?
            }
            other => other?,
        };
        Ok(gas::from_simulation(used))
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
            fee_granter: self.options.fee_granter.as_deref(),
            timeout_height,
        };
        draft.sign(&self.key)
    }

    /// Hands the same bytes over until a node answers. A hash that is found in a block counts as sent,
    /// whatever was answered: an answer may have been lost.
    async fn hand_over(&self, tx: &[u8]) -> Result<Broadcast, ChainError> {
        let rpc = self.chain.rpc();
        let hash = TxHash::of(tx);
        let mut failure = None;
        for attempt in 0..HANDOVERS {
            sleep(LOOK_AGAIN.saturating_mul(attempt)).await;
            match rpc.broadcast(tx).await {
                Ok(answer) if answer.code == WRONG_SEQUENCE => {
                    let found = self.find(hash).await?;
                    return Ok(found.map_or(answer, |_| sent_before(hash)));
                }
                Ok(answer) => return Ok(answer),
                Err(error @ ChainError::NodeDown { .. }) => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        let cause = failure.map_or_else(String::new, |error| error.to_string());
        Err(ChainError::Unconfirmed {
            hash: hash.to_string(),
            cause,
        })
    }

    fn refused(&self, answer: &Broadcast) -> ChainError {
        let hash = answer.hash.to_string();
        let (space, log) = (&answer.codespace, &answer.log);
        classify(answer.code, space, log, self.payer(), Some(&hash))
    }

    fn payer(&self) -> &str {
        let granter = self.options.fee_granter.as_deref();
        granter.unwrap_or(&self.address)
    }
}

fn sent_before(hash: TxHash) -> Broadcast {
    Broadcast {
        hash,
        code: 0,
        codespace: String::new(),
        log: String::new(),
        known: true,
    }
}

fn unconfirmed(hash: TxHash, error: &ChainError) -> ChainError {
    ChainError::Unconfirmed {
        hash: hash.to_string(),
        cause: error.to_string(),
    }
}

/// `account sequence mismatch, expected 17, got 22: incorrect account sequence`
fn expected_sequence(log: &str) -> Option<u64> {
    let tail = log.split("account sequence mismatch, expected ").nth(1)?;
    tail.split(',').next()?.parse().ok()
}
