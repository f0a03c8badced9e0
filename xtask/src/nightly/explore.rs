//! Every course of larger tasks: what `cargo ci` explores of the rules and replays on the contract, in
//! scopes that take longer.

use std::process::Stdio;

use crate::ci::Site;
use crate::error::{Doing, Error, Result};
use crate::output;
use crate::run::{Step, cargo};

/// Package, test program and what to run of it.
const PROGRAMS: [(&str, &str, Option<&str>); 2] = [
    ("antiphon-rules", "explore", None),
    ("antiphon-contract", "main", Some("explore::")),
];

/// Explores, then replays; the words are not used.
pub(super) fn run(site: &Site, _: &Step, words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        return Err(Error::Usage(format!(
            "`{word}` is one word too many: explore takes no options"
        )));
    }
    for (package, test, filter) in PROGRAMS {
        let mut command = cargo();
        command
            .current_dir(site.workspace.root())
            .env("ANTIPHON_EXPLORE", "all")
            .args(["test", "--locked", "--release", "--package", package])
            .args(["--test", test])
            .args(filter)
            .args(["--", "--nocapture"]);
        // Its lines are the result: they go where this program's go.
        let status = command.stdin(Stdio::null()).status();
        if !status.doing(|| "start cargo".to_owned())?.success() {
            return Err(Error::Unavailable(format!(
                "a course of {package} ends otherwise than it should: the lines above show it"
            )));
        }
    }
    output::line("every course ends as it should");
    Ok(())
}
