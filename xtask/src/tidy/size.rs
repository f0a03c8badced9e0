//! Lengths of files and functions, and how often a failure is left to panic.

use std::path::Path;

const MAX_FILE: usize = 400;
const MAX_FUNCTION: usize = 60;
/// Per 1,000 production lines, times ten.
const MAX_LOOSE: usize = 5;

/// The part of a file that ships: everything before its test module.
pub(super) fn production(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("#[cfg(test)]") {
            return text.get(..end).unwrap_or(text);
        }
        end += line.len();
    }
    text
}

/// A complaint, if a file in any language is too long.
pub(super) fn length_of(file: &Path, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > MAX_FILE).then(|| format!("{}: {lines} lines, at most {MAX_FILE}", file.display()))
}

/// Files and functions that are too long.
pub(super) fn check(file: &Path, code: &str) -> Vec<String> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found: Vec<String> = length_of(file, code).into_iter().collect();
    for (start, line) in lines.iter().enumerate() {
        let Some((indent, name)) = function(line) else {
            continue;
        };
        let length = length(lines.get(start..).unwrap_or_default(), indent);
        if length > MAX_FUNCTION {
            let place = format!("{}:{}", file.display(), start + 1);
            found.push(format!(
                "{place}: function {name} has {length} lines, at most {MAX_FUNCTION}"
            ));
        }
    }
    found
}

/// Indentation and name, if a function starts on this line.
fn function(line: &str) -> Option<(usize, &str)> {
    let code = line.trim_start();
    let (before, after) = code.split_once("fn ")?;
    let modifier = |word: &str| {
        word.starts_with("pub")
            || matches!(word, "async" | "const" | "unsafe" | "extern" | "\"C\"")
            || matches!(word, "crate)" | "super)" | "self)" | "in")
    };
    if !before.split_whitespace().all(modifier) {
        return None;
    }
    let name = after
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    (!name.is_empty()).then_some((line.len() - code.len(), name))
}

/// Lines up to the brace that closes at the function's own indentation.
fn length(lines: &[&str], indent: usize) -> usize {
    let closes = |line: &&str| {
        line.len() - line.trim_start().len() == indent && line.trim_start().starts_with('}')
    };
    let ends_at_once = lines
        .first()
        .is_some_and(|line| line.trim_end().ends_with([';', '}']));
    if ends_at_once {
        1
    } else {
        lines.iter().position(closes).map_or(1, |at| at + 1)
    }
}

/// Failures left to panic, over the whole tree.
#[derive(Debug, Default)]
pub(super) struct Loose {
    lines: usize,
    found: usize,
}

impl Loose {
    /// Adds one file.
    pub(super) fn count(&mut self, code: &str) {
        for line in code.lines() {
            self.lines += 1;
            if !line.trim_start().starts_with("//") {
                self.found += line.matches(".unwrap()").count() + line.matches(".expect(").count();
            }
        }
    }

    /// A complaint, if there are too many.
    pub(super) fn verdict(&self) -> Option<String> {
        (self.found * 10_000 > MAX_LOOSE * self.lines).then(|| {
            format!(
                "unwrap or expect outside tests: {} in {} lines, at most 0.5 in 1,000",
                self.found, self.lines
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(lines: usize) -> String {
        "    x();\n".repeat(lines)
    }

    #[test]
    fn the_test_module_does_not_count() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { }\n";
        assert_eq!(production(text), "fn a() {}\n");
        assert_eq!(production("fn a() {}\n"), "fn a() {}\n");
    }

    #[test]
    fn a_function_over_sixty_lines_is_named_with_its_place() {
        let long = format!("//! x\n\npub(crate) async fn long() {{\n{}}}\n", body(59));
        let found = check(Path::new("a.rs"), &long);
        assert_eq!(found, ["a.rs:3: function long has 61 lines, at most 60"]);
        let fits = format!("fn fits() {{\n{}}}\n", body(58));
        assert!(check(Path::new("a.rs"), &fits).is_empty());
    }

    #[test]
    fn a_method_ends_at_its_own_indentation() {
        let text = format!(
            "impl A {{\n    fn b() {{\n{}    }}\n{}}}\n",
            body(3),
            body(100)
        );
        assert!(check(Path::new("a.rs"), &text).is_empty());
    }

    #[test]
    fn a_file_over_four_hundred_lines_is_named() {
        assert_eq!(check(Path::new("a.rs"), &"\n".repeat(401)).len(), 1);
        assert!(check(Path::new("a.rs"), &"\n".repeat(400)).is_empty());
    }

    #[test]
    fn text_that_mentions_a_function_is_none() {
        assert_eq!(function("// the fn here"), None);
        assert_eq!(function("    let f: fn() = x;"), None);
        assert_eq!(function("    pub const fn x() {"), Some((4, "x")));
    }

    #[test]
    fn one_panic_in_two_thousand_lines_is_allowed() {
        let mut loose = Loose::default();
        loose.count(&format!("a.unwrap();\n{}", "\n".repeat(1_999)));
        assert!(loose.verdict().is_none());
        loose.count("b.expect(\"x\");\n// c.unwrap()\n");
        assert!(loose.verdict().unwrap().contains("2 in 2002"));
    }
}
