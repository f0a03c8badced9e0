//! `cargo bench-inference`: one file, one machine, one run, all engines in turn.
//!
//! Each contender is a process that has loaded its model and waits. A round asks each one once, so
//! whatever else the machine does falls on all of them alike; the least time of a contender is the
//! estimate, since other work can only add to it. Nothing is asserted.

mod candle;
mod contender;
mod free;
pub(crate) mod llama;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::output;
use crate::run::{Step, capture, cargo};
use crate::setup;
use crate::workspace::Workspace;
use contender::{Contender, Sample};
use table::Machine;

/// Whose contender runs CN-1 and reads memory.
const ENGINE: (&str, &str) = ("antiphon-engine", "contender");

/// Threads that everything is measured at.
const THREADS: [usize; 2] = [1, 2];

/// What is asked of the comparison.
#[derive(Debug, PartialEq, Eq)]
pub struct Bench {
    /// Measurements of each contender; slow ones take part in the first of them only.
    pub rounds: usize,
    /// Print one JSON object.
    pub json: bool,
    /// Only what exactness costs: no other engine is built or measured.
    pub exactness: bool,
}

/// Measures and prints.
///
/// # Errors
/// Something cannot be built or fetched, or a contender fails.
pub fn run(options: &Bench) -> Result<()> {
    let (workspace, cache) = (Workspace::open()?, Cache::open()?);
    let step = Step::start(&cache.logs(), "bench-inference")?;
    let model = setup::model_file(&workspace, &cache, &step)?;
    let ours = build(&workspace, &step, ENGINE, None)?;
    let weights = weights(&ours, &model)?;
    let free = free::program(&workspace, &step)?;
    let mut contenders = cn_1(&ours, &free, &model, options.exactness)?;
    if !options.exactness {
        contenders.extend(candle::contenders(&workspace, &step, &model)?);
        contenders.extend(llama::contenders(&workspace, &cache, &step, &model)?);
    }
    let before = Machine::load()?;
    for round in 0..options.rounds {
        output::line(&format!(
            "round {} of {}",
            round.saturating_add(1),
            options.rounds
        ));
        for contender in contenders.iter_mut().filter(|c| c.takes_part(round)) {
            contender.measure()?;
        }
    }
    let samples: Vec<Sample> = contenders.into_iter().map(Contender::end).collect();
    let machine = Machine::describe(before)?;
    output::result(&match options.json {
        true => table::json(&machine, &samples, weights),
        false => table::text(&machine, &samples, weights),
    });
    Ok(())
}

/// CN-1 at every tier of this machine, each followed by its twin in free order, and the memory; of
/// `twins` only, if nothing else is asked for.
fn cn_1(program: &Path, free: &Path, model: &Path, twins: bool) -> Result<Vec<Contender>> {
    let kernels = capture(Command::new(program).arg("kernels"))?;
    let mut all = Vec::new();
    for threads in THREADS {
        let count = threads.to_string();
        if !twins {
            let mut memory = Command::new(program);
            memory.args(["memory", &count]);
            let name = "memory read";
            all.push(Contender::start(name, threads, &mut memory, usize::MAX)?);
        }
        let chosen = |kernel: &&str| !twins || free::KERNELS.contains(kernel);
        for kernel in kernels.lines().filter(chosen) {
            let mut ours = Command::new(program);
            ours.arg("cn-1").arg(model).args([&count, kernel]);
            let rounds = if kernel == "scalar" { 1 } else { usize::MAX };
            let name = format!("{}{kernel}", table::OURS);
            all.push(Contender::start(&name, threads, &mut ours, rounds)?);
            all.extend(free::twin(free, model, threads, kernel)?);
        }
    }
    Ok(all)
}

/// Bytes of weights that a token reads.
fn weights(program: &Path, model: &Path) -> Result<f64> {
    let text = capture(Command::new(program).arg("weights").arg(model))?;
    let bytes = text.parse().map_err(|_| text.clone());
    bytes.map_err(|got| Error::Unavailable(format!("got {got:?}, want a number of bytes")))
}

/// Flags of the compiler, and the target folder that they have for themselves.
#[derive(Clone, Copy, Debug)]
struct Flags {
    folder: &'static str,
    compiler: &'static str,
}

/// The program of a package and its example; with flags, in their own target folder.
fn build(
    workspace: &Workspace,
    step: &Step,
    (package, example): (&str, &str),
    flags: Option<Flags>,
) -> Result<PathBuf> {
    let mut target = workspace.target().to_owned();
    let mut command = cargo();
    if let Some(flags) = flags {
        target.push(flags.folder);
        command.env("RUSTFLAGS", flags.compiler);
    }
    command
        .current_dir(workspace.root())
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--release", "--locked"])
        .args(["--package", package, "--example", example]);
    step.run(&mut command)?;
    let program = target.join("release/examples").join(example);
    match program.is_file() {
        true => Ok(program),
        false => Err(Error::Unavailable(format!(
            "cargo built no {}",
            program.display()
        ))),
    }
}
