//! From signed bytes to a block: handed over, handed over again, looked for.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{Sender, Sent};
use crate::error::ChainError;
use crate::outcome::TxOutcome;
use crate::types::{Broadcast, TxFound, TxHash};

/// Times the same bytes are handed to nodes that do not answer.
const HANDOVERS: u32 = 4;
/// Looks for a hash that should be there; a node indexes a block shortly after it made it.
const LOOKS: u32 = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// A node may be away this many polls in a row while a transaction is waited for.
const MAX_SILENT_POLLS: u32 = 150;

impl Sender {
    /// Waits until the transaction is in a block or has lapsed. While it is neither, its bytes are handed
    /// to all nodes now and then. It need not have been signed by this sender.
    ///
    /// # Errors
    /// Lapsed, or the node stayed away. A failed transaction is an outcome with a code.
    pub async fn wait(&self, sent: &Sent) -> Result<TxOutcome, ChainError> {
        let mut silent: u32 = 0;
        let mut handed_over = Instant::now();
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
            if handed_over.elapsed() >= self.options.hand_over_again {
                self.chain.rpc().broadcast_to_all(&sent.bytes).await;
                handed_over = Instant::now();
            }
            sleep(self.options.poll).await;
        }
    }

    async fn look(&self, sent: &Sent) -> Result<Option<TxFound>, ChainError> {
        let rpc = self.chain.rpc();
        if let Some(found) = rpc.tx(sent.hash).await? {
            return Ok(Some(found));
        }
        let over = |height: u64| height > sent.timeout_height;
        // What has lapsed is sent again: one node's word is not enough for that.
        if !over(rpc.status().await?.height) || !over(rpc.agreed_height().await?) {
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

    /// Hands the same bytes over until a node answers. A refusal after a lost answer, also of another node
    /// in the same turn, is not believed: the bytes may lie at that node. Then, and for a wrong sequence, a hash that is found in a block counts
    /// as sent.
    pub(super) async fn hand_over(&self, sent: &Sent) -> Result<Broadcast, ChainError> {
        let (mut lost, mut cause) = (Vec::new(), None);
        for attempt in 0..HANDOVERS {
            sleep(LOOK_AGAIN.saturating_mul(attempt)).await;
            let rpc = self.chain.rpc();
            match rpc.broadcast_doubting(&sent.bytes, &mut lost).await {
                Ok(answer) if answer.code == 0 => return Ok(answer),
                Ok(answer) => {
                    let lost = (!lost.is_empty()).then(|| down(&lost)).or(cause);
                    return self.doubted(sent.hash, answer, lost).await;
                }
                Err(error @ ChainError::NodeDown { .. }) => cause = Some(error),
                Err(error) if lost.is_empty() => return Err(error),
                Err(error) => return Err(unconfirmed(sent.hash, &error)),
            }
        }
        let cause = cause.unwrap_or_else(|| down(&lost));
        Err(unconfirmed(sent.hash, &cause))
    }

    async fn doubted(
        &self,
        hash: TxHash,
        answer: Broadcast,
        lost: Option<ChainError>,
    ) -> Result<Broadcast, ChainError> {
        if lost.is_none() && !answer.is_wrong_sequence() {
            return Ok(answer);
        }
        match (self.find(hash).await?, lost) {
            (Some(_), _) => Ok(Broadcast::known(hash)),
            (None, None) => Ok(answer),
            (None, Some(error)) => Err(unconfirmed(hash, &error)),
        }
    }
}

fn down(lost: &[String]) -> ChainError {
    let tried = lost.join(", ");
    ChainError::NodeDown { tried }
}

fn unconfirmed(hash: TxHash, error: &ChainError) -> ChainError {
    ChainError::Unconfirmed {
        hash: hash.to_string(),
        cause: error.to_string(),
    }
}
