//! Commits and reveals, judged one by one (protocol, sections 3 and 5).

use antiphon_api::{Ballot, CommitItem, RevealItem};

use super::money::Takes;
use super::{Did, Expected, Ledger, Member, Op, Reasons, Stage, Task};

impl Ledger {
    pub(super) fn commit(&mut self, op: &Op, items: &[CommitItem]) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        no.when(!(1..=31).contains(&items.len()), "E_BATCH");
        if no.any() {
            return no.refuse();
        }
        Expected::Done(items.iter().map(|item| self.commit_one(item)).collect())
    }

    fn commit_one(&mut self, item: &CommitItem) -> Vec<&'static str> {
        let no = self.against_commit(item);
        if no.any() {
            return no.0;
        }
        let height = self.now.height;
        self.member_mut(item.task, &item.worker).did = Did::Committed(item.commitment.0);
        let task = self.task_mut(item.task);
        let round = task.round();
        if round.committed() as usize == round.members().count() {
            self.enter_revealing(item.task, height);
        }
        Vec::new()
    }

    fn against_commit(&self, item: &CommitItem) -> Reasons {
        let (task, mut no) = self.against_vote(item.task, item.round, &item.worker);
        let Some(task) = task else {
            return no;
        };
        no.when(task.digest != item.task_digest.0, "wrong_digest");
        no.when(task.stage == Stage::Drawing, "too_early");
        let open = task.stage == Stage::Committing && self.now.height <= task.until;
        no.when(task.stage != Stage::Drawing && !open, "too_late");
        match member(task, item.round, &item.worker) {
            None => no.when(true, "not_a_member"),
            Some(member) => no.when(member.did != Did::Nothing, "already_committed"),
        }
        match self.workers.get(&item.worker).and_then(|it| it.voter) {
            None => no.when(true, "no_voter"),
            Some(_) if no.any() => no.0.push("bad_signature"),
            Some(voter) => no.when(!self.is_signed(item, &voter), "bad_signature"),
        }
        no
    }

    /// What is wrong with any vote; the task, if there is more to look at.
    fn against_vote(&self, task: u64, round: u8, worker: &str) -> (Option<&Task>, Reasons) {
        let mut no = Reasons::default();
        no.when(!self.names.contains_key(worker), "bad_address");
        let Some(task) = self.task(task) else {
            no.when(true, "unknown_task");
            return (None, no);
        };
        if task.is_over() {
            no.when(true, "task_over");
            return (None, no);
        }
        no.when(task.number() != usize::from(round), "wrong_round");
        (Some(task), no)
    }

    fn member_mut(&mut self, task: u64, worker: &str) -> &mut Member {
        self.touched.insert(worker.to_owned());
        let round = self.task_mut(task).round_mut();
        let mut members = round.places.iter_mut().flatten();
        members.find(|member| member.worker == worker).unwrap()
    }

    pub(super) fn enter_revealing(&mut self, id: u64, height: u64) {
        let window = self
            .task(id)
            .map(|it| self.rule_of(it).reveal_window_blocks);
        let task = self.task_mut(id);
        task.stage = Stage::Revealing;
        task.entered = height;
        task.until = height + window.unwrap_or(0);
        task.round_mut().came_to_reveal = true;
    }

    pub(super) fn reveal(&mut self, op: &Op, items: &[RevealItem]) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        no.when(!(1..=31).contains(&items.len()), "E_BATCH");
        if no.any() {
            return no.refuse();
        }
        Expected::Done(items.iter().map(|item| self.reveal_one(item)).collect())
    }

    fn reveal_one(&mut self, item: &RevealItem) -> Vec<&'static str> {
        let no = self.against_reveal(item);
        if no.any() {
            return no.0;
        }
        let height = self.now.height;
        if self
            .task(item.task)
            .is_some_and(|it| it.stage == Stage::Committing)
        {
            self.enter_revealing(item.task, height);
        }
        let member = self.member_mut(item.task, &item.worker);
        if let Did::Committed(bound) = member.did {
            member.did = Did::Revealed(bound, item.ballot.clone());
        }
        let Some(task) = self.task(item.task) else {
            return Vec::new();
        };
        let round = task.round();
        if round.revealed() == round.committed() && winner(task).is_some() {
            self.enter_answered(item.task);
        }
        Vec::new()
    }

    fn against_reveal(&self, item: &RevealItem) -> Reasons {
        let (task, mut no) = self.against_vote(item.task, item.round, &item.worker);
        let Some(task) = task else {
            return no;
        };
        let over = self.now.height > task.until;
        let round = task.round();
        match task.stage {
            Stage::Committing => {
                no.when(!(over && round.committed() >= round.quorum()), "too_early")
            }
            Stage::Revealing => no.when(over, "too_late"),
            Stage::Drawing => no.when(true, "too_early"),
            _ => no.when(true, "too_late"),
        }
        no.when(!is_possible(task, &item.ballot), "bad_ballot");
        match member(task, item.round, &item.worker).map(|member| &member.did) {
            None => no.when(true, "not_a_member"),
            Some(Did::Nothing) => no.when(true, "not_committed"),
            Some(Did::Revealed(..)) => no.when(true, "already_revealed"),
            Some(Did::Committed(bound)) => {
                let opens = self.binding(task, item.round, &item.worker, &item.ballot, &item.salt);
                no.when(opens != *bound, "wrong_opening");
            }
        }
        no
    }
}

/// The member of the current round with this address.
fn member<'a>(task: &'a Task, round: u8, worker: &str) -> Option<&'a Member> {
    let current = task.rounds.get(usize::from(round))?;
    let mut members = current.members();
    members.find(|member| member.worker == worker)
}

/// Whether an honest member could say this of the task.
fn is_possible(task: &Task, ballot: &Ballot) -> bool {
    match ballot {
        Ballot::Answer {
            cid,
            output_tokens,
            prompt_tokens,
            ..
        } => {
            cid.to_string().starts_with("bafkrei")
                && *output_tokens <= task.max_output_tokens
                && *prompt_tokens <= task.prompt_bytes + 4_096
        }
        Ballot::Unavailable {} | Ballot::Invalid {} => true,
    }
}

/// What a quorum of the current round's places said, if it can decide.
pub(super) fn winner(task: &Task) -> Option<Ballot> {
    let round = task.round();
    let said = round.members().filter_map(|member| match &member.did {
        Did::Revealed(_, ballot) => Some(ballot),
        _ => None,
    });
    let first = task.number() == 0 && !task.carried;
    said.filter(|ballot| first || **ballot != Ballot::Unavailable {})
        .find(|ballot| round.votes(ballot) >= round.quorum())
        .cloned()
}
