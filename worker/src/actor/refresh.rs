//! Chain state into views: which duties there are, and where each stands.

use antiphon_api::{
    Ballot, ConductInfo, DutiesResponse, Duty, DutyAction, Hex, MemberInfo, RoundResponse,
    TaskResponse, TaskStatus,
};
use antiphon_chain::canonical;
use antiphon_documents::digest::{TaskIdentity, task_digest};

use super::{Actor, Open};
use crate::duty::{DutyKey, Input, Machine, Phase, Reason, State, View, Vote};
use crate::ports::EdgeError;
use crate::relay::{Member, RoundBoard};

/// Blocks that a node may be ahead of the height agreed on: it answers a moment later.
const AHEAD: u64 = 10;

impl Actor {
    /// Reads all duties, then whatever became of the open ones that are no longer among them. One that cannot be
    /// read holds up no other: the first failure is told when all were seen.
    pub(super) async fn refresh(&mut self) -> Result<(), EdgeError> {
        let shown = self.ports.chain.duties().await?;
        let height = shown.height;
        if height > self.height.saturating_add(AHEAD) {
            return Err(EdgeError::new(format!(
                "the node shows duties of height {height}, the chain is at {}",
                self.height
            )));
        }
        let reached = self.reached(&shown).await;
        let mut result = Ok(());
        for duty in &shown.duties {
            let key = DutyKey::new(duty.task, duty.round);
            let view = View {
                height,
                reached,
                phase: phase_of(duty, self.open.get(&key)),
            };
            if self.open.contains_key(&key) {
                self.step(key, Input::Chain(view)).await;
            } else if !self.ended.contains_key(&key) {
                result = result.and(self.admit(duty, view).await);
            }
            result = result.and(self.update_board(duty).await);
        }
        let listed = |key: &DutyKey| {
            shown
                .duties
                .iter()
                .any(|d| (d.task, d.round) == (key.task, key.round))
        };
        let missing: Vec<DutyKey> = self
            .open
            .keys()
            .filter(|key| !listed(key))
            .copied()
            .collect();
        for key in missing {
            match self.look_for(key, height).await {
                Ok(Some(view)) => self.step(key, Input::Chain(view)).await,
                Ok(None) => {}
                Err(error) => result = result.and(Err(error)),
            }
        }
        result
    }

    /// A height that ends windows. Where one seems to be over, the nodes must agree on it: a duty that is given
    /// up is not taken up again.
    async fn reached(&self, shown: &DutiesResponse) -> u64 {
        if shown
            .duties
            .iter()
            .all(|duty| duty.deadline >= shown.height)
        {
            return shown.height;
        }
        let agreed = self.ports.chain.agreed_height().await;
        agreed.map_or(0, |height| height.min(shown.height))
    }

    /// A prompt that its task carries goes into our store, and from there to everybody who looks for it.
    async fn keep_carried(&self, duty: &Duty) -> Option<Vec<u8>> {
        let block = carried(duty)?;
        if let Err(error) = self.ports.content.keep(&duty.prompt, block).await {
            tracing::warn!(%error, task = duty.task, "the carried prompt is not kept in our store");
        }
        Some(block.to_vec())
    }

    /// A duty seen for the first time. It is served only if its task hashes to its digest.
    async fn admit(&mut self, duty: &Duty, view: View) -> Result<(), EdgeError> {
        let key = DutyKey::new(duty.task, duty.round);
        let entry = self.journal.get(key).cloned();
        if entry.is_none() && self.settings.coming.contains(&duty.model) {
            return Ok(());
        }
        let task = self.ports.chain.task(duty.task).await?;
        let journaled = entry
            .as_ref()
            .is_none_or(|entry| entry.task_digest == duty.task_digest);
        let refused = if !(journaled && self.is_honest(duty, &task)) {
            Some(Reason::LyingTask)
        } else if self.settings.served.get(&duty.model) != Some(&duty.manifest) && entry.is_none() {
            Some(Reason::UnknownModel)
        } else if self.draining && entry.is_none() {
            Some(Reason::Draining)
        } else {
            None
        };
        // Saying `unavailable` of a carried prompt is always a miss: better to wait for a node that shows it.
        if refused.is_none() && entry.is_none() && task.carried && carried(duty).is_none() {
            let task = duty.task;
            return Err(EdgeError::new(format!(
                "the node shows task {task} without the prompt it carries"
            )));
        }
        let carried = match refused {
            None => self.keep_carried(duty).await,
            Some(_) => None,
        };
        let (machine, effects) = Machine::new(view, entry.as_ref().map(Vote::from));
        let open = Open {
            machine,
            task,
            entry,
            carried,
            text: None,
            work: None,
        };
        self.metrics.state(State::Seen);
        tracing::info!(
            task = key.task,
            round = key.round,
            position = duty.position,
            height = view.height,
            "duty seen"
        );
        self.open.insert(key, open);
        match refused {
            Some(reason) => self.step(key, Input::Failed(reason)).await,
            None => {
                let answer = self.carry_out(key, effects).await;
                if let Some(input) = answer {
                    self.step(key, input).await;
                }
                self.settle(key);
            }
        }
        Ok(())
    }

    /// Whether the task is what its digest says: a node that lies costs no more than a refused item.
    fn is_honest(&self, duty: &Duty, task: &TaskResponse) -> bool {
        let Ok(requester) = canonical(&task.requester) else {
            return false;
        };
        let identity = TaskIdentity {
            chain_id: &self.settings.chain_id,
            contract: &self.settings.contract,
            task: duty.task,
            requester: &requester,
            manifest: &duty.manifest,
            prompt: &duty.prompt,
            max_output_tokens: duty.max_output_tokens,
            prompt_bytes: duty.prompt_bytes,
        };
        let same = (task.task, task.model, task.manifest, task.prompt)
            == (duty.task, duty.model, duty.manifest, duty.prompt)
            && (task.prompt_bytes, task.max_output_tokens, task.task_digest)
                == (duty.prompt_bytes, duty.max_output_tokens, duty.task_digest);
        same && Hex(task_digest(&identity)) == duty.task_digest
    }

    /// The round with its members' keys, so that votes handed to us can be judged.
    async fn update_board(&mut self, duty: &Duty) -> Result<(), EdgeError> {
        let key = DutyKey::new(duty.task, duty.round);
        if !self.open.contains_key(&key) {
            return Ok(());
        }
        let round = self.ports.chain.round(duty.task, duty.round).await?;
        let mut members = Vec::new();
        for member in round.members {
            let voter = self.voter_of(&member.worker).await?;
            members.push(board_member(member, voter));
        }
        let status = match duty.action {
            DutyAction::Commit | DutyAction::Wait => TaskStatus::Committing,
            DutyAction::Reveal => TaskStatus::Revealing,
        };
        let board = RoundBoard {
            task_digest: duty.task_digest,
            status,
            deadline: duty.deadline,
            members,
        };
        self.intake.lock().boards.insert(key, board);
        Ok(())
    }

    /// A worker's voter key, asked once.
    async fn voter_of(&mut self, worker: &str) -> Result<Option<Hex<33>>, EdgeError> {
        if let Some(known) = self.voters.get(worker) {
            return Ok(Some(*known));
        }
        let found = self.ports.chain.worker(worker).await?.and_then(|w| w.voter);
        if let Some(voter) = found {
            self.voters.insert(worker.to_owned(), voter);
        }
        Ok(found)
    }

    /// What became of a duty that is no longer listed. Three answers of a node need not be of one
    /// height, so a window that seems to be open still, or over, proves nothing here: the next block
    /// tells.
    async fn look_for(&self, key: DutyKey, height: u64) -> Result<Option<View>, EdgeError> {
        let task = self.ports.chain.task(key.task).await?;
        let round = self.ports.chain.round(key.task, key.round).await?;
        let sent = self
            .open
            .get(&key)
            .is_some_and(|duty| duty.machine.state() == State::RevealSent);
        let phase = phase_from_round(&task, &round, self.worker(), key.round, sent);
        let settled = match phase {
            Phase::Commit { .. } => false,
            Phase::Reveal { deadline, .. } => height <= deadline,
            Phase::Wait { .. } | Phase::Revealed | Phase::Gone { .. } => true,
        };
        Ok(settled.then_some(View {
            height,
            reached: 0,
            phase,
        }))
    }

    /// Ends what an earlier process left behind: serves answers that are revealed, forgets votes of
    /// tasks that are over.
    ///
    /// # Errors
    /// The chain cannot be read; then call again later.
    pub async fn tidy_journal(&mut self) -> Result<(), EdgeError> {
        let keys: Vec<DutyKey> = self
            .journal
            .keys()
            .filter(|key| !self.open.contains_key(key))
            .collect();
        let mut result = Ok(());
        for key in keys {
            // One task that cannot be read does not keep the others.
            result = self.tidy(key).await.and(result);
        }
        result
    }

    async fn tidy(&mut self, key: DutyKey) -> Result<(), EdgeError> {
        let task = self.ports.chain.task(key.task).await?;
        let round = self.ports.chain.round(key.task, key.round).await?;
        let phase = phase_from_round(&task, &round, self.worker(), key.round, false);
        let over = matches!(task.status, TaskStatus::Final | TaskStatus::Failed);
        let ballot = self.journal.get(key).map(|entry| entry.ballot.clone());
        if let Some(Ballot::Answer { cid, .. }) = ballot {
            match phase {
                Phase::Revealed => self.release_block(key, &cid).await,
                _ if over => self.ports.content.discard(&cid).await?,
                _ => {}
            }
        }
        if over && let Err(error) = self.journal.retire(key) {
            tracing::warn!(task = key.task, %error, "an old vote stays in the journal");
        }
        Ok(())
    }
}

/// The prompt's block, if the duty hands it out and it is the prompt's.
fn carried(duty: &Duty) -> Option<&[u8]> {
    let block = duty.block.as_ref()?.as_slice();
    duty.prompt.matches(block).then_some(block)
}

fn board_member(member: MemberInfo, voter: Option<Hex<33>>) -> Member {
    Member {
        canonical: canonical(&member.worker).unwrap_or_default(),
        endpoint: member.endpoint,
        voter,
        commitment: member.commitment,
        revealed: member.ballot.is_some(),
        worker: member.worker,
    }
}

/// What a listed duty asks for. A listed commitment is always ours; a node that leaves it out is asked
/// for nothing until it shows one.
fn phase_of(duty: &Duty, open: Option<&Open>) -> Phase {
    let vote = open.and_then(|duty| duty.machine.vote());
    let commitment = duty
        .commitment
        .or(vote.map(|vote| vote.commitment))
        .unwrap_or(Hex([0; 32]));
    match duty.action {
        DutyAction::Commit => Phase::Commit {
            deadline: duty.deadline,
        },
        DutyAction::Wait => Phase::Wait { commitment },
        DutyAction::Reveal => Phase::Reveal {
            deadline: duty.deadline,
            commitment,
        },
    }
}

/// Where a membership stands by its round, when it is not a listed duty.
fn phase_from_round(
    task: &TaskResponse,
    round: &RoundResponse,
    me: &str,
    number: u8,
    sent: bool,
) -> Phase {
    let Some(member) = round.members.iter().find(|m| m.worker == me) else {
        return Phase::Gone { withheld: false };
    };
    if member.ballot.is_some() {
        return Phase::Revealed;
    }
    if let Some(conduct) = member.conduct {
        return judged(conduct, sent);
    }
    let current = task.round == number && !task.undecided;
    let opened = !round.tally.is_empty() || round.members.iter().any(|m| m.ballot.is_some());
    match (member.commitment, task.status, task.deadline) {
        (None, TaskStatus::Committing, Some(deadline)) if current => Phase::Commit { deadline },
        (Some(commitment), TaskStatus::Committing, _) if current => Phase::Wait { commitment },
        (Some(commitment), TaskStatus::Revealing, Some(deadline)) if current => Phase::Reveal {
            deadline,
            commitment,
        },
        (Some(commitment), TaskStatus::Drawing, _) if current => Phase::Wait { commitment },
        (Some(_), ..) => Phase::Gone { withheld: opened },
        (None, ..) => Phase::Gone { withheld: false },
    }
}

/// Per-member keys are gone once a task is over: its conduct tells whether the reveal was there.
const fn judged(conduct: ConductInfo, sent: bool) -> Phase {
    match conduct {
        ConductInfo::Right
        | ConductInfo::Wrong
        | ConductInfo::Revealer
        | ConductInfo::Unavailable => Phase::Revealed,
        ConductInfo::Neutral if sent => Phase::Revealed,
        ConductInfo::Withheld => Phase::Gone { withheld: true },
        ConductInfo::Neutral | ConductInfo::Silent => Phase::Gone { withheld: false },
    }
}
