//! The committed table.

use std::path::PathBuf;
use std::sync::LazyLock;

use antiphon_vm::table::Table;

use crate::measure::measure;
use crate::scenes;
use crate::size::LARGEST;

/// Every scene in the largest network.
pub static MEASURED: LazyLock<Table> = LazyLock::new(|| {
    let scenes = scenes::all();
    let row = |scene: &scenes::Scene| (scene.name.to_owned(), measure(scene, &LARGEST));
    Table(scenes.iter().map(row).collect())
});

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn no_message_costs_more_than_105_percent_of_the_committed_table() {
    let (file, page) = (path("gas.json"), path("../docs/gas.md"));
    let text = std::fs::read_to_string(&page).unwrap();
    if std::env::var_os("UPDATE_GAS").is_some() {
        std::fs::write(&file, MEASURED.to_json().unwrap()).unwrap();
        std::fs::write(&page, MEASURED.into_page(&text).unwrap()).unwrap();
        return;
    }
    let committed = Table::from_json(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let names: Vec<_> = committed.keys().collect();
    let mut measured: Vec<_> = MEASURED.0.iter().map(|(name, _)| name).collect();
    measured.sort();
    assert_eq!(names, measured, "UPDATE_GAS=1 writes the table anew");
    let over: Vec<_> = MEASURED
        .0
        .iter()
        .filter(|(name, row)| row.pinned * 100 > committed[name].pinned * 105)
        .map(|(name, row)| format!("{name}: {} > {}", row.pinned, committed[name].pinned))
        .collect();
    assert!(over.is_empty(), "dearer than 105 % of the table: {over:#?}");
}

#[test]
fn the_page_shows_the_committed_figures() {
    if std::env::var_os("UPDATE_GAS").is_some() {
        return;
    }
    let committed = Table::from_json(&std::fs::read_to_string(path("gas.json")).unwrap()).unwrap();
    let rows = scenes::all();
    let rows = rows
        .iter()
        .map(|it| (it.name.to_owned(), committed[it.name]));
    let table = Table(rows.collect());
    let page = std::fs::read_to_string(path("../docs/gas.md")).unwrap();
    assert_eq!(table.into_page(&page).unwrap(), page);
}
