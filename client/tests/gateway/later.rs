//! Carried prompts, contested answers, and money that an earlier run has signed away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_api::Cid;
use antiphon_client::gateway::{Answers as _, Carry};
use antiphon_client::question::{SamplingFlags, prompt_of};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message as _;
use serde_json::{Value, json};

use crate::chain::{attached, chain_answers, gate, gate_at, question, taken};
use crate::fake_node::Fault;
use crate::fake_workers::Manner;
use crate::gate::{Gate, fine, refused};
use crate::world::{World, answer_json, model_json, prompt};

fn posted(world: &World) -> Value {
    let node = world.node.node();
    let msg = MsgExecuteContract::decode(node.taken[0].0.messages[0].value.as_slice()).unwrap();
    let msg: Value = serde_json::from_slice(&msg.msg).unwrap();
    msg["post_task"].clone()
}

async fn carrying(world: &World, carry: Carry) -> (tempfile::TempDir, Gate) {
    let home = tempfile::tempdir().unwrap();
    let answers = chain_answers(world).await.carrying(carry);
    let gate = Gate::start_with(Arc::new(answers), home.path(), |settings| settings).await;
    (home, gate)
}

#[tokio::test]
async fn a_prompt_that_no_worker_takes_is_carried_if_the_operator_says_so() {
    let world = World::new([Manner::Refuses; 5]).await;
    let (_home, gate) = carrying(&world, Carry::Fallback).await;
    // Such workers have no text to give either.
    refused(gate.chat(&question()).await, 502, "content_unavailable").await;
    let posted = posted(&world);
    let block = data_encoding::HEXLOWER.encode(prompt().to_canonical().as_bytes());
    assert_eq!(posted["block"].as_str().unwrap().to_lowercase(), block);
    assert_eq!(posted["holders"], json!([]));
}

#[tokio::test]
async fn carried_always_means_no_upload_and_otherwise_an_upload_means_no_block() {
    let world = World::honest().await;
    let (_home, gate) = carrying(&world, Carry::Always).await;
    fine(gate.chat(&question()).await).await;
    assert_eq!(posted(&world)["holders"], json!([]));
    assert!(
        world
            .workers
            .iter()
            .all(|worker| !worker.has(&prompt().cid()))
    );
    let world = World::honest().await;
    let (_home, gate) = carrying(&world, Carry::Fallback).await;
    fine(gate.chat(&question()).await).await;
    assert_eq!(posted(&world)["block"], Value::Null);
}

#[tokio::test]
async fn the_fee_of_a_carried_prompt_is_counted_before_it_is_signed() {
    let world = World::honest().await;
    world.prepaid("500");
    // Enough for the fee of a question, not for that of its bytes.
    world.node.node().balance = 7_600;
    let (_home, gate) = carrying(&world, Carry::Always).await;
    let error = refused(gate.chat(&question()).await, 402, "insufficient_funds").await;
    let message = error["message"].as_str().unwrap();
    let gas = 300_000 + 100 * prompt().to_canonical().len();
    let fee = format!("fee of up to {}uanti", (gas * 25).div_ceil(1_000));
    assert!(message.contains(&fee), "{message}");
    assert_eq!(taken(&world), 0);
}

#[tokio::test]
async fn a_contested_answer_is_called_so_in_a_reply() {
    let world = World::honest().await;
    let mut task = world.task("final", answer_json());
    task["contested"] = json!(true);
    task["round"] = json!(1);
    task["size"] = json!(11);
    world.node.says(r#"{"task":{"task":17}}"#, [task]);
    let round = json!({
        "task": 17, "round": 1, "size": 11, "quorum": 8, "opened": 30, "members": [], "replaced": [],
        "tally": [], "appeal": null,
    });
    world
        .node
        .says(r#"{"round":{"task":17,"round":1}}"#, [round]);
    let (_home, gate) = gate(&world).await;
    let reply = fine(gate.chat(&question()).await).await;
    assert_eq!(reply["antiphon"]["contested"], true);
    // The committee is that of the round that stands, not of the one that did not agree.
    assert_eq!(reply["antiphon"]["committee"], 5);
    assert_eq!(reply["antiphon"]["quorum"], 4);
}

#[tokio::test]
async fn what_nothing_confirms_is_told_apart_from_what_still_may_be() {
    let world = World::honest().await;
    let answers = chain_answers(&world).await;
    let key = antiphon_client::gateway::QuestionKey {
        account: world.payer(),
        model: 1,
        prompt: prompt().cid(),
        committee: None,
    };
    let entry = |conflict: bool| json!({ "task": 16, "ballot": answer_json(), "committee": 5, "votes": 5, "height": 9, "conflict": conflict });
    for (status, contested, conflict, want) in [
        ("final", false, false, false),
        ("final", false, true, true),
        ("final", true, false, true),
        ("answered", true, false, true),
        // Its own committee may yet decide otherwise than the index says.
        ("answered", false, true, false),
        ("committing", true, false, false),
    ] {
        let mut task = world.task(status, answer_json());
        task["contested"] = json!(contested);
        world.node.says(r#"{"task":{"task":17}}"#, [task]);
        world.index(entry(conflict));
        let doubted = answers.doubted(&key, 17).await.unwrap();
        assert_eq!(doubted, want, "{status} {contested} {conflict}");
    }
}

#[tokio::test]
async fn an_answer_that_the_index_contradicts_is_called_so() {
    let world = World::honest().await;
    world.plays(&["final"]);
    world.index(json!({ "task": 16, "ballot": { "invalid": {} }, "committee": 5, "votes": 5, "height": 9, "conflict": true }));
    let (_home, gate) = gate(&world).await;
    let reply = fine(gate.chat(&question()).await).await;
    assert_eq!(reply["antiphon"]["conflict"], true);
    assert_eq!(reply["antiphon"]["contested"], false);
}

#[tokio::test]
async fn after_a_restart_money_in_doubt_is_not_spent_again() {
    let world = World::honest().await;
    world.prepaid("500");
    let other = "Why is the sea blue?";
    let cid = prompt_of(other, &SamplingFlags::default()).unwrap().cid();
    let query = format!(r#"{{"answer":{{"model":1,"prompt":"{cid}"}}}}"#);
    world.node.says(&query, [json!({ "answer": null })]);
    let home = tempfile::tempdir().unwrap();
    world.node.fault(Fault::Forgotten);
    let first = gate_at(&world, &home).await;
    let asked = tokio::spawn(first.post("/v1/chat/completions").json(&question()).send());
    while taken(&world) < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    first.kill().await;
    drop(asked);
    // The transaction may still come into a block, and the chain's balance does not show it.
    let gate = gate_at(&world, &home).await;
    let mut second = question();
    second["messages"][0]["content"] = json!(other);
    let asked = tokio::spawn(gate.post("/v1/chat/completions").json(&second).send());
    while taken(&world) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let coins: Vec<_> = world.node.node().taken.iter().map(attached).collect();
    assert_eq!(coins, [None, Some("500".to_owned())]);
    gate.kill().await;
    drop(asked);
}

#[tokio::test]
async fn a_registry_of_dead_manifests_does_not_keep_anybody_waiting() {
    let world = World::new([Manner::Refuses; 5]).await;
    // A port that takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let model = |id: u64| {
        let mut model = model_json();
        model["model"] = json!(id);
        model["manifest"] = json!(Cid::of_raw(format!("dead {id}").as_bytes()));
        model["endpoint"] = json!(endpoint);
        model
    };
    let models: Vec<_> = (1..=20).map(model).collect();
    let page = r#"{"models":{"start_after":null,"limit":30}}"#;
    world.node.says(page, [json!({ "models": models })]);
    for id in 2..=20 {
        let seats = format!(r#"{{"seats":{{"model":{id},"start_after":null,"limit":30}}}}"#);
        world.node.says(&seats, [json!({ "seats": [] })]);
    }
    let began = Instant::now();
    let (_home, gate) = gate(&world).await;
    let first = fine(gate.get("/v1/models").send().await.unwrap()).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 20);
    // One after the other they would take 20 s, and were cut off after 4.
    assert!(
        began.elapsed() < Duration::from_millis(3_500),
        "{:?}",
        began.elapsed()
    );
    let again = Instant::now();
    fine(gate.get("/v1/models").send().await.unwrap()).await;
    assert!(
        again.elapsed() < Duration::from_millis(500),
        "{:?}",
        again.elapsed()
    );
}
