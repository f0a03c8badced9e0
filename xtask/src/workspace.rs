//! The clone this runs in, as cargo sees it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::run::{capture, cargo};

/// Root, target folder and packages of the workspace.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
    packages: BTreeMap<String, Package>,
}

/// One package and the names of what it depends on outside its tests.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    /// Its folder.
    pub folder: PathBuf,
    /// Normal dependencies.
    pub dependencies: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// This is not run inside the clone.
    pub fn open() -> Result<Self> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        let text = capture(&mut command)?;
        let value: Value =
            serde_json::from_str(&text).map_err(|error| unreadable(&error.to_string()))?;
        Self::from_metadata(&value).ok_or_else(|| unreadable("a field is missing"))
    }

    fn from_metadata(value: &Value) -> Option<Self> {
        let path = |name: &str| value.get(name)?.as_str().map(PathBuf::from);
        let packages = value.get("packages")?.as_array()?.iter().map(package);
        Some(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            packages: packages.collect::<Option<_>>()?,
        })
    }

    /// The folder of the root manifest.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Every package by name.
    #[must_use]
    pub fn packages(&self) -> &BTreeMap<String, Package> {
        &self.packages
    }

    /// Files of the source tree, those not yet added included, relative to the root and sorted.
    ///
    /// # Errors
    /// This is no git work tree.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let mut command = Command::new("git");
        command.current_dir(&self.root);
        command.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let listed = capture(&mut command)?;
        let mut files: Vec<PathBuf> = listed.lines().map(PathBuf::from).collect();
        files.retain(|file| self.root.join(file).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }
}

fn package(value: &Value) -> Option<(String, Package)> {
    let name = value.get("name")?.as_str()?.to_owned();
    let manifest = Path::new(value.get("manifest_path")?.as_str()?);
    let dependencies = value.get("dependencies")?.as_array()?;
    let normal = dependencies
        .iter()
        .filter(|entry| entry.get("kind").is_none_or(Value::is_null));
    let names = normal.map(|entry| Some(entry.get("name")?.as_str()?.to_owned()));
    let package = Package {
        folder: manifest.parent()?.to_owned(),
        dependencies: names.collect::<Option<_>>()?,
    };
    Some((name, package))
}

fn unreadable(why: &str) -> Error {
    Error::Unavailable(format!(
        "`cargo metadata` gave nothing usable ({why}): run inside the clone"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_dependencies_are_left_out() {
        let value = serde_json::json!({
            "workspace_root": "/w", "target_directory": "/t",
            "packages": [{"name": "a", "manifest_path": "/w/a/Cargo.toml", "dependencies": [
                {"name": "serde", "kind": null}, {"name": "tempfile", "kind": "dev"}
            ]}]
        });
        let workspace = Workspace::from_metadata(&value).unwrap();
        let package = workspace.packages().get("a").unwrap();
        assert_eq!(package.dependencies, ["serde"]);
        assert_eq!(package.folder, Path::new("/w/a"));
    }

    #[test]
    fn unknown_metadata_is_refused() {
        assert!(Workspace::from_metadata(&serde_json::json!({"packages": []})).is_none());
    }
}
