//! The real Gemma 3 of 270 million weights, which is too large for every change: `cargo
//! nightly-numerics` fetches it and llama.cpp, and runs these tests.
//!
//! ANTIPHON_GEMMA names the file, ANTIPHON_LLAMA_CPP the folder of llama.cpp's libraries.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is the report, sizes are small, and comparisons print figures"
)]

mod agreement;
mod answers;
mod llama;
mod texts;

use antiphon_documents::Sampling;
use antiphon_engine::{Generation, Input, Job, Kernel, Model, Options};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// A path that `cargo nightly-numerics` sets.
fn place(name: &str) -> PathBuf {
    let set = std::env::var_os(name).filter(|value| !value.is_empty());
    let path = set.unwrap_or_else(|| panic!("{name} is not set: `cargo nightly-numerics` sets it"));
    PathBuf::from(path)
}

fn load(threads: usize, kernel: Option<Kernel>) -> Model {
    let options = Options {
        threads,
        kernel,
        ..Options::default()
    };
    Model::load(&place("ANTIPHON_GEMMA"), &options).unwrap()
}

/// BOS and the text's ids: the model was trained to go on with texts, not to converse.
fn prompt(model: &Model, text: &str) -> Vec<u32> {
    let bos = model.tokenizer().bos_id().unwrap();
    let ids = model.tokenizer().encode(text).unwrap();
    std::iter::once(bos).chain(ids).collect()
}

fn generate(model: &Model, prompt: &[u32], sampling: Sampling, length: u32) -> Generation {
    let job = Job {
        input: Input::Ids(prompt.to_vec()),
        template: None,
        sampling,
        max_output_tokens: length,
        stop: Vec::new(),
        context_tokens: None,
    };
    let mut quiet = |_: antiphon_engine::Progress<'_>| ControlFlow::Continue(());
    model.generate(&job, &mut quiet).unwrap()
}
