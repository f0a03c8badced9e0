//! Which lines of the contract and its rules the tests run, by LLVM's own counters.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::is_test;
use crate::ci::Site;
use crate::error::{Error, Result, read_text};
use crate::output;
use crate::prerequisites::{answers, apt_install};
use crate::run::{Step, capture, cargo};
use crate::setup;

/// Packages measured, and where their sources lie.
const PACKAGES: [(&str, &str); 2] = [
    ("antiphon-rules", "packages/rules/src/"),
    ("antiphon-contract", "contracts/antiphon/src/"),
];
/// Fewer lines than these, in 1/10,000, fail the run.
const LEAST: u64 = 9_500;
/// Files with missed lines that are named.
const NAMED: usize = 20;

/// Lines of some files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    count: u64,
    covered: u64,
}

impl Lines {
    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.covered = self.covered.saturating_add(other.covered);
    }

    const fn missed(self) -> u64 {
        self.count.saturating_sub(self.covered)
    }

    /// Share covered, in 1/10,000, rounded down; all of nothing.
    fn share(self) -> u64 {
        let scaled = self.covered.saturating_mul(10_000);
        scaled.checked_div(self.count).unwrap_or(10_000)
    }
}

/// Measures and prints.
pub(super) fn run(site: &Site, step: &Step) -> Result<()> {
    let report = measure(site, step)?;
    let mut short = Vec::new();
    for (package, folder) in PACKAGES {
        let files = files_of(&report, site.workspace.root(), folder);
        let mut all = Lines::default();
        files.iter().for_each(|(_, lines)| all.add(*lines));
        let share = all.share();
        output::result(&format!(
            "{package}: {} of {} lines, {}",
            all.covered,
            all.count,
            percent(share)
        ));
        missed(&files).for_each(|line| output::line(&line));
        if share < LEAST || all.count == 0 {
            short.push(package);
        }
    }
    if short.is_empty() {
        return Ok(());
    }
    Err(Error::Mismatch {
        what: format!("lines covered of {}", short.join(", ")),
        got: "less".to_owned(),
        want: format!("at least {}", percent(LEAST)),
        remedy: "test what is named above".to_owned(),
    })
}

fn percent(share: u64) -> String {
    format!("{}.{:02} %", share / 100, share % 100)
}

/// The files with most missed lines.
fn missed(files: &[(String, Lines)]) -> impl Iterator<Item = String> {
    let mut files: Vec<_> = files
        .iter()
        .filter(|(_, lines)| lines.missed() > 0)
        .collect();
    files.sort_by_key(|(name, lines)| (std::cmp::Reverse(lines.missed()), name.clone()));
    files
        .into_iter()
        .take(NAMED)
        .map(|(name, lines)| format!("  {name}: {} missed of {}", lines.missed(), lines.count))
}

/// Runs the tests of both packages with counters and gives the report.
fn measure(site: &Site, step: &Step) -> Result<Value> {
    let program = setup::cargo_llvm_cov(&site.cache, step)?;
    let (cov, profdata) = llvm_tools(step)?;
    let report = site.cache.logs().join("coverage.json");
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("PATH", setup::path_with(&program)?)
        .env("LLVM_COV", cov)
        .env("LLVM_PROFDATA", profdata)
        .args(["llvm-cov", "test", "--locked", "--json", "--summary-only"])
        .arg("--output-path")
        .arg(&report);
    for (package, _) in PACKAGES {
        command.args(["--package", package]);
    }
    step.run(&mut command)?;
    serde_json::from_str(&read_text(&report)?)
        .map_err(|error| Error::Unavailable(format!("{} is no report: {error}", report.display())))
}

/// LLVM's programs of the version that this compiler writes counters for.
fn llvm_tools(step: &Step) -> Result<(String, String)> {
    let version = capture(Command::new("rustc").arg("-vV"))?;
    let major = llvm_major(&version).ok_or_else(|| {
        Error::Unavailable("`rustc -vV` names no LLVM version: use a stock compiler".to_owned())
    })?;
    let tools = (
        format!("llvm-cov-{major}"),
        format!("llvm-profdata-{major}"),
    );
    let found = || answers(&tools.0, &["--version"]) && answers(&tools.1, &["merge", "--help"]);
    let package = format!("llvm-{major}");
    if !found() {
        apt_install(step, &[&package]);
    }
    match found() {
        true => Ok(tools),
        false => Err(Error::Missing(vec![format!(
            "{} and {} are missing: install the package {package} (they read the counters).",
            tools.0, tools.1
        )])),
    }
}

fn llvm_major(version: &str) -> Option<&str> {
    let line = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    line.split('.').next()
}

/// The sources under `folder`, tests apart, with their lines.
fn files_of(report: &Value, root: &Path, folder: &str) -> Vec<(String, Lines)> {
    let files = report.pointer("/data/0/files").and_then(Value::as_array);
    let mut found: Vec<_> = files
        .into_iter()
        .flatten()
        .filter_map(|file| {
            let path = Path::new(file.get("filename")?.as_str()?);
            let name = path.strip_prefix(root).ok()?.to_str()?.to_owned();
            let lines = file.pointer("/summary/lines")?;
            let number = |key: &str| lines.get(key)?.as_u64();
            let lines = Lines {
                count: number("count")?,
                covered: number("covered")?,
            };
            (name.starts_with(folder) && !is_test(&name)).then_some((name, lines))
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_other_folders_are_not_counted() {
        let lines = |count: u64, covered: u64| serde_json::json!({"lines": {"count": count, "covered": covered}});
        let report = serde_json::json!({"data": [{"files": [
            {"filename": "/w/packages/rules/src/fees.rs", "summary": lines(10, 9)},
            {"filename": "/w/packages/rules/src/tests/draw.rs", "summary": lines(10, 0)},
            {"filename": "/w/packages/api/src/msg.rs", "summary": lines(10, 0)},
        ]}]});
        let files = files_of(&report, Path::new("/w"), "packages/rules/src/");
        let want = Lines {
            count: 10,
            covered: 9,
        };
        assert_eq!(files, [("packages/rules/src/fees.rs".to_owned(), want)]);
        assert_eq!(percent(want.share()), "90.00 %");
    }

    #[test]
    fn the_compiler_names_its_llvm() {
        assert_eq!(llvm_major("rustc 1\nLLVM version: 22.1.2\n"), Some("22"));
        assert_eq!(llvm_major("rustc 1\n"), None);
    }
}
