//! Upload and payment, every signed transaction noted before it leaves.

use antiphon_api::ExecuteMsg;
use antiphon_chain::{ChainError, Coin, Sender, Sent, TxOutcome, gas};
use data_encoding::HEXLOWER;

use super::ChainAnswers;
use super::failures::{of_chain, of_client};
use crate::ask::upload;
use crate::gateway::answers::{Fate, Note, Pending, PostFailure, Posted, Question, Quote};
use crate::gateway::failure::Failure;

impl ChainAnswers {
    /// Uploads the prompt, posts the task, and waits for its block.
    pub(super) async fn pay(
        &self,
        question: &Question,
        quote: Quote,
        note: Note<'_>,
    ) -> Result<Posted, PostFailure> {
        let prepared = self.prepare(question, quote).await;
        let (sender, msg, funds) = prepared.map_err(PostFailure::Void)?;
        let sender = sender.as_deref().unwrap_or(&self.own);
        let gas = gas::of(&msg);
        let message = self.network.contract.message(&msg, &funds);
        let message = message.map_err(|e| PostFailure::Void(of_chain(&e)))?;
        let writing = self.writing.lock().await;
        let mut noted = false;
        let sent = sender
            .broadcast_noting(&[message], gas, |sent| {
                let kept = note(&pending_of(sent));
                noted = kept.is_ok();
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

    async fn prepare(
        &self,
        question: &Question,
        quote: Quote,
    ) -> Result<(Option<std::sync::Arc<Sender>>, ExecuteMsg, Vec<Coin>), Failure> {
        let sender = self.sender_of(question)?;
        let key = &question.key;
        let document = question.prompt.to_canonical();
        let prompt_bytes = u32::try_from(document.len()).unwrap_or(u32::MAX);
        let holders = upload(&self.network, key.model, &key.prompt, document.into()).await;
        let holders = holders.map_err(|e| of_client(&e))?;
        let funds = match sender {
            // In another's name no coins can be attached: its prepaid balance was looked at.
            Some(_) => Vec::new(),
            None => self.missing(quote.escrow).await?,
        };
        let msg = ExecuteMsg::PostTask {
            model: key.model,
            prompt: key.prompt,
            prompt_bytes,
            max_output_tokens: question.prompt.max_output_tokens,
            holders,
            committee: key.committee,
        };
        Ok((sender, msg, funds))
    }

    async fn missing(&self, escrow: u128) -> Result<Vec<Coin>, Failure> {
        let prepaid = self.network.contract.balance(&self.facts.account).await;
        let lacking = escrow.saturating_sub(prepaid.map_err(|e| of_chain(&e))?);
        Ok(match lacking {
            0 => Vec::new(),
            _ => vec![Coin::new(lacking, &self.facts.denom)],
        })
    }

    /// What became of a transaction, also one of an earlier run.
    pub(super) async fn look_for(&self, pending: &Pending) -> Result<Fate, Failure> {
        let Ok(bytes) = HEXLOWER.decode(pending.bytes.as_bytes()) else {
            return Err(Failure::Internal(
                "its journal holds a damaged transaction".to_owned(),
            ));
        };
        let sent = Sent::of(&bytes, pending.until);
        match self.own.wait(&sent).await {
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
        ChainError::File { .. } => Failure::Internal("its journal cannot be written".to_owned()),
        other => of_chain(other),
    };
    if certain || !noted {
        PostFailure::Void(failure)
    } else {
        PostFailure::Doubt
    }
}
