//! What the contract in memory does with blocks and votes.

use antiphon_api::{
    Ballot, CommitItem, ConductInfo, ExecuteMsg, MemberInfo, RevealItem, TaskStatus, Uint128,
};
use antiphon_chain::canonical;
use antiphon_worker::bench::ballot;
use antiphon_worker::duty::DutyKey;
use antiphon_worker::journal::Entry;
use antiphon_worker::vote::{commit_is_signed, reveal_opens};

use super::edges::computed;
use super::world::{COMMIT_WINDOW, DRAW_AFTER, HISTORY, QUORUM, REVEAL_WINDOW, State, Task};

impl State {
    /// A block: draws, the other members' votes, windows.
    pub(crate) fn next_block(&mut self) {
        self.history.push((self.height, self.tasks.clone()));
        if self.history.len() > HISTORY {
            self.history.remove(0);
        }
        self.height += 1;
        let ids: Vec<u64> = self.tasks.keys().copied().collect();
        for id in ids {
            self.draw(id);
            self.others_vote(id);
            self.windows(id);
        }
    }

    fn draw(&mut self, id: u64) {
        let height = self.height;
        let members = self.member_list();
        let task = self.tasks.get_mut(&id).unwrap();
        if task.response.status == TaskStatus::Drawing
            && height >= task.response.entered + DRAW_AFTER
        {
            task.members = members;
            enter(task, TaskStatus::Committing, height, COMMIT_WINDOW);
        }
    }

    fn member_list(&self) -> Vec<MemberInfo> {
        let list = self
            .voters
            .keys()
            .enumerate()
            .map(|(at, worker)| MemberInfo {
                worker: worker.clone(),
                position: u32::try_from(at).unwrap(),
                endpoint: self.endpoints.then(|| format!("http://{worker}")),
                commitment: None,
                ballot: None,
                conduct: None,
                paid: Uint128::zero(),
                forfeited: Uint128::zero(),
            });
        list.collect()
    }

    fn others_vote(&mut self, id: u64) {
        let others: Vec<String> = self
            .voters
            .keys()
            .filter(|w| **w != self.me)
            .skip(self.silent)
            .cloned()
            .collect();
        for worker in others {
            if self.dice.roll(3) != 0 {
                continue;
            }
            let entry = self.entry_of(id, &worker);
            let voter = self.voters[&worker].clone();
            match self.tasks[&id].response.status {
                TaskStatus::Committing => drop(self.commit(&voter.commit(&entry).unwrap())),
                TaskStatus::Revealing => drop(self.reveal(&voter.reveal(&entry))),
                _ => {}
            }
        }
    }

    /// The honest vote of a worker.
    pub(crate) fn entry_of(&self, id: u64, worker: &str) -> Entry {
        let task = &self.tasks[&id].response;
        let vote = ballot(&computed(&task.prompt), &task.task_digest, 0);
        self.voters[worker].entry(DutyKey::new(id, 0), task.task_digest, vote)
    }

    fn windows(&mut self, id: u64) {
        let height = self.height;
        let task = self.tasks.get_mut(&id).unwrap();
        if task
            .response
            .deadline
            .is_none_or(|deadline| height <= deadline)
        {
            return;
        }
        match task.response.status {
            TaskStatus::Committing if task.response.committed >= QUORUM => {
                enter(task, TaskStatus::Revealing, height, REVEAL_WINDOW);
            }
            TaskStatus::Committing => finish(task, TaskStatus::Failed),
            TaskStatus::Revealing => finish(task, TaskStatus::Final),
            _ => {}
        }
    }

    pub(crate) fn execute(&mut self, msg: &ExecuteMsg) -> Vec<(u64, String)> {
        let mut refused = Vec::new();
        match msg {
            ExecuteMsg::Commit { commits } => {
                self.sent.push("commit");
                for item in commits {
                    if item.worker == self.me {
                        self.offered
                            .entry(item.task)
                            .or_default()
                            .push(item.commitment);
                    }
                    refused.extend(self.commit(item).err().map(|code| (item.task, code)));
                }
            }
            ExecuteMsg::Reveal { reveals } => {
                self.sent.push("reveal");
                for item in reveals {
                    refused.extend(self.reveal(item).err().map(|code| (item.task, code)));
                }
            }
            ExecuteMsg::PublishBeacon { round, draws, .. } => {
                self.published.push((*round, *draws));
                self.awaited.retain(|awaited| awaited.round != *round);
            }
            ExecuteMsg::Advance { tasks } => {
                for id in tasks {
                    self.advanced.push(*id);
                    self.tasks.get_mut(id).unwrap().response.due = false;
                }
            }
            ExecuteMsg::Deliver { task, text } => {
                self.told.delivered.push((*task, text.clone()));
                let callback = &mut self.tasks.get_mut(task).unwrap().response.callback;
                match callback {
                    Some(left) if self.told.receiver_fails => left.fee = Uint128::zero(),
                    _ => *callback = None,
                }
            }
            _ => self.sent.push("other"),
        }
        self.refused
            .extend(refused.iter().map(|(_, code)| code.clone()));
        refused
    }

    pub(crate) fn commit(&mut self, item: &CommitItem) -> Result<(), String> {
        let height = self.height;
        let voter = self.voters[&item.worker].public_key();
        let task = self.tasks.get_mut(&item.task).ok_or("E_TASK")?;
        let open = task.response.status == TaskStatus::Committing
            && task
                .response
                .deadline
                .is_some_and(|deadline| height <= deadline);
        let member = task
            .members
            .iter_mut()
            .find(|m| m.worker == item.worker)
            .ok_or("E_MEMBER")?;
        if !open {
            return Err("E_PHASE".to_owned());
        }
        if item.task_digest != task.response.task_digest {
            return Err("E_DIGEST".to_owned());
        }
        if !commit_is_signed(item, &canonical(&item.worker).unwrap(), &voter) {
            return Err("E_SIGNATURE".to_owned());
        }
        if member.commitment.is_some() {
            return Err("E_TWICE".to_owned());
        }
        member.commitment = Some(item.commitment);
        task.response.committed += 1;
        if task.response.committed == 5 {
            enter(task, TaskStatus::Revealing, height, REVEAL_WINDOW);
        }
        Ok(())
    }

    pub(crate) fn reveal(&mut self, item: &RevealItem) -> Result<(), String> {
        let height = self.height;
        let task = self.tasks.get_mut(&item.task).ok_or("E_TASK")?;
        let open = task.response.status == TaskStatus::Revealing
            && task
                .response
                .deadline
                .is_some_and(|deadline| height <= deadline);
        if !open {
            return Err("E_PHASE".to_owned());
        }
        let digest = task.response.task_digest;
        let member = task
            .members
            .iter_mut()
            .find(|m| m.worker == item.worker)
            .ok_or("E_MEMBER")?;
        let commitment = member.commitment.ok_or("E_NOT_COMMITTED")?;
        if !reveal_opens(
            item,
            &canonical(&item.worker).unwrap(),
            &digest,
            &commitment,
        ) {
            return Err("E_OPEN".to_owned());
        }
        if member.ballot.replace(item.ballot.clone()).is_none() {
            task.response.revealed += 1;
        }
        if task.response.revealed == task.response.committed {
            finish(task, TaskStatus::Final);
        }
        Ok(())
    }
}

/// Callbacks: what delivering one costs as simulated, what there is to pay it with, and what was delivered.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) cost: u128,
    pub(crate) purse: u128,
    /// Heights at which deliveries were sent, and with what gas limits.
    pub(crate) limits: Vec<(u64, Option<u64>)>,
    pub(crate) receiver_fails: bool,
    pub(crate) delivered: Vec<(u64, Option<String>)>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            cost: 0,
            purse: 1_000,
            limits: Vec::new(),
            receiver_fails: false,
            delivered: Vec::new(),
        }
    }
}

fn enter(task: &mut Task, status: TaskStatus, height: u64, window: u64) {
    task.response.status = status;
    task.response.entered = height;
    task.response.deadline = Some(height + window);
    task.response.waits_for = None;
}

/// The end: as on chain, conduct stays and per-member keys go.
fn finish(task: &mut Task, status: TaskStatus) {
    for member in &mut task.members {
        member.conduct = Some(match (member.commitment, member.ballot.take()) {
            (Some(_), Some(Ballot::Answer { .. })) if status == TaskStatus::Final => {
                ConductInfo::Right
            }
            (Some(_), Some(_)) => ConductInfo::Neutral,
            (Some(_), None) if status == TaskStatus::Final => ConductInfo::Withheld,
            (Some(_), None) => ConductInfo::Neutral,
            (None, _) => ConductInfo::Silent,
        });
        member.commitment = None;
    }
    task.response.status = status;
    task.response.deadline = None;
}
