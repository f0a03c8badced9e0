//! Golden answers: the same tokens, logits and trace on every kernel and number of threads here.

use crate::{generate, load, place, prompt};
use antiphon_documents::Sampling;
use antiphon_engine::{Generation, Kernel, Model, Options};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::path::Path;

const FILE: &str = "../../testdata/gemma3/answers.json";

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Golden {
    file_sha256: String,
    answers: Vec<Answer>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq)]
struct Answer {
    text: String,
    temperature_milli: u32,
    seed: u64,
    max_output_tokens: u32,
    prompt_ids: Vec<u32>,
    /// The END token too, if there is one.
    token_ids: Vec<u32>,
    answer: String,
    /// The first four bytes of the hash of each step's logits.
    logits: Vec<String>,
    /// Its last link, without a nonce.
    trace: String,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn ask(model: &Model, asked: &Answer) -> Answer {
    let sampling = Sampling {
        temperature_milli: asked.temperature_milli,
        seed: asked.seed,
        ..Sampling::GREEDY
    };
    let prompt_ids = prompt(model, &asked.text);
    let made: Generation = generate(model, &prompt_ids, sampling, asked.max_output_tokens);
    let trace = made.trace(model.sha256(), &[]);
    Answer {
        text: asked.text.clone(),
        prompt_ids,
        token_ids: made.chosen().collect(),
        answer: made.text.clone(),
        logits: made
            .logit_hashes
            .iter()
            .map(|hash| HEXLOWER.encode(&hash[..4]))
            .collect(),
        trace: HEXLOWER.encode(&trace.last()),
        ..*asked
    }
}

fn check(model: &Model, golden: &Golden) {
    assert_eq!(HEXLOWER.encode(model.sha256()), golden.file_sha256);
    for want in &golden.answers {
        let got = ask(model, want);
        let step = got
            .logits
            .iter()
            .zip(&want.logits)
            .position(|(a, b)| a != b);
        let how = (model.kernel(), model.threads());
        assert_eq!(
            step, None,
            "{how:?} has other logits at a step of {:?}",
            want.text
        );
        assert_eq!(&got, want, "{how:?}");
    }
}

/// `ANTIPHON_BLESS=1` writes the answers anew; the difference is the review.
fn bless(model: &Model, mut golden: Golden) -> Golden {
    golden.file_sha256 = HEXLOWER.encode(model.sha256());
    golden.answers = golden
        .answers
        .iter()
        .map(|asked| ask(model, asked))
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = serde_json::to_string(&golden).unwrap();
    std::fs::write(path, text + "\n").unwrap();
    golden
}

#[test]
#[ignore = "a large file: cargo nightly-numerics runs it"]
fn every_kernel_and_number_of_threads_gives_the_golden_answers() {
    let mut golden = golden();
    if std::env::var_os("ANTIPHON_BLESS").is_some() {
        golden = bless(&load(2, Some(Kernel::Scalar)), golden);
    }
    for kernel in Kernel::all() {
        if !kernel.available() {
            println!("  {kernel}: not run: no {kernel} here");
            continue;
        }
        for threads in [1, 2] {
            check(&load(threads, Some(kernel)), &golden);
        }
        println!("  {kernel}: golden answers, 1 and 2 threads");
    }
}

#[test]
#[ignore = "a large file: cargo nightly-numerics runs it"]
fn mapped_weights_give_the_golden_answers() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        threads: 2,
        packed: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let model = Model::load(&place("ANTIPHON_GEMMA"), &options).unwrap();
    check(&model, &golden());
}
