//! A process that measures when it is told to.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::error::{Doing, Error, Result};

/// What a contender measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// Its name in the table.
    pub(super) name: String,
    /// Threads that computed.
    pub(super) threads: usize,
    /// Seconds of 512 prompt tokens; gigabytes a second if nothing is in `decode`.
    pub(super) prefill: Vec<f64>,
    /// Seconds of 64 output tokens.
    pub(super) decode: Vec<f64>,
    /// Seconds of 128 output tokens after the prompt; of our own engine only.
    pub(super) answer: Vec<f64>,
}

/// A running contender; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Contender {
    sample: Sample,
    rounds: usize,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Contender {
    /// Starts a process and waits until it has loaded; it takes part in the first `rounds`.
    pub(super) fn start(
        name: &str,
        threads: usize,
        command: &mut Command,
        rounds: usize,
    ) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::null());
        let mut child = command.spawn().doing(|| format!("start {name}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Unavailable(format!("{name} has no pipes")));
        };
        let mut contender = Self {
            sample: Sample {
                name: name.to_owned(),
                threads,
                ..Sample::default()
            },
            rounds,
            child,
            input,
            output: BufReader::new(output),
        };
        match contender.line()?.as_str() {
            "ready" => Ok(contender),
            other => Err(Error::Unavailable(format!(
                "{name}: got {other:?}, want `ready`; run {command:?} by hand to see why"
            ))),
        }
    }

    pub(super) const fn takes_part(&self, round: usize) -> bool {
        round < self.rounds
    }

    /// One prompt and one answer.
    pub(super) fn measure(&mut self) -> Result<()> {
        let name = &self.sample.name;
        writeln!(self.input, "go").doing(|| format!("ask {name}"))?;
        let line = self.line()?;
        let figures: Vec<f64> = line.split(' ').filter_map(|f| f.parse().ok()).collect();
        match figures.as_slice() {
            [prefill, decode] => {
                self.sample.prefill.push(*prefill);
                self.sample.decode.push(*decode);
            }
            [prefill, decode, answer] => {
                self.sample.prefill.push(*prefill);
                self.sample.decode.push(*decode);
                self.sample.answer.push(*answer);
            }
            [rate] => self.sample.prefill.push(*rate),
            _ => {
                let name = &self.sample.name;
                let text = format!("{name}: got {line:?}, want one to three figures");
                return Err(Error::Unavailable(text));
            }
        }
        Ok(())
    }

    /// What was measured; the process ends.
    pub(super) fn end(mut self) -> Sample {
        std::mem::take(&mut self.sample)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        read.doing(|| format!("hear from {}", self.sample.name))?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about another failure.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Contender> {
        Contender::start("sh", 1, Command::new("sh").args(["-c", script]), 2)
    }

    #[test]
    fn each_word_to_a_contender_is_one_measurement() {
        let mut contender = shell("echo ready; while read -r _; do echo 0.5 0.25; done").unwrap();
        assert!(contender.takes_part(1) && !contender.takes_part(2));
        contender.measure().unwrap();
        contender.measure().unwrap();
        let sample = contender.end();
        assert_eq!(
            (sample.prefill, sample.decode),
            (vec![0.5; 2], vec![0.25; 2])
        );
    }

    #[test]
    fn a_contender_that_does_not_load_or_measure_is_named() {
        let text = shell("echo broken").unwrap_err().to_string();
        assert!(text.contains("sh: got \"broken\""), "{text}");
        let mut contender = shell("echo ready; read -r _; echo fast").unwrap();
        let text = contender.measure().unwrap_err().to_string();
        assert!(text.contains("got \"fast\""), "{text}");
    }
}
