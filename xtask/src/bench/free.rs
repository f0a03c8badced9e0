//! Our own kernels without exactness: fused multiply-adds, sums in any order. What they gain is what
//! exactness costs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::contender::{Contender, Sample};
use super::{ENGINE, Flags, THREADS, table};
use crate::error::{Error, Result};
use crate::run::{Step, capture};
use crate::workspace::Workspace;

/// What the names of these contenders begin with.
const NAME: &str = "free order, ";
/// Set here only, for a program in a folder of its own; never a feature, which another package could
/// turn on. See `packages/numerics/src/free.rs`.
const FLAGS: Flags = Flags {
    folder: "free-order",
    compiler: "--cfg antiphon_free_order",
};
/// Kernels whose instructions can fuse, and who compute the float terms themselves.
pub(super) const KERNELS: [&str; 2] = ["avx2", "avx512"];
/// Most that exactness may cost a task, in per cent.
const MOST: f64 = 2.0;

/// The program, which must not pass for CN-1.
pub(super) fn program(workspace: &Workspace, step: &Step) -> Result<PathBuf> {
    let program = super::build(workspace, step, ENGINE, Some(FLAGS))?;
    match capture(Command::new(&program).arg("cn-1-kernels"))?.as_str() {
        "" => Ok(program),
        kernels => Err(Error::Unavailable(format!(
            "the build in free order passes the known answers of CN-1 with {kernels}: it is no other"
        ))),
    }
}

/// The free twin of a contender; none of a kernel that has none.
pub(super) fn twin(
    program: &Path,
    model: &Path,
    threads: usize,
    kernel: &str,
) -> Result<Option<Contender>> {
    if !KERNELS.contains(&kernel) {
        return Ok(None);
    }
    let mut free = Command::new(program);
    free.arg("cn-1")
        .arg(model)
        .args([&threads.to_string(), kernel]);
    let name = format!("{NAME}{kernel}");
    Contender::start(&name, threads, &mut free, usize::MAX).map(Some)
}

/// Time of the exact kernels over that of their twins, less one, in per cent.
#[derive(Debug, PartialEq)]
pub(super) struct Cost {
    kernel: &'static str,
    threads: usize,
    prefill: f64,
    decode: f64,
    /// A prompt of 512 tokens and an answer of 128.
    task: f64,
}

/// Of each kernel that ran in both ways, at each number of threads.
pub(super) fn costs(samples: &[Sample]) -> Vec<Cost> {
    let of = |kernel, threads| {
        let find = |name: String| {
            let mut all = samples.iter();
            all.find(|sample| sample.name == name && sample.threads == threads)
        };
        let exact = find(format!("{}{kernel}", table::OURS))?;
        let free = find(format!("{NAME}{kernel}"))?;
        let cost = |seconds: fn(&Sample) -> f64| (seconds(exact) / seconds(free) - 1.0) * 100.0;
        Some(Cost {
            kernel,
            threads,
            prefill: cost(|sample| least(&sample.prefill)),
            decode: cost(|sample| least(&sample.decode)),
            task: cost(|sample| least(&sample.prefill) + least(&sample.answer)),
        })
    };
    let pairs = KERNELS
        .iter()
        .flat_map(|kernel| THREADS.map(|threads| (*kernel, threads)));
    pairs
        .filter_map(|(kernel, threads)| of(kernel, threads))
        .collect()
}

fn least(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(f64::NAN, f64::min)
}

/// Lines of the table for people.
pub(super) fn lines(samples: &[Sample]) -> Vec<String> {
    let mut lines = vec![format!(
        "cost of exactness: time of cn-1 over that of the same kernels with fused multiply-adds and free \
         order, less one; wanted at most {MOST:.1} % of a task (512 tokens in, 128 out)"
    )];
    lines.extend(costs(samples).into_iter().map(|cost| {
        format!(
            "  {:<8} {} threads   prefill 512 {:>5.1} %   decode 64 {:>5.1} %   task {:>5.1} %",
            cost.kernel, cost.threads, cost.prefill, cost.decode, cost.task
        )
    }));
    if lines.len() == 1 {
        lines.push("  not run: no kernel of this machine has a free twin".to_owned());
    }
    lines
}

/// The same for programs.
pub(super) fn json(samples: &[Sample]) -> Vec<Value> {
    let one = |cost: Cost| {
        json!({
            "kernel": cost.kernel,
            "threads": cost.threads,
            "prefill_512_percent": cost.prefill,
            "decode_64_percent": cost.decode,
            "task_512_128_percent": cost.task,
            "wanted_percent": MOST,
        })
    };
    costs(samples).into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, prefill: &[f64], decode: &[f64], answer: &[f64]) -> Sample {
        Sample {
            name: name.to_owned(),
            threads: 2,
            prefill: prefill.to_vec(),
            decode: decode.to_vec(),
            answer: answer.to_vec(),
        }
    }

    #[test]
    fn exactness_costs_what_the_least_times_differ_by() {
        let samples = [
            sample("cn-1, avx2", &[3.0, 1.5], &[1.25], &[0.5, 0.9]),
            sample("free order, avx2", &[1.0, 7.0], &[1.0], &[1.0]),
            sample("cn-1, avx512", &[1.0], &[1.0], &[1.0]),
        ];
        let want = Cost {
            kernel: "avx2",
            threads: 2,
            prefill: 50.0,
            decode: 25.0,
            task: 0.0,
        };
        assert_eq!(costs(&samples), [want]);
        let text = lines(&samples).join("\n");
        let line = "avx2     2 threads   prefill 512  50.0 %   decode 64  25.0 %   task   0.0 %";
        assert!(text.contains(line), "{text}");
        assert_eq!(json(&samples)[0]["prefill_512_percent"], 50.0);
    }

    #[test]
    fn a_machine_without_a_twin_says_so() {
        let text = lines(&[]).join("\n");
        assert!(text.contains("not run"), "{text}");
    }
}
