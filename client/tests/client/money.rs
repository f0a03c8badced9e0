//! The balance in the contract, and lists of tasks.

use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message as _;
use serde_json::{Value, json};

use crate::binary::{antiphon, text_of};
use crate::world::{World, answer_json, task_json};

fn executed(world: &World) -> Vec<MsgExecuteContract> {
    let node = world.node.node();
    let messages = node.taken.iter().flat_map(|(body, _)| &body.messages);
    messages
        .map(|any| MsgExecuteContract::decode(&*any.value).unwrap())
        .collect()
}

#[tokio::test]
async fn a_deposit_attaches_exactly_what_was_named() {
    let world = World::honest().await;
    let network = world.network_json();
    let arguments = [
        "deposit",
        "2500uanti",
        "--json",
        "--network",
        text_of(&network),
    ];
    let ran = antiphon(&arguments, "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let moved: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&moved["amount"], &moved["contract"]),
        (&json!("2500"), &json!("120"))
    );
    let sent = executed(&world);
    assert_eq!(sent[0].msg, br#"{"deposit":{}}"#);
    assert_eq!(sent[0].funds[0].amount, "2500");
}

#[tokio::test]
async fn a_withdrawal_of_all_names_no_amount() {
    let world = World::honest().await;
    let network = world.network_json();
    let ran = antiphon(&["withdraw", "--network", text_of(&network)], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("withdrew 120 uanti"), "{}", ran.out);
    assert_eq!(executed(&world)[0].msg, br#"{"withdraw":{"amount":null}}"#);
}

#[tokio::test]
async fn more_than_there_is_cannot_be_withdrawn_and_costs_nothing() {
    let world = World::honest().await;
    let network = world.network_json();
    let ran = antiphon(&["withdraw", "121", "--network", text_of(&network)], "").await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(
        ran.err.contains("has 120 uanti in the contract"),
        "{}",
        ran.err
    );
    assert!(executed(&world).is_empty());
}

#[tokio::test]
async fn tasks_are_listed_the_newest_first() {
    let world = World::honest().await;
    let page = |filter: &str| {
        format!(r#"{{"tasks":{{"filter":"{filter}","start_after":null,"limit":30}}}}"#)
    };
    let task = |id: u64, status: &str| {
        let mut task = task_json(status, answer_json());
        task["task"] = json!(id);
        task
    };
    let (open, done) = (
        [task(9, "committing")],
        [task(7, "final"), task(8, "failed")],
    );
    world.node.says(&page("open"), [json!({ "tasks": open })]);
    world.node.says(&page("done"), [json!({ "tasks": done })]);
    let network = world.network_json();
    let list = async |more: &[&str]| {
        let mut arguments = vec!["tasks", "--json", "--network", text_of(&network)];
        arguments.extend(more);
        let ran = antiphon(&arguments, "").await;
        assert_eq!(ran.code, 0, "{}", ran.err);
        let tasks: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
        tasks
            .iter()
            .map(|task| task["task"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(list(&[]).await, [9, 8, 7]);
    assert_eq!(list(&["--open"]).await, [9]);
    assert_eq!(list(&["--done", "--limit", "1"]).await, [8]);
    let ran = antiphon(&["tasks", "--network", text_of(&network)], "").await;
    assert!(ran.out.contains("committing"), "{}", ran.out);
}

#[tokio::test]
async fn the_newest_of_many_tasks_are_found_without_reading_all() {
    let world = World::honest().await;
    let done = |after: u64| -> Vec<Value> {
        let ids = (after + 1..=150).take(30);
        let task = |id| {
            let mut task = task_json("final", answer_json());
            task["task"] = json!(id);
            task
        };
        ids.map(task).collect()
    };
    let page = |after: Value| {
        format!(r#"{{"tasks":{{"filter":"done","start_after":{after},"limit":30}}}}"#)
    };
    world
        .node
        .says(&page(Value::Null), [json!({ "tasks": done(0) })]);
    for after in 0..400 {
        world
            .node
            .says(&page(json!(after)), [json!({ "tasks": done(after) })]);
    }
    let (network, _) = world.network().await;
    let filter = Some(antiphon_api::TaskFilter::Done);
    let found = antiphon_client::lists::tasks(&network, filter, 40)
        .await
        .unwrap();
    let ids: Vec<u64> = found.iter().map(|task| task.task).collect();
    let want: Vec<u64> = (111..=150).rev().collect();
    assert_eq!(ids, want);
    let asked = world
        .node
        .node()
        .calls
        .iter()
        .filter(|call| *call == "abci_query")
        .count();
    assert!(asked < 30, "{asked} questions");
}
