//! Everything that can be said of a receipt with nothing but the receipt, check by check.
//!
//! A check's name is part of the format: programs read it, and docs/receipts.md says what each means.

mod content;
mod course;
mod transactions;
mod votes;

use serde::Serialize;

use crate::course::Course;
use crate::document::Receipt;

/// What a receipt without a fault proves, and what it does not.
pub const VERDICT: &str = "consistent; whether it happened on this chain is what --rpc shows";

/// One check with its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its stable name.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What was found; for a failure what was got and what was wanted.
    pub detail: String,
}

impl Check {
    /// A check by what it found.
    #[must_use]
    pub fn new(name: &'static str, found: Result<String, String>) -> Self {
        let ok = found.is_ok();
        let detail = found.unwrap_or_else(|fault| fault);
        Self { name, ok, detail }
    }
}

/// All checks of a receipt, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Each check that was made.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether every check holds.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// The checks that do not hold, the first one first.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.ok)
    }

    /// One sentence about the whole.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self.failed().next() {
            None => VERDICT.to_owned(),
            Some(check) => format!("not consistent: {}: {}", check.name, check.detail),
        }
    }
}

/// Checks a text. If it is not a receipt in its one spelling, that is the only check.
#[must_use]
pub fn check(text: &str) -> Report {
    match Receipt::parse(text) {
        Ok(receipt) => check_receipt(&receipt),
        Err(fault) => Report {
            checks: vec![Check::new("form", Err(fault.to_string()))],
        },
    }
}

/// What the checks look at.
struct Facts<'a> {
    receipt: &'a Receipt,
    course: Course,
}

type Found = Result<String, String>;
type Rule = fn(&Facts<'_>) -> Found;

const RULES: [(&str, Rule); 13] = [
    ("digest", content::digest),
    ("identity", content::identity),
    ("manifest", content::manifest),
    ("prompt", content::prompt),
    ("rounds", course::rounds),
    ("members", votes::members),
    ("ballots", votes::ballots),
    ("commitments", votes::commitments),
    ("quorum", course::quorum),
    ("status", course::status),
    ("answer", content::answer),
    ("conduct", course::conduct),
    ("transactions", transactions::check),
];

/// Checks a receipt that was read, so its form is right.
#[must_use]
pub fn check_receipt(receipt: &Receipt) -> Report {
    let facts = Facts {
        receipt,
        course: Course::of(&receipt.rounds, receipt.task.carried),
    };
    let form = Check::new("form", Ok("one canonical JSON document".to_owned()));
    let rules = RULES
        .iter()
        .map(|(name, rule)| Check::new(name, rule(&facts)));
    Report {
        checks: std::iter::once(form).chain(rules).collect(),
    }
}

/// `Ok` if a rule holds.
fn hold(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(fault()),
    }
}
