//! What happens next: mostly what makes sense in the state that is, and a good share of what does
//! not. The ledger knows what must come of either.

mod crowd;
mod hostile;
mod office;
mod voting;
mod waiting;

use std::collections::BTreeMap;

use antiphon_api::*;
use cosmwasm_std::{Coin, coin};

use super::chance::Chance;
use super::ledger::{Behaviour, Coins, Due, Ledger, Op, Stage, Task, uint};
use super::world::{OTHER_DENOM, World};
use crate::suite::network::DENOM;
use crate::suite::{Beacon, Worker};

/// Everybody's next move.
pub struct Player {
    pub chance: Chance,
    seed: u64,
    beacon: Beacon,
    keys: BTreeMap<String, Worker>,
    workers: Vec<String>,
    people: Vec<String>,
    receivers: Vec<String>,
    pub stranger: String,
    /// What members are bound to, so that they can open it.
    said: BTreeMap<(u64, u8, String), Ballot>,
    old_commits: Vec<CommitItem>,
    old_reveals: Vec<RevealItem>,
}

/// A kind of move.
#[derive(Clone, Copy)]
enum Move {
    Post,
    Publish,
    Commit,
    Reveal,
    Advance,
    Appeal,
    Rate,
    Deliver,
    Worker,
    Money,
    Office,
}

impl Player {
    pub fn new(seed: u64, world: &World) -> Self {
        let text = |all: &[cosmwasm_std::Addr]| all.iter().map(ToString::to_string).collect();
        let keys = world.workers.iter();
        Self {
            chance: Chance::new(seed),
            seed,
            beacon: world.beacon.clone(),
            keys: keys
                .map(|it| (it.address.to_string(), it.clone()))
                .collect(),
            workers: world
                .workers
                .iter()
                .map(|it| it.address.to_string())
                .collect(),
            people: text(&world.people),
            receivers: text(&world.receivers),
            stranger: world.stranger.to_string(),
            said: BTreeMap::new(),
            old_commits: Vec::new(),
            old_reveals: Vec::new(),
        }
    }

    /// The next operation.
    pub fn next(&mut self, ledger: &Ledger) -> Op {
        let choices = choices(ledger);
        let mut op = match self.chance.weighted(&choices) {
            Move::Post => self.post(ledger),
            Move::Publish => self.publish(ledger),
            Move::Commit => self.commit(ledger),
            Move::Reveal => self.reveal(ledger),
            Move::Advance => self.advance(ledger),
            Move::Appeal => self.appeal(ledger),
            Move::Rate => self.rate(ledger),
            Move::Deliver => self.deliver(ledger),
            Move::Worker => self.work(ledger),
            Move::Money => self.money(ledger),
            Move::Office => self.office(ledger),
        };
        if self.chance.percent(7) {
            self.spoil(&mut op);
        }
        op
    }

    /// Wrong people, wrong coins.
    fn spoil(&mut self, op: &mut Op) {
        match self.chance.below(6) {
            0 | 1 => op.sender = self.anybody(),
            2 => op.coins = vec![coin(5, OTHER_DENOM)],
            3 => op.coins = vec![coin(5, DENOM), coin(5, OTHER_DENOM)],
            4 => op.coins = vec![coin(5_000, DENOM)],
            _ => op.coins = Vec::new(),
        }
    }

    fn anybody(&mut self) -> String {
        let all = [&self.workers, &self.people, &self.receivers];
        let from = all[self.chance.weighted(&[(6, 0), (3, 1), (1, 2)])].clone();
        self.chance.pick(&from).cloned().unwrap_or_default()
    }

    fn some_worker(&mut self) -> String {
        let workers = &self.workers;
        self.chance.pick(workers).cloned().unwrap_or_default()
    }

    /// A task in one of these stages, or any, or none that there is.
    fn some_task(&mut self, ledger: &Ledger, wanted: impl Fn(&Task) -> bool) -> u64 {
        let fitting: Vec<u64> = ledger
            .tasks
            .iter()
            .filter(|it| wanted(it))
            .map(|it| it.id)
            .collect();
        match self.chance.pick(&fitting) {
            Some(task) if !self.chance.percent(3) => *task,
            _ => self.chance.below(ledger.tasks.len() as u64 + 2),
        }
    }

    fn publish(&mut self, ledger: &Ledger) -> Op {
        let waiting = ledger.open().filter(|task| task.stage == Stage::Drawing);
        let rounds: Vec<u64> = waiting.filter_map(|task| task.round().waits_for).collect();
        let out = |round: &&u64| ledger.published(**round) <= ledger.now.seconds();
        let out: Vec<u64> = rounds.iter().filter(out).copied().collect();
        let from = if out.is_empty() || self.chance.percent(4) {
            &rounds
        } else {
            &out
        };
        let mut round = self.chance.pick(from).copied().unwrap_or(1_000);
        if self.chance.percent(3) {
            round += self.chance.below(3);
        }
        let signed = match self.chance.percent(4) {
            true => round + 1,
            false => round,
        };
        let draws = self
            .chance
            .weighted(&[(2, 0), (6, 1), (3, 2), (6, 10), (1, 11)]);
        let msg = ExecuteMsg::PublishBeacon {
            round,
            signature: self.beacon.sign(signed),
            draws,
        };
        self.free(msg)
    }

    fn advance(&mut self, ledger: &Ledger) -> Op {
        let due: Vec<u64> = ledger
            .open()
            .filter(|task| ledger.due(task.id, ledger.now) != Due::Nothing)
            .map(|task| task.id)
            .collect();
        let called: Vec<u64> = ledger
            .tasks
            .iter()
            .filter(|task| task.is_over() && task.callback.is_some())
            .map(|task| task.id)
            .collect();
        let mut tasks = self.chance.some(&due, 70);
        tasks.extend(self.chance.some(&called, 20));
        if self.chance.percent(30) {
            tasks.push(self.some_task(ledger, |_| true));
        }
        if self.chance.percent(5) {
            tasks.extend(tasks.clone());
        }
        if !self.chance.percent(3) {
            tasks.truncate(10);
        } else {
            tasks.resize(11, 1);
        }
        self.free(ExecuteMsg::Advance { tasks })
    }

    fn appeal(&mut self, ledger: &Ledger) -> Op {
        let (any, late) = (self.chance.percent(8), self.chance.percent(12));
        let task = self.some_task(ledger, |task| {
            let fitting = task.round_left() && (ledger.now.height > task.until) == late;
            task.stage == Stage::Answered && (any || fitting)
        });
        let lies: Vec<u64> = ledger
            .open()
            .filter(|it| it.stage == Stage::Answered && it.round_left())
            .filter(|it| it.number() == 0 && self.begins_with_a_lie(it))
            .map(|it| it.id)
            .collect();
        let task = match self.chance.pick(&lies) {
            Some(lie) if !late && self.chance.percent(70) => *lie,
            _ => task,
        };
        let bond = ledger.task(task).and_then(|task| ledger.appeal_bond(task));
        let sender = self.anybody();
        let amount = self.more_or_less(bond.unwrap_or(1_000));
        paid(sender, ExecuteMsg::Appeal { task, round: None }, amount)
    }

    fn rate(&mut self, ledger: &Ledger) -> Op {
        let task = self.some_task(ledger, |task| {
            task.stage == Stage::Final && task.rated.is_none()
        });
        let good = self.chance.percent(50);
        let requester = ledger.task(task).map(|task| task.requester.clone());
        let sender = match requester.filter(|_| self.chance.percent(80)) {
            Some(requester) => requester,
            None => self.anybody(),
        };
        paid(sender, ExecuteMsg::Rate { task, good }, 0)
    }

    fn deliver(&mut self, ledger: &Ledger) -> Op {
        let task = self.some_task(ledger, |task| task.is_over() && task.callback.is_some());
        let found = ledger.task(task);
        let wanted = found.and_then(|task| {
            let with_text = task.callback.as_ref().is_some_and(|it| it.with_text);
            let answer = match task.outcome() {
                Some(Ballot::Answer { cid, .. }) => voting::text_of(cid),
                _ => None,
            };
            answer.filter(|_| with_text)
        });
        let text = match self.chance.below(12) {
            0 => Some("another text".to_owned()),
            1 => None,
            _ => wanted.map(str::to_owned),
        };
        self.free(ExecuteMsg::Deliver { task, text })
    }

    /// Anybody sends it, without coins.
    fn free(&mut self, msg: ExecuteMsg) -> Op {
        paid(self.anybody(), msg, 0)
    }

    /// An amount as it should be, mostly.
    fn more_or_less(&mut self, amount: Coins) -> Coins {
        match self.chance.below(16) {
            0 => 0,
            1 => (amount - 1).max(0),
            2 => amount + 1 + Coins::from(self.chance.below(500)),
            _ => amount,
        }
    }

    /// How a receiver hears answers from now on.
    pub fn behaviour(&mut self, ledger: &Ledger) -> Behaviour {
        match self.chance.below(8) {
            0 | 1 => Behaviour::Keeps,
            2 => Behaviour::Refuses,
            3 => Behaviour::Panics,
            4 => Behaviour::Redelivers,
            5 => Behaviour::Sends(ExecuteMsg::Withdraw { amount: None }),
            6 => Behaviour::Sends(self.post(ledger).msg),
            _ => Behaviour::Sends(self.advance(ledger).msg),
        }
    }
}

/// An operation with so many coins of the network's.
pub fn paid(sender: String, msg: ExecuteMsg, amount: Coins) -> Op {
    let coins = match amount {
        0 => Vec::new(),
        _ => vec![Coin::new(uint(amount), DENOM)],
    };
    Op { sender, msg, coins }
}

/// What there is to do, and how likely it is done.
fn choices(ledger: &Ledger) -> [(u64, Move); 11] {
    let number = |of: &dyn Fn(&Task) -> bool| ledger.open().filter(|task| of(task)).count();
    let often = |number: usize, weight: u64| if number > 0 { weight } else { 1 };
    let is_out = |task: &Task| {
        let awaited = task.round().waits_for.unwrap_or(1);
        task.stage == Stage::Drawing && ledger.published(awaited) <= ledger.now.seconds()
    };
    let due = |task: &Task| ledger.due(task.id, ledger.now) != Due::Nothing;
    let in_time = |task: &Task| ledger.now.height <= task.until;
    let appealable =
        |task: &Task| task.stage == Stage::Answered && task.round_left() && in_time(task);
    let called = ledger
        .tasks
        .iter()
        .filter(|it| it.is_over() && it.callback.is_some());
    let rateable = ledger
        .tasks
        .iter()
        .filter(|it| it.stage == Stage::Final && it.rated.is_none());
    let open = ledger.open().count() as u64;
    let pool = ledger
        .models
        .iter()
        .filter(|it| !it.retired)
        .map(|it| it.seats.len())
        .max();
    let small = pool.unwrap_or(0) < 7;
    let post = match ledger.paused || small {
        true => 1,
        false => 16_u64.saturating_sub(2 * open).max(1),
    };
    [
        (post, Move::Post),
        (often(number(&is_out), 14), Move::Publish),
        (
            often(
                number(&|task| task.stage == Stage::Committing && in_time(task)),
                18,
            ),
            Move::Commit,
        ),
        (
            often(
                number(&|task| task.stage == Stage::Revealing && in_time(task)),
                18,
            ),
            Move::Reveal,
        ),
        (often(number(&due), 20), Move::Advance),
        (often(number(&appealable), 12), Move::Appeal),
        (often(rateable.count(), 2), Move::Rate),
        (often(called.count(), 4), Move::Deliver),
        (if small { 24 } else { 9 }, Move::Worker),
        (3, Move::Money),
        (if ledger.paused { 12 } else { 4 }, Move::Office),
    ]
}
