//! The folder outside the clone that keeps what is slow to make: tools, the model, logs.
//!
//! Each tool has a folder of its own whose name holds its version and recipe. A tool is made in a
//! temporary folder and renamed, so a killed build leaves nothing that looks finished. One lock file
//! keeps two runs from making the same thing.

use std::env;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Doing, Error, Result, make_dir, remove_dir};
use crate::output;

/// Runs whose logs are kept, however old they are.
const RUNS_KEPT: usize = 20;

/// A run of the last day may still be under way, however many began after it. Seconds.
const RUN_MAY_LAST: u64 = 24 * 60 * 60;

/// The cache folder, open for use.
#[derive(Debug)]
pub struct Cache {
    root: PathBuf,
    logs: PathBuf,
}

/// Held while the cache is changed; released when dropped or when the process ends.
#[derive(Debug)]
pub struct CacheLock {
    _file: File,
}

impl Cache {
    /// `$ANTIPHON_CACHE`, else `$XDG_CACHE_HOME/antiphon`, else `~/.cache/antiphon`.
    ///
    /// # Errors
    /// None of the three variables is set, or the folder cannot be made.
    pub fn open() -> Result<Self> {
        Self::at(choose(|name| env::var_os(name).map(PathBuf::from))?)
    }

    /// A cache in a folder of the caller's choice.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn at(root: PathBuf) -> Result<Self> {
        let all = root.join("logs");
        let logs = all.join(run_name());
        if !logs.exists() {
            make_dir(&logs)?;
            forget_old_runs(&all);
        }
        Ok(Self { root, logs })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the steps' logs of this run go: two runs at once do not write over each other.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.logs.clone()
    }

    /// Waits until no other run changes the cache, saying so if it has to.
    ///
    /// # Errors
    /// The lock file cannot be made or locked.
    pub fn lock(&self) -> Result<CacheLock> {
        let path = self.root.join("lock");
        let doing = || format!("lock {}", path.display());
        let file = File::create(&path).doing(doing)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                output::line(&format!(
                    "waiting for another run that holds {}",
                    path.display()
                ));
                file.lock().doing(doing)?;
            }
            Err(TryLockError::Error(error)) => return Err(error).doing(doing),
        }
        Ok(CacheLock { _file: file })
    }

    /// The folder `name`, made by `build` in a temporary folder if it is not there yet. Nobody waits
    /// for a lock when it is.
    ///
    /// # Errors
    /// Whatever `build` reports, or that the folder cannot be put in place.
    pub fn install(&self, name: &str, build: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let done = self.root.join(name);
        if done.exists() {
            return Ok(done);
        }
        let _lock = self.lock()?;
        if done.exists() {
            return Ok(done); // made while this run waited
        }
        let making = self.root.join("making").join(name);
        remove_dir(&making)?;
        make_dir(&making)?;
        build(&making)?;
        std::fs::rename(&making, &done)
            .doing(|| format!("move {} to {}", making.display(), done.display()))?;
        Ok(done)
    }

    /// Whether `name` is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }
}

/// When this process began, and its id: names sort by age.
fn run_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("{}-{}", now(), std::process::id()))
}

/// Unix time in seconds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| time.as_secs())
}

/// Whether the run that left this began within the last day.
fn may_be_under_way(logs: &Path) -> bool {
    let name = logs.file_name().and_then(|name| name.to_str());
    let began = name.and_then(|name| name.split_once('-')?.0.parse::<u64>().ok());
    began.is_some_and(|began| now().saturating_sub(began) < RUN_MAY_LAST)
}

/// Removes what is older than the newest runs. Logs are no reason to fail.
fn forget_old_runs(all: &Path) {
    let entries = std::fs::read_dir(all).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let old = paths.iter().rev().skip(RUNS_KEPT);
    for old in old.filter(|path| !may_be_under_way(path)) {
        remove_dir(old).or_else(|_| std::fs::remove_file(old)).ok();
    }
}

fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    let set = |name: &str| variable(name).filter(|path| path.is_absolute());
    set("ANTIPHON_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|path| path.join("antiphon")))
        .or_else(|| set("HOME").map(|path| path.join(".cache/antiphon")))
        .ok_or_else(|| {
            Error::Unavailable(
                "no folder for the cache: set ANTIPHON_CACHE to an absolute path".to_owned(),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(set: &[(&str, &str)]) -> Result<PathBuf> {
        choose(|name| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| PathBuf::from(value))
        })
    }

    #[test]
    fn the_own_variable_wins_over_the_general_ones() {
        let path = chosen(&[
            ("ANTIPHON_CACHE", "/a"),
            ("XDG_CACHE_HOME", "/x"),
            ("HOME", "/h"),
        ]);
        assert_eq!(path.unwrap(), PathBuf::from("/a"));
        let path = chosen(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]);
        assert_eq!(path.unwrap(), PathBuf::from("/x/antiphon"));
        assert_eq!(
            chosen(&[("HOME", "/h")]).unwrap(),
            PathBuf::from("/h/.cache/antiphon")
        );
    }

    #[test]
    fn without_any_variable_the_error_names_one_to_set() {
        assert!(
            chosen(&[])
                .unwrap_err()
                .to_string()
                .contains("ANTIPHON_CACHE")
        );
    }

    #[test]
    fn a_failed_build_leaves_nothing_that_looks_finished() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned()).unwrap();
        let failed = cache.install("tool-1", |making| {
            std::fs::write(making.join("half"), "x").unwrap();
            Err(Error::Unavailable("no".to_owned()))
        });
        assert!(failed.is_err());
        assert!(!cache.has("tool-1"));
        let path = cache
            .install("tool-1", |making| {
                assert!(
                    !making.join("half").exists(),
                    "the half-done folder is gone"
                );
                std::fs::write(making.join("whole"), "x").doing(String::new)
            })
            .unwrap();
        assert!(path.join("whole").exists());
    }

    #[test]
    fn the_logs_of_old_runs_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for run in 100..130 {
            make_dir(&folder.path().join(format!("logs/{run}-1"))).unwrap();
        }
        let cache = Cache::at(folder.path().to_owned()).unwrap();
        let runs = std::fs::read_dir(folder.path().join("logs"))
            .unwrap()
            .count();
        assert_eq!(runs, RUNS_KEPT);
        assert!(cache.logs().exists() && !folder.path().join("logs/110-1").exists());
    }

    #[test]
    fn the_logs_of_a_run_of_today_stay_however_many_began_after_it() {
        let folder = tempfile::tempdir().unwrap();
        for second in 0..30 {
            let run = folder.path().join(format!("{}-1", now() - 60 + second));
            make_dir(&run).unwrap();
        }
        forget_old_runs(folder.path());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 30);
    }

    #[test]
    fn what_is_there_is_not_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned()).unwrap();
        cache.install("tool-1", |_| Ok(())).unwrap();
        cache.install("tool-1", |_| panic!("built twice")).unwrap();
    }
}
