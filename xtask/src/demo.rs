//! `cargo demo`: sets up, then becomes the local network's own demo.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::args::Demo;
use crate::error::{Doing, Result};
use crate::setup;
use crate::workspace::Workspace;

/// Replaces this process, so that signals reach the program that has something to stop.
///
/// # Errors
/// Only ever returns with one.
pub fn run(demo: &Demo) -> Result<()> {
    let parts = setup::run(&Workspace::open()?)?;
    let program = parts.bin_dir.join("antiphon-localnet");
    let mut command = Command::new(&program);
    parts.to_env(&mut command).args(arguments(demo));
    Err(command.exec()).doing(|| format!("start {}", program.display()))
}

fn arguments(demo: &Demo) -> Vec<&str> {
    let flag = |set: bool, name: &'static str| set.then_some(name);
    let flags = [
        flag(demo.liar, "--liar"),
        flag(demo.keep, "--keep"),
        flag(demo.json, "--json"),
    ];
    let question = demo.question.as_deref().map(|question| ["--", question]);
    ["demo"]
        .into_iter()
        .chain(flags.into_iter().flatten())
        .chain(question.into_iter().flatten())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_before_the_question() {
        let demo = Demo {
            question: Some("--why?".to_owned()),
            liar: true,
            ..Demo::default()
        };
        assert_eq!(arguments(&demo), ["demo", "--liar", "--", "--why?"]);
        assert_eq!(arguments(&Demo::default()), ["demo"]);
    }
}
