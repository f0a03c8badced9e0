//! Files, texts, prompts and jobs that strangers could send, searched for one that breaks the engine:
//! by LLVM's libFuzzer, which keeps what reaches new code, in a build with overflow checks.
//!
//! `testdata/fuzz/<target>` is where a search starts, and every test run replays it. What a search
//! adds stays outside the tree until `--keep` brings back the least that reaches as much.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::ci::Site;
use crate::error::{Doing, Error, Result, make_dir, read_text, remove_dir};
use crate::output;
use crate::run::{Step, capture, cargo};

/// Folders under `testdata/fuzz`, each named like its target, and the longest input in bytes.
const TARGETS: [(&str, u32); 6] = [
    ("files", 256),
    ("gguf", 6144),
    ("jobs", 256),
    ("lines", 2048),
    ("prompts", 4096),
    ("texts", 1024),
];
const KEPT: &str = "testdata/fuzz";
/// A target's corpus in the tree is no larger than this, those with a name of their own apart.
const KEPT_FILES: usize = 64;
const KEPT_BYTES: u64 = 96 << 10;
/// Most memory of the program, in MiB, and longest time of one input, in seconds.
const LIMITS: [&str; 2] = ["-rss_limit_mb=2048", "-timeout=30"];
/// Counters of the code's edges and of its comparisons, and every check of the language.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks";

const USAGE: &str = "\
cargo nightly-fuzz [OPTIONS]

Searches for inputs that break the engine, as long for each target.

  --minutes N     in all (default 10)
  --target NAME   only this one (may be repeated)
  --keep          what reaches most code is written down in testdata/fuzz
  --help          this text";

/// What to search, and how long.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    minutes: u64,
    targets: Vec<(&'static str, u32)>,
    keep: bool,
}

pub(super) fn run(site: &Site, step: &Step, words: &[String]) -> Result<()> {
    let Some(choice) = parse(words)? else {
        output::result(USAGE);
        return Ok(());
    };
    let program = build(site, step)?;
    let count = u64::try_from(choice.targets.len()).unwrap_or(1).max(1);
    let seconds = choice.minutes.saturating_mul(60).div_ceil(count);
    let mut found = Vec::new();
    for (name, longest) in &choice.targets {
        let search = Search::new(site, step, &program, name, *longest)?;
        found.extend(search.run(seconds)?);
        if choice.keep {
            search.keep()?;
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let lines = found
        .iter()
        .map(|file| format!("an input breaks the engine: {}", file.display()));
    Err(Error::Untidy(lines.collect()))
}

fn parse(words: &[String]) -> Result<Option<Choice>> {
    let mut choice = Choice {
        minutes: 10,
        targets: Vec::new(),
        keep: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let value = words.next();
            value.ok_or_else(|| Error::Usage(format!("`{word}` needs a value")))
        };
        match word.as_str() {
            "--minutes" => choice.minutes = minutes(value()?)?,
            "--target" => choice.targets.push(target(value()?)?),
            "--keep" => choice.keep = true,
            "--help" | "-h" => return Ok(None),
            unknown => {
                let text = format!("unknown option `{unknown}` of nightly-fuzz\n{USAGE}");
                return Err(Error::Usage(text));
            }
        }
    }
    if choice.targets.is_empty() {
        choice.targets = TARGETS.to_vec();
    }
    Ok(Some(choice))
}

fn minutes(text: &str) -> Result<u64> {
    let number = text.parse().ok().filter(|n| (1..=10_000).contains(n));
    number.ok_or_else(|| Error::Usage(format!("`--minutes {text}`: wanted 1 to 10000")))
}

fn target(name: &str) -> Result<(&'static str, u32)> {
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        Error::Usage(format!(
            "no target `{name}`; there are {}",
            names.join(", ")
        ))
    })
}

/// Builds the program with counters, in a folder of its own: the flags are other ones.
fn build(site: &Site, step: &Step) -> Result<PathBuf> {
    let version = capture(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Error::Unavailable("`rustc -vV` names no host".to_owned()))?;
    let folder = site.workspace.root().join("target/fuzz");
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("RUSTFLAGS", FLAGS)
        .args([
            "build",
            "--locked",
            "--release",
            "--package",
            "antiphon-fuzz",
        ])
        .args(["--features", "libfuzzer", "--target", host, "--target-dir"])
        .arg(&folder);
    step.run(&mut command)?;
    Ok(folder.join(host).join("release/antiphon-fuzz"))
}

/// One target with its folders.
struct Search<'a> {
    step: &'a Step,
    program: &'a Path,
    name: &'a str,
    longest: u32,
    /// In the tree.
    kept: PathBuf,
    /// What earlier searches found worth keeping; it grows.
    grown: PathBuf,
    /// Inputs that broke something.
    broken: PathBuf,
}

impl<'a> Search<'a> {
    fn new(
        site: &Site,
        step: &'a Step,
        program: &'a Path,
        name: &'a str,
        longest: u32,
    ) -> Result<Self> {
        let scratch = site.cache.root().join("scratch/fuzz").join(name);
        let search = Self {
            step,
            program,
            name,
            longest,
            kept: site.workspace.root().join(KEPT).join(name),
            grown: scratch.join("grown"),
            broken: scratch.join("broken"),
        };
        make_dir(&search.kept)?;
        make_dir(&search.grown)?;
        remove_dir(&search.broken)?;
        make_dir(&search.broken)?;
        Ok(search)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command
            .env("ANTIPHON_FUZZ_TARGET", self.name)
            .args(LIMITS)
            .arg(format!("-max_len={}", self.longest))
            .arg(format!("-artifact_prefix={}/", self.broken.display()));
        command
    }

    /// Searches, prints the figures, and gives the inputs that broke something, now in the tree.
    fn run(&self, seconds: u64) -> Result<Vec<PathBuf>> {
        let began = Instant::now();
        let mut command = self.command();
        command
            .arg(format!("-max_total_time={seconds}"))
            .args(["-print_final_stats=1", "-verbosity=0"])
            .args([&self.grown, &self.kept]);
        let status = self.step.status(&mut command)?;
        let log = read_log(self.step.log())?;
        let broken = files(&self.broken)?;
        if !status.success() && broken.is_empty() {
            return Err(Error::Unavailable(format!(
                "the search of {} ended with {status} and left no input; see {}",
                self.name,
                self.step.log().display()
            )));
        }
        output::result(&figures(self.name, &log, began.elapsed(), broken.len()));
        broken.iter().map(|file| self.bring_back(file)).collect()
    }

    /// An input that broke something is replayed by every test from now on.
    fn bring_back(&self, file: &Path) -> Result<PathBuf> {
        let name = file.file_name().unwrap_or_default();
        let place = self.kept.join(name);
        std::fs::copy(file, &place).doing(|| format!("write {}", place.display()))?;
        Ok(place)
    }

    /// A sample of the fewest inputs that reach as much code as all of them; those that once broke
    /// something, and those with a name of their own, stay as they are.
    fn keep(&self) -> Result<()> {
        let least = self.broken.with_file_name("least");
        remove_dir(&least)?;
        make_dir(&least)?;
        let mut command = self.command();
        command
            .arg("-set_cover_merge=1")
            .args([&least, &self.kept, &self.grown]);
        self.step.run(&mut command)?;
        for file in files(&self.kept)?
            .into_iter()
            .filter(|file| !has_name(file))
        {
            std::fs::remove_file(&file).doing(|| format!("remove {}", file.display()))?;
        }
        let sizes = files(&least)?.into_iter().map(|file| {
            let size = file.metadata().doing(|| format!("read {}", file.display()));
            Ok((size?.len(), file))
        });
        for file in sample(sizes.collect::<Result<Vec<_>>>()?) {
            self.bring_back(&file)?;
        }
        Ok(())
    }
}

/// Some of these files, small ones and large ones alike, within the limits of a kept corpus.
fn sample(mut files: Vec<(u64, PathBuf)>) -> Vec<PathBuf> {
    files.sort();
    for step in 1..=files.len() {
        let some = files.iter().step_by(step);
        let bytes: u64 = some.clone().map(|(size, _)| size).sum();
        if some.len() <= KEPT_FILES && bytes <= KEPT_BYTES {
            return some.map(|(_, file)| file.clone()).collect();
        }
    }
    Vec::new()
}

/// libFuzzer names what it keeps by its SHA-1, in forty digits.
fn has_name(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.len() != 40 || !name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let doing = || format!("read {}", folder.display());
    let entries = std::fs::read_dir(folder).doing(doing)?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.doing(doing)?.path());
    }
    files.sort();
    Ok(files)
}

/// What the step has written, whatever bytes a broken input put there.
fn read_log(path: &Path) -> Result<String> {
    read_text(path).or_else(|_| {
        let bytes = std::fs::read(path).doing(|| format!("read {}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// One line of figures, from the last statistics in the log.
fn figures(name: &str, log: &str, time: Duration, broken: usize) -> String {
    let last = |what: &str| {
        let found = log.lines().rev().find_map(|line| line.strip_prefix(what));
        found.map_or("no figure", str::trim).to_owned()
    };
    format!(
        "{name}: {} executions in {} s, {} inputs reached something new, {} MiB at most, {broken} faults",
        last("stat::number_of_executed_units:"),
        time.as_secs(),
        last("stat::new_units_added:"),
        last("stat::peak_rss_mb:"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_in_any_order() {
        let words = ["--target", "texts", "--keep", "--minutes", "3"].map(str::to_owned);
        let want = Choice {
            minutes: 3,
            targets: vec![("texts", 1024)],
            keep: true,
        };
        assert_eq!(parse(&words).unwrap(), Some(want));
        assert_eq!(parse(&[]).unwrap().unwrap().targets.len(), TARGETS.len());
        for wrong in [
            &["--fast"][..],
            &["--minutes", "0"],
            &["--target", "all"],
            &["--minutes"],
        ] {
            let words: Vec<_> = wrong.iter().map(|&word| word.to_owned()).collect();
            assert!(parse(&words).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_last_figures_of_the_log_are_shown() {
        let log = "stat::number_of_executed_units: 5\nstat::number_of_executed_units: 12\nstat::new_units_added:          3\nstat::peak_rss_mb:              80\n";
        let want =
            "texts: 12 executions in 2 s, 3 inputs reached something new, 80 MiB at most, 0 faults";
        assert_eq!(figures("texts", log, Duration::from_secs(2), 0), want);
    }

    #[test]
    fn a_kept_corpus_is_small_and_of_every_size() {
        let files =
            |count: u64, size: u64| (0..count).map(move |i| (i * size, i.to_string().into()));
        let few = sample(files(10, 1).collect());
        assert_eq!(few.len(), 10);
        let many = sample(files(1000, 1).collect());
        assert!((32..=KEPT_FILES).contains(&many.len()));
        assert_eq!(many.last(), Some(&PathBuf::from("992")));
        let large = sample(files(100, 1000).collect());
        assert_eq!(large.len(), 2);
        assert!(sample(Vec::new()).is_empty());
    }

    #[test]
    fn inputs_with_a_name_of_their_own_are_told_from_the_fuzzers() {
        assert!(!has_name(Path::new(
            "/x/da39a3ee5e6b4b0d3255bfef95601890afd80709"
        )));
        assert!(has_name(Path::new(
            "/x/crash-da39a3ee5e6b4b0d3255bfef95601890afd80709"
        )));
        assert!(has_name(Path::new("/x/seed-bytes")));
    }

    #[test]
    fn every_folder_of_the_corpus_is_a_target() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(KEPT);
        let mut names: Vec<_> = files(&folder).unwrap();
        names.retain(|path| path.is_dir());
        assert_eq!(names.len(), TARGETS.len());
        assert!(TARGETS.iter().all(|(name, _)| folder.join(name).is_dir()));
    }
}
