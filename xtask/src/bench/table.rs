//! The figures in order: rates, ratios, and the machine they are of.

use std::path::Path;

use serde_json::{Value, json};

use super::contender::Sample;
use super::free;
use crate::error::{Result, read_text};

/// What the names of our contenders begin with.
pub(super) const OURS: &str = "cn-1, ";
/// Tokens of a measurement.
const PREFILL: f64 = 512.0;
const DECODE: f64 = 64.0;

/// What the figures were measured on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    processor: String,
    processors: usize,
    load_before: String,
    load_after: String,
}

impl Machine {
    /// Load averages over 1, 5 and 15 minutes.
    pub(super) fn load() -> Result<String> {
        let text = read_text(Path::new("/proc/loadavg"))?;
        let first: Vec<&str> = text.split(' ').take(3).collect();
        Ok(first.join(" "))
    }

    pub(super) fn describe(load_before: String) -> Result<Self> {
        let text = read_text(Path::new("/proc/cpuinfo"))?;
        let of = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or("unknown", |(_, value)| value.trim())
        };
        let processor = format!(
            "{}, family {} model {}",
            of("model name"),
            of("cpu family"),
            of("model\t")
        );
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            processor,
            processors,
            load_before,
            load_after: Self::load()?,
        })
    }
}

/// Best, median and worst rate of `tokens` in these seconds.
fn rates(tokens: f64, seconds: &[f64]) -> [f64; 3] {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |i: usize| sorted.get(i).map_or(f64::NAN, |seconds| tokens / seconds);
    [
        at(0),
        at(sorted.len() / 2),
        at(sorted.len().saturating_sub(1)),
    ]
}

fn prefill(sample: &Sample) -> [f64; 3] {
    rates(PREFILL, &sample.prefill)
}

fn decode(sample: &Sample) -> [f64; 3] {
    rates(DECODE, &sample.decode)
}

/// The best of those whose name begins so.
fn best(
    samples: &[Sample],
    threads: usize,
    name: &str,
    rate: fn(&Sample) -> [f64; 3],
) -> Option<f64> {
    let chosen = samples.iter().filter(|sample| sample.threads == threads);
    let named = chosen.filter(|sample| sample.name.starts_with(name));
    named.map(|sample| rate(sample)[0]).reduce(f64::max)
}

fn bandwidth(samples: &[Sample], threads: usize) -> Option<f64> {
    let memory = |sample: &&Sample| sample.threads == threads && sample.decode.is_empty();
    let rates = samples.iter().find(memory)?.prefill.iter().copied();
    rates.reduce(f64::max)
}

/// A ratio that the project wants to reach.
#[derive(Debug, PartialEq)]
struct Goal {
    what: &'static str,
    got: Option<f64>,
    want: f64,
}

/// At two threads.
fn goals(samples: &[Sample], weights: f64) -> Vec<Goal> {
    let rate = |name, of| best(samples, 2, name, of);
    let ratio = |a: Option<f64>, b: Option<f64>| Some(a? / b?);
    let (ours_decode, ours_prefill) = (rate(OURS, decode), rate(OURS, prefill));
    let moved = ours_decode.map(|tokens| tokens * weights * 1e-9);
    let goal = |what, got, want| Goal { what, got, want };
    vec![
        goal(
            "decode / llama.cpp, same file",
            ratio(ours_decode, rate("llama.cpp, same", decode)),
            1.5,
        ),
        goal(
            "decode / llama.cpp, Q4_0",
            ratio(ours_decode, rate("llama.cpp, Q4_0", decode)),
            1.1,
        ),
        goal(
            "prefill / llama.cpp, its fastest",
            ratio(ours_prefill, rate("llama.cpp", prefill)),
            1.1,
        ),
        goal(
            "share of the memory's bandwidth in decode",
            ratio(moved, bandwidth(samples, 2)),
            0.6,
        ),
        goal(
            "decode / candle, its fastest",
            ratio(ours_decode, rate("candle", decode)),
            1.0,
        ),
        goal(
            "prefill / candle, its fastest",
            ratio(ours_prefill, rate("candle", prefill)),
            1.0,
        ),
    ]
}

/// The table for people.
pub(super) fn text(machine: &Machine, samples: &[Sample], weights: f64) -> String {
    let mut lines = vec![
        format!("{}; {} processors", machine.processor, machine.processors),
        format!(
            "load average before {}, after {}",
            machine.load_before, machine.load_after
        ),
        "tokens a second, best / median / worst round; the best is the estimate".to_owned(),
        format!(
            "{:<24} {:>7} {:>6}   {:>20}   {:>20}",
            "engine", "threads", "rounds", "prefill 512", "decode 64"
        ),
    ];
    let three = |[best, median, worst]: [f64; 3]| format!("{best:.1} / {median:.1} / {worst:.1}");
    for sample in samples.iter().filter(|sample| !sample.decode.is_empty()) {
        lines.push(format!(
            "{:<24} {:>7} {:>6}   {:>20}   {:>20}",
            sample.name,
            sample.threads,
            sample.decode.len(),
            three(prefill(sample)),
            three(decode(sample))
        ));
    }
    for threads in super::THREADS {
        if let Some(rate) = bandwidth(samples, threads) {
            lines.push(format!("memory read, {threads} threads: {rate:.1} GB/s"));
        }
    }
    lines.extend(free::lines(samples));
    let goals = goals(samples, weights);
    if goals.iter().all(|goal| goal.got.is_none()) {
        return lines.join("\n");
    }
    lines.push("at 2 threads, the best of ours against the best of theirs".to_owned());
    for Goal { what, got, want } in goals {
        let got = got.map_or_else(|| "not run".to_owned(), |got| format!("{got:.2}"));
        lines.push(format!("  {what:<44} {got:>8}   wanted {want:.2}"));
    }
    lines.join("\n")
}

/// The same for programs.
pub(super) fn json(machine: &Machine, samples: &[Sample], weights: f64) -> String {
    let one = |sample: &Sample| {
        json!({
            "name": sample.name,
            "threads": sample.threads,
            "prefill_512_seconds": sample.prefill,
            "decode_64_seconds": sample.decode,
            "decode_128_after_512_seconds": sample.answer,
        })
    };
    let timed = samples.iter().filter(|sample| !sample.decode.is_empty());
    let memory: Vec<Value> = super::THREADS
        .map(|threads| json!({"threads": threads, "gigabytes_per_second": bandwidth(samples, threads)}))
        .to_vec();
    let goals = goals(samples, weights).into_iter();
    json!({
        "processor": machine.processor,
        "processors": machine.processors,
        "load_before": machine.load_before,
        "load_after": machine.load_after,
        "engines": timed.map(one).collect::<Vec<_>>(),
        "memory": memory,
        "cost_of_exactness": free::json(samples),
        "at_2_threads": goals
            .map(|goal| json!({"what": goal.what, "got": goal.got, "want": goal.want}))
            .collect::<Vec<_>>(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, prefill: &[f64], decode: &[f64]) -> Sample {
        Sample {
            name: name.to_owned(),
            threads: 2,
            prefill: prefill.to_vec(),
            decode: decode.to_vec(),
            answer: Vec::new(),
        }
    }

    fn samples() -> Vec<Sample> {
        vec![
            sample("memory read", &[18.0, 20.0], &[]),
            sample("cn-1, scalar", &[9.0], &[9.0]),
            sample("cn-1, avx2", &[2.0, 1.0, 4.0], &[0.5, 1.0]),
            sample("llama.cpp, same file", &[2.0], &[1.0]),
            sample("llama.cpp, Q4_0", &[0.5], &[0.4]),
        ]
    }

    #[test]
    fn rates_come_best_first_and_the_best_decides() {
        assert_eq!(rates(512.0, &[2.0, 1.0, 4.0]), [512.0, 256.0, 128.0]);
        assert_eq!(best(&samples(), 2, OURS, prefill), Some(512.0));
        assert_eq!(best(&samples(), 1, OURS, prefill), None);
    }

    #[test]
    fn goals_compare_with_the_right_peer() {
        let got: Vec<Option<f64>> = goals(&samples(), 1e8).iter().map(|g| g.got).collect();
        assert_eq!(got[..3], [Some(2.0), Some(0.8), Some(0.5)]);
        assert!((got[3].unwrap() - 0.64).abs() < 1e-9, "{got:?}");
        assert_eq!(got[4..], [None, None]);
    }

    #[test]
    fn table_and_json_name_the_load_and_who_did_not_run() {
        let machine = Machine {
            processor: "a processor".to_owned(),
            processors: 2,
            load_before: "0.1 0.2 0.3".to_owned(),
            load_after: "2.0 1.0 0.5".to_owned(),
        };
        let text = text(&machine, &samples(), 1e8);
        assert!(
            text.contains("before 0.1 0.2 0.3, after 2.0 1.0 0.5"),
            "{text}"
        );
        assert!(text.contains("512.0 / 256.0 / 128.0"), "{text}");
        assert!(text.contains("not run   wanted 1.00"), "{text}");
        let value: Value = serde_json::from_str(&json(&machine, &samples(), 1e8)).unwrap();
        assert_eq!(value["memory"][1]["gigabytes_per_second"], 20.0);
        assert_eq!(value["engines"].as_array().unwrap().len(), 4);
    }
}
