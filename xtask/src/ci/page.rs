//! The steps about the page and about other people's clients, in TypeScript, JavaScript and Python.

use std::process::Command;

use super::Site;
use super::counts::{ALL_AGAIN, note};
use crate::error::Result;
use crate::output;
use crate::prerequisites;
use crate::run::Step;
use crate::setup;

/// What is checked without a network, in this order; `npm run` names.
const CHECKS: &[&[&str]] = &[
    &["typecheck"],
    &["lint"],
    &["types", "--", "--check"],
    &["test"],
    &["build"],
    &["budget"],
];

/// The page: types, format, its own tests, generated types, build, sizes.
pub(super) fn web(site: &Site, step: &Step) -> Result<String> {
    let folder = site.workspace.root().join("web");
    setup::node_modules(&site.cache, step, &folder)?;
    setup::node_modules(&site.cache, step, &folder.join("e2e"))?;
    for check in CHECKS {
        step.run(setup::npm(&folder).arg("run").args(*check))?;
    }
    step.run(setup::npm(&folder.join("e2e")).args(["run", "typecheck"]))?;
    Ok(note(step.log()))
}

/// Real OpenAI clients against a real network, one network for each language.
pub(super) fn clients(site: &Site, step: &Step) -> Result<String> {
    let folder = site.workspace.root().join("e2e/clients");
    let (python, node) = (folder.join("python"), folder.join("node"));
    let program = setup::python(&site.cache, step, &python.join("requirements.txt"))?;
    setup::node_modules(&site.cache, step, &node)?;
    let parts = setup::run(&site.workspace)?;
    let pytest = || {
        let mut command = Command::new(&program);
        command
            .current_dir(&python)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args(["-m", "pytest", "-p", "no:cacheprovider", "--color=no"]);
        parts.to_env(&mut command);
        command
    };
    patiently(step, "the Python clients", pytest)?;
    let npm = || {
        let mut command = setup::npm(&node);
        parts.to_env(&mut command).arg("test");
        command
    };
    patiently(step, "the Node clients", npm)?;
    Ok(note(step.log()))
}

/// The page in a real Chromium against a real network.
pub(super) fn browser(site: &Site, step: &Step) -> Result<String> {
    let chromium = prerequisites::chromium(step)?;
    let parts = setup::run(&site.workspace)?;
    let folder = setup::page(&site.workspace, &site.cache, step)?;
    setup::node_modules(&site.cache, step, &folder.join("e2e"))?;
    for script in ["live", "e2e"] {
        let npm = || {
            let mut command = setup::npm(&folder);
            parts.to_env(&mut command).args(["run", script]);
            command.env("ANTIPHON_CHROMIUM", &chromium);
            command
        };
        patiently(step, script, npm)?;
    }
    Ok(note(step.log()))
}

/// Whole runs of a suite that waits for other programs by the clock.
const RUNS: u32 = 3;

/// Runs a suite that waits for other programs by the clock. On a loaded machine one may be late: a suite that fails
/// is run again, whole, on a network of its own; that it was is told, and its failures stay in the log.
fn patiently(step: &Step, suite: &str, command: impl Fn() -> Command) -> Result<()> {
    for _ in 1..RUNS {
        match step.run(&mut command()) {
            Ok(()) => return Ok(()),
            Err(failure) => {
                output::line(&failure.to_string());
                step.note(&format!("{suite}{ALL_AGAIN}"))?;
            }
        }
    }
    step.run(&mut command())
}
