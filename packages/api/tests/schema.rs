//! The JSON schema that other languages generate their types from, in CosmWasm's own file format. The
//! committed file must be what the types say; `UPDATE_SCHEMA=1` (or `cargo xtask schema`) rewrites it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use antiphon_api::*;
use schemars::schema::RootSchema;
use schemars::schema_for;
use serde_json::{Value, json};

fn responses() -> BTreeMap<&'static str, RootSchema> {
    BTreeMap::from([
        ("answer", schema_for!(AnswerResponse)),
        ("balance", schema_for!(BalanceResponse)),
        ("beacon", schema_for!(BeaconResponse)),
        ("config", schema_for!(ConfigResponse)),
        ("duties", schema_for!(DutiesResponse)),
        ("estimate_fee", schema_for!(EstimateFeeResponse)),
        ("model", schema_for!(ModelResponse)),
        ("models", schema_for!(ModelsResponse)),
        ("models_by_manifest", schema_for!(ModelsResponse)),
        ("params", schema_for!(ParamsResponse)),
        ("round", schema_for!(RoundResponse)),
        ("seats", schema_for!(SeatsResponse)),
        ("security", schema_for!(SecurityResponse)),
        ("task", schema_for!(TaskResponse)),
        ("tasks", schema_for!(TasksResponse)),
        ("totals", schema_for!(TotalsResponse)),
        ("worker", schema_for!(WorkerResponse)),
        ("workers", schema_for!(WorkersResponse)),
    ])
}

fn document() -> Value {
    json!({
        "contract_name": "antiphon",
        "contract_version": CONTRACT_VERSION,
        "idl_version": "1.0.0",
        "instantiate": schema_for!(InstantiateMsg),
        "execute": schema_for!(ExecuteMsg),
        "query": schema_for!(QueryMsg),
        "migrate": schema_for!(MigrateMsg),
        "sudo": null,
        "responses": responses(),
    })
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schema/antiphon.json")
}

#[test]
fn the_committed_schema_is_what_the_types_say() {
    let mut text = serde_json::to_string_pretty(&document()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::create_dir_all(path().parent().unwrap()).unwrap();
        std::fs::write(path(), &text).unwrap();
    }
    let committed = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(
        committed == text,
        "schema/antiphon.json is out of date: run `cargo xtask schema`"
    );
}

#[test]
fn every_query_has_a_response() {
    let document = document();
    let variants = document
        .pointer("/query/oneOf")
        .and_then(Value::as_array)
        .unwrap();
    let names: Vec<&str> = variants
        .iter()
        .filter_map(|variant| variant.get("required")?.get(0)?.as_str())
        .collect();
    let mut want: Vec<&str> = responses().into_keys().collect();
    let mut got = names.clone();
    got.sort_unstable();
    want.sort_unstable();
    assert_eq!(got, want);
}
