//! Every demand of the users that this tree can answer for has a test that carries its number.

use std::collections::BTreeMap;
use std::path::Path;

/// The demands; the others are not about programs of this tree's tests or came with worker and contract.
const DEMANDS: [u32; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 19];

/// How many tests carry each number.
#[derive(Debug, Default)]
pub(super) struct Found(BTreeMap<u32, usize>);

impl Found {
    /// Counts the tests of one file: `fn demand_05_…` in Rust, a text beginning with `Demand 5:` elsewhere.
    pub(super) fn count(&mut self, file: &Path, text: &str) {
        let extension = file.extension().and_then(|extension| extension.to_str());
        let numbers: Vec<u32> = match extension {
            Some("rs") => after(text, "fn demand_", '_'),
            Some("ts" | "tsx" | "mjs" | "js" | "py") if is_test(file) => {
                after(text, "Demand ", ':')
            }
            _ => return,
        };
        for number in numbers {
            *self.0.entry(number).or_default() += 1;
        }
    }

    /// How many tests carry a number, or a line for each demand that has none.
    pub(super) fn verdict(&self) -> Result<usize, Vec<String>> {
        let none = DEMANDS.iter().filter(|demand| !self.0.contains_key(demand));
        let missing: Vec<String> = none
            .map(|demand| {
                format!(
                    "no test carries demand {demand}: want `demand_{demand:02}_…` in Rust or \
                     `Demand {demand}: …` elsewhere"
                )
            })
            .collect();
        if missing.is_empty() {
            Ok(self.0.values().sum())
        } else {
            Err(missing)
        }
    }
}

fn is_test(file: &Path) -> bool {
    let in_tests = |part: &std::ffi::OsStr| part == "test" || part == "tests" || part == "e2e";
    file.iter().any(in_tests)
}

/// The numbers between a word and a sign.
fn after(text: &str, word: &str, sign: char) -> Vec<u32> {
    let pieces = text.split(word).skip(1);
    pieces
        .filter_map(|piece| piece.split_once(sign)?.0.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_by_their_numbers_in_each_language() {
        let mut found = Found::default();
        found.count(
            Path::new("a/src/b.rs"),
            "fn demand_05_x() {}\nasync fn demand_05_y() {}",
        );
        found.count(
            Path::new("web/test/a.test.ts"),
            "test('Demand 12: reload', () => {})",
        );
        found.count(
            Path::new("e2e/clients/python/t.py"),
            "\"\"\"Demand 2: a reply\"\"\"",
        );
        found.count(Path::new("web/src/a.ts"), "// Demand 14: not a test");
        found.count(Path::new("docs/a.md"), "Demand 13: not a test");
        assert_eq!(found.0, BTreeMap::from([(2, 1), (5, 2), (12, 1)]));
    }

    #[test]
    fn a_demand_without_a_test_is_named() {
        let mut found = Found::default();
        for demand in DEMANDS {
            found.count(
                Path::new("a.rs"),
                &format!("fn demand_{demand:02}_x() {{}}"),
            );
        }
        assert_eq!(found.verdict(), Ok(16));
        found.0.remove(&19);
        let missing = found.verdict().unwrap_err();
        assert!(
            missing.len() == 1 && missing[0].contains("demand_19_"),
            "{missing:?}"
        );
    }
}
