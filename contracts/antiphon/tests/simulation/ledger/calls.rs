//! What follows the end of a task: its callback, its model's deposit, the index of answers.

use antiphon_api::{Ballot, ExecuteMsg};

use super::bytes::hash;
use super::money::Takes;
use super::{Behaviour, Expected, Indexed, Ledger, Op};

impl Ledger {
    /// A task has just come to its end.
    pub(super) fn close(&mut self, id: u64) {
        let height = self.now.height;
        let Some(task) = self.task(id) else { return };
        let (window, model) = (self.rule_of(task).deliver_window_blocks, task.model);
        if let Some(pending) = &mut self.task_mut(id).callback {
            pending.deadline = Some(height + window);
        }
        self.return_deposit(model);
        self.put_into_index(id);
    }

    /// The answer of the largest committee; a different one of no larger committee is a conflict.
    fn put_into_index(&mut self, id: u64) {
        let Some(task) = self.task(id).filter(|task| !task.contested) else {
            return;
        };
        let (Some(ballot @ Ballot::Answer { cid, .. }), Some(round)) =
            (task.outcome().cloned(), task.standing)
        else {
            return;
        };
        let key = (task.model, *task.prompt.digest());
        let new = Indexed {
            task: id,
            committee: task.rounds[round].size,
            ballot,
            conflict: false,
        };
        match self.index.get_mut(&key) {
            Some(old) if old.committee >= new.committee => {
                let Ballot::Answer { cid: kept, .. } = &old.ballot else {
                    return;
                };
                old.conflict |= *kept != cid || usage(&old.ballot) != usage(&new.ballot);
            }
            _ => {
                self.index.insert(key, new);
            }
        }
    }

    pub(super) fn end_callback(&mut self, id: u64) {
        let height = self.now.height;
        let over = self
            .task(id)
            .and_then(|task| task.callback.as_ref()?.deadline);
        if over.is_some_and(|deadline| height > deadline) {
            let task = self.task_mut(id);
            let fee = task.callback.take().map_or(0, |pending| pending.fee);
            let requester = task.requester.clone();
            self.give_back(&requester, fee);
            self.saw("callback over");
        }
    }

    pub(super) fn deliver(&mut self, op: &Op, id: u64, text: Option<&str>) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let Some(task) = self.task(id) else {
            no.when(true, "E_UNKNOWN_TASK");
            return no.refuse();
        };
        let height = self.now.height;
        let pending = task.callback.clone().filter(|it| {
            let deadline = it.deadline;
            deadline.is_some_and(|deadline| height <= deadline)
        });
        let Some(pending) = pending else {
            no.when(true, "E_NO_CALLBACK");
            return no.refuse();
        };
        let wanted = match task.outcome() {
            Some(Ballot::Answer { cid, .. }) if pending.with_text => Some(*cid.digest()),
            _ => None,
        };
        let got = text.map(|text| hash(&[text.as_bytes()]));
        let long = text.is_some_and(|text| text.len() > 65_536);
        no.when(got != wanted || long, "E_TEXT");
        if no.any() {
            return no.refuse();
        }
        let requester = task.requester.clone();
        self.task_mut(id).callback = None;
        self.reward(&op.sender, pending.fee);
        if self.receiver_takes(&requester, op) {
            self.saw("callback delivered");
        } else {
            self.saw("callback failed");
            let mut again = pending;
            again.fee = 0;
            self.task_mut(id).callback = Some(again);
        }
        Expected::done()
    }

    /// Whether the call of a receiver succeeds; what it does from inside is done if it does.
    fn receiver_takes(&mut self, receiver: &str, delivery: &Op) -> bool {
        let msg = match self.receivers.get(receiver) {
            Some(Behaviour::Keeps) => return true,
            None | Some(Behaviour::Refuses | Behaviour::Panics) => return false,
            Some(Behaviour::Sends(msg)) => msg.clone(),
            Some(Behaviour::Redelivers) => delivery.msg.clone(),
        };
        let before = self.clone();
        let inner = Op {
            sender: receiver.to_owned(),
            msg,
            coins: Vec::new(),
        };
        let done = self.act(&inner).is_done();
        if !done {
            let (touched, tasks) = (self.touched.clone(), self.touched_tasks.clone());
            *self = before;
            self.touched.extend(touched);
            self.touched_tasks.extend(tasks);
        }
        self.saw(match (inner.msg, done) {
            (ExecuteMsg::Deliver { .. }, _) => "delivers from inside",
            (ExecuteMsg::Withdraw { .. }, true) => "withdraws from inside",
            (ExecuteMsg::PostTask { .. }, true) => "asks from inside",
            (_, true) => "calls from inside",
            (_, false) => "is refused from inside",
        });
        done
    }
}

fn usage(ballot: &Ballot) -> Option<(antiphon_api::Finish, u32, u32)> {
    match ballot {
        Ballot::Answer {
            finish,
            output_tokens,
            prompt_tokens,
            ..
        } => Some((*finish, *output_tokens, *prompt_tokens)),
        _ => None,
    }
}
