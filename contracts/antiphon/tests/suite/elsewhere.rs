//! Names of tests in other places, held to be there.

use std::path::Path;

/// Asserts that each file of the repository has a test of this name.
pub fn are_tested(tests: &[(&str, &str)]) {
    for (file, name) in tests {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let found = text.contains(&format!("fn {name}("));
        assert!(found, "no test {name} in {file}");
    }
}
