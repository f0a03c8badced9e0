//! testdata/receipts: receipts with their verdicts, for every implementation. `UPDATE_RECEIPTS=1` rewrites
//! those made by hand; others are kept as they came from a network.

use std::collections::BTreeMap;
use std::path::PathBuf;

use antiphon_receipt::check;
use serde::{Deserialize, Serialize};

use crate::{broken, build};

/// One line of `index.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    /// The file beside it.
    file: String,
    /// Whether every check holds.
    ok: bool,
    /// Names of the checks that do not.
    failed: Vec<String>,
    /// What is special about it.
    about: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/receipts")
}

fn index() -> Vec<Sample> {
    let text = std::fs::read(folder().join("index.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn sample(file: &str, text: &str, about: &str) -> Sample {
    let report = check(text);
    Sample {
        file: file.to_owned(),
        ok: report.is_ok(),
        failed: report.failed().map(|it| it.name.to_owned()).collect(),
        about: about.to_owned(),
    }
}

/// Texts by file name, with what is special about each.
fn made() -> BTreeMap<String, (String, String)> {
    let good = broken::good()
        .into_iter()
        .map(|(name, about, receipt)| (format!("ok-{name}.json"), about, receipt.to_canonical()));
    let bad = broken::bad()
        .into_iter()
        .map(|(name, about, text)| (format!("bad-{name}.json"), about, text));
    good.chain(bad)
        .map(|(file, about, text)| (file, (text, about.to_owned())))
        .collect()
}

fn rewrite() {
    let mut samples: Vec<Sample> = made()
        .iter()
        .map(|(file, (text, about))| {
            std::fs::write(folder().join(file), text).unwrap();
            sample(file, text, about)
        })
        .collect();
    let kept = index_if_any().into_iter();
    samples.extend(kept.filter(|it| !made().contains_key(&it.file)));
    samples.sort_by(|one, other| one.file.cmp(&other.file));
    let mut text = serde_json::to_string_pretty(&samples).unwrap();
    text.push('\n');
    std::fs::write(folder().join("index.json"), text).unwrap();
}

fn index_if_any() -> Vec<Sample> {
    match folder().join("index.json").exists() {
        true => index(),
        false => Vec::new(),
    }
}

#[test]
fn the_samples_are_what_the_code_makes_of_them() {
    if std::env::var_os("UPDATE_RECEIPTS").is_some() {
        rewrite();
    }
    for (file, (text, about)) in made() {
        let committed = std::fs::read_to_string(folder().join(&file)).unwrap();
        assert!(
            committed == text,
            "{file} is old: UPDATE_RECEIPTS=1 cargo test -p antiphon-receipt"
        );
        assert!(
            index().contains(&sample(&file, &text, &about)),
            "{file} in index.json"
        );
    }
}

#[test]
fn every_sample_has_the_verdict_of_the_index() {
    let samples = index();
    assert!(samples.len() > 20);
    for wanted in samples {
        let text = std::fs::read_to_string(folder().join(&wanted.file)).unwrap();
        assert_eq!(sample(&wanted.file, &text, &wanted.about), wanted);
    }
}

#[test]
fn every_file_is_in_the_index() {
    let listed: Vec<_> = index().into_iter().map(|it| it.file).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "index.json" || listed.contains(&name), "{name}");
    }
}

#[test]
fn every_check_has_a_sample_that_fails_it_first() {
    let names = check(&build::receipt(&[5], &[build::round(5, 0, &[])]).to_canonical()).checks;
    let first: Vec<_> = index()
        .into_iter()
        .filter_map(|it| it.failed.first().cloned())
        .collect();
    for check in names {
        assert!(
            first.iter().any(|name| name == check.name),
            "{}",
            check.name
        );
    }
}

#[test]
fn the_page_about_receipts_names_every_check() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/receipts.md");
    let page = std::fs::read_to_string(path).unwrap();
    let text = build::receipt(&[5], &[build::round(5, 0, &[])]).to_canonical();
    for check in check(&text).checks {
        assert!(
            page.contains(&format!("| `{}` |", check.name)),
            "{}",
            check.name
        );
    }
}
