//! Processes that never outlive their network.
//!
//! Each runs in a process group of its own, so that Ctrl-C in a terminal reaches this program only,
//! which then stops them in order. If this program itself is killed, a guard (a small shell that waits
//! for its input to end) stops them.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use crate::error::{Doing, LocalnetError, Result, tail};

/// Time for an orderly end before a process is killed.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// Waits for "done" or the end of its input, which comes with the end of the program that wrote it.
const GUARD: &str = r#"
pids=
while read -r word; do
    [ "$word" = done ] && exit 0
    pids="$pids $word"
done
for pid in $pids; do kill -s TERM "$pid"; done
sleep 3
for pid in $pids; do kill -s KILL -- "-$pid"; done
"#;

/// A running program with its log.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
    /// Once it is reaped, after which its id may be another process's.
    status: Option<ExitStatus>,
    released: bool,
}

impl Process {
    /// Starts a program with no input and all output in `log`, which is appended to.
    ///
    /// # Errors
    /// The log cannot be written or the program not started.
    pub fn start(name: &str, command: &mut Command, log: &Path, guard: &mut Guard) -> Result<Self> {
        let doing = || format!("write {}", log.display());
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .doing(doing)?;
        let errors = output.try_clone().doing(doing)?;
        command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        let program = command.get_program().to_owned();
        let child = command
            .spawn()
            .doing(|| format!("start {}", program.display()))?;
        guard.watch(child.id());
        Ok(Self {
            name: name.to_owned(),
            log: log.to_owned(),
            child,
            status: None,
            released: false,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// An error if it has ended; `step` says what was waited for.
    ///
    /// # Errors
    /// [`LocalnetError::Died`] with the end of its log.
    pub fn check(&mut self, step: &str) -> Result<()> {
        if self.runs() {
            return Ok(());
        }
        self.kill();
        Err(LocalnetError::Died {
            step: step.to_owned(),
            program: self.name.clone(),
            status: self
                .status
                .map_or_else(|| "unknown".to_owned(), |status| status.to_string()),
            log: self.log.clone(),
            tail: tail(&self.log),
        })
    }

    /// Asks it to end, kills it when it does not, and sweeps what it may have left in its group.
    pub fn stop(&mut self) {
        self.ask();
        let asked = Instant::now();
        while self.runs() && asked.elapsed() < GRACE {
            sleep(POLL);
        }
        self.kill();
    }

    /// Asks it to end, without waiting: several can be asked at once.
    pub fn ask(&mut self) {
        if !self.released
            && self.runs()
            && let Some(pid) = self.pid()
        {
            // It may end between the two calls, but stays a zombie until it is reaped here.
            kill_process(pid, Signal::TERM).ok();
        }
    }

    /// Kills it and its group at once.
    pub fn kill(&mut self) {
        if self.status.is_some() {
            return;
        }
        if let Some(pid) = self.pid() {
            // An empty group: nothing was left.
            kill_process_group(pid, Signal::KILL).ok();
        }
        self.status = self.child.wait().ok();
    }

    /// Leaves it running when this value is dropped.
    pub fn release(&mut self) {
        self.released = true;
    }

    /// Whether it still runs. Looks without reaping, so that its id stays its own.
    #[must_use]
    pub fn runs(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = |pid| !matches!(waitid(WaitId::Pid(pid), look), Ok(None));
        self.status.is_none() && self.pid().is_some_and(|pid| !ended(pid))
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.released {
            self.stop();
        }
    }
}

/// Stops the processes told to it when this program ends without saying so.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    input: Option<ChildStdin>,
}

impl Guard {
    /// Starts it.
    ///
    /// # Errors
    /// There is no shell.
    pub fn start() -> Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", GUARD])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .doing(|| "start sh, the guard of the network's processes".to_owned())?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    fn watch(&mut self, id: u32) {
        if let Some(input) = &mut self.input {
            // Without its guard a process is still stopped by everything but a kill of this program.
            writeln!(input, "{id}").ok();
        }
    }

    /// Ends it without harm to the processes.
    pub fn dismiss(&mut self) {
        if let Some(mut input) = self.input.take() {
            writeln!(input, "done").ok();
        }
        self.child.wait().ok();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.dismiss();
    }
}

/// Runs a program to its end and gives what it printed on stdout. Its error is its last line.
pub(crate) fn run(step: &str, command: &mut Command, input: Option<&str>) -> Result<String> {
    let program = described(command);
    let doing = || format!("start {program}");
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().doing(doing)?;
    if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
        pipe.write_all(text.as_bytes())
            .doing(|| format!("write to {program}"))?;
    }
    let output = child.wait_with_output().doing(doing)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let reason = errors.lines().rev().find(|line| !line.trim().is_empty());
    Err(LocalnetError::Failed {
        step: step.to_owned(),
        program,
        status: output.status.to_string(),
        reason: plain(reason.unwrap_or("it said nothing")),
    })
}

/// Without the colours that some programs print even where nobody sees them.
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once('m').map_or(part, |(_, rest)| rest)
    })
}

/// The program and its first two arguments.
fn described(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .take(2)
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell that ignores TERM if asked to, with a child of its own.
    fn process(folder: &tempfile::TempDir, script: &str, guard: &mut Guard) -> Process {
        let mut command = Command::new("sh");
        let log = folder.path().join("log");
        Process::start("a shell", command.args(["-c", script]), &log, guard).unwrap()
    }

    fn is_running(id: u32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    }

    fn wait_until(mut done: impl FnMut() -> bool) -> bool {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(8) {
            if done() {
                return true;
            }
            sleep(POLL);
        }
        false
    }

    #[test]
    fn dropping_a_process_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = Guard::start().unwrap();
        let process = process(&folder, "exec sleep 100", &mut guard);
        let id = process.id();
        assert!(is_running(id));
        drop(process);
        assert!(!is_running(id));
    }

    #[test]
    fn a_kill_takes_the_children_of_a_process_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = Guard::start().unwrap();
        let mut process = process(&folder, "sleep 100 & echo $!; wait", &mut guard);
        let log = process.log().to_owned();
        let child = || {
            std::fs::read_to_string(&log)
                .unwrap()
                .trim()
                .parse::<u32>()
                .ok()
        };
        assert!(wait_until(|| child().is_some()));
        process.kill();
        assert!(wait_until(|| !is_running(child().unwrap())));
    }

    #[test]
    fn a_process_that_ended_is_an_error_with_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = Guard::start().unwrap();
        let mut process = process(&folder, "echo the reason; exit 7", &mut guard);
        assert!(wait_until(|| process.check("starting").is_err()));
        let text = process.check("starting").unwrap_err().to_string();
        assert!(
            text.contains("the reason") && text.contains("exit status: 7"),
            "{text}"
        );
    }

    #[test]
    fn the_guard_ends_what_a_killed_program_left_running() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = Guard::start().unwrap();
        let mut process = process(&folder, "exec sleep 100", &mut guard);
        process.release();
        // The pipe closes as it does when this program is killed.
        guard.input.take();
        assert!(wait_until(|| !process.runs()));
    }

    #[test]
    fn a_dismissed_guard_harms_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = Guard::start().unwrap();
        let process = process(&folder, "exec sleep 100", &mut guard);
        guard.dismiss();
        assert!(process.runs());
    }

    #[test]
    fn colours_are_left_out_of_reasons() {
        assert_eq!(
            plain("\u{1b}[90m8:57\u{1b}[0m \u{1b}[31mERR\u{1b}[0m no"),
            "8:57 ERR no"
        );
        assert_eq!(plain("no colours"), "no colours");
    }

    #[test]
    fn the_last_line_of_a_failing_program_is_the_reason() {
        let script = "echo usage >&2; echo 'Error: no such thing' >&2; exit 1";
        let error = run("a step", Command::new("sh").args(["-c", script]), None).unwrap_err();
        assert!(
            error.to_string().ends_with("Error: no such thing"),
            "{error}"
        );
        assert_eq!(
            run("a step", &mut Command::new("cat"), Some("x")).unwrap(),
            "x"
        );
    }
}
