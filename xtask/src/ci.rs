//! `cargo ci`: every check and every test, one line each, the first failure ends it.

mod counts;
mod demo;
mod gas;
mod page;
mod rust;
mod tiers;

use std::time::{Duration, Instant};

pub use rust::update_schema;

use crate::args::Ci;
use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::output;
use crate::prerequisites;
use crate::run::Step;
use crate::tidy;
use crate::workspace::Workspace;

/// What a step needs.
pub(crate) struct Site {
    pub(crate) workspace: Workspace,
    pub(crate) cache: Cache,
}

/// A step: its name, and what it does. The text it gives is shown behind its time.
type Check = (&'static str, fn(&Site, &Step) -> Result<String>);

/// In this order: what fails fast comes first.
const CHECKS: &[Check] = &[
    ("prerequisites", needed),
    ("fmt", rust::fmt),
    ("tidy", tidy_tree),
    ("demands", demands),
    ("typos", rust::typos),
    ("shellcheck", rust::shellcheck),
    ("web", page::web),
    ("clippy", rust::clippy),
    ("schema", rust::schema),
    ("test", rust::test),
    ("doc", rust::doc),
    ("deny", rust::deny),
    ("mutants", crate::nightly::changed_mutants),
    ("contract", rust::contract),
    ("tiers", tiers::tiers),
    ("scripts", rust::scripts),
    ("gas", gas::gas),
    ("e2e", rust::e2e),
    ("demo", demo::check),
    ("clients", page::clients),
    ("browser", page::browser),
];

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
    let tests: usize = done
        .iter()
        .map(|(name, _)| counts::passed(&log_of(&site.cache, name)))
        .sum();
    if tests > 0 {
        output::result(&format!("{tests} passed, 0 failed"));
    }
    Ok(())
}

/// The log of a step; had a test failed in it, nothing would be added up.
fn log_of(cache: &Cache, step: &str) -> std::path::PathBuf {
    cache.logs().join(format!("ci-{step}.log"))
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

fn needed(_: &Site, step: &Step) -> Result<String> {
    prerequisites::check(step)?;
    prerequisites::check_web(step)?;
    Ok(String::new())
}

fn tidy_tree(site: &Site, _: &Step) -> Result<String> {
    let report = tidy::check(&site.workspace)?;
    Ok(format!("{} files", report.files))
}

fn demands(site: &Site, _: &Step) -> Result<String> {
    let tests = tidy::demands(&site.workspace)?;
    Ok(format!("{tests} tests carry the number of a demand"))
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
        assert_eq!(all.last(), Some(&"browser"));
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
                from: Some("clients".to_owned()),
                ..Ci::default()
            }),
            ["clients", "browser"]
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
}
