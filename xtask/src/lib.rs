//! `cargo demo` and `cargo ci` with nothing installed by hand: set-up, checks, tests.
//!
//! Slow things are made once and kept in a cache outside the clone ([`cache`], [`setup`]); every step
//! prints one line with its seconds; a failure shows the last lines of its log and where the rest is.

pub mod args;
pub mod bench;
pub mod cache;
pub mod ci;
pub mod contract;
pub mod demo;
pub mod error;
mod hash;
pub mod nightly;
pub mod output;
pub mod prerequisites;
pub mod run;
mod scripts;
pub mod setup;
pub mod tidy;
mod tiers;
pub mod workspace;

use args::Task;
use error::Result;

/// Does what the words after the program's name ask for.
///
/// # Errors
/// What was asked cannot be understood or done.
pub fn main(words: &[String]) -> Result<()> {
    match args::parse(words)? {
        Task::Demo(options) => demo::run(&options),
        Task::Ci(options) => ci::run(&options),
        Task::Setup => {
            let parts = setup::run(&workspace::Workspace::open()?)?;
            output::result(&parts.to_shell());
            Ok(())
        }
        Task::Schema => ci::update_schema(),
        Task::Contract(checksum) => contract::run(checksum),
        Task::Bench(options) => bench::run(&options),
        Task::Nightly(task) => nightly::run(&task),
        Task::Help(text) => {
            output::result(text);
            Ok(())
        }
    }
}
