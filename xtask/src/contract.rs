//! `cargo xtask contract`: the contract's file, built twice in two folders, and its checksum.

use std::path::Path;
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Doing, Error, Result, make_dir, read_text};
use crate::output;
use crate::run::capture;
use crate::setup::{self, Twice};
use crate::workspace::Workspace;

/// What to do with the committed checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Say whether the file has it.
    Show,
    /// Fail if the file has another one.
    Check,
    /// Write the file's.
    Update,
}

const FOLDER: &str = "artifacts";
const FILE: &str = "antiphon.wasm";
const CHECKSUMS: &str = "checksums.txt";

/// Builds, copies the file to `artifacts/`, looks at its checksum.
///
/// # Errors
/// It cannot be built, differs between the folders, or has not the committed checksum that is asked for.
pub fn run(task: Checksum) -> Result<()> {
    let (workspace, cache) = (Workspace::open()?, Cache::open()?);
    let note = build(&workspace, &cache, task)?;
    output::line(&note);
    Ok(())
}

/// The same for a check; the text says what was found.
pub(crate) fn build(workspace: &Workspace, cache: &Cache, task: Checksum) -> Result<String> {
    let built = setup::contract_twice(workspace, cache)?;
    same(&built)?;
    let folder = workspace.root().join(FOLDER);
    make_dir(&folder)?;
    let to = folder.join(FILE);
    std::fs::copy(&built.path, &to).doing(|| format!("write {}", to.display()))?;
    let compiler = capture(Command::new("rustc").arg("-V"))?;
    let found = checksum(&folder.join(CHECKSUMS), &compiler, &built.hash, task)?;
    Ok(format!(
        "{FOLDER}/{FILE}, by the bare standard library, sha256 {}: {found}",
        built.hash
    ))
}

fn same(built: &Twice) -> Result<()> {
    if built.hash == built.again {
        return Ok(());
    }
    Err(Error::Mismatch {
        what: "the contract, built from a copy in another folder".to_owned(),
        got: built.again.clone(),
        want: built.hash.clone(),
        remedy: "something of the folder or of the time got into it".to_owned(),
    })
}

/// The committed file: what made the contract, then a line that `sha256sum --check` reads.
fn text(compiler: &str, hash: &str) -> String {
    format!("# {compiler}, standard library for the bare instruction set\n{hash}  {FILE}\n")
}

fn checksum(path: &Path, compiler: &str, hash: &str, task: Checksum) -> Result<String> {
    let text = text(compiler, hash);
    if task == Checksum::Update {
        std::fs::write(path, &text).doing(|| format!("write {}", path.display()))?;
        return Ok("written to the checksums".to_owned());
    }
    let committed = read_text(path).unwrap_or_default();
    if committed == text {
        return Ok("as committed".to_owned());
    }
    let other_compiler = text.lines().next() != committed.lines().next();
    if other_compiler && !committed.is_empty() {
        let made = committed.lines().next().unwrap_or_default();
        return Ok(format!("not compared, the committed one is of {made}"));
    }
    match task {
        Checksum::Check => Err(Error::Mismatch {
            what: format!("{FOLDER}/{CHECKSUMS}"),
            got: hash.to_owned(),
            want: committed.lines().last().unwrap_or("a checksum").to_owned(),
            remedy: "write the new one with `scripts/build-contract.sh --update`".to_owned(),
        }),
        _ => Ok("not the committed one".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_that_depends_on_its_folder_is_refused() {
        let built = |again: &str| Twice {
            path: Path::new("x").to_owned(),
            hash: "aa".to_owned(),
            again: again.to_owned(),
        };
        assert!(same(&built("aa")).is_ok());
        assert!(same(&built("bb")).unwrap_err().to_string().contains("bb"));
    }

    #[test]
    fn another_checksum_is_refused_until_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CHECKSUMS);
        let look = |hash: &str, task| checksum(&path, "rustc 1", hash, task);
        assert!(look("aa", Checksum::Check).is_err(), "there is none yet");
        look("aa", Checksum::Update).unwrap();
        assert_eq!(look("aa", Checksum::Check).unwrap(), "as committed");
        let refused = look("bb", Checksum::Check).unwrap_err().to_string();
        assert!(refused.contains("--update"), "{refused}");
        assert_eq!(look("bb", Checksum::Show).unwrap(), "not the committed one");
    }

    #[test]
    fn the_checksum_of_another_compiler_is_not_compared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CHECKSUMS);
        checksum(&path, "rustc 1", "aa", Checksum::Update).unwrap();
        let found = checksum(&path, "rustc 2", "bb", Checksum::Check).unwrap();
        assert!(found.contains("rustc 1"), "{found}");
    }
}
