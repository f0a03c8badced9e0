//! Stops a network that was left up.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::error::Result;
use crate::facts::Facts;

const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Ends the processes that `network.json` in this folder names and gives their names. An id that has
/// become another program's is left alone.
///
/// # Errors
/// The folder describes no network.
pub fn stop(home: &Path) -> Result<Vec<String>> {
    let facts = Facts::load(home)?;
    let home = home.canonicalize().unwrap_or_else(|_| home.to_owned());
    let mut stopped: Vec<(String, Pid)> = Vec::new();
    for (name, id) in &facts.processes {
        let pid = i32::try_from(*id).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| belongs(*id, &home)) {
            kill_process(pid, Signal::TERM).ok();
            stopped.push((name.clone(), pid));
        }
    }
    let asked = Instant::now();
    while stopped.iter().any(|(_, pid)| runs(*pid, &home)) && asked.elapsed() < GRACE {
        sleep(POLL);
    }
    for (_, pid) in &stopped {
        if runs(*pid, &home) {
            kill_process_group(*pid, Signal::KILL).ok();
        }
    }
    Ok(stopped.into_iter().map(|(name, _)| name).collect())
}

fn runs(pid: Pid, home: &Path) -> bool {
    u32::try_from(pid.as_raw_nonzero().get()).is_ok_and(|id| belongs(id, home))
}

/// Every program of a network has a path inside its home on its command line.
fn belongs(id: u32, home: &Path) -> bool {
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains(&*home.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_network_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let text = stop(folder.path()).unwrap_err().to_string();
        assert!(text.contains("network.json"), "{text}");
    }

    #[test]
    fn another_programs_id_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!belongs(std::process::id(), folder.path()));
    }
}
