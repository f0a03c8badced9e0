//! Requesters and workers.

use antiphon_api::*;
use cosmwasm_std::HexBinary;

use super::{Ledger, Op, Player, paid};
use crate::simulation::ledger::{Coins, coins_of, uint};

const PROMPTS: [&str; 6] = [
    "0123456789",
    "why is the sky blue",
    "x",
    "y",
    "a prompt that is rather long, forty one!",
    "z",
];

impl Player {
    pub(super) fn post(&mut self, ledger: &Ledger) -> Op {
        let sender = self.requester();
        let model = match self.chance.percent(4) {
            true => self.chance.below(ledger.models.len() as u64 + 3),
            false => self.some_model(ledger),
        };
        let text = *self.chance.pick(&PROMPTS).unwrap_or(&"x");
        let limit = ledger
            .model(model)
            .map_or(80, |it| it.limits.max_output_tokens);
        let tokens = [limit, limit, limit, 1, limit / 2, limit + 1, 0];
        let prompt_bytes = match self.chance.percent(2) {
            true => self.chance.below(60) as u32,
            false => text.len() as u32,
        };
        let msg = ExecuteMsg::PostTask {
            model,
            prompt: match self.chance.percent(1) {
                true => Cid::of_dag_pb(text.as_bytes()),
                false => Cid::of_raw(text.as_bytes()),
            },
            prompt_bytes,
            max_output_tokens: tokens[self.chance.weighted(&[
                (20, 0),
                (8, 3),
                (8, 4),
                (1, 5),
                (1, 6),
            ])],
            holders: self.holders(),
            block: self.block(text),
            committee: self.chance.weighted(&[
                (6, None),
                (if ledger.insecure { 6 } else { 1 }, Some(3)),
                (6, Some(5)),
                (4, Some(7)),
                (2, Some(9)),
                (1, Some(11)),
                (1, Some(15)),
                (1, Some(6)),
            ]),
            callback: self.callback(),
        };
        let amount = self.price_of(ledger, &msg);
        let amount = self.more_or_less(amount);
        paid(sender, msg, amount)
    }

    fn requester(&mut self) -> String {
        let (people, receivers) = (self.people.clone(), self.receivers.clone());
        let from = match self.chance.below(10) {
            0 => return self.some_worker(),
            1..6 => people,
            _ => receivers,
        };
        self.chance.pick(&from).cloned().unwrap_or_default()
    }

    /// Models with many seats are asked more often.
    fn some_model(&mut self, ledger: &Ledger) -> u64 {
        let models = ledger.models.iter().zip(1..);
        let live = models.filter(|(it, _)| !it.retired);
        let weights: Vec<(u64, u64)> = live
            .map(|(it, id)| (1 + (it.seats.len() * it.seats.len()) as u64, id))
            .collect();
        match weights.is_empty() {
            true => 1,
            false => self.chance.weighted(&weights),
        }
    }

    /// A member of an open task tries to get its bond away before it is judged.
    fn flee(&mut self, ledger: &Ledger) -> Option<Op> {
        let members = ledger.open().flat_map(|task| task.members());
        let bound: Vec<String> = members.map(|member| member.worker.clone()).collect();
        let second = ledger.now.seconds();
        let early = |name: &&String| {
            let worker = &ledger.workers[*name];
            worker.unbonding > 0 && worker.claimable <= second && worker.bond < ledger.locked(name)
        };
        if let Some(name) = bound.iter().find(early) {
            return Some(paid(name.clone(), ExecuteMsg::ClaimUnbonded {}, 0));
        }
        let name = self.chance.pick(&bound)?.clone();
        let mut seats = ledger.models.iter().zip(1..);
        let seat = seats.find(|(model, _)| model.seat_of(&name).is_some());
        let bond = ledger.workers[&name].bond;
        let msg = match seat {
            Some((_, model)) => ExecuteMsg::LeaveModel { model },
            None if bond > 0 => ExecuteMsg::Unbond { amount: uint(bond) },
            None => ExecuteMsg::ClaimUnbonded {},
        };
        Some(paid(name, msg, 0))
    }

    fn holders(&mut self) -> Vec<String> {
        let number = self
            .chance
            .weighted(&[(1, 0), (14, 1), (4, 2), (3, 3), (1, 4)]);
        let mut holders: Vec<String> = (0..number).map(|_| self.some_worker()).collect();
        if self.chance.percent(1) {
            holders.push("nobody".to_owned());
        }
        holders
    }

    fn block(&mut self, text: &str) -> Option<HexBinary> {
        let carried = match self.chance.below(60) {
            0 => b"another prompt".as_slice(),
            1..18 => text.as_bytes(),
            _ => return None,
        };
        Some(HexBinary::from(carried))
    }

    fn callback(&mut self) -> Option<Callback> {
        let gas_limit = self
            .chance
            .weighted(&[(30, 100_000), (1, 0), (1, 9_000_000)]);
        let with_text = self.chance.percent(50);
        self.chance.percent(40).then_some(Callback {
            gas_limit,
            with_text,
        })
    }

    /// Escrow and fee of a request, by the table of prices alone.
    fn price_of(&self, ledger: &Ledger, msg: &ExecuteMsg) -> Coins {
        let ExecuteMsg::PostTask {
            model,
            prompt_bytes,
            max_output_tokens,
            committee,
            callback,
            ..
        } = msg
        else {
            return 0;
        };
        let Some(price) = ledger.model(*model).map(|model| &model.price) else {
            return 500;
        };
        let [base, byte, token] = [price.base, price.per_prompt_byte, price.per_output_token]
            .map(|it| coins_of(it.u128()));
        let full =
            base + byte * Coins::from(*prompt_bytes) + token * Coins::from(*max_output_tokens);
        let size = committee.unwrap_or(ledger.rule().committee);
        let fee = if callback.is_some() { base } else { 0 };
        full * Coins::from(size) + fee
    }

    /// A worker does something; mostly one that has no seat any more, so that pools stay full.
    pub(super) fn work(&mut self, ledger: &Ledger) -> Op {
        if self.chance.percent(20)
            && let Some(op) = self.flee(ledger)
        {
            return op;
        }
        let idle = |name: &&String| ledger.models.iter().all(|it| it.seat_of(name).is_none());
        let idle: Vec<String> = self.workers.iter().filter(idle).cloned().collect();
        let name = match self.chance.pick(&idle).cloned() {
            Some(idle) if self.chance.percent(60) => idle,
            _ => self.some_worker(),
        };
        let known = ledger.workers.get(&name).cloned().unwrap_or_default();
        let poor = ledger.free(&name) < self.lock_unit(ledger);
        let seated = !idle.contains(&name);
        let kind = self.chance.weighted(&[
            (if poor { 16 } else { 2 }, 0),
            (3, 1),
            (if known.unbonding > 0 { 6 } else { 1 }, 2),
            (if known.jailed_until.is_some() { 20 } else { 1 }, 3),
            (if seated { 3 } else { 16 }, 4),
            (1, 5),
            (3, 6),
        ]);
        match kind {
            0 => {
                let lock = self.lock_unit(ledger);
                let amount = lock * Coins::from(self.chance.within(1, 8)) / 2;
                paid(name, ExecuteMsg::Bond {}, amount)
            }
            1 => {
                let share = self.chance.weighted(&[(2, 1), (2, 4), (3, 20), (1, 0)]);
                let amount = if share == 0 {
                    known.bond + 1
                } else {
                    known.bond / share
                };
                let amount = uint(amount);
                paid(name, ExecuteMsg::Unbond { amount }, 0)
            }
            2 => paid(name, ExecuteMsg::ClaimUnbonded {}, 0),
            3 => paid(name, ExecuteMsg::Unjail {}, 0),
            4 | 5 => {
                let model = match self.chance.percent(5) {
                    true => self.chance.below(20),
                    false => self.some_model(ledger),
                };
                let msg = match kind {
                    4 => ExecuteMsg::JoinModel { model },
                    _ => ExecuteMsg::LeaveModel { model },
                };
                paid(name, msg, 0)
            }
            _ => self.update(name),
        }
    }

    /// The seat lock of an ordinary model, as a measure of bonds.
    pub(super) fn lock_unit(&mut self, ledger: &Ledger) -> Coins {
        let model = self.some_model(ledger);
        self.seat_lock_of(ledger, model)
    }

    fn update(&mut self, name: String) -> Op {
        let endpoint = self.chance.weighted(&[
            (6, None),
            (6, Some("http://127.0.0.1:4000")),
            (1, Some("")),
            (1, Some("ftp://here")),
        ]);
        let moniker = self.chance.weighted(&[
            (6, None),
            (3, Some("a worker")),
            (1, Some("a moniker that is longer than thirty-two bytes")),
        ]);
        let key = self.keys[&name].public_key();
        // A new key in mid-task: what was signed with the old one is refused from then on.
        let other = self.some_worker();
        let other = self.keys[&other].public_key();
        let voter = self.chance.weighted(&[
            (6, None),
            (9, Some(key)),
            (1, Some(other)),
            (1, Some(Hex([5; 33]))),
        ]);
        let msg = ExecuteMsg::UpdateWorker {
            endpoint: endpoint.map(str::to_owned),
            moniker: moniker.map(str::to_owned),
            voter,
        };
        paid(name, msg, 0)
    }

    pub(super) fn money(&mut self, ledger: &Ledger) -> Op {
        let sender = self.anybody();
        let rich: Vec<&String> = ledger
            .accounts
            .keys()
            .filter(|it| ledger.balance(it) > 0)
            .collect();
        let balance = ledger.balance(&sender);
        match self.chance.below(6) {
            0 => paid(
                sender,
                ExecuteMsg::Deposit {},
                1 + Coins::from(self.chance.below(5_000)),
            ),
            1 => paid(sender, ExecuteMsg::Deposit {}, 0),
            2 => {
                let amount = Some(uint(balance + 1));
                paid(sender, ExecuteMsg::Withdraw { amount }, 0)
            }
            _ => {
                let sender = self.chance.pick(&rich).map_or(sender, |it| (*it).clone());
                let part = uint(ledger.balance(&sender) / 2);
                let amount = self.chance.percent(50).then_some(part);
                paid(sender, ExecuteMsg::Withdraw { amount }, 0)
            }
        }
    }
}

impl Player {
    /// The lock of a task at a model's limits.
    pub fn seat_lock_of(&self, ledger: &Ledger, model: u64) -> Coins {
        let Some(found) = ledger.model(model) else {
            return 0;
        };
        let [base, byte, token] = [
            found.price.base,
            found.price.per_prompt_byte,
            found.price.per_output_token,
        ]
        .map(|it| coins_of(it.u128()));
        let full = base
            + byte * Coins::from(found.limits.max_prompt_bytes)
            + token * Coins::from(found.limits.max_output_tokens);
        let rule = ledger.rule();
        (full * Coins::from(rule.lock_multiple)).max(coins_of(rule.min_lock.u128()))
    }
}
