//! Beacon rounds and the draw (protocol, section 4).

use std::collections::BTreeSet;

use antiphon_api::Hex;

use super::bytes::hash;
use super::course::Due;
use super::fees::seat_lock;
use super::money::Takes;
use super::{Did, Expected, Known, Ledger, Member, Op, Stage, Task, coins_of};

/// What a draw found.
#[derive(Default)]
struct Found {
    drawn: Vec<String>,
    empty: u32,
    passed_over: u32,
    unfit: Vec<u16>,
}

impl Ledger {
    pub(super) fn publish_beacon(
        &mut self,
        op: &Op,
        round: u64,
        signature: &Hex<48>,
        draws: u32,
    ) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        no.when(draws > 10, "E_BATCH");
        no.when(self.first_waiting(round).is_none(), "E_BEACON_NOT_AWAITED");
        if !self.known.contains_key(&round) {
            let early = round > 0 && self.now.seconds() < self.published(round);
            no.when(early, "E_BEACON_EARLY");
            no.when(!self.is_beacons(round, signature), "E_BEACON_SIGNATURE");
        }
        if no.any() {
            return no.refuse();
        }
        let now = self.now;
        self.known.entry(round).or_insert_with(|| Known {
            randomness: hash(&[&signature.0]),
            when: now,
        });
        for _ in 0..draws {
            let Some(id) = self.first_waiting(round) else {
                break;
            };
            match self.due(id, self.now) {
                Due::Draw(randomness) => self.draw(id, &randomness),
                Due::Undecided => self.advance(id),
                _ => break,
            }
        }
        Expected::done()
    }

    /// The lowest task that waits for a beacon round.
    pub fn first_waiting(&self, round: u64) -> Option<u64> {
        self.waiting(round).next()
    }

    pub fn waiting(&self, round: u64) -> impl Iterator<Item = u64> {
        self.open()
            .filter(move |task| task.stage == Stage::Drawing)
            .filter(move |task| task.round().waits_for == Some(round))
            .map(|task| task.id)
    }

    /// Randomness goes with the last task that waits for it.
    pub(super) fn forget_randomness(&mut self) {
        let awaited: BTreeSet<u64> = self
            .open()
            .filter(|task| task.stage == Stage::Drawing)
            .filter_map(|task| task.round().waits_for)
            .collect();
        self.known.retain(|round, _| awaited.contains(round));
    }

    pub(super) fn draw(&mut self, id: u64, randomness: &[u8; 32]) {
        let Some(task) = self.task(id) else { return };
        let found = self.look_for_members(task, randomness);
        let (model, members) = (task.model, task.round().members().count());
        let enough = members + found.drawn.len() >= task.round().quorum() as usize;
        let round = self.task_mut(id).round_mut();
        round.draws += 1;
        round.waits_for = None;
        if found.empty > 0 {
            self.saw("empty place");
        }
        if enough {
            self.seat(id, found.drawn);
        } else {
            self.let_go(id);
        }
        for slot in found.unfit {
            if let Some(worker) = self.models[model as usize - 1].seats.remove(&slot) {
                self.touched.insert(worker);
            }
        }
        self.forget_randomness();
    }

    fn look_for_members(&self, task: &Task, randomness: &[u8; 32]) -> Found {
        let model = &self.models[task.model as usize - 1];
        let round = task.round();
        let vacancies = round.size - round.members().count() as u32;
        let seed = hash(&[
            b"antiphon/draw/1",
            randomness,
            &task.id.to_be_bytes(),
            &[task.number() as u8],
        ]);
        let mut found = Found::default();
        let mut met = BTreeSet::new();
        for slot in (0_u32..).flat_map(|k| twelve_bits(&seed, k)).take(65_536) {
            let places = found.drawn.len() as u32 + found.empty;
            if places == vacancies || found.passed_over == 64 || met.len() == model.seats.len() {
                break;
            }
            if let Some(worker) = model.seats.get(&slot)
                && met.insert(slot)
            {
                self.look_at(task, slot, worker, &mut found);
            }
        }
        found
    }

    fn look_at(&self, task: &Task, slot: u16, name: &str, found: &mut Found) {
        let model = &self.models[task.model as usize - 1];
        let worker = &self.workers[name];
        let jailed = worker.jailed_until.is_some();
        if jailed || worker.bond < seat_lock(self.rule_of(task), model) {
            found.unfit.push(slot);
        }
        if task.knows(name) {
            return;
        }
        if jailed || worker.since >= task.round().opened.height {
            found.passed_over += 1;
        } else if self.free(name) < task.lock {
            found.empty += 1;
        } else {
            found.drawn.push(name.to_owned());
        }
    }

    /// The drawn take the vacant places in order, and the commit window opens.
    fn seat(&mut self, id: u64, drawn: Vec<String>) {
        let height = self.now.height;
        let window = self.task(id).map_or(0, |task| self.commit_window(task));
        self.touched.extend(drawn.iter().cloned());
        let task = self.task_mut(id);
        let vacant = task.round_mut().places.iter_mut().filter(|it| it.is_none());
        for (place, worker) in vacant.zip(drawn) {
            *place = Some(Member {
                worker,
                did: Did::Nothing,
                conduct: None,
                paid: 0,
                forfeited: 0,
            });
        }
        task.stage = Stage::Committing;
        task.entered = height;
        task.until = height + window;
    }

    /// Too few: nobody joins the task, and another draw is waited for, if one is left.
    fn let_go(&mut self, id: u64) {
        let (now, next) = (self.now, self.next_beacon_round());
        let most = self.task(id).map_or(0, |task| self.rule_of(task).max_draws);
        let round = self.task_mut(id).round_mut();
        if round.draws < most {
            round.opened = now;
            round.waits_for = Some(next);
        }
    }

    /// Takes out the silent members of a round, who miss, and waits for others.
    pub(super) fn replace_silent(&mut self, id: u64) {
        let (now, next) = (self.now, self.next_beacon_round());
        let model = self.task(id).map_or(1, |task| task.model);
        let base = coins_of(self.models[model as usize - 1].price.base.u128());
        let mut silent = Vec::new();
        let task = self.task_mut(id);
        for place in &mut task.round_mut().places {
            if let Some(member) = place.take_if(|member| member.did == Did::Nothing) {
                silent.push(member.worker);
            }
        }
        let round = task.round_mut();
        round.replaced.extend(silent.iter().cloned());
        round.opened = now;
        round.waits_for = Some(next);
        task.stage = Stage::Drawing;
        task.entered = now.height;
        for worker in silent {
            self.miss(&worker, base);
        }
    }
}

/// The k-th 21 numbers of 12 bits, read off a hash like a string of binary digits.
fn twelve_bits(seed: &[u8; 32], k: u32) -> Vec<u16> {
    let bits: Vec<u16> = hash(&[seed, &k.to_be_bytes()])
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)))
        .collect();
    bits.chunks_exact(12)
        .map(|digits| digits.iter().fold(0, |number, bit| number * 2 + bit))
        .collect()
}
