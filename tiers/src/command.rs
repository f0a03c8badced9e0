//! The words the program understands, and what it prints for them.

use crate::battery;
use crate::models::{self, Way};
use crate::runs::{self, Plan};
use antiphon_numerics::Kernel;
use data_encoding::HEXLOWER;

/// What to say to a caller who gave other words.
const USAGE: &str = "words: detect | kernels KERNEL | nano KERNEL THREADS CHUNKS | \
    company KERNEL THREADS | \
    model KERNEL THREADS CHUNKS STEPS | runs KERNEL SEED FROM COUNT WAYS THREADS | \
    model-runs KERNEL SEED FROM COUNT WAYS THREADS; \
    THREADS and CHUNKS are lists with commas, chunk 0 is the whole prompt";

/// Runs one command; `file` gives the model's GGUF file to those that need one.
///
/// # Errors
/// The words are not understood, this build or processor lacks the kernel, or bits differ.
pub fn run(
    words: &[&str],
    file: impl FnOnce() -> Result<Vec<u8>, String>,
) -> Result<String, String> {
    match *words {
        ["detect"] => Ok(Kernel::detect().name().to_owned()),
        ["kernels", kernel] => battery::hash(named(kernel)?).map(|hash| HEXLOWER.encode(&hash)),
        ["nano", kernel, threads, chunks] => {
            let hash = models::nano_hash(named(kernel)?, &ways(threads, chunks)?)?;
            Ok(HEXLOWER.encode(&hash))
        }
        ["company", kernel, threads] => {
            let hash = models::nano_hash(named(kernel)?, &company(threads)?)?;
            Ok(HEXLOWER.encode(&hash))
        }
        ["model", kernel, threads, chunks, steps] => {
            let (kernel, ways) = (named(kernel)?, ways(threads, chunks)?);
            let hash = models::real_hash(&file()?, kernel, &ways, number(steps)?)?;
            Ok(HEXLOWER.encode(&hash))
        }
        ["runs", kernel, seed, from, count, ways, threads] => {
            let networks = models::nano(named(kernel)?)?;
            let plan = plan(seed, ways, threads, 12)?;
            runs::lines(&networks, &plan, span(from, count)?)
        }
        ["model-runs", kernel, seed, from, count, ways, threads] => {
            let network = models::network(&file()?, named(kernel)?)?;
            let plan = plan(seed, ways, threads, 3)?;
            runs::lines(&[network], &plan, span(from, count)?)
        }
        _ => Err(USAGE.to_owned()),
    }
}

fn named(name: &str) -> Result<Kernel, String> {
    let kernel = match name {
        "detect" => Kernel::detect(),
        _ => name.parse::<Kernel>().map_err(|error| error.to_string())?,
    };
    match kernel.available() {
        true => Ok(kernel),
        false => Err(format!("no {kernel} here")),
    }
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    let number = word.parse::<T>();
    number.map_err(|_| format!("got {word:?}, want a number; {USAGE}"))
}

fn list(words: &str) -> Result<Vec<usize>, String> {
    words.split(',').map(number).collect()
}

fn span(from: &str, count: &str) -> Result<std::ops::Range<u64>, String> {
    let (from, count) = (number::<u64>(from)?, number::<u64>(count)?);
    Ok(from..from.saturating_add(count))
}

fn plan(seed: &str, ways: &str, threads: &str, steps: usize) -> Result<Plan, String> {
    Ok(Plan {
        seed: number(seed)?,
        ways: number(ways)?,
        threads: number::<usize>(threads)?.clamp(1, 16),
        steps,
    })
}

/// Every chunk on every number of threads.
fn ways(threads: &str, chunks: &str) -> Result<Vec<Way>, String> {
    let (threads, chunks) = (list(threads)?, list(chunks)?);
    let each = |&threads: &usize| {
        chunks.iter().map(move |&chunk| Way {
            threads: threads.clamp(1, 16),
            chunk,
            batch: false,
            resumed: false,
        })
    };
    Ok(threads.iter().flat_map(each).collect())
}

/// In a batch or alone, with a beginning of another sequence's or not, on every number of threads.
fn company(threads: &str) -> Result<Vec<Way>, String> {
    let whole = ways(threads, "0")?;
    let each = |way: Way| {
        [(false, false), (false, true), (true, false), (true, true)].map(|(batch, resumed)| Way {
            batch,
            resumed,
            ..way
        })
    };
    Ok(whole.into_iter().flat_map(each).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_file() -> Result<Vec<u8>, String> {
        Err("no file".to_owned())
    }

    #[test]
    fn every_kernel_here_has_the_scalar_hash_and_an_absent_one_says_so() {
        let scalar = run(&["kernels", "scalar"], no_file).unwrap();
        for kernel in Kernel::all() {
            let got = run(&["kernels", kernel.name()], no_file);
            match kernel.available() {
                true => assert_eq!(got.unwrap(), scalar, "{kernel}"),
                false => assert_eq!(got.unwrap_err(), format!("no {kernel} here")),
            }
        }
    }

    #[test]
    fn small_models_answer_in_company_as_the_vectors_have_it() {
        let alone = run(&["nano", "detect", "1", "0"], no_file).unwrap();
        let company = run(&["company", "detect", "1,2"], no_file).unwrap();
        assert_eq!(alone, company);
    }

    #[test]
    fn a_run_drawn_by_a_seed_has_one_hash_for_all_ways_and_kernels() {
        let scalar = run(&["runs", "scalar", "7", "0", "20", "0", "1"], no_file).unwrap();
        let other = run(&["runs", "detect", "7", "0", "20", "5", "3"], no_file).unwrap();
        assert_eq!(scalar.lines().count(), 20);
        assert_eq!(scalar, other);
        let later = run(&["runs", "detect", "7", "15", "5", "9", "2"], no_file).unwrap();
        assert!(scalar.ends_with(&later), "runs are drawn by their number");
        let seed = run(&["runs", "scalar", "8", "0", "20", "0", "1"], no_file).unwrap();
        assert_ne!(scalar, seed);
    }

    #[test]
    fn words_that_are_no_command_get_the_usage() {
        assert!(
            run(&["kernel"], no_file)
                .unwrap_err()
                .contains("kernels KERNEL")
        );
        let text = run(&["nano", "scalar", "one", "1"], no_file).unwrap_err();
        assert!(text.contains("got \"one\""), "{text}");
    }
}
