//! Every course of larger tasks: what `cargo ci` explores of the rules and replays on the contract, in
//! scopes that take longer.

use crate::ci::Site;
use crate::error::{Error, Result};
use crate::output;
use crate::run::{Step, cargo, shown};

/// Package, test program and what to run of it.
const PROGRAMS: [(&str, &str, Option<&str>); 2] = [
    ("antiphon-rules", "explore", None),
    ("antiphon-contract", "main", Some("explore::")),
];

/// Explores, then replays.
pub(super) fn run(site: &Site, _: &Step) -> Result<()> {
    for (package, test, filter) in PROGRAMS {
        let mut command = cargo();
        command
            .current_dir(site.workspace.root())
            .env("ANTIPHON_EXPLORE", "all")
            .args(["test", "--locked", "--release", "--package", package])
            .args(["--test", test])
            .args(filter)
            .args(["--", "--nocapture"]);
        if !shown(&mut command)? {
            return Err(Error::Unavailable(format!(
                "a course of {package} ends otherwise than it should: the lines above show it"
            )));
        }
    }
    output::line("every course ends as it should");
    Ok(())
}
