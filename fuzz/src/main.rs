//! The coverage-guided fuzzer: libFuzzer's own command line, over the target that
//! `ANTIPHON_FUZZ_TARGET` names.
#![no_main]
#![allow(unsafe_code, reason = "libFuzzer calls a function of the C language")]

use antiphon_fuzz::{TARGETS, Target, target};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

static CHOSEN: OnceLock<Target> = OnceLock::new();

fn chosen() -> Target {
    let name = std::env::var("ANTIPHON_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        panic!("ANTIPHON_FUZZ_TARGET is {name:?}, wanted one of {names:?}")
    })
}

fuzz_target!(|data: &[u8]| CHOSEN.get_or_init(chosen)(data));
