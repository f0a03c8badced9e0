//! The kept corpus of every target, and the seeds it grew from.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is the report"
)]

use antiphon_fuzz::{TARGETS, seeds, target};
use std::path::PathBuf;

fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/fuzz")
        .join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_kept_input_is_survived() {
    for (name, run) in TARGETS {
        let files = corpus(name);
        assert!(files.len() >= 5, "{name} has a corpus");
        for file in files {
            let input = std::fs::read(&file).unwrap();
            let survived = std::panic::catch_unwind(|| run(&input));
            assert!(survived.is_ok(), "{} is not survived", file.display());
        }
    }
}

#[test]
fn the_kept_corpus_is_small() {
    for (name, _) in TARGETS {
        let sizes = corpus(name)
            .into_iter()
            .map(|file| file.metadata().unwrap().len());
        let all: u64 = sizes.sum();
        assert!(
            all < 200_000,
            "{name}: {all} bytes; `cargo nightly-fuzz --keep` makes it smaller"
        );
    }
}

#[test]
fn a_target_is_found_by_its_name() {
    assert!(TARGETS.iter().all(|(name, _)| target(name).is_some()));
    assert!(target("other").is_none());
}

#[test]
fn the_smallest_seeds_are_in_the_corpus_as_they_are_made() {
    let kept: Vec<_> = corpus("gguf")
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect();
    for seed in seeds::small() {
        let bytes = seed.bytes();
        assert!(antiphon_engine::gguf::preflight(&bytes).is_ok());
        assert!(kept.contains(&bytes), "a seed is not in testdata/fuzz/gguf");
    }
}
