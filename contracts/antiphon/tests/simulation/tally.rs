//! What was played, counted and printed.

#![allow(clippy::print_stdout, reason = "the counts are what is asked for")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use antiphon_api::ExecuteMsg;

/// Every message there is.
pub const MESSAGES: [&str; 24] = [
    "register_model",
    "retire_model",
    "bond",
    "unbond",
    "claim_unbonded",
    "unjail",
    "join_model",
    "leave_model",
    "update_worker",
    "post_task",
    "appeal",
    "rate",
    "deliver",
    "deposit",
    "withdraw",
    "commit",
    "reveal",
    "advance",
    "publish_beacon",
    "update_params",
    "set_paused",
    "transfer_ownership",
    "accept_ownership",
    "renounce_ownership",
];

/// A message's name.
pub const fn name_of(msg: &ExecuteMsg) -> &'static str {
    let index = match msg {
        ExecuteMsg::RegisterModel { .. } => 0,
        ExecuteMsg::RetireModel { .. } => 1,
        ExecuteMsg::Bond {} => 2,
        ExecuteMsg::Unbond { .. } => 3,
        ExecuteMsg::ClaimUnbonded {} => 4,
        ExecuteMsg::Unjail {} => 5,
        ExecuteMsg::JoinModel { .. } => 6,
        ExecuteMsg::LeaveModel { .. } => 7,
        ExecuteMsg::UpdateWorker { .. } => 8,
        ExecuteMsg::PostTask { .. } => 9,
        ExecuteMsg::Appeal { .. } => 10,
        ExecuteMsg::Rate { .. } => 11,
        ExecuteMsg::Deliver { .. } => 12,
        ExecuteMsg::Deposit {} => 13,
        ExecuteMsg::Withdraw { .. } => 14,
        ExecuteMsg::Commit { .. } => 15,
        ExecuteMsg::Reveal { .. } => 16,
        ExecuteMsg::Advance { .. } => 17,
        ExecuteMsg::PublishBeacon { .. } => 18,
        ExecuteMsg::UpdateParams { .. } => 19,
        ExecuteMsg::SetPaused { .. } => 20,
        ExecuteMsg::TransferOwnership { .. } => 21,
        ExecuteMsg::AcceptOwnership {} => 22,
        ExecuteMsg::RenounceOwnership {} => 23,
    };
    MESSAGES[index]
}

/// Counts of one game or of many.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By message: accepted, refused.
    pub messages: BTreeMap<&'static str, (u64, u64)>,
    /// Refusals by code, of messages and of single votes.
    pub codes: BTreeMap<String, u64>,
    /// Events and what the ledger saw.
    pub seen: BTreeMap<String, u64>,
    pub games: u64,
    /// Times the world was left alone, and operations of that.
    pub rests: u64,
    pub aside: u64,
}

impl Tally {
    pub fn count(&mut self, message: &'static str, accepted: bool) {
        let (done, refused) = self.messages.entry(message).or_default();
        *if accepted { done } else { refused } += 1;
    }

    pub fn operations(&self) -> u64 {
        self.messages
            .values()
            .map(|(done, refused)| done + refused)
            .sum()
    }

    pub fn add(&mut self, other: Self) {
        for (message, (done, refused)) in other.messages {
            let sums = self.messages.entry(message).or_default();
            sums.0 += done;
            sums.1 += refused;
        }
        for (code, number) in other.codes {
            *self.codes.entry(code).or_default() += number;
        }
        for (what, number) in other.seen {
            *self.seen.entry(what).or_default() += number;
        }
        self.games += other.games;
        self.rests += other.rests;
        self.aside += other.aside;
    }

    /// A table of everything.
    pub fn report(&self, time: Duration) -> String {
        let mut text = format!(
            "{} operations in {} games and {:.1} s; {} times left alone, with {} operations aside\n",
            self.operations(),
            self.games,
            time.as_secs_f64(),
            self.rests,
            self.aside
        );
        text.push_str("message                accepted    refused\n");
        for name in MESSAGES {
            let (done, refused) = self.messages.get(name).copied().unwrap_or_default();
            writeln!(text, "{name:<20} {done:>10} {refused:>10}").unwrap();
        }
        for (title, counts) in [("refusals", &self.codes), ("seen", &self.seen)] {
            let counts: Vec<_> = counts
                .iter()
                .map(|(it, number)| format!("{it} {number}"))
                .collect();
            writeln!(text, "{title}: {}", counts.join(", ")).unwrap();
        }
        text
    }
}

/// One line for whoever runs the tests.
pub fn say(line: &str) {
    println!("{line}");
}
