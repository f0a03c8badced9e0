//! A task with later rounds, callbacks and ratings, as its chain tells it.

use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message as _;
use serde_json::{Value, json};

use crate::binary::{Ran, antiphon, text_of};
use crate::fake_workers::Manner;
use crate::world::{TEXT, World, answer_json, model_json};

/// What the contract was sent, with the coins attached.
pub(crate) fn sent(world: &World) -> Vec<(Value, Vec<String>)> {
    let node = world.node.node();
    let messages = node.taken.iter().flat_map(|(body, _)| &body.messages);
    messages
        .map(|any| {
            let msg = MsgExecuteContract::decode(&*any.value).unwrap();
            let coins = msg.funds.iter().map(|coin| coin.amount.clone());
            (serde_json::from_slice(&msg.msg).unwrap(), coins.collect())
        })
        .collect()
}

/// Runs the program on this world.
pub(crate) async fn run(world: &World, arguments: &[&str], input: &str) -> Ran {
    let network = world.network_json();
    let mut all = arguments.to_vec();
    all.extend(["--network", text_of(&network)]);
    antiphon(&all, input).await
}

/// The states of task 17, one a look; the last one stays.
pub(crate) fn states(world: &World, tasks: &[Value]) {
    world
        .node
        .says(r#"{"task":{"task":17}}"#, tasks.iter().cloned());
}

/// The task with some fields replaced.
pub(crate) fn with(mut task: Value, fields: Value) -> Value {
    for (key, value) in fields.as_object().unwrap() {
        task[key] = value.clone();
    }
    task
}

/// What a transaction emits from now on.
pub(crate) fn emits(world: &World, kind: &str, attributes: &[(&str, &str)]) {
    let attributes: Vec<_> = attributes
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value, "index": true }))
        .collect();
    let event = json!({ "type": kind, "attributes": attributes });
    let mut node = world.node.node();
    let mut events = node.events.as_array().unwrap().clone();
    events.push(event);
    node.events = json!(events);
}

pub(crate) fn asked(world: &World) -> Value {
    world.task("final", answer_json())
}

pub(crate) fn callback(with_text: bool, deadline: u64) -> Value {
    json!({ "callback": {
        "gas_limit": 200_000, "with_text": with_text, "fee": "1000", "deadline": deadline,
    }})
}

#[tokio::test]
async fn a_rating_is_sent_once_and_told_with_the_models() {
    let world = World::honest().await;
    let mut model = model_json();
    model["ratings"] = json!({ "good": 3, "bad": 1, "good_fees": "900", "bad_fees": "300" });
    world.node.says(r#"{"model":{"model":1}}"#, [model]);
    states(&world, &[asked(&world)]);
    let ran = run(&world, &["rate", "17", "good"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        sent(&world),
        [(json!({ "rate": { "task": 17, "good": true } }), Vec::new())]
    );
    assert!(ran.out.contains("task 17 is rated good"), "{}", ran.out);
    assert!(ran.out.contains("called good: 3 (900 uanti"), "{}", ran.out);
}

#[tokio::test]
async fn what_cannot_be_rated_is_told_before_it_costs_a_fee() {
    let world = World::honest().await;
    let good = asked(&world);
    let cases = [
        (
            json!({ "rated": true }),
            "is rated good already: a rating stays",
        ),
        (json!({ "requester": "wasm1other" }), "paid by wasm1other"),
        (json!({ "status": "answered" }), "is not final yet"),
        (
            json!({ "outcome": { "invalid": {} } }),
            "ended without an answer",
        ),
        (
            json!({ "status": "failed", "outcome": null }),
            "ended without an answer",
        ),
    ];
    for (fields, said) in cases {
        states(&world, &[with(good.clone(), fields)]);
        let ran = run(&world, &["rate", "17", "bad"], "").await;
        assert_eq!(ran.code, 4, "{said}: {}", ran.err);
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(sent(&world).is_empty());
    assert_eq!(run(&world, &["rate", "17", "superb"], "").await.code, 2);
}

#[tokio::test]
async fn a_rating_that_another_program_has_sent_first_is_the_contracts_refusal() {
    let world = World::honest().await;
    states(&world, &[asked(&world)]);
    world.node.node().simulation = Err(
        "failed to execute message; message index: 0: kind: Other, error: E_RATED: got task 17, \
        which is rated already, want another; a rating stays: execute wasm contract failed"
            .to_owned(),
    );
    let ran = run(&world, &["rate", "17", "good"], "").await;
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("E_RATED"), "{}", ran.err);
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn a_callback_is_delivered_with_the_text_that_was_hashed_and_tells_what_it_earned() {
    let world = World::honest().await;
    let task = with(asked(&world), callback(true, 9_999));
    states(&world, &[with(task, json!({ "requester": "wasm1caller" }))]);
    let attributes = [("task", "17"), ("fee", "1000")];
    emits(&world, "wasm-callback_delivered", &attributes);
    let ran = run(&world, &["deliver", "17", "--max-fee", "7800"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    // The simulation's 100,000, the receiver's 200,000, and what noting a failure takes.
    let before = "the fee is 7800 uanti for at most 312000 gas, 200000 of it the receiver's; delivering earns 1000 uanti";
    assert!(ran.err.contains(before), "{}", ran.err);
    let limit = world.node.node().taken[0].1.fee.as_ref().unwrap().gas_limit;
    assert_eq!(limit, 312_000);
    let text = std::str::from_utf8(TEXT).unwrap();
    let want = json!({ "deliver": { "task": 17, "text": text } });
    assert_eq!(sent(&world), [(want, Vec::new())]);
    assert!(
        ran.out
            .contains("told to wasm1caller, with a text of 31 bytes"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("earned 1000 uanti"), "{}", ran.out);
    assert!(ran.out.contains("fee of 7800 uanti"), "{}", ran.out);
}

#[tokio::test]
async fn a_receiver_that_refuses_is_told_and_the_fee_is_earned_all_the_same() {
    let world = World::honest().await;
    states(&world, &[with(asked(&world), callback(false, 9_999))]);
    emits(
        &world,
        "wasm-callback_delivered",
        &[("task", "17"), ("fee", "1000")],
    );
    emits(&world, "wasm-callback_failed", &[("task", "17")]);
    let ran = run(
        &world,
        &["deliver", "17", "--max-fee", "9000", "--json"],
        "",
    )
    .await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let done: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&done["taken"], &done["earned"], &done["text_bytes"]),
        (&json!(false), &json!("1000"), &Value::Null)
    );
    let want = json!({ "deliver": { "task": 17, "text": null } });
    assert_eq!(sent(&world)[0].0, want);
}

#[tokio::test]
async fn a_delivery_whose_fee_is_above_what_it_earns_or_what_was_allowed_is_not_sent() {
    let world = World::honest().await;
    states(&world, &[with(asked(&world), callback(false, 9_999))]);
    let cases: [(&[&str], &str); 2] = [
        (&["deliver", "17"], "delivering earns 1000"),
        (
            &["deliver", "17", "--max-fee", "7799"],
            "--max-fee allows 7799",
        ),
    ];
    for (words, said) in cases {
        let ran = run(&world, words, "").await;
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(
            ran.err.contains(said) && ran.err.contains("would be 7800 uanti"),
            "{}",
            ran.err
        );
    }
    assert!(sent(&world).is_empty());
    let dear = with(asked(&world), callback(false, 9_999));
    let fee = json!({ "callback": {
        "gas_limit": 200_000, "with_text": false, "fee": "7800", "deadline": 9_999,
    }});
    states(&world, &[with(dear, fee)]);
    assert_eq!(run(&world, &["deliver", "17"], "").await.code, 0);
}

#[tokio::test]
async fn a_delivery_that_somebody_else_made_in_the_meantime_is_told_as_that() {
    let world = World::honest().await;
    states(&world, &[with(asked(&world), callback(false, 9_999))]);
    world.node.node().simulation = Err(
        "failed to execute message; message index: 0: kind: Other, error: E_NO_CALLBACK: got task 17, \
        want one at its end with a callback that can still be delivered; query task: execute wasm contract failed"
            .to_owned(),
    );
    let ran = run(&world, &["deliver", "17"], "").await;
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(
        ran.err.contains("somebody else has delivered it") && ran.err.contains("Nothing was sent"),
        "{}",
        ran.err
    );
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn a_forged_text_is_never_delivered() {
    let world = World::new([Manner::Lies; 5]).await;
    states(&world, &[with(asked(&world), callback(true, 9_999))]);
    let ran = run(&world, &["deliver", "17"], "").await;
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn what_cannot_be_delivered_is_told_before_it_costs_a_fee() {
    let world = World::honest().await;
    let task = asked(&world);
    let open = with(task.clone(), callback(true, 0));
    let cases = [
        (task.clone(), "has no callback to deliver"),
        (
            with(open, json!({ "status": "answered" })),
            "is not at its end yet",
        ),
        (
            with(task, callback(true, 5)),
            "could be delivered until block 5",
        ),
    ];
    for (task, said) in cases {
        states(&world, &[task]);
        let ran = run(&world, &["deliver", "17"], "").await;
        assert_eq!(ran.code, 4, "{said}: {}", ran.err);
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn a_model_is_retired_by_its_publisher_after_a_question() {
    let world = World::honest().await;
    let ours = |fields: Value| {
        let mut model = with(
            model_json(),
            json!({ "publisher": world.payer(), "deposit": "70" }),
        );
        model = with(model, fields);
        model
    };
    let after = ours(json!({ "retired": true, "deposit": "0" }));
    let before = ours(json!({}));
    let states = [before.clone(), before, after.clone()];
    world.node.says(r#"{"model":{"model":1}}"#, states.clone());
    let ran = run(&world, &["model", "retire", "1"], "n\n").await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(
        ran.err.contains("for ever") && ran.err.contains("nothing was sent"),
        "{}",
        ran.err
    );
    assert!(sent(&world).is_empty());

    world.node.says(r#"{"model":{"model":1}}"#, states);
    let ran = run(&world, &["model", "retire", "1"], "y\n").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("deposit of 70 uanti is in your balance"),
        "{}",
        ran.out
    );
    assert_eq!(sent(&world)[0].0, json!({ "retire_model": { "model": 1 } }));

    world.node.says(r#"{"model":{"model":1}}"#, [after]);
    let ran = run(&world, &["model", "retire", "1", "--yes"], "").await;
    assert!(
        ran.code == 4 && ran.err.contains("retired already"),
        "{}",
        ran.err
    );
    world.node.says(r#"{"model":{"model":1}}"#, [model_json()]);
    let ran = run(&world, &["model", "retire", "1", "--yes"], "").await;
    assert!(
        ran.code == 4 && ran.err.contains("registered by wasm1p"),
        "{}",
        ran.err
    );
    assert_eq!(sent(&world).len(), 1);
}

#[tokio::test]
async fn a_step_that_is_due_and_that_no_worker_makes_is_made() {
    let world = World::honest().await;
    let stuck = with(
        world.task("answered", answer_json()),
        json!({ "due": true, "deadline": 5 }),
    );
    states(&world, &[stuck.clone(), asked(&world)]);
    let ran = run(&world, &["advance", "17"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("task 17 was answered and is final now"),
        "{}",
        ran.out
    );
    assert_eq!(sent(&world)[0].0, json!({ "advance": { "tasks": [17] } }));
    states(&world, &[stuck]);
    let ran = run(&world, &["task", "17"], "").await;
    assert!(ran.out.contains("`antiphon advance 17`"), "{}", ran.out);
    // The fee of a callback that nobody delivered in time.
    states(&world, &[with(asked(&world), callback(false, 5))]);
    assert_eq!(run(&world, &["advance", "17"], "").await.code, 0);
    assert_eq!(sent(&world).len(), 2);
}

#[tokio::test]
async fn where_no_step_is_due_the_reason_is_told_before_it_costs_a_fee() {
    let world = World::honest().await;
    let cases = [
        (
            world.task("drawing", Value::Null),
            "waits for the randomness",
        ),
        (
            with(
                world.task("committing", Value::Null),
                json!({ "deadline": 9_999 }),
            ),
            "closes at block 9999",
        ),
        (
            with(
                world.task("answered", answer_json()),
                json!({ "deadline": 9_999 }),
            ),
            "can be appealed until block 9999",
        ),
        (asked(&world), "is at its end"),
    ];
    for (task, said) in cases {
        states(&world, &[task]);
        let ran = run(&world, &["advance", "17"], "").await;
        assert_eq!(ran.code, 4, "{said}: {}", ran.err);
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(sent(&world).is_empty());
}
