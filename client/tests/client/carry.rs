//! A prompt that travels in its task's transaction.

use antiphon_client::AskOptions;
use antiphon_client::question::{SamplingFlags, prompt_of};
use serde_json::{Value, json};

use crate::fake_workers::Manner::Refuses;
use crate::later::{run, sent, states};
use crate::world::{QUESTION, World, answer_json, options, prompt};

fn carry() -> AskOptions {
    AskOptions {
        carry: true,
        ..options()
    }
}

#[tokio::test]
async fn a_carried_prompt_is_the_document_itself_and_needs_no_worker_to_take_it() {
    let world = World::new([Refuses; 5]).await;
    let (report, told) = world.ask(&carry()).await;
    // The task is posted and answered; only the text is not to be had from workers that refuse everything.
    assert_eq!(report.unwrap_err().exit_code(), 3);
    let bytes = prompt().to_canonical().len();
    assert_eq!(
        told[..2],
        [format!("carried {bytes}"), "posted 17 500".to_owned()]
    );
    let posted = &sent(&world)[0].0["post_task"];
    let block = data_encoding::HEXLOWER.encode(prompt().to_canonical().as_bytes());
    assert_eq!(posted["block"].as_str().unwrap().to_lowercase(), block);
    assert_eq!(posted["holders"], json!([]));
    assert!(
        world
            .workers
            .iter()
            .all(|worker| !worker.has(&prompt().cid()))
    );
}

#[tokio::test]
async fn without_carry_the_block_stays_at_home() {
    let world = World::honest().await;
    world.ask(&options()).await.0.unwrap();
    assert_eq!(sent(&world)[0].0["post_task"]["block"], Value::Null);
}

#[tokio::test]
async fn a_prompt_that_no_transaction_carries_is_refused_before_anything() {
    let world = World::honest().await;
    let prompt = prompt_of(&"x".repeat(4_000), &SamplingFlags::default()).unwrap();
    assert!(prompt.to_canonical().len() > 4_096);
    let long = AskOptions {
        prompt,
        fresh: true,
        ..carry()
    };
    let error = world.ask(&long).await.0.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(
        error.to_string().contains("carries at most 4096"),
        "{error}"
    );
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn who_cannot_upload_is_told_of_carry() {
    let world = World::new([Refuses; 5]).await;
    let ran = run(&world, &["ask", QUESTION], "").await;
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("`antiphon ask --carry`"), "{}", ran.err);
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn carry_says_how_long_the_prompt_is() {
    let world = World::honest().await;
    states(&world, &[world.task("final", answer_json())]);
    let ran = run(&world, &["ask", QUESTION, "--carry"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("the prompt travels in the transaction"),
        "{}",
        ran.err
    );
    assert_eq!(sent(&world).len(), 1);
}
