//! The committed figures: a file for programs, and the same as a table for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// What one message costs. SDK gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The whole transaction, the contract's code pinned in memory.
    pub pinned: u64,
    /// The same with the code not pinned.
    pub unpinned: u64,
    /// Of it, reads and writes of storage.
    pub storage: u64,
    /// Of it, instructions and functions of the machine.
    pub machine: u64,
    /// Of it, the answer and its events.
    pub events: u64,
}

/// Rows by what is sent, in the order they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(pub Vec<(String, Row)>);

/// The file's form: names sort, so that a change of one figure changes one line.
type File = BTreeMap<String, Row>;

/// Where the table stands in its page.
pub const BEGIN: &str = "<!-- generated: gas -->";
/// See [`BEGIN`].
pub const END: &str = "<!-- end of generated: gas -->";

impl Table {
    /// The file for programs.
    ///
    /// # Errors
    /// Never for figures; the JSON library's own otherwise.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let file: File = self.0.iter().cloned().collect();
        let mut lines = Vec::new();
        for (name, row) in &file {
            let key = serde_json::to_string(name)?;
            lines.push(format!("  {key}: {}", serde_json::to_string(row)?));
        }
        Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
    }

    /// Reads the file back.
    ///
    /// # Errors
    /// It is not such a file.
    pub fn from_json(text: &str) -> Result<BTreeMap<String, Row>, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The table for people.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = String::from(
            "| message | pinned | not pinned | of it storage | machine | events |\n\
             |---|---:|---:|---:|---:|---:|\n",
        );
        for (name, row) in &self.0 {
            let figures = [
                row.pinned,
                row.unpinned,
                row.storage,
                row.machine,
                row.events,
            ];
            let figures = figures.map(thousands).join(" | ");
            let _ = writeln!(text, "| {name} | {figures} |");
        }
        text
    }

    /// A page with the table between its markers replaced; none if it has no such place.
    #[must_use]
    pub fn into_page(&self, page: &str) -> Option<String> {
        let (before, rest) = page.split_once(BEGIN)?;
        let (_, after) = rest.split_once(END)?;
        let table = self.to_markdown();
        Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
    }
}

/// 1234567 as 1,234,567.
fn thousands(figure: u64) -> String {
    let digits = figure.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        pinned: 1_234_567,
        unpinned: 1_292_567,
        storage: 999,
        machine: 1_000,
        events: 7,
    };

    #[test]
    fn the_file_reads_back_as_it_was_written() {
        let table = Table(vec![("b".to_owned(), ROW), ("a, one".to_owned(), ROW)]);
        let back = Table::from_json(&table.to_json().unwrap()).unwrap();
        assert_eq!(back.into_iter().collect::<Vec<_>>(), {
            let mut rows = table.0.clone();
            rows.sort_by(|one, other| one.0.cmp(&other.0));
            rows
        });
    }

    #[test]
    fn only_the_part_between_the_markers_is_replaced() {
        let table = Table(vec![("a".to_owned(), ROW)]);
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let new = table.into_page(&page).unwrap();
        assert!(new.starts_with("before\n") && new.ends_with("\nafter\n"));
        assert!(new.contains("| a | 1,234,567 | 1,292,567 | 999 | 1,000 | 7 |"));
        assert!(!new.contains("old"));
        assert_eq!(table.into_page("no markers"), None);
    }
}
