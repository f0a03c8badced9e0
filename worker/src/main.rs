//! `antiphon-worker`: see [`antiphon_worker::cli_main`].

use std::process::ExitCode;

fn main() -> ExitCode {
    antiphon_worker::cli_main(|engine| engine)
}
