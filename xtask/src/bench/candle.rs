//! Candle: stock, as our programs are built, and built for this very processor.

use std::path::Path;
use std::process::Command;

use super::contender::Contender;
use super::{Flags, THREADS};
use crate::error::Result;
use crate::run::Step;
use crate::workspace::Workspace;

/// The package and its contender.
const CANDLE: (&str, &str) = ("antiphon-candle", "candle-contender");
/// Names and flags of the compiler.
const BUILDS: [(&str, Option<Flags>); 2] = [
    ("candle, default build", None),
    (
        "candle, native build",
        Some(Flags {
            folder: "native",
            compiler: "-C target-cpu=native",
        }),
    ),
];

/// Both builds on the model as it is.
pub(super) fn contenders(
    workspace: &Workspace,
    step: &Step,
    model: &Path,
) -> Result<Vec<Contender>> {
    let mut all = Vec::new();
    for (name, flags) in BUILDS {
        let program = super::build(workspace, step, CANDLE, flags)?;
        for threads in THREADS {
            let count = threads.to_string();
            let mut command = Command::new(&program);
            // Candle reads the number of its threads here, once.
            command.env("RAYON_NUM_THREADS", &count);
            command.arg(model).arg(count);
            all.push(Contender::start(name, threads, &mut command, usize::MAX)?);
        }
    }
    Ok(all)
}
