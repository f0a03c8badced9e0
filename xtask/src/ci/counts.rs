//! How many tests passed, by what the runners print at their end.

use std::path::Path;

/// How the log calls a file of tests that is run again; the line begins with its name.
const FILE_AGAIN: &str = " failed and runs again (";
/// How the log calls a command that is run again; the line begins with its name.
pub(super) const ALL_AGAIN: &str = " failed and runs again, whole";

/// Adds up the summaries in a log, of whatever runner. Of what was run again only the last run counts.
pub(super) fn passed(log: &Path) -> usize {
    read(log).passed.iter().sum()
}

/// The number of tests for a step's line, and how often some had to be run again.
pub(super) fn note(log: &Path) -> String {
    let counted = read(log);
    let tests: usize = counted.passed.iter().sum();
    match counted.again {
        0 => format!("{tests} tests"),
        1 => format!("{tests} tests, once after a failure"),
        again => format!("{tests} tests, {again} times after a failure"),
    }
}

/// What a log says.
#[derive(Debug, Default)]
struct Counted {
    /// Each summary.
    passed: Vec<usize>,
    /// Runs after a failed one.
    again: usize,
}

fn read(log: &Path) -> Counted {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut counted = Counted::default();
    let (mut command, mut file) = (0, 0);
    for line in text.lines() {
        if line.starts_with("$ ") {
            command = counted.passed.len();
            file = command;
        } else if line.starts_with("> ") {
            file = counted.passed.len();
        } else if line.ends_with(ALL_AGAIN) || line.contains(FILE_AGAIN) {
            let whole = line.ends_with(ALL_AGAIN);
            counted.passed.truncate(if whole { command } else { file });
            counted.again = counted.again.saturating_add(1);
        } else {
            counted.passed.extend(of_line(line));
        }
    }
    counted
}

fn of_line(line: &str) -> Option<usize> {
    cargo(line)
        .or_else(|| node(line))
        .or_else(|| vitest(line))
        .or_else(|| pytest(line))
}

/// `test result: ok. 3 passed; 0 failed; …`
fn cargo(line: &str) -> Option<usize> {
    number(line.strip_prefix("test result: ok. ")?)
}

/// `ℹ pass 3`, or `# pass 3` where nobody looks.
fn node(line: &str) -> Option<usize> {
    let rest = line
        .strip_prefix("ℹ ")
        .or_else(|| line.strip_prefix("# "))?;
    number(rest.strip_prefix("pass ")?)
}

/// `      Tests  3 passed (3)`
fn vitest(line: &str) -> Option<usize> {
    let rest = line.trim_start().strip_prefix("Tests ")?.trim_start();
    rest.contains(" passed").then(|| number(rest))?
}

/// `===== 3 passed, 1 warning in 2.10s =====`, with `(0:01:02)` after more than a minute, with or without bars.
fn pytest(line: &str) -> Option<usize> {
    let rest = line.trim_matches(|c| c == '=' || c == ' ');
    let counted = rest.ends_with(['s', ')']) && rest.contains(" in ") && rest.contains(" passed");
    counted.then(|| number(rest))?
}

/// The number a text begins with.
fn number(text: &str) -> Option<usize> {
    text.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_added_up_over_runners() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let text = "test result: ok. 3 passed; 0 failed;\nx\ntest result: ok. 4 passed; 0 failed;\n\
            ℹ tests 9\nℹ pass 9\nℹ fail 0\n      Tests  20 passed (20)\n   Test Files  2 passed (2)\n\
            ====== 100 passed, 2 warnings in 12.30s ======\n200 passed in 0.10s\n# pass 1000\n\
            == 32 passed in 180.10s (0:03:00) ==\n";
        std::fs::write(&log, text).unwrap();
        assert_eq!(passed(&log), 3 + 4 + 9 + 20 + 100 + 200 + 1000 + 32);
    }

    #[test]
    fn of_what_runs_again_the_last_run_counts() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let text = "$ npm run live\nTests  3 passed (3)\n\
            $ npm run e2e\n> a.test.ts\nℹ pass 5\n> b.test.ts\nℹ pass 6\nℹ fail 1\n\
            b.test.ts failed and runs again (1 of 3 runs)\n> b.test.ts\nℹ pass 7\n";
        std::fs::write(&log, text).unwrap();
        assert_eq!(passed(&log), 3 + 5 + 7);
        assert_eq!(note(&log), "15 tests, once after a failure");
        let again = format!("e2e{ALL_AGAIN}\n$ npm run e2e\n> a.test.ts\nℹ pass 12\n");
        std::fs::write(&log, [text, &again].concat()).unwrap();
        assert_eq!(note(&log), "15 tests, 2 times after a failure");
    }

    #[test]
    fn what_only_looks_like_a_summary_is_not_counted() {
        for line in [
            "# passing",
            "3 passed the gate",
            "ℹ tests 9",
            "Tests  failed",
        ] {
            assert_eq!(of_line(line), None, "{line}");
        }
        assert_eq!(passed(Path::new("no/such/log")), 0);
    }
}
