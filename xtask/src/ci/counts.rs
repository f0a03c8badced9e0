//! How many tests passed, by what the runners print at their end.

use std::path::Path;

/// Adds up the summaries in a log, of whatever runner.
pub(super) fn passed(log: &Path) -> usize {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter_map(of_line).sum()
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
