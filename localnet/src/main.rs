//! `antiphon-localnet`: a whole network on one machine.

mod cli;
mod demo;
mod output;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::line(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
