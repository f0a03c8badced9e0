//! Files made to break readers: each gets an error that says what is wrong, and costs little memory.
//! One test only, since the memory of the whole process is counted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is the report, and what each file costs is worth reading"
)]

mod cases;

use antiphon_engine::gguf::{GgufError, preflight};
use antiphon_engine::tokenizer::Tokenizer;
use peak_alloc::PeakAlloc;
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;

/// What a file of strangers meets before any of its numbers are used.
fn check(file: &[u8]) -> Result<(), GgufError> {
    let gguf = preflight(file)?;
    let embedding = &gguf.tensors["token_embd.weight"];
    let rows = u32::try_from(embedding.dims[1]).unwrap();
    Tokenizer::from_metadata(&gguf.metadata, rows).map(drop)
}

/// The error's text, the most memory beyond the file, and the time.
fn measure(file: &[u8]) -> (String, usize, Duration) {
    MEMORY.reset_peak_usage();
    let (before, start) = (MEMORY.current_usage(), Instant::now());
    let text = check(file).map_or_else(|e| e.to_string(), |()| "accepted".to_owned());
    let peak = MEMORY.peak_usage().saturating_sub(before);
    (text, peak, start.elapsed())
}

#[test]
fn hostile_files_are_refused_by_name_and_cost_little_memory() {
    let mut wrong = Vec::new();
    for (name, make, want, most) in cases::all() {
        let file = make();
        let (text, peak, time) = measure(&file);
        let line = format!(
            "{name:48} {:>7} KiB {:>6} ms  {}",
            peak / 1024,
            time.as_millis(),
            clip(&text)
        );
        println!("{line}");
        let short = text.len() < 2000;
        let cheap = peak < most * MIB && time < Duration::from_secs(60);
        if !text.contains(want) || !short || !cheap {
            wrong.push(format!("{line}\n  wanted {want:?} within {most} MiB"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for file in cases::sound() {
        every_cut_is_refused(&file);
    }
}

/// Cut short anywhere, a file is an error of its own and costs next to nothing.
fn every_cut_is_refused(file: &[u8]) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    for end in 0..file.len() {
        assert!(preflight(&file[..end]).is_err(), "cut at {end}");
    }
    assert!(MEMORY.peak_usage().saturating_sub(before) < MIB);
}

fn clip(text: &str) -> &str {
    text.get(..text.floor_char_boundary(120)).unwrap_or(text)
}
