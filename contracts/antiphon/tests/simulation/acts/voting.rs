//! Members and their ballots: calm committees, quarrels, liars, silence.

use antiphon_api::*;

use super::hostile::Vote;
use super::{Ledger, Op, Player, Stage, Task};
use crate::simulation::chance::Chance;
use crate::simulation::ledger::{Did, Member};
use crate::suite::votes::{answer, commit_item, reveal_item};

const TEXTS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// The text that a CID names.
pub(super) fn text_of(cid: &Cid) -> Option<&'static str> {
    TEXTS
        .into_iter()
        .find(|text| Cid::of_raw(text.as_bytes()) == *cid)
}

/// What a member means to do.
enum Plan {
    Says(Ballot),
    /// Is bound to a ballot and keeps it to itself.
    Withholds(Ballot),
    Silent,
}

fn says(text: &str, task: &Task) -> Ballot {
    let said = answer(text, &task.digest, task.number() as u8);
    match said {
        Ballot::Answer {
            cid,
            finish,
            prompt_tokens,
            trace,
            ..
        } => Ballot::Answer {
            cid,
            finish,
            output_tokens: task.max_output_tokens.min(40),
            prompt_tokens,
            trace,
        },
        other => other,
    }
}

/// An answer with a detail changed.
fn twisted(task: &Task, twist: u64) -> Ballot {
    let said = says("a", task);
    let Ballot::Answer {
        cid,
        finish,
        output_tokens,
        prompt_tokens,
        trace,
    } = said
    else {
        return said;
    };
    let most = task.max_output_tokens;
    let (cid, finish, output_tokens, prompt_tokens, trace) = match twist {
        0 => (cid, finish, output_tokens, prompt_tokens, Hex([9; 32])),
        1 => (cid, Finish::Length, output_tokens, prompt_tokens, trace),
        2 => (cid, finish, output_tokens / 2, prompt_tokens, trace),
        // Nobody can open these.
        3 => (cid, finish, most + 1, prompt_tokens, trace),
        4 => (cid, finish, output_tokens, task.prompt_bytes + 4_097, trace),
        _ => (
            Cid::of_dag_pb(b"a"),
            finish,
            output_tokens,
            prompt_tokens,
            trace,
        ),
    };
    Ballot::Answer {
        cid,
        finish,
        output_tokens,
        prompt_tokens,
        trace,
    }
}

impl Player {
    const fn mood(&self, task: &Task) -> u64 {
        Chance::new(self.seed ^ (task.id << 20)).below(100)
    }

    /// The first committee lies, and a larger one would not: worth an appeal.
    pub(super) const fn begins_with_a_lie(&self, task: &Task) -> bool {
        matches!(self.mood(task), 74..86)
    }

    /// A function of task, round and member: each task has a mood of its own.
    fn plan(&self, task: &Task, worker: &str) -> Plan {
        let mood = self.mood(task);
        let number = task.number() as u64;
        let index = self.workers.iter().position(|it| it == worker);
        let index = index.unwrap_or_default() as u64;
        let mut own = Chance::new(self.seed ^ (task.id << 20) ^ (number << 10) ^ (index + 1));
        let (dice, letter) = (own.below(100), own.index(TEXTS.len()));
        let (calm, other) = (says("a", task), says("b", task));
        match (mood, number) {
            (..28, _) if dice < 97 => Plan::Says(calm),
            (..28, _) => Plan::Withholds(calm),
            (28..40, _) if dice < 15 => Plan::Says(other),
            (40..47, _) if dice < 50 => Plan::Says(other),
            (47..53, _) if dice < 85 => Plan::Says(Ballot::Unavailable {}),
            (53..59, _) if dice < 85 => Plan::Says(Ballot::Invalid {}),
            (59..64, _) => Plan::Says(says(TEXTS[letter], task)),
            (64..70, _) if dice < 35 => Plan::Withholds(calm),
            (70..74, _) if dice < 40 => Plan::Silent,
            (74..86, 0) if dice < 93 => Plan::Says(other),
            (86..92, 1..) if dice < 50 => Plan::Says(says(TEXTS[letter], task)),
            (92..96, _) if dice < 25 => Plan::Says(twisted(task, own.below(6))),
            (96.., _) if dice < 40 => Plan::Says(Ballot::Unavailable {}),
            _ => Plan::Says(calm),
        }
    }

    pub(super) fn commit(&mut self, ledger: &Ledger) -> Op {
        let now = ledger.now.height;
        let late = self.chance.percent(5);
        let id = self.some_task(ledger, |task| {
            task.stage == Stage::Committing && (late || now <= task.until)
        });
        let mut commits = Vec::new();
        if let Some(task) = ledger.task(id).filter(|task| !task.is_over()) {
            let waiting: Vec<Member> = task
                .round()
                .members()
                .filter(|member| member.did == Did::Nothing)
                .cloned()
                .collect();
            let share = self.chance.weighted(&[(2, 20), (3, 60), (9, 100)]);
            for member in self.chance.some(&waiting, share) {
                commits.extend(self.bind(task, &member.worker));
            }
        }
        if commits.is_empty() || self.chance.percent(25) {
            let spoiled = self.hostile_commit(ledger, &commits);
            let at = self.chance.index(commits.len() + 1);
            commits.insert(at, spoiled);
        }
        if self.chance.percent(1) {
            commits = vec![commits[0].clone(); 32];
        }
        if self.chance.percent(1) {
            commits.clear();
        }
        self.free(ExecuteMsg::Commit { commits })
    }

    /// The commit of a member that is not silent.
    fn bind(&mut self, task: &Task, worker: &str) -> Option<CommitItem> {
        let ballot = match self.plan(task, worker) {
            Plan::Says(ballot) | Plan::Withholds(ballot) => ballot,
            Plan::Silent => return None,
        };
        let item = self.signed(task, worker, &ballot)?;
        let key = (task.id, task.number() as u8, worker.to_owned());
        self.said.insert(key, ballot);
        if self.old_commits.len() < 200 {
            self.old_commits.push(item.clone());
        }
        Some(item)
    }

    pub(super) fn signed(&self, task: &Task, worker: &str, ballot: &Ballot) -> Option<CommitItem> {
        let (key, round) = (self.keys.get(worker)?, task.number() as u8);
        Some(commit_item(key, task.id, Hex(task.digest), round, ballot))
    }

    pub(super) fn reveal(&mut self, ledger: &Ledger) -> Op {
        let now = ledger.now.height;
        let late = self.chance.percent(5);
        let id = self.some_task(ledger, |task| {
            let over = now > task.until;
            match task.stage {
                Stage::Revealing => late || !over,
                Stage::Committing => over && task.round().committed() >= task.round().quorum(),
                _ => false,
            }
        });
        let mut reveals = Vec::new();
        if let Some(task) = ledger.task(id).filter(|task| !task.is_over()) {
            let bound: Vec<Member> = task
                .round()
                .members()
                .filter(|member| matches!(member.did, Did::Committed(_)))
                .cloned()
                .collect();
            let share = self.chance.weighted(&[(2, 20), (3, 60), (9, 100)]);
            for member in self.chance.some(&bound, share) {
                if matches!(self.plan(task, &member.worker), Plan::Says(_)) {
                    reveals.extend(self.opening(task, &member.worker));
                }
            }
        }
        if reveals.is_empty() || self.chance.percent(25) {
            let spoiled = self.hostile_reveal(ledger, &reveals);
            let at = self.chance.index(reveals.len() + 1);
            reveals.insert(at, spoiled);
        }
        if self.chance.percent(1) {
            reveals = vec![reveals[0].clone(); 32];
        }
        if self.chance.percent(1) {
            reveals.clear();
        }
        self.free(ExecuteMsg::Reveal { reveals })
    }

    pub(super) fn opening(&mut self, task: &Task, worker: &str) -> Option<RevealItem> {
        let round = task.number() as u8;
        let said = self.said.get(&(task.id, round, worker.to_owned()))?;
        let key = self.keys.get(worker)?;
        let item = reveal_item(key, task.id, Hex(task.digest), round, said.clone());
        if self.old_reveals.len() < 200 {
            self.old_reveals.push(item.clone());
        }
        Some(item)
    }

    /// A vote to start a forgery from.
    pub(super) fn sample<T: Vote>(&mut self, fresh: &[T], old: &[T]) -> Option<T> {
        match self.chance.percent(50) && !fresh.is_empty() {
            true => self.chance.pick(fresh).cloned(),
            false => self.chance.pick(old).cloned(),
        }
    }
}
