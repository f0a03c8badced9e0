//! CN-1 against candle over long answers: the gate of the second engine.

use crate::ci::Site;
use crate::error::{Error, Result};
use crate::output;
use crate::run::{cargo, shown};

/// Runs the tests that are too long for every change; they print their figures.
pub(super) fn run(site: &Site) -> Result<()> {
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .args(["test", "--locked", "--release"])
        .args(["--package", "antiphon-candle", "--test", "candle"])
        .args(["--", "--ignored", "--nocapture"]);
    if !shown(&mut command)? {
        return Err(Error::Unavailable(
            "CN-1 and candle do not agree on the demo model: the lines above show by how much"
                .to_owned(),
        ));
    }
    output::line("CN-1 and candle agree on the demo model");
    Ok(())
}
