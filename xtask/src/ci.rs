//! `cargo ci`: every check and every test, one line each, the first failure ends it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::args::Ci;
use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::output;
use crate::run::{Step, cargo};
use crate::setup;
use crate::tidy;
use crate::workspace::Workspace;

/// What a step needs.
struct Site {
    workspace: Workspace,
    cache: Cache,
}

/// A step: its name, and what it does. The text it gives is shown behind its time.
type Check = (&'static str, fn(&Site, &Step) -> Result<String>);

/// In this order: what fails fast comes first.
const CHECKS: &[Check] = &[
    ("prerequisites", prerequisites),
    ("fmt", fmt),
    ("tidy", tidy_tree),
    ("typos", typos),
    ("shellcheck", shellcheck),
    ("clippy", clippy),
    ("schema", schema),
    ("test", test),
    ("doc", doc),
    ("deny", deny),
    ("e2e", e2e),
];

/// Steps whose logs hold the summaries of test runners.
const TESTING: [&str; 3] = ["schema", "test", "e2e"];

/// Runs the chosen steps.
///
/// # Errors
/// An unknown step's name, or the first step that fails.
pub fn run(options: &Ci) -> Result<()> {
    let chosen = choose(options)?;
    if options.list {
        chosen.iter().for_each(|(name, _)| output::result(name));
        return Ok(());
    }
    let site = Site {
        workspace: Workspace::open()?,
        cache: Cache::open()?,
    };
    let began = Instant::now();
    let mut done = Vec::new();
    for (name, check) in chosen {
        done.push((*name, one(&site, name, *check)?));
    }
    summary(&done, began.elapsed());
    let tests: usize = done.iter().map(|(name, _)| tests_of(&site, name)).sum();
    if tests > 0 {
        output::result(&format!("{tests} passed, 0 failed"));
    }
    Ok(())
}

/// Tests that a step ran; it would not be here had one failed.
fn tests_of(site: &Site, step: &str) -> usize {
    match TESTING.contains(&step) {
        true => passed(&site.cache.logs().join(format!("ci-{step}.log"))),
        false => 0,
    }
}

/// The whole list, or the part of it that was asked for.
fn choose(options: &Ci) -> Result<Vec<&'static Check>> {
    let known = |wanted: &String| CHECKS.iter().any(|(name, _)| name == wanted);
    if let Some(unknown) = options
        .only
        .iter()
        .chain(&options.from)
        .find(|name| !known(name))
    {
        let names: Vec<_> = CHECKS.iter().map(|(name, _)| *name).collect();
        return Err(Error::Usage(format!(
            "no step `{unknown}`; there are {}",
            names.join(", ")
        )));
    }
    let from = options.from.as_ref();
    let start = from.and_then(|wanted| CHECKS.iter().position(|(name, _)| name == wanted));
    let chosen = CHECKS.iter().skip(start.unwrap_or(0));
    let only = &options.only;
    Ok(chosen
        .filter(|(name, _)| only.is_empty() || only.iter().any(|o| o == name))
        .collect())
}

fn one(site: &Site, name: &str, check: fn(&Site, &Step) -> Result<String>) -> Result<Duration> {
    output::line(&format!("{name} …"));
    let result = Step::start(&site.cache.logs(), &format!("ci-{name}"))
        .and_then(|step| check(site, &step).map(|note| (note, step.elapsed())));
    match result {
        Ok((note, time)) => {
            let note = if note.is_empty() {
                note
            } else {
                format!(", {note}")
            };
            output::line(&output::dotted(
                name,
                &format!("ok, {}{note}", output::seconds(time)),
            ));
            Ok(time)
        }
        Err(source) => Err(Error::Step {
            step: name.to_owned(),
            source: Box::new(source),
        }),
    }
}

fn summary(done: &[(&str, Duration)], total: Duration) {
    output::line("");
    for (name, time) in done {
        output::line(&output::dotted(name, &output::seconds(*time)));
    }
    output::line(&output::dotted("all", &output::seconds(total)));
}

/// Runs cargo in the root; its output goes to the step's log.
fn run_cargo(site: &Site, step: &Step, arguments: &[&str]) -> Result<String> {
    step.run(cargo().current_dir(site.workspace.root()).args(arguments))?;
    Ok(String::new())
}

fn prerequisites(_: &Site, step: &Step) -> Result<String> {
    crate::prerequisites::check(step)?;
    Ok(String::new())
}

fn fmt(site: &Site, step: &Step) -> Result<String> {
    run_cargo(site, step, &["fmt", "--all", "--", "--check"])
}

fn tidy_tree(site: &Site, _: &Step) -> Result<String> {
    let report = tidy::check(&site.workspace)?;
    Ok(format!("{} files", report.files))
}

fn clippy(site: &Site, step: &Step) -> Result<String> {
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

fn schema(site: &Site, step: &Step) -> Result<String> {
    run_cargo(
        site,
        step,
        &[
            "test",
            "--locked",
            "--package",
            "antiphon-api",
            "--test",
            "schema",
        ],
    )
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
    step.run(command.args([
        "test",
        "--locked",
        "--package",
        "antiphon-api",
        "--test",
        "schema",
    ]))
}

fn test(site: &Site, step: &Step) -> Result<String> {
    let arguments = [
        "test",
        "--locked",
        "--workspace",
        "--exclude",
        "antiphon-e2e",
    ];
    run_cargo(site, step, &arguments)?;
    Ok(format!("{} tests", passed(step.log())))
}

fn doc(site: &Site, step: &Step) -> Result<String> {
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("RUSTDOCFLAGS", "-D warnings");
    step.run(command.args(["doc", "--locked", "--workspace", "--no-deps"]))?;
    Ok(String::new())
}

fn deny(site: &Site, step: &Step) -> Result<String> {
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

fn shellcheck(site: &Site, step: &Step) -> Result<String> {
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

fn typos(site: &Site, step: &Step) -> Result<String> {
    let Some(program) = setup::typos(&site.cache, step) else {
        return Ok("not run (typos cannot be fetched here)".to_owned());
    };
    step.run(Command::new(program).current_dir(site.workspace.root()))?;
    Ok(String::new())
}

fn e2e(site: &Site, step: &Step) -> Result<String> {
    let parts = setup::run(&site.workspace)?;
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("CARGO_TARGET_DIR", site.workspace.target());
    command.args(["test", "--locked", "--release", "--package", "antiphon-e2e"]);
    step.run(
        parts
            .to_env(&mut command)
            .args(["--", "--test-threads=1", "--nocapture"]),
    )?;
    Ok(format!("{} tests", passed(step.log())))
}

/// Adds up "test result: ok. N passed" of a log.
fn passed(log: &Path) -> usize {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let counts = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("test result: ok. ")?;
        rest.split(' ').next()?.parse::<usize>().ok()
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &Ci) -> Vec<&'static str> {
        choose(options)
            .unwrap()
            .iter()
            .map(|(name, _)| *name)
            .collect()
    }

    #[test]
    fn all_steps_run_by_default_and_the_chain_comes_last() {
        let all = names(&Ci::default());
        assert_eq!(all.len(), CHECKS.len());
        assert_eq!(all.last(), Some(&"e2e"));
    }

    #[test]
    fn one_step_runs_alone() {
        assert_eq!(
            names(&Ci {
                only: vec!["fmt".to_owned()],
                ..Ci::default()
            }),
            ["fmt"]
        );
    }

    #[test]
    fn from_skips_the_steps_before() {
        assert_eq!(
            names(&Ci {
                from: Some("deny".to_owned()),
                ..Ci::default()
            }),
            ["deny", "e2e"]
        );
    }

    #[test]
    fn an_unknown_step_lists_the_known_ones() {
        let error = choose(&Ci {
            only: vec!["lint".to_owned()],
            ..Ci::default()
        })
        .unwrap_err();
        assert!(error.to_string().contains("clippy"));
    }

    #[test]
    fn passed_tests_are_added_up_over_binaries() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let text =
            "test result: ok. 3 passed; 0 failed;\nx\ntest result: ok. 4 passed; 0 failed;\n";
        std::fs::write(&log, text).unwrap();
        assert_eq!(passed(&log), 7);
    }
}
