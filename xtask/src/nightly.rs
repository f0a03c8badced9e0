//! `cargo nightly-*`: what takes longer than a change should wait for. Each prints its figures.

mod agreement;
mod contract;
mod coverage;
mod explore;
mod fuzz;
mod gas;
mod mutants;
mod numerics;
mod real;
mod tokenizers;
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

/// A part: its name, what it does, and what it is for.
type Part = (&'static str, Run, &'static str);

/// How a part runs.
#[derive(Clone, Copy)]
enum Run {
    /// With the words behind its name, of which it gives the usage itself.
    Words(fn(&Site, &Step, &[String]) -> Result<()>),
    /// It takes none.
    Plain(fn(&Site, &Step) -> Result<()>),
}

const PARTS: &[Part] = &[
    (
        "contract",
        Run::Words(contract::run),
        "a million random operations beside a shadow ledger",
    ),
    (
        "coverage",
        Run::Plain(coverage::run),
        "lines of the contract and its rules that the tests run",
    ),
    (
        "explore",
        Run::Plain(explore::run),
        "every course of larger tasks, in the rules and again on the contract",
    ),
    (
        "fuzz",
        Run::Words(fuzz::run),
        "what strangers feed to the engine, searched for faults from the kept corpus",
    ),
    (
        "gas",
        Run::Words(gas::run),
        "what every message costs on a chain with 200 workers and 200 tasks",
    ),
    (
        "mutants",
        Run::Words(mutants::run),
        "small faults planted in the contract and its rules, each of which a test must notice",
    ),
    (
        "numerics",
        Run::Words(numerics::run),
        "drawn runs on every kernel and processor, real or emulated, compared bit by bit; CN-1 against candle and llama.cpp",
    ),
    (
        "tokenizers",
        Run::Plain(tokenizers::run),
        "ids by published vocabularies, against the libraries of their models",
    ),
    (
        "wasmd",
        Run::Plain(wasmd::run),
        "the contract on the next release of the chain's program",
    ),
];

/// Runs one part, or lists them.
///
/// # Errors
/// There is no such part, or it fails.
pub fn run(task: &Nightly) -> Result<()> {
    let Some((name, run, what)) = PARTS.iter().find(|(name, ..)| *name == task.part) else {
        return Err(Error::Usage(format!(
            "no nightly part `{}`; there are\n{}",
            task.part,
            list()
        )));
    };
    if let Run::Plain(_) = run
        && !task.words.is_empty()
    {
        return plain_usage(name, what, &task.words);
    }
    let site = Site {
        workspace: Workspace::open()?,
        cache: Cache::open()?,
    };
    let began = Instant::now();
    let step = Step::start(&site.cache.logs(), &format!("nightly-{name}"))?;
    match run {
        Run::Words(run) => run(&site, &step, &task.words)?,
        Run::Plain(run) => run(&site, &step)?,
    }
    output::line(&output::dotted(name, &output::seconds(began.elapsed())));
    Ok(())
}

/// What a part that takes no words says to some: how it is used if that is asked, else that one is too many.
fn plain_usage(name: &str, what: &str, words: &[String]) -> Result<()> {
    match words {
        [word] if word == "--help" || word == "-h" => {
            output::result(&format!(
                "cargo nightly-{name}\n\nRuns {what}. It takes no options."
            ));
            Ok(())
        }
        _ => Err(Error::Usage(format!(
            "`{}` is one word too many",
            words.join(" ")
        ))),
    }
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
        .map(|(name, _, what)| format!("  cargo nightly-{name:<10} {what}"));
    lines.collect::<Vec<_>>().join("\n")
}
