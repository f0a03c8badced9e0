//! Where the time of a job goes, against what the memory of this machine allows.

use crate::gguf::wide;
use antiphon_numerics::{Executor, Stage, Transformer};
use serde::Serialize;
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes that the bandwidth is measured with: more than the caches of most machines.
const READ: usize = 256 << 20;

/// Times of the parts of all steps so far.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Times>);

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    steps: u32,
    tokens: u32,
    stages: [Duration; Stage::ALL.len()],
    choosing: Duration,
    hashing: Duration,
    /// What is running, and since when.
    now: Option<(Stage, Instant)>,
}

impl Times {
    fn switch(&mut self, to: Option<Stage>) {
        let now = Instant::now();
        if let Some((stage, since)) = self.now.take()
            && let Some(at) = Stage::ALL.iter().position(|each| *each == stage)
            && let Some(sum) = self.stages.get_mut(at)
        {
            *sum = sum.saturating_add(now.saturating_duration_since(since));
        }
        self.now = to.map(|stage| (stage, now));
    }
}

impl Clock {
    /// Runs one step of some sequences with an executor that tells the time.
    pub(crate) fn step<R>(
        &self,
        exec: &dyn Executor,
        tokens: usize,
        work: impl FnOnce(&dyn Executor) -> R,
    ) -> R {
        let done = work(&Clocked { clock: self, exec });
        self.change(|times| {
            times.switch(None);
            times.steps = times.steps.saturating_add(1);
            let tokens = u32::try_from(tokens).unwrap_or(0);
            times.tokens = times.tokens.saturating_add(tokens);
        });
        done
    }

    /// What came after a step.
    pub(crate) fn chose(&self, hashing: Duration, choosing: Duration) {
        self.change(|times| {
            times.hashing = times.hashing.saturating_add(hashing);
            times.choosing = times.choosing.saturating_add(choosing);
        });
    }

    fn change(&self, f: impl FnOnce(&mut Times)) {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The times so far, with the bandwidth measured now on so many threads, and the memory with so
    /// many bytes of keys and values kept.
    pub(crate) fn report(&self, network: &Transformer, threads: usize, kept: usize) -> Profile {
        let times = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let steps = f64::from(times.steps);
        let mut parts: Vec<_> = Stage::ALL
            .into_iter()
            .zip(times.stages)
            .map(|(stage, time)| {
                let bytes = steps * real(network.weight_bytes(stage));
                Part::new(stage.name(), time, bytes)
            })
            .collect();
        parts.push(Part::new("sampling", times.choosing, 0.0));
        parts.push(Part::new("hashing of logits", times.hashing, 0.0));
        let seconds = parts.iter().map(|part| part.seconds).sum();
        let weights: f64 = parts.iter().map(|part| part.weight_bytes).sum();
        // Before the buffer that the bandwidth is measured with.
        let (anonymous_bytes, mapped_bytes) = (status("RssAnon:"), status("RssFile:"));
        let memory = bandwidth(threads);
        Profile {
            steps: times.steps,
            tokens: times.tokens,
            parts,
            seconds,
            tokens_per_second: ratio(times.tokens.into(), seconds),
            bytes_per_second: ratio(weights, seconds),
            memory_bytes_per_second: memory,
            memory_share: ratio(ratio(weights, seconds), memory),
            anonymous_bytes,
            keys_values_bytes: wide(kept),
            mapped_bytes,
        }
    }
}

/// Passes work on and looks at the clock between the parts.
struct Clocked<'c> {
    clock: &'c Clock,
    exec: &'c dyn Executor,
}

impl Executor for Clocked<'_> {
    fn threads(&self) -> usize {
        self.exec.threads()
    }

    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        self.exec.run(tasks, f);
    }

    fn begin(&self, stage: Stage) {
        self.clock.change(|times| times.switch(Some(stage)));
    }
}

/// Where the time of decoding went; the prompt is not in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// Passes over the weights.
    pub steps: u32,
    /// Tokens fed in them.
    pub tokens: u32,
    /// In the order of a step.
    pub parts: Vec<Part>,
    /// Of all parts.
    pub seconds: f64,
    /// Tokens fed in a second.
    pub tokens_per_second: f64,
    /// Weights read in a second.
    pub bytes_per_second: f64,
    /// What this machine reads with as many threads when it does nothing else.
    pub memory_bytes_per_second: f64,
    /// The one divided by the other: 1 is the bound of memory.
    pub memory_share: f64,
    /// Memory of this process that no file backs, `RssAnon` of Linux; none where the system does
    /// not tell.
    pub anonymous_bytes: Option<u64>,
    /// Keys and values in it, kept of the jobs so far for those that begin alike; pages that
    /// several share count for each of them.
    pub keys_values_bytes: u64,
    /// Memory that the model, its repacked weights and the program back, `RssFile` of Linux: the
    /// system shares it among processes and can take it back.
    pub mapped_bytes: Option<u64>,
}

/// One part of decoding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What was done.
    pub name: &'static str,
    /// How long, in all steps.
    pub seconds: f64,
    /// Weights read for it.
    pub weight_bytes: f64,
    /// The one divided by the other.
    pub bytes_per_second: f64,
}

impl Part {
    fn new(name: &'static str, time: Duration, weight_bytes: f64) -> Self {
        let seconds = time.as_secs_f64();
        Self {
            name,
            seconds,
            weight_bytes,
            bytes_per_second: ratio(weight_bytes, seconds),
        }
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

/// Exact below 2^53, which no model reaches.
#[expect(clippy::cast_precision_loss, reason = "a figure of a report")]
const fn real(bytes: usize) -> f64 {
    bytes as f64
}

/// Bytes a second that `threads` threads read at once: the best of three passes.
fn bandwidth(threads: usize) -> f64 {
    let buffer = vec![1_u64; READ / 8];
    let share = buffer.len().div_ceil(threads.max(1));
    let pass = || {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for part in buffer.chunks(share) {
                scope.spawn(|| black_box(sum(part)));
            }
        });
        ratio(real(READ), start.elapsed().as_secs_f64())
    };
    (0..3).map(|_| pass()).fold(0.0, f64::max)
}

/// Eight sums, so that adding never waits for memory.
fn sum(part: &[u64]) -> u64 {
    let mut sums = [0_u64; 8];
    for eight in part.as_chunks::<8>().0 {
        for (sum, word) in sums.iter_mut().zip(eight) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.into_iter().fold(0, u64::wrapping_add)
}

/// Bytes of this process that a line of its status tells.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}
