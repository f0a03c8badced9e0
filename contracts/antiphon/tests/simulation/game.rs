//! One game: a network, everybody's moves, and the ledger beside it. A function of its seed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use antiphon_api::*;
use cosmwasm_std::{Addr, Event};

use super::acts::{Player, paid};
use super::chance::Chance;
use super::ledger::{Behaviour, Coins, Expected, Ledger, Op, coins_of};
use super::tally::{Tally, name_of};
use super::world::{CHAIN, Cast, Execute, World};
use super::{compare, liveness};
use crate::suite::network::DENOM;

/// Operations between two comparisons of everything.
const FULL_CHECK: u64 = 64;
/// Operations shown when a game fails.
const SHOWN: usize = 8;

pub struct Game {
    pub world: World,
    pub ledger: Ledger,
    pub player: Player,
    pub tally: Tally,
    seed: u64,
    looked_at: BTreeSet<u64>,
    /// The last operations, and how many there were.
    log: VecDeque<String>,
    /// Operations played so far, those aside not counted.
    played: u64,
    aside: bool,
}

impl Game {
    /// A network with seats, after its first operations.
    pub fn new(seed: u64, execute: Execute) -> Self {
        let mut chance = Chance::new(seed.wrapping_mul(0x1_0001));
        let cast = Cast {
            workers: chance.weighted(&[(1, 7), (2, 18), (3, 26), (3, 42)]),
            people: 4,
            receivers: 3,
        };
        let params = params(&mut chance);
        let insecure = chance.percent(30);
        let given = params.clone();
        let world = World::new(&cast, execute, &|owner, beacon| InstantiateMsg {
            denom: DENOM.to_owned(),
            owner: Some(owner.to_string()),
            beacon: beacon.config(1),
            params: given.clone(),
            insecure,
        });
        let ledger = ledger(&world, params, insecure);
        let mut game = Self {
            player: Player::new(seed, &world),
            world,
            ledger,
            tally: Tally::default(),
            seed,
            looked_at: BTreeSet::new(),
            log: VecDeque::new(),
            played: 0,
            aside: false,
        };
        for receiver in game.world.receivers.clone() {
            game.teach(&receiver, Behaviour::Keeps);
        }
        game.found(&mut chance);
        game
    }

    /// Two models, a bond and a seat of both for everybody.
    fn found(&mut self, chance: &mut Chance) {
        let publisher = self.world.people[1].to_string();
        let deposit = coins_of(self.ledger.rule().model_deposit.u128());
        // In some games amounts are as large as the protocol allows.
        let large = chance.percent(10);
        for tokens in [80, 200] {
            let price = |amount: u128| Uint128::new(if large { MAX_PRICE } else { amount });
            let msg = ExecuteMsg::RegisterModel {
                manifest: Cid::of_raw(b"a manifest"),
                price: Price {
                    base: price(10),
                    per_prompt_byte: price(1),
                    per_output_token: price(1),
                },
                limits: Limits {
                    max_prompt_bytes: 41,
                    max_output_tokens: tokens,
                },
                endpoint: None,
            };
            self.one(&paid(publisher.clone(), msg, deposit));
        }
        for worker in self.world.workers.clone() {
            let name = worker.address.to_string();
            let bond =
                self.player.seat_lock_of(&self.ledger, 2) * Coins::from(chance.within(2, 16)) / 2;
            self.one(&paid(name.clone(), ExecuteMsg::Bond {}, bond));
            let update = ExecuteMsg::UpdateWorker {
                endpoint: Some("http://127.0.0.1:4000".to_owned()),
                moniker: None,
                voter: (!chance.percent(5)).then(|| worker.public_key()),
            };
            self.one(&paid(name.clone(), update, 0));
            for model in 1..3 {
                let join = ExecuteMsg::JoinModel { model };
                self.one(&paid(name.clone(), join, 0));
            }
        }
    }

    /// So many operations in all, the first ones counted; now and then the world is left alone to see
    /// whether it comes to rest.
    pub fn play(&mut self, operations: u64) {
        let rest = 150 + self.seed % 150;
        while self.played < operations {
            let (blocks, nanos) = self.player.wait(&self.ledger);
            self.pass(blocks, nanos);
            if self.player.chance.percent(2) {
                let behaviour = self.player.behaviour(&self.ledger);
                let receivers = self.world.receivers.clone();
                let receiver = self.player.chance.index(receivers.len());
                self.teach(&receivers[receiver], behaviour);
            }
            let op = self.player.next(&self.ledger);
            self.one(&op);
            if self.played.is_multiple_of(FULL_CHECK) {
                compare::everything(&self.world, &self.ledger, &mut self.looked_at);
            }
            if self.played.is_multiple_of(rest) {
                self.look_aside();
            }
        }
        self.aside = true;
        liveness::comes_to_rest(self);
        liveness::everybody_leaves(self);
        for (what, number) in &self.ledger.seen {
            *self.tally.seen.entry((*what).to_owned()).or_default() += number;
        }
    }

    /// From here a stranger ends every task; then the game goes on as if nothing had been.
    fn look_aside(&mut self) {
        let (memory, ledger) = (self.world.remember(), self.ledger.clone());
        let looked_at = self.looked_at.clone();
        self.aside = true;
        liveness::comes_to_rest(self);
        self.aside = false;
        self.tally.rests += 1;
        self.world.go_back(memory);
        self.ledger = ledger;
        self.looked_at = looked_at;
    }

    pub fn pass(&mut self, blocks: u64, nanos: u64) {
        self.world.pass(blocks, nanos);
        self.ledger.now = self.world.now();
    }

    /// Compares everything.
    pub fn look_at_everything(&mut self) {
        compare::everything(&self.world, &self.ledger, &mut self.looked_at);
    }

    fn teach(&mut self, receiver: &Addr, behaviour: Behaviour) {
        self.world.teach(receiver, &behaviour);
        self.ledger
            .receivers
            .insert(receiver.to_string(), behaviour);
    }

    /// One operation: what the ledger expects is what happens, or the game has failed.
    pub fn one(&mut self, op: &Op) {
        self.remember(op);
        let expected = self.ledger.apply(op);
        let got = self.world.execute(op);
        if self.aside {
            self.tally.aside += 1;
        } else {
            self.tally.count(name_of(&op.msg), got.is_ok());
            self.played += 1;
        }
        match (expected, &got) {
            (Expected::Done(votes), Ok(events)) => {
                self.check_votes(&votes, events);
                for event in events.iter().filter(|_| !self.aside) {
                    let kind = event.ty.trim_start_matches("wasm-").to_owned();
                    *self.tally.seen.entry(kind).or_default() += 1;
                }
            }
            (Expected::Refused(reasons), Err(code)) if reasons.contains(&code.as_str()) => {
                *self.tally.codes.entry(code.clone()).or_default() += 1;
            }
            (expected, got) => {
                let got = got.as_ref().map(|_| "it is done");
                panic!("want {expected:?}, got {got:?} of {op:?}")
            }
        }
        compare::touched(&self.world, &self.ledger);
    }

    fn check_votes(&mut self, votes: &[Vec<&'static str>], events: &[Event]) {
        let refused: BTreeMap<usize, String> = events
            .iter()
            .filter_map(|event| VoteRefused::try_from(event).ok())
            .map(|refused| (refused.item as usize, refused.code))
            .collect();
        for (item, reasons) in votes.iter().enumerate() {
            match refused.get(&item) {
                None => assert!(
                    reasons.is_empty(),
                    "item {item} is accepted, want {reasons:?}"
                ),
                Some(code) => {
                    assert!(
                        reasons.contains(&code.as_str()),
                        "{item}: {code}, want {reasons:?}"
                    );
                    *self.tally.codes.entry(code.clone()).or_default() += 1;
                }
            }
        }
        assert!(refused.keys().all(|item| *item < votes.len()));
    }

    fn remember(&mut self, op: &Op) {
        if self.log.len() == SHOWN {
            self.log.pop_front();
        }
        let now = self.ledger.now;
        let mut text = format!("{op:?}");
        text.truncate(600);
        let line = format!("height {}, second {}: {text}", now.height, now.seconds());
        self.log.push_back(line);
    }
}

impl Drop for Game {
    /// What failed, and how to see it again.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (seed, operations) = (self.seed, self.played + 1);
            let log: Vec<_> = self.log.iter().cloned().collect();
            super::tally::say(&format!(
                "seed {seed} fails at operation {operations}; again by\n  \
                 cargo nightly-contract --seed {seed} --operations {operations}\nthe last operations:\n  {}",
                log.join("\n  ")
            ));
        }
    }
}

fn ledger(world: &World, params: Params, insecure: bool) -> Ledger {
    Ledger {
        now: world.now(),
        chain: CHAIN.to_owned(),
        contract: world.canonical(&world.contract),
        denom: DENOM.to_owned(),
        insecure,
        beacon: world.beacon.config(1),
        rules: vec![params],
        owner: Some(world.people[0].to_string()),
        offered: None,
        paused: false,
        amounts_changed: None,
        names: world.names(),
        accounts: BTreeMap::new(),
        workers: BTreeMap::new(),
        models: Vec::new(),
        tasks: Vec::new(),
        known: BTreeMap::new(),
        to_burn: 0,
        coins_in: 0,
        withdrawn: 0,
        burned: 0,
        meter: (0, 0),
        index: BTreeMap::new(),
        receivers: BTreeMap::new(),
        forfeit_divisor: 2,
        touched: BTreeSet::new(),
        touched_tasks: BTreeSet::new(),
        seen: BTreeMap::new(),
    }
}

/// Short windows, so that a game sees many ends.
fn params(chance: &mut Chance) -> Params {
    Params {
        committee: 5,
        max_rounds: chance.weighted(&[(1, 1), (1, 2), (8, 3)]),
        max_draws: chance.weighted(&[(1, 1), (2, 2), (7, 3)]),
        draw_window_blocks: chance.within(8, 40),
        draw_window_seconds: chance.within(8, 40),
        commit_window_blocks: chance.within(6, 60),
        commit_tokens_per_block: chance.weighted(&[(1, 10), (2, 16), (1, 4_096)]),
        reveal_window_blocks: chance.within(6, 60),
        appeal_window_blocks: chance.within(6, 120),
        lock_multiple: chance.within(10, 40) as u32,
        min_lock: Uint128::new(chance.within(1, 5_000).into()),
        min_base: Uint128::new(chance.within(1, 10).into()),
        max_misses: chance.within(2, 5) as u32,
        jail_seconds: chance.within(10, 300),
        unbonding_seconds: chance.weighted(&[(2, 60), (1, 300), (1, 2_000)]),
        meter_permille: chance.weighted(&[(1, 10), (2, 50), (2, 300), (5, 1_000)]),
        meter_blocks: chance.within(10, 800),
        model_deposit: Uint128::new(chance.within(1, 5_000).into()),
        max_callback_gas: 500_000,
        deliver_window_blocks: chance.within(10, 400),
    }
}
