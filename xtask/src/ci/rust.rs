//! The steps about Rust: format, lints, tests, documents, licences.

use std::path::Path;
use std::process::Command;

use super::Site;
use super::counts::note;
use crate::cache::Cache;
use crate::contract::Checksum;
use crate::error::Result;
use crate::run::{Step, cargo};
use crate::setup;
use crate::workspace::Workspace;

/// Runs cargo in the root; its output goes to the step's log.
fn run_cargo(site: &Site, step: &Step, arguments: &[&str]) -> Result<String> {
    step.run(cargo().current_dir(site.workspace.root()).args(arguments))?;
    Ok(String::new())
}

pub(super) fn fmt(site: &Site, step: &Step) -> Result<String> {
    run_cargo(site, step, &["fmt", "--all", "--", "--check"])
}

pub(super) fn clippy(site: &Site, step: &Step) -> Result<String> {
    let arguments = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    run_cargo(site, step, &arguments)
}

/// Compares the committed schemas with the types, or rewrites them.
const SCHEMA_TEST: &[&str] = &[
    "test",
    "--locked",
    "--package",
    "antiphon-api",
    "--test",
    "schema",
];

pub(super) fn schema(site: &Site, step: &Step) -> Result<String> {
    run_cargo(site, step, SCHEMA_TEST)
}

/// Rewrites the committed schemas from the types.
///
/// # Errors
/// The schema test does not compile or run.
pub fn update_schema() -> Result<()> {
    let (workspace, cache) = (Workspace::open()?, Cache::open()?);
    let step = Step::start(&cache.logs(), "schema")?;
    let mut command = cargo();
    command
        .current_dir(workspace.root())
        .env("UPDATE_SCHEMA", "1");
    step.run(command.args(SCHEMA_TEST))
}

pub(super) fn test(site: &Site, step: &Step) -> Result<String> {
    let arguments = [
        "test",
        "--locked",
        "--workspace",
        "--exclude",
        "antiphon-e2e",
    ];
    run_cargo(site, step, &arguments)?;
    Ok(note(step.log()))
}

pub(super) fn doc(site: &Site, step: &Step) -> Result<String> {
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("RUSTDOCFLAGS", "-D warnings");
    step.run(command.args(["doc", "--locked", "--workspace", "--no-deps"]))?;
    Ok(String::new())
}

pub(super) fn deny(site: &Site, step: &Step) -> Result<String> {
    let program = setup::cargo_deny(&site.cache, step)?;
    let deny = |checks: &[&str]| {
        let mut command = Command::new(&program);
        command
            .current_dir(site.workspace.root())
            .arg("check")
            .args(checks);
        command
    };
    step.run(&mut deny(&["bans", "licenses", "sources"]))?;
    let database = || {
        step.run(
            Command::new(&program)
                .current_dir(site.workspace.root())
                .arg("fetch"),
        )
    };
    if database().is_err() {
        return Ok("advisories: not run (their database cannot be fetched here)".to_owned());
    }
    step.run(&mut deny(&["advisories"]))?;
    Ok(String::new())
}

pub(super) fn shellcheck(site: &Site, step: &Step) -> Result<String> {
    let scripts: Vec<_> = site
        .workspace
        .files()?
        .into_iter()
        .filter(|file| is_shell(site, file))
        .collect();
    let Some(program) = setup::shellcheck(&site.cache, step) else {
        return Ok("not run (shellcheck cannot be fetched here)".to_owned());
    };
    step.run(
        Command::new(program)
            .current_dir(site.workspace.root())
            .args(&scripts),
    )?;
    Ok(format!("{} scripts", scripts.len()))
}

/// A shell script by its first line.
fn is_shell(site: &Site, file: &Path) -> bool {
    let no_extension = file.extension().is_none_or(|extension| extension == "sh");
    no_extension
        && std::fs::read_to_string(site.workspace.root().join(file)).is_ok_and(|text| {
            let first = text.lines().next().unwrap_or_default();
            first.starts_with("#!") && (first.ends_with("bash") || first.ends_with("/sh"))
        })
}

pub(super) fn typos(site: &Site, step: &Step) -> Result<String> {
    let Some(program) = setup::typos(&site.cache, step) else {
        return Ok("not run (typos cannot be fetched here)".to_owned());
    };
    step.run(Command::new(program).current_dir(site.workspace.root()))?;
    Ok(String::new())
}

pub(super) fn e2e(site: &Site, step: &Step) -> Result<String> {
    let parts = setup::run(&site.workspace)?;
    let callers = setup::callers(&site.workspace)?;
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("CARGO_TARGET_DIR", site.workspace.target())
        .env("ANTIPHON_CALLERS", callers);
    command.args(["test", "--locked", "--release", "--package", "antiphon-e2e"]);
    step.run(
        parts
            .to_env(&mut command)
            .args(["--", "--test-threads=1", "--nocapture"]),
    )?;
    Ok(note(step.log()))
}

/// The contract's file is the same from two folders, and has the committed checksum.
pub(super) fn contract(site: &Site, _: &Step) -> Result<String> {
    crate::contract::build(&site.workspace, &site.cache, Checksum::Check)
}

pub(super) fn scripts(site: &Site, step: &Step) -> Result<String> {
    let parts = setup::run(&site.workspace)?;
    crate::scripts::check(site, step, &parts)
}
