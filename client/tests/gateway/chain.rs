//! The chain behind the gateway: a fake node and fake workers.

use std::sync::Arc;
use std::time::Duration;

use antiphon_chain::Key;
use antiphon_client::Network;
use antiphon_client::gateway::{Answers, ApiKey, ChainAnswers, make_key};
use antiphon_client::question::{SamplingFlags, prompt_of};
use cosmrs::proto::cosmos::tx::v1beta1::{AuthInfo, TxBody};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message as _;
use serde_json::{Value, json};

use crate::fake_node::Fault;
use crate::fake_workers::Manner;
use crate::gate::{Gate, fine, refused};
use crate::world::{QUESTION, TEXT, World, answer_json};

pub(crate) async fn chain_answers(world: &World) -> ChainAnswers {
    let file = world.file();
    let key = Arc::new(Key::load(file.key.as_deref().unwrap()).unwrap());
    let network = Network::connect(file).await.unwrap();
    let made = ChainAnswers::new(network, key, Some(1), None).await;
    made.unwrap()
}

async fn answers(world: &World) -> Arc<dyn Answers> {
    Arc::new(chain_answers(world).await)
}

pub(crate) async fn gate(world: &World) -> (tempfile::TempDir, Gate) {
    let home = tempfile::tempdir().unwrap();
    let gate = gate_at(world, &home).await;
    (home, gate)
}

pub(crate) async fn gate_at(world: &World, home: &tempfile::TempDir) -> Gate {
    Gate::start_with(answers(world).await, home.path(), |settings| settings).await
}

pub(crate) fn question() -> Value {
    json!({ "model": "1", "messages": [{ "role": "user", "content": QUESTION }], "max_tokens": 128 })
}

/// Transactions a node took.
pub(crate) fn taken(world: &World) -> usize {
    world.node.node().taken.len()
}

/// Transactions a node was given.
fn broadcasts(world: &World) -> usize {
    let calls = world.node.node().calls.clone();
    calls
        .iter()
        .filter(|call| call.contains("broadcast_tx"))
        .count()
}

#[tokio::test]
async fn demand_03_three_requests_at_once_are_one_transaction() {
    let world = World::honest().await;
    let (_home, gate) = gate(&world).await;
    let body = question();
    let (a, b, c) = tokio::join!(gate.chat(&body), gate.chat(&body), gate.chat(&body));
    let reply = fine(a).await;
    assert_eq!(
        reply["choices"][0]["message"]["content"],
        String::from_utf8_lossy(TEXT).as_ref()
    );
    assert_eq!(reply["id"], "chatcmpl-antiphon-local-1-17");
    assert_eq!(
        (&reply["antiphon"]["quorum"], &reply["antiphon"]["votes"]),
        (&json!(4), &json!(5))
    );
    assert_eq!(fine(b).await, reply);
    assert_eq!(fine(c).await, reply);
    assert_eq!(taken(&world), 1);
}

#[tokio::test]
async fn a_final_answer_on_chain_is_returned_free() {
    let world = World::honest().await;
    let entry = json!({ "task": 17, "ballot": answer_json(), "committee": 5, "votes": 5, "height": 9, "conflict": false });
    world.index(entry);
    world.plays(&["final"]);
    let (_home, gate) = gate(&world).await;
    let reply = fine(gate.chat(&question()).await).await;
    assert_eq!(reply["antiphon"]["known"], true);
    assert_eq!(taken(&world), 0);
}

#[tokio::test]
async fn an_answer_in_conflict_is_not_taken_from_the_index() {
    let world = World::honest().await;
    let entry = json!({ "task": 16, "ballot": answer_json(), "committee": 5, "votes": 5, "height": 9, "conflict": true });
    world.index(entry);
    let (_home, gate) = gate(&world).await;
    let reply = fine(gate.chat(&question()).await).await;
    assert_eq!(reply["antiphon"]["known"], false);
    assert_eq!(taken(&world), 1);
}

#[tokio::test]
async fn what_a_committee_called_invalid_is_not_paid_for_again() {
    let world = World::honest().await;
    world.index(json!({ "task": 16, "ballot": { "invalid": {} }, "committee": 5, "votes": 5, "height": 9, "conflict": false }));
    let (_home, gate) = gate(&world).await;
    refused(gate.chat(&question()).await, 400, "invalid_prompt").await;
    assert_eq!(taken(&world), 0);
}

#[tokio::test]
async fn a_forged_text_is_never_sent() {
    let world = World::new([Manner::Lies; 5]).await;
    // Who lies about texts may still take prompts.
    let (_home, gate) = gate(&world).await;
    let response = gate.chat(&question()).await;
    let error = refused(response, 502, "content_unavailable").await;
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("VERIFICATION FAILED") && !message.contains("TAMPERED"),
        "{message}"
    );
}

#[tokio::test]
async fn no_worker_that_takes_the_prompt_costs_nothing() {
    let world = World::new([Manner::Refuses; 5]).await;
    let (_home, gate) = gate(&world).await;
    let response = gate.chat(&question()).await;
    assert!(response.headers().contains_key("retry-after"));
    refused(response, 503, "no_workers").await;
    assert_eq!(taken(&world), 0);
}

#[tokio::test]
async fn an_account_that_cannot_pay_is_told_the_amount_and_the_command() {
    let world = World::honest().await;
    world.node.node().balance = 100;
    let (_home, gate) = gate(&world).await;
    let error = refused(gate.chat(&question()).await, 402, "insufficient_funds").await;
    let message = error["message"].as_str().unwrap();
    for part in ["500uanti", "120uanti", "`antiphon deposit 380uanti`"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(taken(&world), 0);
}

#[tokio::test]
async fn a_node_that_is_down_is_told_and_nothing_is_paid() {
    let world = World::honest().await;
    let (_home, gate) = gate(&world).await;
    world.node.node().down = true;
    let response = gate.chat(&question()).await;
    assert!(response.headers().contains_key("retry-after"));
    refused(response, 503, "node_down").await;
    world.node.node().down = false;
    assert_eq!(taken(&world), 0);
}

/// The contract forgets the ballots of a task at its end: with an index they are counted from the blocks (a
/// test on the real chain in `e2e` sees to it).
#[tokio::test]
async fn no_quorum_is_told_although_the_node_keeps_no_index_of_the_ballots() {
    let world = World::honest().await;
    world.node.says(
        r#"{"task":{"task":17}}"#,
        [world.task("failed", Value::Null)],
    );
    let (_home, gate) = gate(&world).await;
    let error = refused(gate.chat(&question()).await, 422, "no_quorum").await;
    assert_eq!(
        (&error["task"], &error["ballots"]),
        (&json!(17), &json!([]))
    );
}

#[tokio::test]
async fn demand_03_an_answer_of_the_node_that_is_lost_is_looked_up_and_not_paid_again() {
    let world = World::honest().await;
    for fault in [Fault::LostAnswer, Fault::MempoolLost] {
        world.node.fault(fault);
    }
    let (_home, gate) = gate(&world).await;
    fine(gate.chat(&question()).await).await;
    let bytes = world.node.node().bytes.clone();
    assert!(
        bytes.iter().all(|one| *one == bytes[0]),
        "only the same bytes were handed over again"
    );
}

#[tokio::test]
async fn demand_03_a_gateway_killed_while_its_transaction_is_in_doubt_finds_it_on_chain() {
    let world = World::honest().await;
    let home = tempfile::tempdir().unwrap();
    let gate = gate_at(&world, &home).await;
    // The node takes it and forgets it: it comes into a block only when it is handed over again.
    world.node.fault(Fault::MempoolLost);
    let asked = tokio::spawn(gate.post("/v1/chat/completions").json(&question()).send());
    gate.until_metric("antiphon_gateway_transactions_in_doubt 1")
        .await;
    while broadcasts(&world) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    gate.kill().await;
    let answered = asked.await.unwrap().map(|response| response.status());
    assert!(answered.is_err(), "{answered:?}");
    let gate = gate_at(&world, &home).await;
    let reply = fine(gate.chat(&question()).await).await;
    assert_eq!(reply["antiphon"]["task"], 17);
    assert_eq!(broadcasts(&world), 2, "it was handed over again");
    assert_eq!(taken(&world), 1);
}

#[tokio::test]
async fn two_questions_at_once_do_not_spend_the_same_prepaid_balance() {
    let world = World::honest().await;
    world.prepaid("500");
    let other = "Why is the sea blue?";
    let prompt = prompt_of(other, &SamplingFlags::default()).unwrap().cid();
    let query = format!(r#"{{"answer":{{"model":1,"prompt":"{prompt}"}}}}"#);
    world.node.says(&query, [json!({ "answer": null })]);
    // The first one stays on its way: the chain's balance does not show it.
    world.node.fault(Fault::Forgotten);
    let (_home, gate) = gate(&world).await;
    let mut second = question();
    second["messages"][0]["content"] = json!(other);
    let ask = |body: &Value| tokio::spawn(gate.post("/v1/chat/completions").json(body).send());
    let asked = (ask(&question()), ask(&second));
    while taken(&world) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let attached: Vec<_> = world.node.node().taken.iter().map(attached).collect();
    assert_eq!(attached, [None, Some("500".to_owned())]);
    gate.kill().await;
    drop(asked);
}

pub(crate) fn attached((body, _): &(TxBody, AuthInfo)) -> Option<String> {
    let msg = MsgExecuteContract::decode(body.messages[0].value.as_slice()).unwrap();
    msg.funds.first().map(|coin| coin.amount.clone())
}

#[tokio::test]
async fn a_task_that_is_another_question_is_not_taken_for_an_answer() {
    let world = World::honest().await;
    for (field, value) in [
        ("requester", json!("wasm1somebody")),
        ("model", json!(2)),
        ("prompt", json!(antiphon_api::Cid::of_raw(b"another"))),
    ] {
        let mut task = world.task("final", answer_json());
        task[field] = value;
        world.node.says(r#"{"task":{"task":17}}"#, [task]);
        let (_home, gate) = gate(&world).await;
        let error = refused(gate.chat(&question()).await, 500, "internal_error").await;
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("started anew"), "{message}");
    }
}

#[tokio::test]
async fn a_prepaid_account_without_a_fee_is_told_of_the_fee_and_not_to_deposit_nothing() {
    let world = World::honest().await;
    world.prepaid("500");
    world.node.node().balance = 100;
    let (_home, gate) = gate(&world).await;
    let error = refused(gate.chat(&question()).await, 402, "insufficient_funds").await;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("fee of up to 7500uanti"), "{message}");
    assert!(!message.contains("deposit"), "{message}");
    assert_eq!(taken(&world), 0);
}

#[tokio::test]
async fn a_granter_without_a_session_is_told_the_command_before_anything_is_signed() {
    let world = World::honest().await;
    let home = tempfile::tempdir().unwrap();
    let granter = Key::random().address("wasm").unwrap();
    let key = ApiKey {
        name: "alice".to_owned(),
        sha256: antiphon_api::Hex([0; 32]),
        budget: None,
        per_minute: None,
        granter: Some(granter.clone()),
    };
    let key = make_key(home.path(), key).unwrap().key;
    let balance = format!(r#"{{"balance":{{"address":"{granter}"}}}}"#);
    world.node.says(&balance, [json!({ "amount": "20" })]);
    let gate = gate_at(&world, &home).await;
    let error = refused(
        gate.chat_with(&key, &question()).await,
        402,
        "insufficient_funds",
    )
    .await;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("`antiphon deposit 480uanti`"), "{message}");
    world.node.says(&balance, [json!({ "amount": "500" })]);
    let error = refused(
        gate.chat_with(&key, &question()).await,
        402,
        "insufficient_funds",
    )
    .await;
    let message = error["message"].as_str().unwrap();
    let command = format!("`antiphon session start --for {}`", world.payer());
    assert!(message.contains(&command), "{message}");
    assert_eq!(taken(&world), 0);
}

#[tokio::test]
async fn a_committee_the_contract_refuses_is_named_as_a_field() {
    let world = World::honest().await;
    let bytes = crate::world::prompt().to_canonical().len();
    let fee = format!(
        r#"{{"estimate_fee":{{"model":1,"prompt_bytes":{bytes},"max_output_tokens":128,"committee":4}}}}"#
    );
    world.node.refuses(&fee, "E_COMMITTEE: got a committee of 4, want 5, 7, 9, 11 or 15; choose one of these: query wasm contract failed");
    let (_home, gate) = gate(&world).await;
    let mut body = question();
    body["antiphon"] = json!({ "committee": 4 });
    let error = refused(gate.chat(&body).await, 400, "invalid_request").await;
    assert_eq!(error["param"], "antiphon.committee");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("want 5, 7, 9, 11 or 15")
    );
}
