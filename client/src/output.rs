//! The one place that prints: answers and tables to stdout, everything else to stderr.

use std::io::{IsTerminal as _, Write as _};

use antiphon_api::{Ballot, ConductInfo, Finish};
use serde::Serialize;

use crate::ask::{AskReport, BallotReport};
use crate::error::ClientError;

/// Prints one JSON object on one line of stdout.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn json(value: &impl Serialize) -> Result<(), ClientError> {
    let text = serde_json::to_string(value).map_err(|e| ClientError::Usage(e.to_string()))?;
    out(&format!("{text}\n"));
    Ok(())
}

/// A reader that went away, as `| head` does, is no failure: what it does not want is not printed.
fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written.and_then(|()| stdout.flush()).ok();
}

/// The same on stderr.
fn err(text: &str) {
    std::io::stderr().lock().write_all(text.as_bytes()).ok();
}

/// Prints text on stdout.
pub fn text(text: &str) {
    out(&format!("{}\n", printable(text)));
}

/// Prints a document on stdout as it is, without a line end of its own.
pub fn document(text: &str) {
    out(text);
}

/// Prints a line for people on stderr.
pub fn note(line: &str) {
    err(&format!("{}\n", printable(line)));
}

/// Prints a quieter line on stderr.
pub fn faint(line: &str) {
    err(&format!("{}\n", paint("2", &printable(line))));
}

/// Shows that a line is waited for.
pub fn ask_for_line() {
    err(&format!("{} ", paint("1", "›")));
}

/// Asks something whose answer stands behind it on the same line.
pub fn ask_for(question: &str) {
    err(&format!("{} ", paint("1", &printable(question))));
}

/// Prints a failure on stderr.
pub fn failure(error: &ClientError) {
    let text = printable(&error.to_string());
    err(&format!("{} {text}\n", paint("1;31", "error:")));
}

/// Prints a warning on stderr.
pub fn warning(line: &str) {
    err(&format!(
        "{} {}\n",
        paint("1;33", "warning:"),
        printable(line)
    ));
}

/// Colour on a terminal only, and never with `NO_COLOR`.
fn paint(code: &str, text: &str) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain || !std::io::stderr().is_terminal() {
        return text.to_owned();
    }
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Text of a model or of a stranger must not command the terminal: controls other than line feed and
/// tab are shown as a picture. JSON output has the exact text.
fn printable(text: &str) -> String {
    let safe = |c: char| match c {
        '\n' | '\t' => c,
        _ if c.is_control() || is_direction(c) => '\u{fffd}',
        _ => c,
    };
    text.chars().map(safe).collect()
}

/// Marks that turn the direction of writing can make one text look like another.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A table of left-aligned columns on stdout.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let longest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        longest.max(head.get(column).map_or(0, |name| name.chars().count()))
    };
    let line = |cells: Vec<&str>| {
        let padded = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{:<width$}", printable(cell), width = width(column)));
        let line = padded.collect::<Vec<_>>().join("  ");
        out(&format!("{}\n", line.trim_end()));
    };
    line(head.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}

/// A long name with its middle left out.
#[must_use]
pub fn short(name: &str) -> String {
    let all: Vec<char> = name.chars().collect();
    match (
        all.get(..10),
        all.len().checked_sub(6).and_then(|at| all.get(at..)),
    ) {
        (Some(head), Some(tail)) if all.len() > 20 => {
            format!("{}…{}", String::from_iter(head), String::from_iter(tail))
        }
        _ => name.to_owned(),
    }
}

/// A span of time in its two largest units.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let minutes = seconds.wrapping_div(60);
    let hours = minutes.wrapping_div(60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds.wrapping_rem(60)),
        (1..=47, _) => format!("{hours} h {} min", minutes.wrapping_rem(60)),
        _ => format!("{} d {} h", hours.wrapping_div(24), hours.wrapping_rem(24)),
    }
}

/// A ballot in a few words.
#[must_use]
pub fn ballot_words(ballot: Option<&Ballot>) -> String {
    match ballot {
        None => "—".to_owned(),
        Some(Ballot::Unavailable {}) => "unavailable".to_owned(),
        Some(Ballot::Invalid {}) => "invalid".to_owned(),
        Some(Ballot::Answer {
            cid, output_tokens, ..
        }) => format!("{} ({output_tokens} tokens)", short(&cid.to_string())),
    }
}

/// A judgement in a word.
#[must_use]
pub const fn conduct_word(conduct: Option<ConductInfo>) -> &'static str {
    match conduct {
        None => "—",
        Some(ConductInfo::Right) => "right",
        Some(ConductInfo::Wrong) => "wrong",
        Some(ConductInfo::Neutral) => "neutral",
        Some(ConductInfo::Withheld) => "withheld",
        Some(ConductInfo::Silent) => "silent",
        Some(ConductInfo::Unavailable) => "unavailable",
        Some(ConductInfo::Revealer) => "revealer",
    }
}

/// An end of generation in a word.
#[must_use]
pub const fn finish_word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
    }
}

/// The line under an answer: what stands behind it.
pub fn receipt(report: &AskReport) {
    let (Some(answer), Some(task)) = (&report.answer, &report.task) else {
        return;
    };
    for liar in &answer.liars {
        warning(&format!(
            "{liar} gave other bytes for this answer; another worker gave the right ones"
        ));
    }
    let votes = task.votes.unwrap_or(0);
    let free = if report.known {
        ", known already, free"
    } else {
        ""
    };
    let contested = if task.contested {
        ", contested: a larger committee did not confirm it"
    } else {
        ""
    };
    note(&format!(
        "\n{votes} of {} workers, verified here{free}{contested} · task {} · {} tokens, {} · {}",
        task.committee,
        task.id,
        answer.output_tokens,
        finish_word(answer.finish),
        answer.cid
    ));
}

/// The members of a task, as a table.
pub fn ballots(ballots: &[BallotReport]) {
    let row = |b: &BallotReport| {
        vec![
            b.worker.clone(),
            b.round.to_string(),
            ballot_words(b.ballot.as_ref()),
            conduct_word(b.conduct).to_owned(),
            b.paid.to_string(),
            b.forfeited.to_string(),
        ]
    };
    let rows: Vec<_> = ballots.iter().map(row).collect();
    table(
        &["worker", "round", "ballot", "conduct", "paid", "forfeited"],
        &rows,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_command_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\tc\nd\r"),
            "a\u{fffd}[2Jb\tc\nd\u{fffd}"
        );
        assert_eq!(printable("\u{202e}x"), "\u{fffd}x");
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(
            short("wasm1v5sm395f0vu4kn8n4c8e47e92wy4h9etf29nwj"),
            "wasm1v5sm3…f29nwj"
        );
        assert_eq!(short("short"), "short");
    }
}
