//! The step about bits: the same hashes on every tier, as a table.

use super::Site;
use crate::error::Result;
use crate::output;
use crate::run::Step;
use crate::setup;
use crate::tiers::{self, Table};

pub(super) fn tiers(site: &Site, step: &Step) -> Result<String> {
    let programs = tiers::build(site, step)?;
    let model = setup::model_alone(&site.workspace, &site.cache, step)?;
    let table = Table::fill(&tiers::all(&programs), &model)?;
    table.lines().iter().for_each(|line| output::result(line));
    table.check()
}
