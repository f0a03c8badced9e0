//! Long work: a bar or a moving line on a terminal, plain lines now and then where there is none.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;

/// Between two movements of a line.
const TICK: Duration = Duration::from_millis(100);
/// Between two plain lines.
const PLAIN: Duration = Duration::from_secs(5);

/// One piece of long work.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    label: String,
    told: Instant,
}

impl Progress {
    /// Work whose end is not known beforehand.
    #[must_use]
    pub fn waiting(label: &str) -> Self {
        let bar = drawn(ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}");
        bar.set_message(label.to_owned());
        bar.enable_steady_tick(TICK);
        Self::new(bar, label)
    }

    /// Work on so many bytes.
    #[must_use]
    pub fn bytes(label: &str, total: u64) -> Self {
        let style = "{prefix} [{bar:30}] {binary_bytes} of {binary_total_bytes} {msg}";
        let bar = drawn(ProgressBar::new(total), style);
        bar.set_prefix(label.to_owned());
        Self::new(bar, label)
    }

    fn new(bar: ProgressBar, label: &str) -> Self {
        Self {
            bar,
            label: label.to_owned(),
            told: Instant::now(),
        }
    }

    /// What is being done now.
    pub fn label(&self, label: &str) {
        self.bar.set_message(label.to_owned());
    }

    /// Work of another size than was thought.
    pub fn resize(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// How far it is; `more` is said behind.
    pub fn set(&mut self, done: u64, more: &str) {
        self.bar.set_position(done);
        self.bar.set_message(more.to_owned());
        if self.bar.is_hidden() && self.told.elapsed() >= PLAIN {
            self.told = Instant::now();
            let total = self.bar.length().unwrap_or(done);
            let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
            output::faint(&format!("{}: {percent} % {more}", self.label));
        }
    }

    /// Prints something while the line stands still.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the line away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn drawn(bar: ProgressBar, template: &str) -> ProgressBar {
    let terminal = std::io::stderr().is_terminal();
    bar.set_draw_target(match terminal {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    });
    // No colours: a bar needs none, and NO_COLOR is kept by itself.
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}
