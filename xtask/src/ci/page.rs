//! The steps about the page and about other people's clients, in TypeScript, JavaScript and Python.

use std::process::Command;

use super::Site;
use super::counts::passed;
use crate::error::Result;
use crate::prerequisites;
use crate::run::Step;
use crate::setup;

/// What is checked without a network, in this order; `npm run` names.
const CHECKS: &[&[&str]] = &[
    &["typecheck"],
    &["lint"],
    &["types", "--", "--check"],
    &["test"],
    &["build"],
    &["budget"],
];

/// The page: types, format, its own tests, generated types, build, sizes.
pub(super) fn web(site: &Site, step: &Step) -> Result<String> {
    let folder = site.workspace.root().join("web");
    setup::node_modules(&site.cache, step, &folder)?;
    setup::node_modules(&site.cache, step, &folder.join("e2e"))?;
    for check in CHECKS {
        step.run(setup::npm(&folder).arg("run").args(*check))?;
    }
    step.run(setup::npm(&folder.join("e2e")).args(["run", "typecheck"]))?;
    Ok(format!("{} tests", passed(step.log())))
}

/// Real OpenAI clients against a real network, one network for each language.
pub(super) fn clients(site: &Site, step: &Step) -> Result<String> {
    let folder = site.workspace.root().join("e2e/clients");
    let (python, node) = (folder.join("python"), folder.join("node"));
    let program = setup::python(&site.cache, step, &python.join("requirements.txt"))?;
    setup::node_modules(&site.cache, step, &node)?;
    let parts = setup::run(&site.workspace)?;
    let mut pytest = Command::new(program);
    pytest
        .current_dir(&python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-m", "pytest", "-p", "no:cacheprovider", "--color=no"]);
    step.run(parts.to_env(&mut pytest))?;
    step.run(parts.to_env(&mut setup::npm(&node)).arg("test"))?;
    Ok(format!("{} tests", passed(step.log())))
}

/// The page in a real Chromium against a real network.
pub(super) fn browser(site: &Site, step: &Step) -> Result<String> {
    let chromium = prerequisites::chromium(step)?;
    let parts = setup::run(&site.workspace)?;
    let folder = setup::page(&site.workspace, &site.cache, step)?;
    setup::node_modules(&site.cache, step, &folder.join("e2e"))?;
    step.run(parts.to_env(&mut setup::npm(&folder)).args(["run", "live"]))?;
    let mut command = setup::npm(&folder);
    command
        .args(["run", "e2e"])
        .env("ANTIPHON_CHROMIUM", chromium);
    step.run(parts.to_env(&mut command))?;
    Ok(format!("{} tests", passed(step.log())))
}
