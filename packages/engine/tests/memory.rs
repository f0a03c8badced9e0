//! What a process that computes holds in memory: the only test of its process, so that nothing else is counted.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "in a test a panic is a failure with its place"
)]

#[path = "engine/place.rs"]
mod place;

use antiphon_documents::Sampling;
use antiphon_engine::{Input, Job, Model, Options};
use std::ops::ControlFlow;

/// Positions of a page of keys and values.
const PAGE: u64 = 64;
const PROMPT: u32 = 600;
const OUTPUT: u32 = 40;

/// A job of just these numbers of tokens.
fn job(token: u32) -> Job {
    Job {
        input: Input::Ids(vec![token; PROMPT as usize]),
        template: None,
        sampling: Sampling {
            temperature_milli: 0,
            top_k: 0,
            top_p_milli: 1000,
            seed: 0,
        },
        max_output_tokens: OUTPUT,
        stop: Vec::new(),
        context_tokens: None,
    }
}

#[test]
fn two_jobs_hold_their_keys_and_values_and_less_than_64_mebibytes_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        threads: 2,
        packed: Some(folder.path().to_owned()),
        profile: true,
        ..Options::default()
    };
    let model = Model::load(&place::model_path(), &options).unwrap();
    let positions: Vec<u64> = std::thread::scope(|scope| {
        let jobs = [1000, 2000].map(|token| {
            let model = &model;
            scope.spawn(move || {
                let mut quiet = |_: antiphon_engine::Progress<'_>| ControlFlow::Continue(());
                let made = model.generate(&job(token), &mut quiet).unwrap();
                // The last token chosen is fed to nobody.
                u64::from(made.prompt_tokens + made.output_tokens) - u64::from(made.end.is_none())
            })
        });
        jobs.map(|job| job.join().unwrap()).to_vec()
    });
    let profile = model.profile().unwrap();
    let pages: u64 = positions.iter().map(|n| n.div_ceil(PAGE)).sum();
    let kept = pages * PAGE * model.cache_bytes_per_token();
    assert_eq!(
        profile.keys_values_bytes, kept,
        "of {positions:?} positions"
    );
    let anonymous = profile.anonymous_bytes.unwrap();
    assert!(
        anonymous > positions.iter().sum::<u64>() * model.cache_bytes_per_token(),
        "keys and values are in it: {anonymous}"
    );
    assert!(
        anonymous < kept + (64 << 20),
        "{anonymous} bytes, of them {kept} keys and values, with the weights {}",
        model.placement()
    );
}
