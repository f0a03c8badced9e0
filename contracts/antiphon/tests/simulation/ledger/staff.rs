//! Workers: bonds, unbonding, seats, jail (protocol, section 3.2).

use antiphon_api::ExecuteMsg;
use k256::ecdsa::VerifyingKey;

use super::fees::seat_lock;
use super::money::Takes;
use super::{Coins, Expected, Ledger, Op, Worker, coins_of};

impl Ledger {
    fn worker_mut(&mut self, name: &str) -> &mut Worker {
        self.touched.insert(name.to_owned());
        self.workers.get_mut(name).unwrap()
    }

    pub(super) fn bond(&mut self, op: &Op) -> Expected {
        let (coins, no) = self.attached(op, Takes::Coins);
        if no.any() {
            return no.refuse();
        }
        self.receive(&op.sender, coins);
        self.charge(&op.sender, coins);
        let height = self.now.height;
        let worker = self.workers.entry(op.sender.clone()).or_default();
        worker.bond += coins;
        worker.since = height;
        Expected::done()
    }

    /// The largest seat lock of the seats held, by the current parameters.
    fn seats_need(&self, worker: &str) -> Coins {
        let held = self.models.iter().filter(|it| it.seat_of(worker).is_some());
        held.map(|it| seat_lock(self.rule(), it)).max().unwrap_or(0)
    }

    pub(super) fn unbond(&mut self, op: &Op, amount: Coins) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let Some(worker) = self.workers.get(&op.sender) else {
            no.when(true, "E_UNKNOWN_WORKER");
            return no.refuse();
        };
        no.when(amount == 0 || amount > worker.bond, "E_AMOUNT");
        let rest = worker.bond - amount;
        no.when(rest < self.seats_need(&op.sender), "E_SEATS_NEED");
        if no.any() {
            return no.refuse();
        }
        let claimable = self.now.seconds() + self.rule().unbonding_seconds;
        let worker = self.worker_mut(&op.sender);
        worker.bond -= amount;
        worker.unbonding += amount;
        worker.claimable = claimable;
        Expected::done()
    }

    pub(super) fn claim_unbonded(&mut self, op: &Op) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let Some(worker) = self.workers.get(&op.sender) else {
            no.when(true, "E_UNKNOWN_WORKER");
            return no.refuse();
        };
        no.when(worker.unbonding == 0, "E_NOTHING_UNBONDING");
        no.when(self.now.seconds() < worker.claimable, "E_UNBONDING");
        no.when(worker.bond < self.locked(&op.sender), "E_LOCKED");
        if no.any() {
            return no.refuse();
        }
        let worker = self.worker_mut(&op.sender);
        let amount = std::mem::take(&mut worker.unbonding);
        worker.claimable = 0;
        self.give_back(&op.sender, amount);
        Expected::done()
    }

    pub(super) fn unjail(&mut self, op: &Op) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let Some(worker) = self.workers.get(&op.sender) else {
            no.when(true, "E_UNKNOWN_WORKER");
            return no.refuse();
        };
        no.when(worker.jailed_until.is_none(), "E_NOT_JAILED");
        let still = worker
            .jailed_until
            .is_some_and(|it| self.now.seconds() < it);
        no.when(still, "E_JAILED");
        if no.any() {
            return no.refuse();
        }
        let height = self.now.height;
        let worker = self.worker_mut(&op.sender);
        worker.jailed_until = None;
        worker.since = height;
        Expected::done()
    }

    pub(super) fn join_model(&mut self, op: &Op, id: u64) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let worker = self.workers.get(&op.sender);
        no.when(worker.is_none(), "E_UNKNOWN_WORKER");
        let jailed = worker.is_some_and(|it| it.jailed_until.is_some());
        no.when(jailed, "E_JAILED");
        no.when(worker.is_some_and(|it| it.voter.is_none()), "E_NO_VOTER");
        let held = self
            .models
            .iter()
            .filter(|it| it.seat_of(&op.sender).is_some());
        no.when(held.count() >= 16, "E_SEATS");
        match self.model(id) {
            None => no.when(true, "E_UNKNOWN_MODEL"),
            Some(model) => {
                let needed = seat_lock(self.rule(), model);
                no.when(self.free(&op.sender) < needed, "E_BOND");
                no.when(model.seat_of(&op.sender).is_some(), "E_SEATED");
                no.when(model.seats.len() >= 4_096, "E_MODEL_FULL");
            }
        }
        if no.any() {
            return no.refuse();
        }
        let height = self.now.height;
        let seats = &mut self.models[id as usize - 1].seats;
        let lowest = (0..).find(|slot| !seats.contains_key(slot)).unwrap();
        seats.insert(lowest, op.sender.clone());
        self.worker_mut(&op.sender).since = height;
        Expected::done()
    }

    pub(super) fn leave_model(&mut self, op: &Op, id: u64) -> Expected {
        let (_, mut no) = self.attached(op, Takes::Nothing);
        let slot = self.model(id).and_then(|model| model.seat_of(&op.sender));
        no.when(slot.is_none(), "E_NOT_SEATED");
        match slot {
            Some(slot) if !no.any() => {
                self.models[id as usize - 1].seats.remove(&slot);
                Expected::done()
            }
            _ => no.refuse(),
        }
    }

    pub(super) fn update_worker(&mut self, op: &Op) -> Expected {
        let ExecuteMsg::UpdateWorker {
            endpoint,
            moniker,
            voter,
        } = &op.msg
        else {
            return Expected::done();
        };
        let (_, mut no) = self.attached(op, Takes::Nothing);
        no.when(!self.workers.contains_key(&op.sender), "E_UNKNOWN_WORKER");
        let nothing = endpoint.is_none() && moniker.is_none() && voter.is_none();
        no.when(nothing, "E_NOTHING");
        let bad = endpoint
            .as_deref()
            .is_some_and(|it| !it.is_empty() && !is_url(it));
        no.when(bad, "E_ENDPOINT");
        let bad = moniker.as_ref().is_some_and(|it| it.len() > 32);
        no.when(bad, "E_MONIKER");
        let bad = voter.is_some_and(|key| VerifyingKey::from_sec1_bytes(&key.0).is_err());
        no.when(bad, "E_VOTER_KEY");
        if no.any() {
            return no.refuse();
        }
        let worker = self.worker_mut(&op.sender);
        let set = |field: &mut Option<String>, to: &Option<String>| {
            if let Some(text) = to {
                *field = Some(text.clone()).filter(|it| !it.is_empty());
            }
        };
        set(&mut worker.endpoint, endpoint);
        set(&mut worker.moniker, moniker);
        worker.voter = voter.map(|key| key.0).or(worker.voter);
        Expected::done()
    }

    /// A worker loses coins: from its bond first, then from what is unbonding. Returns what it lost.
    pub(super) fn take(&mut self, name: &str, amount: Coins) -> Coins {
        let worker = self.worker_mut(name);
        let from_bond = amount.min(worker.bond);
        let from_entry = (amount - from_bond).min(worker.unbonding);
        worker.bond -= from_bond;
        worker.unbonding -= from_entry;
        from_bond + from_entry
    }

    /// A miss costs the model's base and counts towards jail. Returns what it cost.
    pub(super) fn miss(&mut self, name: &str, base: Coins) -> Coins {
        let lost = self.take(name, base);
        self.to_burn += lost;
        let (until, most) = {
            let rule = self.rule();
            (self.now.seconds() + rule.jail_seconds, rule.max_misses)
        };
        let worker = self.worker_mut(name);
        worker.misses += 1;
        if worker.misses >= most && worker.jailed_until.is_none() {
            worker.jailed_until = Some(until);
            self.saw("jailed");
        }
        lost
    }

    pub(super) fn judged_right(&mut self, name: &str) {
        self.worker_mut(name).misses = 0;
    }
}

/// What the game uses as endpoints and what it uses as none.
pub(super) fn is_url(text: &str) -> bool {
    text.len() <= 128 && text.starts_with("http://") && !text.contains(' ')
}

/// The amounts of a price.
pub(super) fn price_parts(price: &antiphon_api::Price) -> [Coins; 3] {
    [price.base, price.per_prompt_byte, price.per_output_token].map(|it| coins_of(it.u128()))
}
