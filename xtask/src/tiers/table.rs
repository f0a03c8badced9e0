//! The table of hashes: a tier in each row, what it computed in each column.

use std::path::Path;
use std::sync::Mutex;

use super::{Pace, Tier};
use crate::error::{Error, Result};
use crate::output;

/// Tokens fed together; 0 is the whole prompt.
const CHUNKS: [&str; 4] = ["1", "7", "64", "0"];

/// What every tier computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// Known answers, and a hash of every kernel on many shapes.
    Kernels,
    /// Small models of the families.
    Small,
    /// The same alone and in a batch, with and without a beginning of another sequence's.
    Company,
    /// The first tokens of the demo model.
    Demo,
    /// Drawn questions to the small models.
    Drawn,
}

impl Column {
    pub(crate) const ALL: [Self; 5] = [
        Self::Kernels,
        Self::Small,
        Self::Company,
        Self::Demo,
        Self::Drawn,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Kernels => "kernels",
            Self::Small => "small models",
            Self::Company => "batch, prefix",
            Self::Demo => "SmolLM2",
            Self::Drawn => "200 drawn runs",
        }
    }

    /// The words of a tier's program, and in how many ways it then computes the same.
    fn words(self, tier: &Tier) -> (Vec<String>, usize) {
        let list = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let threads = if tier.threads > 1 { "1,2" } else { "1" };
        let all = CHUNKS.join(",");
        let kernel = tier.kernel;
        match self {
            Self::Kernels => (list(&["kernels", kernel]), 1),
            Self::Small => (
                list(&["nano", kernel, threads, &all]),
                tier.threads.saturating_mul(CHUNKS.len()),
            ),
            Self::Company => (
                list(&["company", kernel, threads]),
                tier.threads.saturating_mul(4),
            ),
            Self::Demo => {
                let (chunks, ways) = match tier.pace {
                    Pace::Fast => (all.as_str(), tier.threads.saturating_mul(CHUNKS.len())),
                    Pace::Slow => ("0", tier.threads),
                    Pace::Slowest => ("0", 1),
                };
                let threads = if ways == 1 { "1" } else { threads };
                (list(&["model", kernel, threads, chunks, "2"]), ways)
            }
            Self::Drawn => {
                let most = tier.threads.to_string();
                let ways = tier.name.len().to_string();
                (list(&["runs", kernel, "1", "0", "200", &ways, &most]), 1)
            }
        }
    }
}

/// One tier's result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// A hash, and in how many ways it came out.
    Hash(String, usize),
    /// Why there is none.
    NotRun(String),
}

/// All results.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(String, Vec<Cell>)>,
}

impl Table {
    /// Runs every column of every tier, two tiers at a time.
    ///
    /// # Errors
    /// A program fails.
    pub(crate) fn fill(tiers: &[Tier], model: &Path) -> Result<Self> {
        // The slow ones are last in the list and begin first.
        let left = Mutex::new(tiers.iter().enumerate().rev());
        let work = || {
            let mut rows = Vec::new();
            loop {
                let next = left.lock().ok().and_then(|mut left| left.next());
                let Some((place, tier)) = next else {
                    return Ok(rows);
                };
                rows.push((place, tier.name.clone(), row(tier, model)?));
            }
        };
        let halves = std::thread::scope(|scope| {
            let other = scope.spawn(work);
            let stopped = |_| {
                Err(Error::Unavailable(
                    "a thread of this program stopped".to_owned(),
                ))
            };
            [work(), other.join().unwrap_or_else(stopped)]
        });
        let mut rows = Vec::new();
        for half in halves {
            rows.extend(half?);
        }
        rows.sort_by_key(|(place, ..)| *place);
        Ok(Self {
            rows: rows.into_iter().map(|(_, name, row)| (name, row)).collect(),
        })
    }

    /// The lines of the table.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut header = format!("{:<34}", "");
        for column in Column::ALL {
            header.push_str(&format!("{:<18}", column.name()));
        }
        let mut lines = vec![header.trim_end().to_owned()];
        for (name, cells) in &self.rows {
            let mut line = format!("{name:<34}");
            match cells.first() {
                Some(Cell::NotRun(why)) if cells.iter().all(|cell| *cell == cells[0]) => {
                    line.push_str(&format!("not run: {why}"));
                }
                _ => cells.iter().for_each(|cell| match cell {
                    Cell::Hash(hash, ways) => {
                        let short = hash.get(..8).unwrap_or(hash);
                        line.push_str(&format!("{:<18}", format!("{short} x{ways}")));
                    }
                    Cell::NotRun(why) => line.push_str(&format!("not run: {why:<9}")),
                }),
            }
            lines.push(line.trim_end().to_owned());
        }
        lines
    }

    /// Compares each column with its first row.
    ///
    /// # Errors
    /// A hash differs; the places are named.
    pub(crate) fn check(&self) -> Result<String> {
        let columns = self.rows.first().map_or(&[][..], |(_, cells)| cells);
        let (mut equal, mut absent, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for (name, cells) in &self.rows {
            for ((cell, want), column) in cells.iter().zip(columns).zip(Column::ALL) {
                let place = format!("{name}: {}", column.name());
                match (cell, want) {
                    (Cell::NotRun(_), _) => absent.push(place),
                    (Cell::Hash(got, _), Cell::Hash(want, _)) if got == want => equal.push(place),
                    _ => wrong.push(place),
                }
            }
        }
        if !wrong.is_empty() {
            let text = format!("other hashes than the first row's:\n{}", wrong.join("\n"));
            return Err(Error::Unavailable(text));
        }
        let (equal, absent) = (equal.len(), absent.len());
        Ok(format!(
            "{equal} cells equal their column, {absent} not run"
        ))
    }
}

fn row(tier: &Tier, model: &Path) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for column in Column::ALL {
        let (words, ways) = column.words(tier);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let file = (column == Column::Demo).then_some(model);
        let cell = match tier.run(&words, file)? {
            Ok(text) if column == Column::Drawn => {
                Cell::Hash(crate::hash::sha256_hex(text.as_bytes()), ways)
            }
            Ok(hash) => Cell::Hash(hash, ways),
            Err(why) => Cell::NotRun(why),
        };
        cells.push(cell);
    }
    output::line(&format!("  {} …", tier.name));
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, &[&str])]) -> Table {
        let cell = |text: &&str| match text.strip_prefix("no ") {
            Some(_) => Cell::NotRun((*text).to_owned()),
            None => Cell::Hash((*text).to_owned(), 2),
        };
        let row = |(name, cells): &(&str, &[&str])| {
            ((*name).to_owned(), cells.iter().map(cell).collect())
        };
        Table {
            rows: rows.iter().map(row).collect(),
        }
    }

    #[test]
    fn a_tier_that_is_absent_is_named_and_never_counted_as_equal() {
        let table = table(&[
            ("scalar", &["aaaaaaaaaa", "b", "c", "d", "e"]),
            ("avx512", &["no avx512"; 5]),
        ]);
        assert_eq!(
            table.check().unwrap(),
            "5 cells equal their column, 5 not run"
        );
        let lines = table.lines();
        assert!(lines[1].contains("aaaaaaaa x2"), "{lines:?}");
        assert!(lines[2].ends_with("not run: no avx512"), "{lines:?}");
    }

    #[test]
    fn a_hash_that_differs_is_named_with_its_tier_and_column() {
        let table = table(&[("scalar", &["a", "b"]), ("neon", &["a", "x"])]);
        let text = table.check().unwrap_err().to_string();
        assert!(text.contains("neon: small models"), "{text}");
    }
}
