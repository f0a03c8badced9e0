//! What candle reads from its process: switches that change bits, and its number of threads.

use crate::NUMERICS;
use antiphon_engine::{LoadError, Options};

/// Variables that make candle compute otherwise.
const SWITCHES: [&str; 4] = [
    "CANDLE_DEQUANTIZE_ALL",
    "CANDLE_DEQUANTIZE_ALL_F16",
    "MISTRALRS_FORCE_AVX2",
    "MISTRALRS_FORCE_AVXVNNI",
];

/// Overrides the number of threads of some of candle's loops, but not of the others.
const OWN_THREADS: &str = "CANDLE_NUM_THREADS";

/// Threads that candle computes with in this process: `RAYON_NUM_THREADS`, or as many as there are
/// processors. Candle starts them once, so they cannot be chosen for each model.
#[must_use]
pub fn threads() -> usize {
    candle_core::utils::get_num_threads()
}

/// Checks that candle would compute as stock, on the threads that are asked for.
pub(crate) fn check(options: &Options) -> Result<(), LoadError> {
    let set = |name: &str| std::env::var_os(name).is_some();
    check_variables(&set)?;
    check_options(options, threads())
}

fn check_variables(set: &dyn Fn(&str) -> bool) -> Result<(), LoadError> {
    if let Some(name) = SWITCHES.iter().find(|name| set(name)) {
        return Err(refusal(format!(
            "{name} is set and changes what candle computes: unset it"
        )));
    }
    if set(OWN_THREADS) {
        return Err(refusal(format!(
            "{OWN_THREADS} is set: unset it and use RAYON_NUM_THREADS"
        )));
    }
    Ok(())
}

/// `here` is the number of threads of this process. A folder of repacked weights is of no use to
/// candle and does not matter, nor does what the options say of prefixes and jobs.
fn check_options(options: &Options, here: usize) -> Result<(), LoadError> {
    let want = options.threads;
    if here != want {
        return Err(refusal(format!(
            "candle computes with {here} threads in this process, wanted {want}: start it with RAYON_NUM_THREADS={want}"
        )));
    }
    if let Some(kernel) = options.kernel {
        return Err(refusal(format!(
            "candle chooses its inner loops itself, got the kernel {}: name none",
            kernel.name()
        )));
    }
    if options.profile {
        return Err(refusal(
            "candle does not tell the times of its parts: ask for no profile".to_owned(),
        ));
    }
    Ok(())
}

/// An error that names this engine.
pub(crate) fn refusal(why: String) -> LoadError {
    LoadError::Engine {
        engine: NUMERICS,
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_engine::Kernel;

    #[test]
    fn every_variable_that_changes_bits_or_threads_is_refused_by_its_name() {
        for name in SWITCHES.into_iter().chain([OWN_THREADS]) {
            let error = check_variables(&|set| set == name).unwrap_err();
            assert!(matches!(error, LoadError::Engine { engine, .. } if engine == NUMERICS));
            let text = error.to_string();
            assert!(text.contains(&format!("{name} is set")), "{text}");
        }
        assert!(check_variables(&|name| name == "RAYON_NUM_THREADS").is_ok());
    }

    #[test]
    fn options_that_candle_cannot_follow_are_refused_with_the_remedy() {
        let two = || Options {
            threads: 2,
            ..Options::default()
        };
        assert!(check_options(&two(), 2).is_ok());
        let packed = Some("of no use".into());
        assert!(check_options(&Options { packed, ..two() }, 2).is_ok());
        let kernel = Some(Kernel::Scalar);
        let cases = [
            (two(), 3, "start it with RAYON_NUM_THREADS=2"),
            (Options { kernel, ..two() }, 2, "got the kernel scalar"),
            (
                Options {
                    profile: true,
                    ..two()
                },
                2,
                "ask for no profile",
            ),
        ];
        for (options, here, want) in cases {
            let error = check_options(&options, here).unwrap_err();
            assert!(matches!(error, LoadError::Engine { .. }), "{error:?}");
            assert!(error.to_string().contains(want), "{error}");
        }
    }
}
