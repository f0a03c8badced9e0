//! Runs programs for a step: all output into one log file, a sign of life every few seconds.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Doing, Error, Result, read_text};
use crate::output;

const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
const TAIL_LINES: usize = 30;

/// A named piece of work with a log of its own.
#[derive(Debug)]
pub struct Step {
    name: String,
    log: PathBuf,
    started: Instant,
}

impl Step {
    /// Starts the clock and an empty log `<logs>/<name>.log`.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn start(logs: &Path, name: &str) -> Result<Self> {
        let log = logs.join(format!("{}.log", name.replace([' ', '/'], "-")));
        File::create(&log).doing(|| format!("write {}", log.display()))?;
        Ok(Self {
            name: name.trim_start_matches("ci-").to_owned(),
            log,
            started: Instant::now(),
        })
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Where everything the step's programs wrote is.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Says a line, which also goes into the log.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn note(&self, text: &str) -> Result<()> {
        output::line(text);
        let log = OpenOptions::new().append(true).open(&self.log);
        log.and_then(|mut log| writeln!(log, "{text}"))
            .doing(|| format!("write {}", self.log.display()))
    }

    /// Runs a program to its end; anything but success is an error with the log's last lines.
    ///
    /// # Errors
    /// The program cannot be started or does not succeed.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let status = self.status(command)?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Failed {
            program: program(command),
            status: status.to_string(),
            log: self.log.clone(),
            tail: tail(&self.log)?,
        })
    }

    /// Runs a program to its end and says how it ended.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn status(&self, command: &mut Command) -> Result<ExitStatus> {
        let doing = || format!("write {}", self.log.display());
        let mut log = OpenOptions::new()
            .append(true)
            .open(&self.log)
            .doing(doing)?;
        writeln!(log, "$ {command:?}").doing(doing)?;
        let errors = log.try_clone().doing(doing)?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = command
            .spawn()
            .doing(|| format!("start {}", program(command)))?;
        self.wait(child)
            .doing(|| format!("wait for {}", program(command)))
    }

    /// Polls instead of blocking, so that long steps show that they live.
    fn wait(&self, mut child: Child) -> std::io::Result<ExitStatus> {
        let started = Instant::now();
        let mut shown = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if shown.elapsed() >= SIGN_OF_LIFE {
                shown = Instant::now();
                output::line(&format!("  {} … {} s", self.name, self.elapsed().as_secs()));
            }
            let young = started.elapsed() < Duration::from_secs(1);
            sleep(Duration::from_millis(if young { 5 } else { 100 }));
        }
    }
}

/// Runs a program whose lines are the result: they go where this program's go. Whether it succeeded.
///
/// # Errors
/// The program cannot be started.
pub fn shown(command: &mut Command) -> Result<bool> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.doing(|| format!("start {}", program(command)))?;
    Ok(status.success())
}

/// What a program prints on stdout, trimmed; an error if it cannot be run or does not succeed.
///
/// # Errors
/// The program cannot be started, fails, or prints no UTF-8.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .doing(|| format!("start {}", program(command)))?;
    if !output.status.success() {
        return Err(Error::Unavailable(format!(
            "{command:?} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `cargo` for a nested call: without the variables that an outer `cargo run` sets for its program,
/// which would make some build scripts run again each time.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let of_outer_run = name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || matches!(&*name, "CARGO_CRATE_NAME" | "CARGO_BIN_NAME" | "CARGO");
        if of_outer_run {
            command.env_remove(&*name);
        }
    }
    command
}

fn program(command: &Command) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let first = command
        .get_args()
        .next()
        .map(|argument| argument.to_string_lossy().into_owned());
    first.map_or_else(|| name.clone(), |argument| format!("{name} {argument}"))
}

/// The last lines of a log.
fn tail(path: &Path) -> Result<String> {
    let text = read_text(path).or_else(|_| {
        std::fs::read(path)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .doing(|| format!("read {}", path.display()))
    })?;
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    Ok(lines.get(from..).unwrap_or_default().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(folder: &tempfile::TempDir) -> Step {
        Step::start(folder.path(), "a step").unwrap()
    }

    #[test]
    fn a_failure_shows_the_last_lines_and_where_the_rest_is() {
        let folder = tempfile::tempdir().unwrap();
        let script = "for i in $(seq 100); do echo line-$i; done; exit 3";
        let error = step(&folder)
            .run(Command::new("sh").args(["-c", script]))
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("line-100") && !text.contains("line-50\n"),
            "{text}"
        );
        assert!(
            text.contains("a-step.log") && text.contains("exit status: 3"),
            "{text}"
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = step(&folder)
            .run(&mut Command::new("no-such-program"))
            .unwrap_err();
        assert!(error.to_string().contains("no-such-program"));
    }

    #[test]
    fn capture_gives_trimmed_output() {
        assert_eq!(capture(Command::new("echo").arg("x")).unwrap(), "x");
        assert!(capture(&mut Command::new("false")).is_err());
    }
}
