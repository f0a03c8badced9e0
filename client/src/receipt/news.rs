//! What a person sees of a verification.

use std::time::{Duration, Instant};

use super::replay::ReplayNews;
use super::verify::VerifyReport;
use crate::output;

/// Between two lines of a replay.
const PAUSE: Duration = Duration::from_secs(2);

/// Prints every check, then the verdict.
pub fn show(report: &VerifyReport) {
    for check in &report.checks {
        let mark = if check.ok { "ok  " } else { "FAIL" };
        output::text(&format!("{mark} {:<19} {}", check.name, check.detail));
    }
    if report.ok {
        output::text(&format!("\n{}", report.verdict));
    }
}

/// Tells a replay in lines on stderr, one every two seconds and one at each step.
pub fn replay_lines() -> impl FnMut(ReplayNews) + Send {
    let mut last: Option<Instant> = None;
    move |news| {
        let (line, whole) = match news {
            ReplayNews::Loading => ("loading the model".to_owned(), true),
            ReplayNews::Prompt { done, total } => {
                (format!("prompt {done} of {total} tokens"), done >= total)
            }
            ReplayNews::Answer { done, total } => {
                (format!("answer {done} of {total} tokens"), done >= total)
            }
        };
        if whole || last.is_none_or(|at| at.elapsed() >= PAUSE) {
            last = Some(Instant::now());
            output::faint(&line);
        }
    }
}
