//! The course of a task: which transition is due, and what it does (protocol, section 3).

use super::money::Takes;
use super::votes::winner;
use super::{Expected, Ledger, Moment, Op, Stage, Task};

/// What `advance` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Nothing,
    Draw([u8; 32]),
    Reveal,
    Replace,
    Answer,
    Undecided,
    End,
}

impl Ledger {
    pub(super) fn advance_all(&mut self, op: &Op, tasks: &[u64]) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        no.when(tasks.len() > 10, "E_BATCH");
        if no.any() {
            return no.refuse();
        }
        for task in tasks {
            self.advance(*task);
        }
        self.burned += self.to_burn;
        self.to_burn = 0;
        Expected::done()
    }

    /// Makes every due transition of a task, then ends its callback if that is over.
    pub(super) fn advance(&mut self, id: u64) {
        if self.task(id).is_none() {
            return;
        }
        loop {
            match self.due(id, self.now) {
                Due::Nothing => break,
                Due::Draw(randomness) => self.draw(id, &randomness),
                Due::Reveal => self.enter_revealing(id, self.now.height),
                Due::Replace => self.replace_silent(id),
                Due::Answer => self.enter_answered(id),
                Due::Undecided => self.undecided(id),
                Due::End => self.settle(id),
            }
        }
        self.end_callback(id);
    }

    /// What is due at a moment.
    pub fn due(&self, id: u64, at: Moment) -> Due {
        let Some(task) = self.task(id) else {
            return Due::Nothing;
        };
        let round = task.round();
        let over = at.height > task.until;
        match task.stage {
            Stage::Final | Stage::Failed => Due::Nothing,
            Stage::Drawing => self.due_drawing(task, at),
            Stage::Committing if !over => Due::Nothing,
            Stage::Committing if round.committed() >= round.quorum() => Due::Reveal,
            Stage::Committing if round.draws < self.rule_of(task).max_draws => Due::Replace,
            Stage::Committing => Due::Undecided,
            Stage::Revealing if !over && round.revealed() < round.committed() => Due::Nothing,
            Stage::Revealing if winner(task).is_some() => Due::Answer,
            Stage::Revealing => Due::Undecided,
            Stage::Answered if over || !task.round_left() => Due::End,
            Stage::Answered => Due::Nothing,
        }
    }

    fn due_drawing(&self, task: &Task, at: Moment) -> Due {
        let round = task.round();
        let Some(awaited) = round.waits_for else {
            return Due::Undecided;
        };
        match self.known.get(&awaited) {
            Some(known) if self.draw_window_over(task, round.opened, known.when) => Due::Undecided,
            Some(known) if self.first_waiting(awaited) == Some(task.id) => {
                Due::Draw(known.randomness)
            }
            None if self.draw_window_over(task, round.opened, at) => Due::Undecided,
            _ => Due::Nothing,
        }
    }

    /// The outcome of the current round stands; no later round casts doubt on it.
    pub(super) fn enter_answered(&mut self, id: u64) {
        let task = self.task_mut(id);
        let decided = winner(task);
        task.round_mut().decided = decided;
        task.standing = Some(task.number());
        task.contested = false;
        self.open_appeals(id);
    }

    fn open_appeals(&mut self, id: u64) {
        let window = self
            .task(id)
            .map(|it| self.rule_of(it).appeal_window_blocks);
        let height = self.now.height;
        let task = self.task_mut(id);
        task.stage = Stage::Answered;
        task.entered = height;
        task.until = height + window.unwrap_or(0);
    }

    fn undecided(&mut self, id: u64) {
        let task = self.task_mut(id);
        task.round_mut().waits_for = None;
        let (stands, left) = (task.standing.is_some(), task.round_left());
        task.contested = stands;
        match (stands, left) {
            (true, true) => self.open_appeals(id),
            (false, true) => self.open_round(id, None),
            (_, false) => self.settle(id),
        }
        self.forget_randomness();
    }
}
