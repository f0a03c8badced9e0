//! `cargo nightly-*`: what takes longer than a change should wait for. Each prints its figures.

mod agreement;
mod contract;
mod coverage;
mod explore;
mod fuzz;
mod gas;
mod mutants;
mod numerics;
mod wasmd;

use std::time::Instant;

pub(crate) use mutants::changed as changed_mutants;

use crate::args::Nightly;
use crate::cache::Cache;
use crate::ci::Site;
use crate::error::{Error, Result};
use crate::output;
use crate::run::Step;
use crate::workspace::Workspace;

/// A part: its name, what it does with the words behind the name, what it is for, and its usage where
/// it takes any.
type Part = (
    &'static str,
    fn(&Site, &Step, &[String]) -> Result<()>,
    &'static str,
    Option<&'static str>,
);

const PARTS: &[Part] = &[
    (
        "contract",
        contract::run,
        "a million random operations beside a shadow ledger",
        Some(contract::USAGE),
    ),
    (
        "coverage",
        coverage::run,
        "lines of the contract and its rules that the tests run",
        None,
    ),
    (
        "explore",
        explore::run,
        "every course of larger tasks, in the rules and again on the contract",
        None,
    ),
    (
        "fuzz",
        fuzz::run,
        "what strangers feed to the engine, searched for faults from the kept corpus",
        Some(fuzz::USAGE),
    ),
    (
        "gas",
        gas::run,
        "what every message costs on a chain with 200 workers and 200 tasks",
        Some(gas::USAGE),
    ),
    (
        "mutants",
        mutants::run,
        "small faults planted in the contract and its rules, each of which a test must notice",
        Some(mutants::USAGE),
    ),
    (
        "numerics",
        numerics::run,
        "drawn runs on every kernel and processor, real or emulated, compared bit by bit; CN-1 against candle",
        Some(numerics::USAGE),
    ),
    (
        "wasmd",
        wasmd::run,
        "the contract on the next release of the chain's program",
        None,
    ),
];

/// Runs one part, or lists them.
///
/// # Errors
/// There is no such part, or it fails.
pub fn run(task: &Nightly) -> Result<()> {
    let Some((name, run, what, usage)) = PARTS.iter().find(|(name, ..)| *name == task.part) else {
        return Err(Error::Usage(format!(
            "no nightly part `{}`; there are\n{}",
            task.part,
            list()
        )));
    };
    let help = |word: &String| matches!(word.as_str(), "--help" | "-h");
    if task.words.iter().any(help) {
        let plain = format!("cargo nightly-{name}\n\nRuns {what}. It takes no options.");
        output::result(usage.unwrap_or(&plain));
        return Ok(());
    }
    let site = Site {
        workspace: Workspace::open()?,
        cache: Cache::open()?,
    };
    let began = Instant::now();
    let step = Step::start(&site.cache.logs(), &format!("nightly-{name}"))?;
    run(&site, &step, &task.words)?;
    output::line(&output::dotted(name, &output::seconds(began.elapsed())));
    Ok(())
}

/// Refuses words behind a part that takes none.
fn no_words(words: &[String]) -> Result<()> {
    words.first().map_or(Ok(()), |word| {
        Err(Error::Usage(format!("`{word}` is one word too many")))
    })
}

/// Whether a source file holds tests only.
fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs")
}

/// Every part with what it is for.
#[must_use]
pub fn list() -> String {
    let lines = PARTS
        .iter()
        .map(|(name, _, what, _)| format!("  cargo nightly-{name:<10} {what}"));
    lines.collect::<Vec<_>>().join("\n")
}
