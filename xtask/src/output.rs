//! The one place that prints: progress on stderr, so that stdout stays free for results.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "this is the program's only printer"
)]

use std::time::Duration;

/// One line of progress.
pub fn line(text: &str) {
    eprintln!("{text}");
}

/// One line of a result.
pub fn result(text: &str) {
    println!("{text}");
}

/// Seconds with one decimal, as in every table of this program.
#[must_use]
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// A name and what became of it, aligned: `name ........ note`.
#[must_use]
pub fn dotted(name: &str, note: &str) -> String {
    const WIDTH: usize = 34;
    let dots = ".".repeat(WIDTH.saturating_sub(name.chars().count()).max(3));
    format!("{name} {dots} {note}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_start_in_the_same_column() {
        let column = |line: &str| line.find("now").unwrap();
        assert_eq!(
            column(&dotted("a", "now")),
            column(&dotted("a longer name", "now"))
        );
    }

    #[test]
    fn seconds_have_one_decimal() {
        assert_eq!(seconds(Duration::from_millis(1_250)), "1.2 s");
    }
}
