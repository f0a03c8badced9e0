//! What a process that computes the real Gemma 3 holds in memory: the only test of its process, so
//! that nothing else is counted. `cargo nightly-numerics` fetches the file, which ANTIPHON_GEMMA names.
#![cfg(target_os = "linux")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with its place, and figures are printed"
)]

use antiphon_documents::Sampling;
use antiphon_engine::{Input, Job, Model, Options, Progress};
use std::ops::ControlFlow;
use std::path::Path;

/// Longer than the window of 512 positions.
const PROMPT: usize = 600;

#[test]
#[ignore = "a large file: cargo nightly-numerics runs it"]
fn a_job_holds_its_keys_and_values_and_less_than_64_mebibytes_beside_them() {
    let path = std::env::var_os("ANTIPHON_GEMMA").expect("`cargo nightly-numerics` sets it");
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        threads: 2,
        packed: Some(folder.path().to_owned()),
        profile: true,
        ..Options::default()
    };
    let model = Model::load(Path::new(&path), &options).unwrap();
    let job = Job {
        input: Input::Ids(vec![1000; PROMPT]),
        template: None,
        sampling: Sampling::GREEDY,
        max_output_tokens: 40,
        stop: Vec::new(),
        context_tokens: None,
    };
    let mut quiet = |_: Progress<'_>| ControlFlow::Continue(());
    model.generate(&job, &mut quiet).unwrap();
    let profile = model.profile().unwrap();
    let (own, kept) = (profile.anonymous_bytes.unwrap(), profile.keys_values_bytes);
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "  memory: file {} MiB, of the process's own {} MiB, {} of them keys and values",
        mib(model.file_bytes()),
        mib(own),
        mib(kept)
    );
    assert!(own > kept, "keys and values are in it: {own}");
    assert!(own - kept < 64 << 20, "{} bytes beside them", own - kept);
}
