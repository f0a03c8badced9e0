//! Small faults planted one at a time in the contract and its rules: a test must notice each.
//!
//! `testdata/mutants/tested.txt` holds the hash of every source file whose mutants were all run, and
//! `survivors.txt` those that no test can notice, each with the reason why it changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::is_test;
use crate::ci::Site;
use crate::error::{Doing, Error, Result, make_dir, read_text, remove_dir};
use crate::hash::sha256_file;
use crate::output;
use crate::run::{Step, capture, cargo};
use crate::setup;

/// Where every mutant must be noticed, wherever the file is.
const LAW: [&str; 2] = [RULES, "contracts/antiphon/src/validate.rs"];
/// Their tests take seconds, those of the contract a minute: `cargo ci` runs mutants here only.
const RULES: &str = "packages/rules/src/";
/// Where at least [`LEAST`] per cent must be.
const REST: &str = "contracts/antiphon/src/";
const LEAST: usize = 90;
const TESTED: &str = "testdata/mutants/tested.txt";
const SURVIVORS: &str = "testdata/mutants/survivors.txt";
/// Parts of names of tests that take most of the time and seldom notice first: a mutant meets them
/// only after it survived all others.
const SLOW: [&str; 14] = [
    "simulation",
    "explore",
    "draw_statistics",
    "matrix",
    "versions",
    "ctf_",
    "dojo_",
    "invariant_03",
    "invariant_05",
    "invariant_12",
    "invariant_13",
    "invariant_16",
    "invariant_17",
    "invariant_18",
];
/// One test that fails is enough: it halves the time. The test harness takes the option only from
/// those who ask for unstable ones.
const FIRST_FAILURE: [&str; 3] = ["-Z", "unstable-options", "--fail-fast"];
const RUNNER: &str = r#"target."cfg(all())".runner="env RUSTC_BOOTSTRAP=1""#;
/// How many mutants of changed files that is.
const IN_CI: usize = 16;

const USAGE: &str = "\
cargo nightly-mutants [OPTIONS]

Plants every fault in packages/rules and contracts/antiphon and runs their tests against each.

  --file PATH   only the mutants of this file (may be repeated)
  --shard K/N   only every N-th mutant, from the K-th (0 ≤ K < N)
  --keep        what was run is written down in testdata/mutants/tested.txt
  --help        this text";

/// What became of the mutants of a run, by their names.
#[derive(Debug, Default)]
struct Verdicts {
    caught: BTreeSet<String>,
    missed: BTreeSet<String>,
    unviable: BTreeSet<String>,
}

impl Verdicts {
    /// What cargo-mutants wrote down.
    fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| lines(&folder.join(format!("{name}.txt")));
        let mut caught: BTreeSet<_> = read("caught")?.into_iter().collect();
        caught.extend(read("timeout")?); // an endless loop is noticed by its time
        Ok(Self {
            caught,
            missed: read("missed")?.into_iter().collect(),
            unviable: read("unviable")?.into_iter().collect(),
        })
    }

    /// After those that survived were run again.
    fn then(mut self, again: Self) -> Self {
        self.caught.extend(again.caught);
        self.unviable.extend(again.unviable);
        self.missed = again.missed;
        self
    }

    /// Of those that compile.
    fn total(&self) -> usize {
        self.caught.len().saturating_add(self.missed.len())
    }
}

/// Which mutants to run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Choice {
    files: Vec<String>,
    shard: Option<String>,
    keep: bool,
}

pub(super) fn run(site: &Site, step: &Step, words: &[String]) -> Result<()> {
    let Some(mut choice) = parse(words)? else {
        output::result(USAGE);
        return Ok(());
    };
    if choice.files.is_empty() {
        choice.files = sources(site)?;
    }
    let verdicts = plant(site, step, &choice)?;
    tell(&verdicts);
    judge(site, &verdicts)?;
    if choice.keep && choice.shard.is_none() {
        write_down(site, &choice.files)?;
    }
    Ok(())
}

fn parse(words: &[String]) -> Result<Option<Choice>> {
    let mut choice = Choice::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let value = words.next().cloned();
            value.ok_or_else(|| Error::Usage(format!("`{word}` needs a value")))
        };
        match word.as_str() {
            "--file" => choice.files.push(value()?),
            "--shard" => choice.shard = Some(value()?),
            "--keep" => choice.keep = true,
            "--help" | "-h" => return Ok(None),
            unknown => {
                let text = format!("unknown option `{unknown}` of nightly-mutants\n{USAGE}");
                return Err(Error::Usage(text));
            }
        }
    }
    Ok(Some(choice))
}

/// The step of `cargo ci`: some mutants of the law's files that changed since they were all run.
pub(crate) fn changed(site: &Site, step: &Step) -> Result<String> {
    let tested = tested(site)?;
    let mut files = Vec::new();
    for file in sources(site)? {
        if !file.starts_with(RULES) {
            continue;
        }
        let hash = sha256_file(&site.workspace.root().join(&file))?;
        if tested.get(&file) != Some(&hash) {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Ok("no file of the rules changed since all were run".to_owned());
    }
    let all = list(site, step, &files)?;
    let parts = all.div_ceil(IN_CI).max(1);
    let choice = Choice {
        shard: Some(format!("0/{parts}")),
        files,
        keep: false,
    };
    let verdicts = plant(site, step, &choice)?;
    judge(site, &verdicts)?;
    Ok(format!(
        "{} of {all} mutants of {} changed files",
        verdicts.total(),
        choice.files.len()
    ))
}

/// Sources with code of both packages, tests apart.
fn sources(site: &Site) -> Result<Vec<String>> {
    let files = site.workspace.files()?;
    let names = files.iter().filter_map(|file| file.to_str());
    let wanted = names.filter(|name| {
        let source = is_law(name) || name.starts_with(REST);
        source && !is_test(name) && name.ends_with(".rs")
    });
    Ok(wanted.map(str::to_owned).collect())
}

/// The command with its files, ready for more arguments.
fn command(site: &Site, step: &Step, files: &[String]) -> Result<Command> {
    let program = setup::cargo_mutants(&site.cache, step)?;
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("PATH", setup::path_with(&program)?)
        .args(["mutants", "--colors", "never"]);
    command.args(["--package", "antiphon-rules"]);
    if files.iter().any(|file| file.starts_with(REST)) {
        command.args(["--package", "antiphon-contract"]);
    }
    for file in files {
        command.args(["--file", file]);
    }
    Ok(command)
}

/// How many mutants these files have.
fn list(site: &Site, step: &Step, files: &[String]) -> Result<usize> {
    let text = capture(command(site, step, files)?.arg("--list"))?;
    Ok(text.lines().count())
}

/// Runs each mutant against the quick tests, and those that survive against all.
fn plant(site: &Site, step: &Step, choice: &Choice) -> Result<Verdicts> {
    let folder = site.cache.root().join("scratch/mutants");
    remove_dir(&folder)?;
    make_dir(&folder)?;
    let mut quick = planting(site, step, choice, &folder)?;
    quick.args(["--", "--"]).args(FIRST_FAILURE);
    for name in SLOW {
        quick.args(["--skip", name]);
    }
    let first = pass(step, &mut quick, &folder)?;
    if first.missed.is_empty() {
        return Ok(first);
    }
    output::line(&format!(
        "{} of {} mutants survived the quick tests and meet all",
        first.missed.len(),
        first.total()
    ));
    let mut rest = planting(site, step, choice, &folder)?;
    rest.args(["--iterate", "--", "--"]).args(FIRST_FAILURE);
    Ok(first.then(pass(step, &mut rest, &folder)?))
}

/// Plants what was chosen and writes verdicts below `folder`.
fn planting(site: &Site, step: &Step, choice: &Choice, folder: &Path) -> Result<Command> {
    let mut command = command(site, step, &choice.files)?;
    command
        .args(["--no-shuffle", "--jobs", "1"])
        .args(["--minimum-test-timeout", "90"])
        .args([
            "--cargo-arg=--locked",
            "--cargo-arg=--config",
            "--cargo-arg",
        ])
        .arg(RUNNER)
        .arg("--output")
        .arg(folder);
    if let Some(shard) = &choice.shard {
        command.args(["--sharding", "round-robin", "--shard", shard]);
    }
    Ok(command)
}

fn pass(step: &Step, command: &mut Command, folder: &Path) -> Result<Verdicts> {
    // It ends with an error where mutants survive: what it wrote down tells which.
    let status = step.status(command)?;
    let verdicts = Verdicts::read(&folder.join("mutants.out"))?;
    if verdicts.total() == 0 && !status.success() {
        return Err(Error::Unavailable(format!(
            "no mutant was run ({status}): the tests fail without one, or cargo-mutants does; see {}",
            step.log().display()
        )));
    }
    Ok(verdicts)
}

/// Whether every mutant of this file, or this mutant, must be noticed.
fn is_law(name: &str) -> bool {
    LAW.iter().any(|part| name.starts_with(part))
}

fn lines(path: &Path) -> Result<Vec<String>> {
    let text = read_text(path)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(str::to_owned).collect())
}

fn tell(verdicts: &Verdicts) {
    output::result(&format!(
        "{} mutants: {} noticed, {} not, {} more did not compile",
        verdicts.total(),
        verdicts.caught.len(),
        verdicts.missed.len(),
        verdicts.unviable.len()
    ));
}

/// Whether everything that must be noticed was.
fn judge(site: &Site, verdicts: &Verdicts) -> Result<()> {
    let excused = survivors(site)?;
    let excused = |name: &String| excused.iter().any(|known| nameless(name) == *known);
    let open: Vec<_> = verdicts.missed.iter().filter(|it| !excused(it)).collect();
    let (law, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|name| is_law(name));
    rest.iter()
        .for_each(|name| output::line(&format!("  not noticed: {name}")));
    if !law.is_empty() {
        return Err(Error::Untidy(
            law.iter()
                .map(|name| format!("no test notices: {name}"))
                .collect(),
        ));
    }
    let of_rest = |name: &&String| !is_law(name);
    let all = verdicts
        .caught
        .iter()
        .filter(of_rest)
        .count()
        .saturating_add(rest.len());
    let noticed = all.saturating_sub(rest.len());
    if noticed.saturating_mul(100) < all.saturating_mul(LEAST) {
        return Err(Error::Mismatch {
            what: format!("mutants noticed of {REST}"),
            got: format!("{noticed} of {all}"),
            want: format!("{LEAST} %"),
            remedy: "test what is named above".to_owned(),
        });
    }
    Ok(())
}

/// A mutant's name without line and column, which move: `file: what is replaced`.
fn nameless(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    let (file, rest) = (parts.next(), parts.nth(2));
    format!("{}:{}", file.unwrap_or_default(), rest.unwrap_or_default())
}

/// Names of mutants that change nothing; a line is `name # reason`.
fn survivors(site: &Site) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for line in lines(&site.workspace.root().join(SURVIVORS))? {
        match line.split_once(" # ") {
            Some((name, reason)) if !reason.trim().is_empty() => names.push(name.trim().to_owned()),
            _ => {
                return Err(Error::Mismatch {
                    what: SURVIVORS.to_owned(),
                    got: line,
                    want: "`file: mutant # reason`".to_owned(),
                    remedy: "say why no test can notice it".to_owned(),
                });
            }
        }
    }
    Ok(names)
}

fn tested(site: &Site) -> Result<BTreeMap<String, String>> {
    let lines = lines(&site.workspace.root().join(TESTED))?;
    let pairs = lines.iter().filter_map(|line| line.split_once("  "));
    Ok(pairs
        .map(|(hash, file)| (file.to_owned(), hash.to_owned()))
        .collect())
}

fn write_down(site: &Site, files: &[String]) -> Result<()> {
    let mut all = tested(site)?;
    let root = site.workspace.root();
    for file in files {
        all.insert(file.clone(), sha256_file(&root.join(file))?);
    }
    all.retain(|file, _| root.join(file).is_file());
    let text: String = all
        .iter()
        .map(|(file, hash)| format!("{hash}  {file}\n"))
        .collect();
    let path: PathBuf = root.join(TESTED);
    std::fs::write(&path, text).doing(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutants_name_outlives_its_line() {
        let name = "packages/rules/src/fees.rs:12:5: replace a::b -> Option<u8> with None";
        let moved = "packages/rules/src/fees.rs:99:1: replace a::b -> Option<u8> with None";
        assert_eq!(nameless(name), nameless(moved));
        assert_eq!(
            nameless(name),
            "packages/rules/src/fees.rs: replace a::b -> Option<u8> with None"
        );
    }

    #[test]
    fn words_are_taken_in_any_order() {
        let words = ["--keep", "--file", "a.rs", "--shard", "1/4"].map(str::to_owned);
        let want = Choice {
            files: vec!["a.rs".to_owned()],
            shard: Some("1/4".to_owned()),
            keep: true,
        };
        assert_eq!(parse(&words).unwrap(), Some(want));
        assert!(parse(&["--fast".to_owned()]).is_err());
        assert!(parse(&["--file".to_owned()]).is_err());
    }
}
