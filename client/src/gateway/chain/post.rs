//! Upload and payment, every signed transaction noted before it leaves.

use std::sync::Arc;

use antiphon_api::{ExecuteMsg, HexBinary, MAX_CARRIED_BYTES};
use antiphon_chain::{ChainError, Coin, Sender, Sent, TxOutcome, attached, executed, gas};
use bytes::Bytes;
use data_encoding::HEXLOWER;

use super::failures::{of_chain, of_client};
use super::held::Take;
use super::{Carry, ChainAnswers};
use crate::ask::upload;
use crate::error::ClientError;
use crate::gateway::answers::{
    Fate, Note, Pending, PostFailure, Posted, Question, QuestionKey, Quote,
};
use crate::gateway::failure::Failure;

impl ChainAnswers {
    /// Uploads the prompt, posts the task, and waits for its block.
    pub(super) async fn pay(
        &self,
        question: &Question,
        quote: Quote,
        note: Note<'_>,
    ) -> Result<Posted, PostFailure> {
        let prepared = self.prepare(question).await;
        let (sender, msg) = prepared.map_err(PostFailure::Void)?;
        let sender = sender.as_deref().unwrap_or(&self.own);
        let mut hashes = Vec::new();
        let paid = self
            .pay_as(sender, question, &msg, quote, note, &mut hashes)
            .await;
        let open = matches!(paid, Err(PostFailure::Doubt));
        // All but the last one are void.
        let last = hashes.len().saturating_sub(usize::from(open));
        for hash in hashes.iter().take(last) {
            self.held.release(hash);
        }
        paid
    }

    /// Balances are looked at, and the money is held, while nobody else can pay.
    async fn pay_as(
        &self,
        sender: &Sender,
        question: &Question,
        msg: &ExecuteMsg,
        quote: Quote,
        note: Note<'_>,
        hashes: &mut Vec<String>,
    ) -> Result<Posted, PostFailure> {
        let writing = self.writing.lock().await;
        let funds = self.funds_for(question, quote.escrow).await;
        let funds = funds.map_err(PostFailure::Void)?;
        let take = self.take_of(question, quote.escrow, &funds);
        let message = self.network.contract.message(msg, &funds);
        let message = message.map_err(|e| PostFailure::Void(of_chain(&e)))?;
        let mut noted = false;
        let sent = sender
            .broadcast_noting(&[message], gas::of(msg), |sent| {
                let pending = pending_of(sent);
                let kept = note(&pending);
                noted = kept.is_ok();
                if let Some(void) = hashes.last() {
                    self.held.release(void);
                }
                self.held.hold(&pending.hash, take.clone());
                hashes.push(pending.hash);
                kept.map_err(|error| ChainError::File {
                    path: "the journal".to_owned(),
                    cause: error.to_string(),
                })
            })
            .await;
        drop(writing);
        let sent = sent.map_err(|error| doubtful(&error, noted))?;
        let outcome = sender.wait(&sent).await;
        let outcome = outcome.and_then(|outcome| outcome.into_result(sender.requester()));
        let outcome = outcome.map_err(|error| doubtful(&error, true))?;
        task_in(&outcome).ok_or(PostFailure::Doubt)
    }

    fn take_of(&self, question: &Question, escrow: u128, funds: &[Coin]) -> Take {
        let attached = funds.iter().map(|coin| coin.amount);
        let attached = attached.fold(0, u128::saturating_add);
        Take {
            account: question.key.account.clone(),
            prepaid: escrow.saturating_sub(attached),
            coins: attached.saturating_add(self.fee(Some(question))),
        }
    }

    async fn prepare(
        &self,
        question: &Question,
    ) -> Result<(Option<Arc<Sender>>, ExecuteMsg), Failure> {
        let sender = self.sender_of(question)?;
        let key = &question.key;
        let document = question.prompt.to_canonical();
        let prompt_bytes = u32::try_from(document.len()).unwrap_or(u32::MAX);
        let (holders, block) = self.place(key, document.into()).await?;
        let msg = ExecuteMsg::PostTask {
            model: key.model,
            prompt: key.prompt,
            prompt_bytes,
            max_output_tokens: question.prompt.max_output_tokens,
            holders,
            block,
            committee: key.committee,
            callback: None,
        };
        Ok((sender, msg))
    }

    /// Puts the document at workers, or into the transaction.
    async fn place(
        &self,
        key: &QuestionKey,
        document: Bytes,
    ) -> Result<(Vec<String>, Option<HexBinary>), Failure> {
        let fits = document.len() <= MAX_CARRIED_BYTES;
        let carried = || (Vec::new(), Some(HexBinary::from(document.as_ref())));
        if self.carry == Carry::Always && fits {
            return Ok(carried());
        }
        let placed = upload(&self.network, key.model, &key.prompt, document.clone()).await;
        match placed {
            Ok(holders) => Ok((holders, None)),
            Err(ClientError::Upload(said)) if self.carry == Carry::Fallback && fits => {
                tracing::warn!(%said, "no worker took the prompt: its transaction carries it");
                Ok(carried())
            }
            Err(error) => Err(of_client(&error)),
        }
    }

    /// Holds what an earlier run signed away and does not know the fate of.
    pub(super) fn hold_again(&self, key: &QuestionKey, escrow: u128, pending: &Pending) {
        let bytes = HEXLOWER.decode(pending.bytes.as_bytes());
        let bytes = bytes.unwrap_or_default();
        let attached = attached(&bytes, &self.facts.denom);
        let take = Take {
            account: key.account.clone(),
            prepaid: escrow.saturating_sub(attached),
            coins: attached.saturating_add(self.fee_of(carried(&bytes))),
        };
        self.held.hold(&pending.hash, take);
    }

    /// What became of a transaction, also one of an earlier run.
    pub(super) async fn look_for(&self, pending: &Pending) -> Result<Fate, Failure> {
        let Ok(bytes) = HEXLOWER.decode(pending.bytes.as_bytes()) else {
            return Err(Failure::Internal(
                "its journal holds a damaged transaction".to_owned(),
            ));
        };
        let sent = Sent::of(&bytes, pending.until);
        let outcome = self.own.wait(&sent).await;
        if matches!(outcome, Ok(_) | Err(ChainError::Lapsed { .. })) {
            self.held.release(&pending.hash);
        }
        match outcome {
            // Paid, and without a task: nobody may pay again before that is understood.
            Ok(outcome) if outcome.code == 0 => task_in(&outcome)
                .map(Fate::Posted)
                .ok_or_else(|| Failure::Internal("a transaction posted no task".to_owned())),
            Ok(_) | Err(ChainError::Lapsed { .. }) => Ok(Fate::Void),
            Err(error) if error.is_transient() => Ok(Fate::Waiting),
            Err(ChainError::Unconfirmed { .. }) => Ok(Fate::Waiting),
            Err(error) => Err(of_chain(&error)),
        }
    }
}

/// Bytes of the prompt that a signed transaction carries.
fn carried(tx: &[u8]) -> usize {
    let sizes = executed(tx).into_iter().map(|(_, msg)| {
        let msg = serde_json::from_slice::<ExecuteMsg>(&msg);
        match msg {
            Ok(ExecuteMsg::PostTask {
                block: Some(block), ..
            }) => block.len(),
            _ => 0,
        }
    });
    sizes.fold(0, usize::saturating_add)
}

fn pending_of(sent: &Sent) -> Pending {
    Pending {
        hash: sent.hash.to_string(),
        until: sent.timeout_height,
        bytes: HEXLOWER.encode(&sent.bytes),
    }
}

fn task_in(outcome: &TxOutcome) -> Option<Posted> {
    let task = outcome.attribute("wasm-task_added", "task")?;
    Some(Posted {
        task: task.parse().ok()?,
        transaction: outcome.hash.clone(),
    })
}

/// Whether it is certain that nothing was paid.
fn doubtful(error: &ChainError, noted: bool) -> PostFailure {
    let certain = matches!(
        error,
        ChainError::Refused(_)
            | ChainError::Rejected { .. }
            | ChainError::InsufficientFunds { .. }
            | ChainError::FeeTooLow { .. }
            | ChainError::OutOfGas { .. }
            | ChainError::NotAllowed { .. }
            | ChainError::NoContract { .. }
            | ChainError::Lapsed { .. }
    );
    let failure = match error {
        ChainError::File { .. } => Failure::Internal(
            "its journal cannot be written, and nothing is paid before it can be".to_owned(),
        ),
        other => of_chain(other),
    };
    if certain || !noted {
        PostFailure::Void(failure)
    } else {
        PostFailure::Doubt
    }
}
