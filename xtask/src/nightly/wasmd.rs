//! The contract on the next release of the chain's program: stored, created, migrated, and a whole task.

use crate::ci::Site;
use crate::error::{Error, Result};
use crate::output;
use crate::run::Step;
use crate::{scripts, setup};

/// Takes no words.
pub(super) fn run(site: &Site, step: &Step, words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        return Err(Error::Usage(format!("`{word}` is one word too many")));
    }
    let mut parts = setup::run(&site.workspace)?;
    parts.wasmd = setup::next_wasmd(&site.workspace, &site.cache)?;
    let note = scripts::check(site, step, &parts)?;
    output::line(&format!("one verified answer, {note}"));
    Ok(())
}
