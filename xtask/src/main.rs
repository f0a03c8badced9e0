//! Entry point of `cargo demo`, `cargo ci` and `cargo xtask`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match xtask::main(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            xtask::output::line(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
