//! What the duties ask for, carried out.

use std::sync::Arc;

use antiphon_api::{Ballot, Cid, ExecuteMsg, TaskResponse};

use super::{Actor, Event};
use crate::bench::{Bench, ballot};
use crate::duty::{DutyKey, Effect, Input, Phase, Reason};
use crate::outbox::Outgoing;
use crate::ports::{EdgeError, Handed, Outcome, Receipt};
use crate::prompt::Patience;
use crate::relay::{Decision, Half, Item};

/// A ballot, with the answer's text if it is one.
#[derive(Clone)]
pub struct Work {
    /// What to say.
    pub ballot: Ballot,
    /// The answer's block.
    pub text: Option<Vec<u8>>,
}

impl std::fmt::Debug for Work {
    /// Never the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work")
            .field("ballot", &self.ballot)
            .finish_non_exhaustive()
    }
}

impl Actor {
    /// Carries effects out; at most one of them, the journal, has an answer at once.
    pub(super) async fn carry_out(&mut self, key: DutyKey, effects: Vec<Effect>) -> Option<Input> {
        let mut answer = None;
        for effect in effects {
            match effect {
                Effect::Work => self.start_work(key),
                Effect::Journal(ballot) => answer = Some(self.journal_ballot(key, ballot).await),
                Effect::Commit { .. } => self.put_own(key, Half::Commit),
                Effect::Reveal { .. } => self.put_own(key, Half::Reveal),
                Effect::Release => self.release(key).await,
            }
        }
        answer
    }

    /// Search and inference, beside the actor.
    fn start_work(&mut self, key: DutyKey) {
        let half = self.half_window(key);
        let heights = self.heights.subscribe();
        let (finder, bench, sender) = (
            self.finder.clone(),
            Arc::clone(&self.bench),
            self.sender.clone(),
        );
        let Some(duty) = self.open.get(&key) else {
            return;
        };
        let (task, carried) = (duty.task.clone(), duty.carried.clone());
        let work = async move {
            let found = match carried {
                Some(block) => Some(block),
                None => finder.find(&task, Patience::Until(half, heights)).await,
            };
            if found.is_some() {
                sender.send(Event::Fetched(key)).await.ok();
            }
            Event::Worked(key, work(&bench, &task, key, found).await)
        };
        let handle = self.beside(work);
        if let Some(duty) = self.open.get_mut(&key) {
            duty.work = Some(handle);
        }
    }

    /// Height from which `unavailable` may be said: half of the commit window. A commitment of ours that is on chain
    /// without a journal was made of a prompt that was found, unless it is `unavailable` itself.
    fn half_window(&self, key: DutyKey) -> u64 {
        let Some(duty) = self.open.get(&key) else {
            return self.height;
        };
        match duty.machine.view().phase {
            Phase::Commit { deadline } => {
                let entered = duty.task.entered.min(deadline);
                entered.saturating_add(deadline.saturating_sub(entered).div_ceil(2))
            }
            Phase::Wait { commitment } | Phase::Reveal { commitment, .. } => {
                let unavailable = Ballot::Unavailable {};
                let entry = self.voter.entry(key, duty.task.task_digest, unavailable);
                match entry.commitment == commitment {
                    true => self.height,
                    false => u64::MAX,
                }
            }
            Phase::Revealed | Phase::Gone { .. } => self.height,
        }
    }

    pub(super) async fn on_work(&mut self, key: DutyKey, work: Work) {
        let Some(duty) = self.open.get_mut(&key) else {
            return;
        };
        duty.text = work.text;
        self.step(key, Input::Ballot(work.ballot)).await;
    }

    /// The answer's block into the store, not served; then the ballot to disk.
    async fn journal_ballot(&mut self, key: DutyKey, ballot: Ballot) -> Input {
        self.secure(key, ballot).await.unwrap_or_else(|reason| {
            tracing::error!(task = key.task, round = key.round, %reason, "no commit is sent");
            Input::Failed(Reason::JournalRefused)
        })
    }

    async fn secure(&mut self, key: DutyKey, ballot: Ballot) -> Result<Input, String> {
        let duty = self.open.get_mut(&key).ok_or("the duty is gone")?;
        let digest = duty.task.task_digest;
        if let (Ballot::Answer { cid, .. }, Some(text)) = (&ballot, duty.text.take()) {
            let kept = self.ports.content.withhold(cid, &text).await;
            kept.map_err(|e| e.to_string())?;
        }
        let entry = self
            .write_journal(key, ballot, digest)
            .map_err(|e| e.to_string())?;
        let vote = (&entry).into();
        if let Some(duty) = self.open.get_mut(&key) {
            duty.entry = Some(entry);
        }
        Ok(Input::Journaled(vote))
    }

    fn put_own(&mut self, key: DutyKey, half: Half) {
        if let Some(item) = self.own_item(key, half) {
            self.intake.lock().desk.put_own(item, self.height);
        }
    }

    fn own_item(&self, key: DutyKey, half: Half) -> Option<Item> {
        let entry = self.open.get(&key)?.entry.as_ref()?;
        match half {
            Half::Reveal => Some(Item::Reveal(self.voter.reveal(entry))),
            Half::Commit => match self.voter.commit(entry) {
                Ok(item) => Some(Item::Commit(item)),
                Err(error) => {
                    tracing::error!(task = key.task, %error, "the commit cannot be signed");
                    None
                }
            },
        }
    }

    async fn release(&mut self, key: DutyKey) {
        let entry = self.open.get(&key).and_then(|duty| duty.entry.clone());
        if let Some(Ballot::Answer { cid, .. }) = entry.map(|entry| entry.ballot) {
            self.release_block(key, &cid).await;
        }
    }

    pub(super) async fn release_block(&self, key: DutyKey, cid: &Cid) {
        if let Err(error) = self.ports.content.release(cid).await {
            tracing::warn!(task = key.task, %error, "the answer's block is not served");
        }
    }

    /// What the posting policy decides for every round this worker is in.
    pub(super) fn post_votes(&mut self) {
        let mut decisions = Vec::new();
        {
            let mut inner = self.intake.lock();
            let inner = &mut *inner;
            for (key, board) in &inner.boards {
                for half in [Half::Reveal, Half::Commit] {
                    let Some(seats) = board.half(half) else {
                        continue;
                    };
                    let decided = inner.desk.decide(*key, half, self.height, &seats);
                    decisions.extend(decided.map(|found| (*key, half, board.deadline, found)));
                }
            }
        }
        for (key, half, deadline, decision) in decisions {
            match decision {
                Decision::Post(items) => self.outbox.votes(items, deadline),
                Decision::HandOver { endpoint, item } => {
                    let peers = Arc::clone(&self.ports.peers);
                    self.beside(async move {
                        let handed = peers.hand_over(&endpoint, &item).await;
                        Event::HandedOver(key, half, handed)
                    });
                }
            }
        }
    }

    pub(super) fn on_handed_over(&mut self, key: DutyKey, half: Half, handed: Handed) {
        self.metrics.handed_over(handed);
        if handed != Handed::Taken {
            let mut inner = self.intake.lock();
            inner
                .desk
                .not_taken(key, half, handed == Handed::Busy, self.height);
        }
    }

    /// Sends whatever there is a place for: the sender's key numbers messages, and they share blocks.
    pub(super) fn pump(&mut self) {
        while let Some(Outgoing { id, msg, gas }) = self.outbox.next_message() {
            let chain = Arc::clone(&self.ports.chain);
            self.beside(async move {
                let what = name(&msg);
                Event::Sent(id, what, chain.send(msg, gas).await)
            });
        }
    }

    /// A failure is only told: a vote is offered again until the chain shows it.
    pub(super) fn on_sent(
        &mut self,
        id: u64,
        what: &'static str,
        result: Result<Receipt, EdgeError>,
    ) {
        self.outbox.landed(id);
        self.unread = true;
        match result {
            Ok(receipt) => {
                self.metrics.sent(what, receipt.gas_used);
                tracing::info!(
                    what,
                    hash = receipt.hash,
                    height = receipt.height,
                    gas = receipt.gas_used,
                    "sent"
                );
                for (task, code) in receipt.refused {
                    tracing::warn!(task, code, "a vote was refused");
                }
            }
            Err(error) => {
                self.metrics.send_error();
                tracing::warn!(what, %error, "not sent");
            }
        }
    }
}

fn name(msg: &ExecuteMsg) -> &'static str {
    match msg {
        ExecuteMsg::Commit { .. } => "commit",
        ExecuteMsg::Reveal { .. } => "reveal",
        ExecuteMsg::PublishBeacon { .. } => "publish_beacon",
        ExecuteMsg::Advance { .. } => "advance",
        ExecuteMsg::Deliver { .. } => "deliver",
        _ => "other",
    }
}

/// From a prompt, or the certainty that there is none, to a ballot.
async fn work(
    bench: &Bench,
    task: &TaskResponse,
    key: DutyKey,
    found: Option<Vec<u8>>,
) -> Result<Work, Reason> {
    let plain = |ballot| Ok(Work { ballot, text: None });
    let Some(block) = found else {
        tracing::warn!(task = key.task, "no source has the prompt");
        return plain(Ballot::Unavailable {});
    };
    match bench.outcome(task, block).await {
        Ok(Outcome::Answer(computed)) => Ok(Work {
            ballot: ballot(&computed, &task.task_digest, key.round),
            text: Some(computed.text.clone().into_bytes()),
        }),
        Ok(Outcome::Invalid(reason)) => {
            tracing::info!(task = key.task, reason, "the prompt is invalid");
            plain(Ballot::Invalid {})
        }
        Err(error) => {
            tracing::error!(task = key.task, %error, "no answer could be computed");
            Err(Reason::ComputeFailed)
        }
    }
}
