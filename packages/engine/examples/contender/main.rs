//! One contender of `cargo bench-inference`: a process that measures when it is told to.
//!
//! ```text
//! contender kernels                   the kernels of CN-1 that this processor has, one a line
//! contender cn-1-kernels              those of them that compute CN-1 in this build: all, or none
//! contender weights MODEL             bytes of weights that a token reads
//! contender cn-1 MODEL THREADS KERNEL
//! contender memory THREADS            reads memory as fast as it can
//! ```
//! The last two print `ready`, then for each line they read the seconds of a prompt of 512 tokens and
//! of 64 further tokens after one of 32, the first of them also of 128 after those 512; the last one
//! prints gigabytes a second.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program: it prints, and reads the clock"
)]

mod measure;

use antiphon_engine::{FileHash, Kernel, Model, ModelFile, Options, gguf, self_tests};
use measure::Outcome;
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::Instant;

/// Far more than any cache, in 64-bit words: 512 MiB.
const MEMORY_WORDS: usize = 64 << 20;

/// Tokens of an answer to a prompt of 512.
const ANSWER: usize = 128;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["kernels"] => {
            let here = Kernel::all()
                .into_iter()
                .filter(|kernel| kernel.available());
            here.for_each(|kernel| println!("{kernel}"));
            Ok(())
        }
        ["cn-1-kernels"] => {
            let passed = self_tests().into_iter().filter(|(_, test)| test.is_ok());
            passed.for_each(|(kernel, _)| println!("{kernel}"));
            Ok(())
        }
        ["weights", model] => {
            println!("{}", weights(Path::new(model))?);
            Ok(())
        }
        ["cn-1", model, threads, kernel] => {
            let options = Options {
                threads: threads.parse()?,
                kernel: Some(kernel.parse()?),
                ..Options::default()
            };
            measure::engine(&Model::load(Path::new(model), &options)?, ANSWER)
        }
        ["memory", threads] => memory(threads.parse()?),
        other => {
            Err(format!("got {other:?}, want one of the forms at the top of this file").into())
        }
    }
}

/// All tensors; of the embedding only a row is read, unless it is the head as well.
fn weights(model: &Path) -> Outcome<usize> {
    let file = ModelFile::open(model, FileHash::Compute)?;
    let gguf = gguf::preflight(file.bytes())?;
    let own_head = gguf.tensors.contains_key("output.weight");
    let read = gguf.tensors.iter();
    let read = read.filter(|(name, _)| !own_head || **name != "token_embd.weight");
    Ok(read.map(|(_, tensor)| tensor.data.len()).sum())
}

/// Sums all words, each thread its own part: the additions are far faster than the memory.
fn memory(threads: usize) -> Outcome<()> {
    let words: Vec<u64> = (0_u64..).take(MEMORY_WORDS).collect();
    let part = words.len().div_ceil(threads.max(1));
    let gigabytes = f64::from(u32::try_from(MEMORY_WORDS)?) * 8e-9;
    measure::serve(|| {
        let start = Instant::now();
        thread::scope(|scope| {
            for part in words.chunks(part) {
                scope.spawn(|| {
                    black_box(part.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)))
                });
            }
        });
        Ok((gigabytes / start.elapsed().as_secs_f64()).to_string())
    })
}
