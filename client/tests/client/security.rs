//! `antiphon security`, and the sizes that `ask` can name.

use serde_json::{Value, json};

use crate::later::{run, sent};
use crate::world::{QUESTION, World};

fn security(committee: u32, quorum: u32) -> Value {
    let odds = |percent: u32, seats: u32, wrong: &str, blocked: &str| json!({ "dishonest_percent": percent, "dishonest_seats": seats, "wrong": wrong, "blocked": blocked });
    json!({
        "committee": committee, "quorum": quorum, "seats": 40, "busy": 12, "rounds_possible": 3,
        "lock": "3000", "appeal_bond": "4100", "meter_takes": true, "cost_to_corrupt": "7900",
        "odds": [
            odds(10, 4, "4000000000000", "71942446043165"),
            odds(20, 8, "7194244604316546", "200000000000000000"),
            odds(33, 14, "40000000000000000", "500000000000000000"),
        ],
    })
}

async fn stage() -> World {
    let world = World::honest().await;
    let mut params = serde_json::to_value(antiphon_api::Params::local()).unwrap();
    params["committee"] = json!(7);
    let node = &world.node;
    node.says(
        r#"{"params":{"version":null}}"#,
        [json!({ "version": 1, "params": params })],
    );
    let config = json!({
        "version": "0.2.0", "denom": "uanti", "owner": null, "insecure": false, "paused": false,
        "pending_owner": null, "params_version": 1,
        "beacon": { "public_key": "00".repeat(96), "genesis": 1, "period": 1, "delay_seconds": 1 },
    });
    node.says(r#"{"config":{}}"#, [config]);
    for (size, quorum) in [(5, 4), (7, 5), (9, 6), (11, 8)] {
        let query = format!(r#"{{"security":{{"model":1,"committee":{size}}}}}"#);
        node.says(&query, [security(size, quorum)]);
    }
    let log = "E_POOL_TOO_SMALL: got 12 seats (PoolTooSmall), want at least 15; choose a smaller committee or another model: query wasm contract failed";
    node.refuses(r#"{"security":{"model":1,"committee":15}}"#, log);
    world
}

#[tokio::test]
async fn all_sizes_stand_side_by_side() {
    let world = stage().await;
    let ran = run(&world, &["security"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out
            .contains("a task that names no committee gets 7 workers"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("wrong at 20 %") && ran.out.contains("blocked at 33 %"),
        "{}",
        ran.out
    );
    let row = ran
        .out
        .lines()
        .find(|line| line.starts_with("11 "))
        .unwrap();
    let cells: Vec<&str> = row
        .split("  ")
        .filter(|cell| !cell.is_empty())
        .map(str::trim)
        .collect();
    assert_eq!(
        cells,
        [
            "11",
            "8",
            "3",
            "4100",
            "7900",
            "0.00040 %",
            "0.72 %",
            "4.0 %",
            "0.0072 %",
            "20 %",
            "50 %"
        ]
    );
    assert!(ran.err.contains("15: got 12 seats"), "{}", ran.err);
}

#[tokio::test]
async fn one_size_is_told_in_plain_words_and_numbers() {
    let world = stage().await;
    let ran = run(&world, &["security", "--committee", "5"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    for said in [
        "5 workers are drawn out of 40 seats, and 4 equal ballots decide. 12 of",
        "If 8 of the 40 seats were dishonest and in league (20 %), a wrong answer would pass the first committee 1 in 139 times",
        "keep it from any answer 2 in 10 times",
        "appeal for a bond of 4100 uanti",
        "a wrong quorum that a later round overturns loses at least 7900 uanti, unless the meter",
        "1 in 250,000",
        "1 in 13,900",
    ] {
        assert!(ran.out.contains(said), "{said}\n{}", ran.out);
    }
    let ran = run(&world, &["security", "--committee", "5", "--json"], "").await;
    let view: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        view["committees"][0]["odds"][1]["wrong"],
        "7194244604316546"
    );
}

#[tokio::test]
async fn where_nobody_can_appeal_a_wrong_quorum_loses_nothing_for_certain() {
    let world = stage().await;
    let query = r#"{"security":{"model":1,"committee":5}}"#;
    let mut small = security(5, 4);
    small["appeal_bond"] = Value::Null;
    small["cost_to_corrupt"] = json!("0");
    world.node.says(query, [small]);
    let ran = run(&world, &["security", "--committee", "5"], "").await;
    assert!(ran.out.contains("No appeal is possible"), "{}", ran.out);
    assert!(ran.out.contains("loses nothing for certain"), "{}", ran.out);
    let mut full = security(5, 4);
    full["meter_takes"] = json!(false);
    world.node.says(query, [full]);
    let ran = run(&world, &["security", "--committee", "5"], "").await;
    assert!(
        ran.out.contains("so much was forfeited lately"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn a_size_that_cannot_be_had_is_the_contracts_refusal() {
    let world = stage().await;
    let ran = run(&world, &["security", "--committee", "15"], "").await;
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("E_POOL_TOO_SMALL"), "{}", ran.err);
}

#[tokio::test]
async fn ask_lists_the_sizes_and_pays_nothing() {
    let world = stage().await;
    let ran = run(&world, &["ask", QUESTION, "--committee", "list"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("wrong at 10 %"), "{}", ran.out);
    assert!(sent(&world).is_empty());
    assert_eq!(
        run(&world, &["ask", QUESTION, "--committee", "many"], "")
            .await
            .code,
        2
    );
}

#[tokio::test]
async fn a_size_the_contract_does_not_know_is_refused_with_a_hint() {
    let world = stage().await;
    let bytes = crate::world::prompt().to_canonical().len();
    let query = format!(
        r#"{{"estimate_fee":{{"model":1,"prompt_bytes":{bytes},"max_output_tokens":128,"committee":6}}}}"#
    );
    world.node.refuses(&query, "E_COMMITTEE: got a committee of 6, want 5, 7, 9, 11 or 15; choose one of these: query wasm contract failed");
    let ran = run(&world, &["ask", QUESTION, "--committee", "6"], "").await;
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("--committee list"), "{}", ran.err);
    assert!(sent(&world).is_empty());
}
