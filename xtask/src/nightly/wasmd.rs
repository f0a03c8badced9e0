//! The contract on the next release of the chain's program: stored, created, migrated, and a whole task.

use crate::ci::Site;
use crate::error::Result;
use crate::output;
use crate::run::Step;
use crate::{scripts, setup};

/// Runs all of it.
pub(super) fn run(site: &Site, step: &Step) -> Result<()> {
    let mut parts = setup::run(&site.workspace)?;
    parts.wasmd = setup::next_wasmd(&site.workspace, &site.cache)?;
    let note = scripts::check(site, step, &parts)?;
    output::line(&format!("one verified answer, {note}"));
    Ok(())
}
