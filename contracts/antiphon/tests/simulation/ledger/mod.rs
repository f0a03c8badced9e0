//! The shadow ledger: the protocol written down a second time, from its page alone, to be compared
//! with the contract after every operation.
//!
//! It shares no code with contract or rules; of the API crate it uses messages and parameters as
//! data. It is naive on purpose: whole lists instead of counters, sums made anew instead of totals
//! kept, signed 128-bit amounts.

mod bytes;
mod calls;
mod course;
mod draw;
mod fees;
mod money;
mod office;
mod post;
mod settle;
mod staff;
mod things;
mod votes;

use std::collections::{BTreeMap, BTreeSet};

use antiphon_api::{BeaconConfig, Callback, ExecuteMsg, Params};
use cosmwasm_std::Coin;

pub use self::course::Due;
pub use self::money::uint;
pub use self::things::*;

/// Amounts; a sum that would be negative shows itself.
pub type Coins = i128;

/// What somebody sends.
#[derive(Clone, Debug)]
pub struct Op {
    pub sender: String,
    pub msg: ExecuteMsg,
    pub coins: Vec<Coin>,
}

/// What must come of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is refused, for one of these reasons.
    Refused(Vec<&'static str>),
    /// It is done; for each vote of it the reasons why that one is refused, none if it is not.
    Done(Vec<Vec<&'static str>>),
}

impl Expected {
    const fn done() -> Self {
        Self::Done(Vec::new())
    }

    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// Reasons to refuse. All that apply are collected: the order of checks is no part of the protocol.
#[derive(Debug, Default)]
struct Reasons(Vec<&'static str>);

impl Reasons {
    fn when(&mut self, applies: bool, code: &'static str) {
        if applies {
            self.0.push(code);
        }
    }

    const fn any(&self) -> bool {
        !self.0.is_empty()
    }

    fn refuse(self) -> Expected {
        Expected::Refused(self.0)
    }
}

/// What a contract that asked does when it is told.
#[derive(Clone, Debug)]
pub enum Behaviour {
    Keeps,
    Refuses,
    Panics,
    /// Sends this to the contract from inside.
    Sends(ExecuteMsg),
    /// Sends the same delivery again from inside.
    Redelivers,
}

/// What an account put in and got: nobody gets more than that and its earnings (invariant 4).
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub balance: Coins,
    pub put_in: Coins,
    pub earned: Coins,
    pub taken_out: Coins,
}

/// Everything the contract should know.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub now: Moment,
    pub chain: String,
    pub contract: Vec<u8>,
    pub denom: String,
    pub insecure: bool,
    pub beacon: BeaconConfig,
    /// Version 1 first.
    pub rules: Vec<Params>,
    pub owner: Option<String>,
    pub offered: Option<String>,
    pub paused: bool,
    pub amounts_changed: Option<u64>,
    /// Canonical bytes of every address there is.
    pub names: BTreeMap<String, Vec<u8>>,
    pub accounts: BTreeMap<String, Account>,
    pub workers: BTreeMap<String, Worker>,
    /// Model 1 first.
    pub models: Vec<Model>,
    /// Task 1 first.
    pub tasks: Vec<Task>,
    pub known: BTreeMap<u64, Known>,
    pub to_burn: Coins,
    pub coins_in: Coins,
    pub withdrawn: Coins,
    pub burned: Coins,
    pub meter: (Coins, u64),
    pub index: BTreeMap<(u64, [u8; 32]), Indexed>,
    pub receivers: BTreeMap<String, Behaviour>,
    /// Forfeits are divided by this before members and appellants see any of them: 2, unless a test
    /// plants an error here.
    pub forfeit_divisor: Coins,
    /// Accounts and tasks that the last operation may have changed.
    pub touched: BTreeSet<String>,
    pub touched_tasks: BTreeSet<u64>,
    /// What has happened so far, in words, and how often.
    pub seen: BTreeMap<&'static str, u64>,
}

impl Ledger {
    /// What must come of an operation; the ledger is then what the contract must be.
    pub fn apply(&mut self, op: &Op) -> Expected {
        self.touched.clear();
        self.touched_tasks.clear();
        self.act(op)
    }

    fn act(&mut self, op: &Op) -> Expected {
        self.touched.insert(op.sender.clone());
        match &op.msg {
            ExecuteMsg::RegisterModel { .. } => self.register_model(op),
            ExecuteMsg::RetireModel { model } => self.retire_model(op, *model),
            ExecuteMsg::Bond {} => self.bond(op),
            ExecuteMsg::Unbond { amount } => self.unbond(op, coins_of(amount.u128())),
            ExecuteMsg::ClaimUnbonded {} => self.claim_unbonded(op),
            ExecuteMsg::Unjail {} => self.unjail(op),
            ExecuteMsg::JoinModel { model } => self.join_model(op, *model),
            ExecuteMsg::LeaveModel { model } => self.leave_model(op, *model),
            ExecuteMsg::UpdateWorker { .. } => self.update_worker(op),
            ExecuteMsg::PostTask { .. } => self.post_task(op),
            ExecuteMsg::Appeal { task, .. } => self.appeal(op, *task),
            ExecuteMsg::Rate { task, good } => self.rate(op, *task, *good),
            ExecuteMsg::Deliver { task, text } => self.deliver(op, *task, text.as_deref()),
            ExecuteMsg::Deposit {} => self.deposit(op),
            ExecuteMsg::Withdraw { amount } => {
                self.withdraw(op, amount.map(|amount| coins_of(amount.u128())))
            }
            ExecuteMsg::Commit { commits } => self.commit(op, commits),
            ExecuteMsg::Reveal { reveals } => self.reveal(op, reveals),
            ExecuteMsg::Advance { tasks } => self.advance_all(op, tasks),
            ExecuteMsg::PublishBeacon {
                round,
                signature,
                draws,
            } => self.publish_beacon(op, *round, signature, *draws),
            ExecuteMsg::UpdateParams { params } => self.update_params(op, params),
            ExecuteMsg::SetPaused { paused } => self.set_paused(op, *paused),
            ExecuteMsg::TransferOwnership { to } => self.transfer_ownership(op, to.as_deref()),
            ExecuteMsg::AcceptOwnership {} => self.accept_ownership(op),
            ExecuteMsg::RenounceOwnership {} => self.renounce_ownership(op),
        }
    }

    fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// The current parameters.
    pub fn rule(&self) -> &Params {
        &self.rules[self.rules.len() - 1]
    }

    /// The parameters a task is played by.
    pub fn rule_of(&self, task: &Task) -> &Params {
        &self.rules[task.version as usize - 1]
    }

    pub fn model(&self, id: u64) -> Option<&Model> {
        self.models.get(usize::try_from(id.checked_sub(1)?).ok()?)
    }

    pub fn task(&self, id: u64) -> Option<&Task> {
        self.tasks.get(usize::try_from(id.checked_sub(1)?).ok()?)
    }

    fn task_mut(&mut self, id: u64) -> &mut Task {
        self.touched_tasks.insert(id);
        &mut self.tasks[id as usize - 1]
    }

    pub fn open(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| !task.is_over())
    }

    /// What a worker has at risk: the locks of its open memberships, added up (invariant 2).
    pub fn locked(&self, worker: &str) -> Coins {
        self.open()
            .flat_map(|task| task.members().map(|member| (task.lock, member)))
            .filter(|(_, member)| member.worker == worker)
            .map(|(lock, _)| lock)
            .sum()
    }

    /// Bond without what is locked, never below zero.
    pub fn free(&self, worker: &str) -> Coins {
        let bond = self.workers.get(worker).map_or(0, |worker| worker.bond);
        (bond - self.locked(worker)).max(0)
    }
}

/// An amount of a message; none of the game's is larger than this type.
pub fn coins_of(amount: u128) -> Coins {
    Coins::try_from(amount).unwrap_or(Coins::MAX / 4)
}

/// A callback as it was asked for.
type Wanted = Option<Callback>;
