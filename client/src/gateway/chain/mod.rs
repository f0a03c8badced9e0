//! The network behind the gateway: the chain, the contract and its workers.

mod failures;
mod funds;
mod held;
mod models;
mod outcome;
mod post;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use antiphon_api::{Ballot, TaskResponse, TaskStatus};
use antiphon_chain::{Key, Sender, SenderOptions};

use super::answers::{
    Answered, Answers, Facts, Fate, Later, ModelInfo, Note, Pending, PostFailure, Posted, Probe,
    Question, QuestionKey, Quote, Settled, Tell,
};
use super::failure::Failure;
use crate::ask::fetch_entry;
use crate::error::ClientError;
use crate::network::Network;
use crate::receipt::{self, ReceiptError};
use failures::{of_chain, of_client};
use held::Held;
use models::Models;
use outcome::Outcome;

/// A question of ordinary length, by which readiness is judged: bytes of its document.
const ORDINARY_BYTES: u32 = 512;

/// The network, for one paying key.
#[derive(Debug)]
pub struct ChainAnswers {
    network: Network,
    facts: Facts,
    key: Arc<Key>,
    own: Sender,
    /// Writers for accounts that let this key act for them, by their address.
    others: Mutex<BTreeMap<String, Arc<Sender>>>,
    /// One broadcast at a time, whoever's name it is in: they share the key's sequence.
    writing: tokio::sync::Mutex<()>,
    /// What transactions under way will take.
    held: Held,
    models: Models,
    committee: Option<u32>,
    carry: Carry,
}

/// When a prompt travels in its transaction instead of lying at workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Carry {
    /// Never: it is put at two workers.
    #[default]
    Never,
    /// If no worker takes it and it is short enough.
    Fallback,
    /// If it is short enough.
    Always,
}

impl ChainAnswers {
    /// Asks the network who it is.
    ///
    /// # Errors
    /// No node answers, or the key cannot be used.
    pub async fn new(
        network: Network,
        key: Arc<Key>,
        model: Option<u64>,
        committee: Option<u32>,
    ) -> Result<Self, ClientError> {
        let own = network.sender_with(Arc::clone(&key))?;
        let status = network.chain.status().await?;
        let born = status.earliest_height == 1 && !status.earliest_hash.is_empty();
        let facts = Facts {
            chain_id: network.file.chain_id.clone(),
            first_block: born.then_some(status.earliest_hash),
            contract: network.contract.address().to_owned(),
            denom: network.file.denom.clone(),
            account: own.address().to_owned(),
            default_model: model.or(network.file.model),
        };
        Ok(Self {
            network,
            facts,
            key,
            own,
            others: Mutex::default(),
            writing: tokio::sync::Mutex::new(()),
            held: Held::default(),
            models: Models::default(),
            committee,
            carry: Carry::Never,
        })
    }

    /// The same, with prompts carried when it says so.
    #[must_use]
    pub const fn carrying(mut self, carry: Carry) -> Self {
        self.carry = carry;
        self
    }

    /// The writer in whose name a question is paid.
    fn sender_of(&self, question: &Question) -> Result<Option<Arc<Sender>>, Failure> {
        let Some(granter) = &question.granter else {
            return Ok(None);
        };
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = others.get(granter) {
            return Ok(Some(Arc::clone(sender)));
        }
        let price = self
            .network
            .file
            .gas_price
            .parse()
            .map_err(|e| of_chain(&e))?;
        let options = SenderOptions {
            on_behalf_of: Some(granter.clone()),
            ..SenderOptions::new(price)
        };
        let sender = Sender::new(self.network.chain.clone(), Arc::clone(&self.key), options);
        let sender = Arc::new(sender.map_err(|e| of_chain(&e))?);
        others.insert(granter.clone(), Arc::clone(&sender));
        Ok(Some(sender))
    }

    async fn look_up(&self, question: &Question) -> Result<Option<Answered>, Failure> {
        let key = &question.key;
        let found = self.network.contract.answer(key.model, key.prompt).await;
        let entry = found.map_err(|e| of_chain(&e))?.answer;
        let large = |wanted: u32, got: u32| got >= wanted;
        let Some(entry) = entry.filter(|entry| {
            let enough = key
                .committee
                .is_none_or(|wanted| large(wanted, entry.committee));
            !entry.conflict && enough
        }) else {
            return Ok(None);
        };
        if matches!(entry.ballot, Ballot::Invalid {}) {
            return Err(Failure::Invalid { task: entry.task });
        }
        let fetched = fetch_entry(&self.network, key.model, &entry).await;
        let Some(answer) = fetched.map_err(|e| outcome::of_text(&e, entry.task))? else {
            return Ok(None);
        };
        let task = self.task(entry.task).await?;
        let outcome = Outcome {
            task: &task,
            votes: entry.votes,
            committee: entry.committee,
            known: true,
            conflict: false,
        };
        let transaction = outcome::transaction(&self.network, &task).await;
        Ok(Some(outcome.answered(answer, transaction)))
    }

    async fn task(&self, task: u64) -> Result<TaskResponse, Failure> {
        let found = self.network.contract.task(task).await;
        found.map_err(|error| match error.contract_code() {
            Some("E_UNKNOWN_TASK") => Failure::NoTask { task },
            _ => of_chain(&error),
        })
    }

    async fn end_of(&self, key: &QuestionKey, task: u64) -> Result<Option<Settled>, Failure> {
        let found = self.task(task).await?;
        outcome::same_question(key, &found)?;
        if !is_over(&found) {
            return Ok(None);
        }
        Ok(found.settlement.map(|settlement| Settled {
            refund: settlement.refunded.u128(),
        }))
    }

    async fn is_doubted(&self, key: &QuestionKey, task: u64) -> Result<bool, Failure> {
        let found = self.task(task).await?;
        outcome::same_question(key, &found)?;
        match found.status {
            TaskStatus::Answered => Ok(found.contested),
            TaskStatus::Final if !found.contested => {
                let index = self.network.contract.answer(key.model, key.prompt).await;
                let entry = index.map_err(|e| of_chain(&e))?.answer;
                Ok(entry.is_some_and(|entry| entry.conflict))
            }
            TaskStatus::Final => Ok(true),
            TaskStatus::Drawing
            | TaskStatus::Committing
            | TaskStatus::Revealing
            | TaskStatus::Failed => Ok(false),
        }
    }

    async fn receipt_of(&self, task: u64) -> Result<String, Failure> {
        if !is_over(&self.task(task).await?) {
            return Err(Failure::NoReceiptYet { task });
        }
        let built = receipt::build(&self.network, task).await;
        built.map_err(|error| match error {
            ClientError::Unavailable { .. } => Failure::TextGone { task },
            ClientError::Verification { .. } => Failure::TextForged { task },
            ClientError::Receipt(ReceiptError::Relayed { task }) => Failure::NoReceipt { task },
            other => of_client(&other),
        })
    }

    async fn look_around(&self) -> Result<Probe, Failure> {
        let network = &self.network;
        let status = network.chain.status().await.map_err(|e| of_chain(&e))?;
        let models = self.models.renewed(network).await?;
        let wanted = self.facts.default_model;
        let chosen = models.iter().find(|model| Some(model.number) == wanted);
        let chosen = chosen.or_else(|| models.iter().find(|model| model.seats > 0));
        let model = chosen.ok_or_else(|| {
            Failure::NoWorkers("no model on this network takes questions now".to_owned())
        })?;
        let fee = network
            .contract
            .estimate_fee(
                model.number,
                ORDINARY_BYTES.min(model.limits.max_prompt_bytes),
                super::request::DEFAULT_TOKENS.min(model.limits.max_output_tokens),
                self.committee,
            )
            .await
            .map_err(|e| of_chain(&e))?;
        let prepaid = network.contract.balance(&self.facts.account).await;
        Ok(Probe {
            height: status.height,
            catching_up: status.catching_up,
            seats: model.seats,
            committee: fee.committee,
            escrow: fee.escrow.u128(),
            account: self.own.balance().await.map_err(|e| of_chain(&e))?,
            prepaid: prepaid.map_err(|e| of_chain(&e))?,
            fee: self.fee(None),
        })
    }
}

const fn is_over(task: &TaskResponse) -> bool {
    matches!(task.status, TaskStatus::Final | TaskStatus::Failed)
}

impl Answers for ChainAnswers {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn models(&self) -> Later<'_, Result<Arc<Vec<ModelInfo>>, Failure>> {
        Box::pin(self.models.list(&self.network))
    }

    fn known<'a>(&'a self, question: &'a Question) -> Later<'a, Result<Option<Answered>, Failure>> {
        Box::pin(self.look_up(question))
    }

    fn quote<'a>(&'a self, question: &'a Question) -> Later<'a, Result<Quote, Failure>> {
        Box::pin(self.quote_for(question))
    }

    fn post<'a>(
        &'a self,
        question: &'a Question,
        quote: Quote,
        note: Note<'a>,
    ) -> Later<'a, Result<Posted, PostFailure>> {
        Box::pin(self.pay(question, quote, note))
    }

    fn hold(&self, key: &QuestionKey, escrow: u128, pending: &Pending) {
        self.hold_again(key, escrow, pending);
    }

    fn fate<'a>(&'a self, pending: &'a Pending) -> Later<'a, Result<Fate, Failure>> {
        Box::pin(self.look_for(pending))
    }

    fn follow<'a>(
        &'a self,
        key: &'a QuestionKey,
        posted: &'a Posted,
        tell: Tell<'a>,
    ) -> Later<'a, Result<Answered, Failure>> {
        Box::pin(self.see_through(key, posted, tell))
    }

    fn doubted<'a>(&'a self, key: &'a QuestionKey, task: u64) -> Later<'a, Result<bool, Failure>> {
        Box::pin(self.is_doubted(key, task))
    }

    fn settled<'a>(
        &'a self,
        key: &'a QuestionKey,
        task: u64,
    ) -> Later<'a, Result<Option<Settled>, Failure>> {
        Box::pin(self.end_of(key, task))
    }

    fn receipt(&self, task: u64) -> Later<'_, Result<String, Failure>> {
        Box::pin(self.receipt_of(task))
    }

    fn probe(&self) -> Later<'_, Result<Probe, Failure>> {
        Box::pin(self.look_around())
    }
}
