//! House rules that no linter knows: sizes, words that must not stand in the tree, who may depend on whom.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts of the lines of a source tree are nowhere near an overflow"
)]

mod demands;
mod edges;
mod size;
mod words;

use std::path::Path;

use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// What was looked at.
#[derive(Debug)]
pub struct Report {
    /// Text files read.
    pub files: usize,
}

/// Looks at the whole tree and reports every place at once.
///
/// # Errors
/// [`Error::Untidy`] with one line for each place.
pub fn check(workspace: &Workspace) -> Result<Report> {
    let mut found = edges::check(workspace.packages());
    let mut loose = size::Loose::default();
    let mut files = 0;
    for file in workspace.files()? {
        let Ok(text) = std::fs::read_to_string(workspace.root().join(&file)) else {
            continue; // not text
        };
        files += 1;
        found.extend(words::check(&file, &text));
        if is_page_code(&file) {
            found.extend(size::length_of(&file, &text));
        }
        if is_production_rust(&file) {
            let code = size::production(&text);
            found.extend(size::check(&file, code));
            loose.count(code);
        }
    }
    found.extend(loose.verdict());
    if found.is_empty() {
        Ok(Report { files })
    } else {
        Err(Error::Untidy(found))
    }
}

/// Counts the tests that carry the number of a demand.
///
/// # Errors
/// [`Error::Untidy`] with one line for each demand without a test.
pub fn demands(workspace: &Workspace) -> Result<usize> {
    let mut found = demands::Found::default();
    for file in workspace.files()? {
        if let Ok(text) = std::fs::read_to_string(workspace.root().join(&file)) {
            found.count(&file, &text);
        }
    }
    found.verdict().map_err(Error::Untidy)
}

/// Code in other languages, tests included; what a program wrote is not measured.
fn is_page_code(file: &Path) -> bool {
    const ENDINGS: [&str; 7] = ["ts", "tsx", "mjs", "js", "css", "py", "html"];
    let extension = file.extension().and_then(|extension| extension.to_str());
    let generated = file
        .file_name()
        .is_some_and(|name| name == "contract-types.ts");
    extension.is_some_and(|extension| ENDINGS.contains(&extension)) && !generated
}

/// Rust that ships: tests, which are long lists of cases, are not measured.
fn is_production_rust(file: &Path) -> bool {
    let rust = file.extension().is_some_and(|extension| extension == "rs");
    let in_tests = |part: &std::ffi::OsStr| part == "tests" || part == "e2e" || part == "benches";
    rust && !file.iter().any(in_tests) && file.file_name().is_none_or(|name| name != "tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_not_measured() {
        assert!(is_production_rust(Path::new("packages/api/src/lib.rs")));
        assert!(!is_production_rust(Path::new("packages/api/tests/all.rs")));
        assert!(!is_production_rust(Path::new("worker/src/duty/tests.rs")));
        assert!(!is_production_rust(Path::new("README.md")));
    }

    #[test]
    fn the_page_is_measured_but_not_what_is_generated_for_it() {
        assert!(is_page_code(Path::new("web/src/main.tsx")));
        assert!(is_page_code(Path::new("e2e/clients/python/test_a.py")));
        assert!(!is_page_code(Path::new("web/src/core/contract-types.ts")));
        assert!(!is_page_code(Path::new("web/package.json")));
    }
}
