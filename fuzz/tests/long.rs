//! Long texts of the kinds that make tokenizers slow: what they cost grows with their length only.
//! One test only, since the memory of the whole process is counted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is the report, and what each text costs is worth reading"
)]

use antiphon_engine::gguf::preflight;
use antiphon_engine::tokenizer::Tokenizer;
use antiphon_fuzz::seeds;
use antiphon_miniature::{Family, File};
use peak_alloc::PeakAlloc;
use std::time::Instant;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What is repeated, up to the length.
const PATTERNS: [&str; 9] = [
    "a",
    "ab",
    " ",
    "\n",
    " \n",
    "9",
    "\u{1f469}\u{200d}",
    "a ",
    "\u{300}",
];
/// A prompt document's limit, and 16 times as much.
const LENGTHS: [usize; 2] = [16 << 10, 256 << 10];
/// Most memory for each byte of text, in bytes.
const MOST: usize = 400;

fn tokenizer(file: &File) -> Tokenizer {
    let bytes = file.bytes();
    let gguf = preflight(&bytes).unwrap();
    let rows = gguf.tensors["token_embd.weight"].dims[1];
    Tokenizer::from_metadata(&gguf.metadata, u32::try_from(rows).unwrap()).unwrap()
}

#[test]
fn long_texts_of_every_kind_take_memory_by_their_length() {
    let pres = ["smollm", "gpt-2", "llama-bpe", "qwen2"];
    let bytes = pres.map(|pre| (pre, seeds::byte_level(Family::Llama, pre)));
    let pieces = [("spm", seeds::pieces(Family::Llama, true, true))];
    for (name, file) in bytes.into_iter().chain(pieces) {
        let tokenizer = tokenizer(&file);
        for (pattern, length) in PATTERNS.iter().flat_map(|p| LENGTHS.map(|n| (p, n))) {
            let text = pattern.repeat(length / pattern.len());
            MEMORY.reset_peak_usage();
            let (before, start) = (MEMORY.current_usage(), Instant::now());
            let ids = tokenizer.encode(&text).unwrap();
            let each = MEMORY.peak_usage().saturating_sub(before) / text.len();
            let time = start.elapsed().as_millis();
            println!("{name:9} {pattern:10?} {length:>7}: {time:>6} ms, {each:>4} bytes a byte");
            assert!(!ids.is_empty() && each < MOST, "{name} {pattern:?}: {each}");
        }
    }
}
