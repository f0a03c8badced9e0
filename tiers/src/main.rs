//! The program for systems with files: `antiphon-tiers WORDS [FILE]`, the model's file last.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the printed line is the result"
)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let with_file = words.first().is_some_and(|word| word.starts_with("model"));
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let path = if with_file { words.pop() } else { None };
    let file = || {
        let path = path.ok_or("the model's file is missing")?;
        std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))
    };
    match antiphon_tiers::run(&words, file) {
        Ok(text) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}
