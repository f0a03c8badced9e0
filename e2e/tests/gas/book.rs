//! What was used, by message; and the table beside the virtual machine's figures.

use std::collections::BTreeMap;

use antiphon_e2e::Failure;
use serde::Deserialize;

/// The committed table of the virtual machine.
const HARNESS: &str = include_str!("../../../vm/gas.json");
/// Loading a pinned contract, and a byte of the transaction (`vm/src/prices.rs`).
const INSTANCE: i64 = 2_000;
const TX_BYTE: i64 = 10;
/// How far a median may be from the table, per mille of it.
const NEAR: i64 = 100;

/// One transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) gas: u64,
    /// Of the signed transaction.
    pub(crate) bytes: usize,
}

/// Samples by the name that the message has in the virtual machine's table.
#[derive(Debug, Default)]
pub(crate) struct Book(BTreeMap<&'static str, Vec<Sample>>);

/// A row of `vm/gas.json`.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Row {
    pinned: u64,
    storage: u64,
    machine: u64,
    events: u64,
}

/// A message on the chain and in the machine. Gas.
#[derive(Debug)]
struct Line {
    name: &'static str,
    count: usize,
    least: i64,
    median: i64,
    most: i64,
    bytes: i64,
    row: Row,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Table(Vec<Line>);

impl Book {
    pub(crate) fn note(&mut self, name: &'static str, sample: Sample) {
        self.0.entry(name).or_default().push(sample);
    }

    /// Beside the machine's figures; a name that it does not have is an error.
    pub(crate) fn table(&self) -> Result<Table, Failure> {
        let rows: BTreeMap<String, Row> = serde_json::from_str(HARNESS)?;
        let line = |(name, samples): (&&'static str, &Vec<Sample>)| {
            let row = rows.get(*name).ok_or_else(|| format!("no row `{name}`"))?;
            line(name, samples, *row)
        };
        Ok(Table(self.0.iter().map(line).collect::<Result<_, _>>()?))
    }
}

fn line(name: &'static str, samples: &[Sample], row: Row) -> Result<Line, Failure> {
    let mut gas: Vec<u64> = samples.iter().map(|it| it.gas).collect();
    let mut bytes: Vec<usize> = samples.iter().map(|it| it.bytes).collect();
    gas.sort_unstable();
    bytes.sort_unstable();
    let middle = samples.len() / 2;
    let of = |index: usize| Ok::<_, Failure>(i64::try_from(*gas.get(index).ok_or("none")?)?);
    Ok(Line {
        name,
        count: samples.len(),
        least: of(0)?,
        median: of(middle)?,
        most: of(samples.len() - 1)?,
        bytes: i64::try_from(*bytes.get(middle).ok_or("none")?)?,
        row,
    })
}

impl Line {
    fn machine(&self) -> i64 {
        i64::try_from(self.row.pinned).unwrap_or(i64::MAX)
    }

    /// Live beside the machine, per mille.
    fn ratio(&self) -> i64 {
        self.median * 1_000 / self.machine()
    }

    /// What is neither the contract's work, nor its loading, nor the transaction's bytes.
    fn rest(&self) -> i64 {
        let row = self.row;
        let work = i64::try_from(row.storage + row.machine + row.events);
        self.median - work.unwrap_or(i64::MAX) - INSTANCE - self.bytes * TX_BYTE
    }
}

impl Table {
    /// For people.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::from(
            "| message | sent | least | median | most | table | median / table | bytes | rest |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for line in &self.0 {
            let ratio = format!("{}.{:03}", line.ratio() / 1_000, line.ratio() % 1_000);
            let figures = [line.least, line.median, line.most, line.machine()].map(thousands);
            let cells = [
                line.name.to_owned(),
                line.count.to_string(),
                figures.join(" | "),
                ratio,
                thousands(line.bytes),
                thousands(line.rest()),
            ];
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        text
    }

    /// Messages whose median is far from the table.
    pub(crate) fn strays(&self) -> Vec<String> {
        let far = self.0.iter().filter(|it| (it.ratio() - 1_000).abs() > NEAR);
        far.map(|it| format!("{}: {} of {}", it.name, it.median, it.machine()))
            .collect()
    }
}

fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
