//! `ask`: upload, payment, following, verification.

use antiphon_api::{Cid, ExecuteMsg};
use antiphon_chain::{ChainError, executed};
use antiphon_client::AskOptions;
use serde_json::{Value, json};

use crate::fake_node::Fault;
use crate::fake_workers::Manner::{Honest, Lies, Refuses};
use crate::world::{TEXT, World, answer_json, options, prompt, task_json};

fn text() -> String {
    String::from_utf8(TEXT.to_vec()).unwrap()
}

/// The contract message of the first transaction.
fn posted(world: &World) -> ExecuteMsg {
    let bytes = world.node.node().bytes[0].clone();
    serde_json::from_slice(&executed(&bytes)[0].1).unwrap()
}

fn nothing_was_paid(world: &World) {
    assert!(world.node.node().taken.is_empty());
}

#[tokio::test]
async fn a_question_is_uploaded_paid_followed_and_verified() {
    let world = World::honest().await;
    let (report, told) = world.ask(&options()).await;
    let report = report.unwrap();
    assert_eq!(report.answer.unwrap().text, text());
    let want = [
        "uploaded 2",
        "posted 17 500",
        "posted",
        "drawn",
        "computed",
        "committed",
        "revealed",
        "answered",
        &format!("text {}", text()),
    ];
    assert_eq!(told, want);
    let holders: Vec<_> = world
        .workers
        .iter()
        .filter(|w| w.has(&prompt().cid()))
        .collect();
    assert_eq!(holders.len(), 2);
}

#[tokio::test]
async fn the_escrow_less_the_balance_is_attached() {
    let world = World::honest().await;
    world.ask(&options()).await.0.unwrap();
    let ExecuteMsg::PostTask {
        prompt_bytes,
        holders,
        prompt: cid,
        ..
    } = posted(&world)
    else {
        panic!("another message");
    };
    assert_eq!((cid, holders.len()), (prompt().cid(), 2));
    assert_eq!(prompt_bytes as usize, prompt().to_canonical().len());
    let any = world.node.node().taken[0].0.messages[0].clone();
    let funds = String::from_utf8_lossy(&any.value).contains("380");
    assert!(funds, "500 of escrow, 120 prepaid");
}

#[tokio::test]
async fn the_answer_comes_from_a_member_that_holds_no_prompt() {
    let world = World::honest().await;
    let report = world.ask(&options()).await.0.unwrap();
    let source = report.answer.unwrap().source;
    assert!(world.workers[2..].iter().any(|worker| worker.url == source));
    let cid = Cid::of_raw(TEXT);
    for holder in &world.workers[..2] {
        assert_eq!(holder.asked_for(&cid), 0);
    }
}

#[tokio::test]
async fn waiting_for_the_end_reports_the_money_and_the_gas() {
    let world = World::honest().await;
    let options = AskOptions {
        wait_final: true,
        ..options()
    };
    let report = world.ask(&options).await.0.unwrap();
    let money = report.money.unwrap();
    assert_eq!(
        (money.paid.unwrap().u128(), money.refunded.unwrap().u128()),
        (300, 200)
    );
    assert!(report.stages_ms.ended >= report.stages_ms.answered);
    assert_eq!(report.gas.get("post_task"), Some(&77_064));
    assert_eq!(report.ballots.len(), 5);
    assert!(
        report
            .ballots
            .iter()
            .all(|b| b.conduct.is_some() && b.ballot.is_some())
    );
}

#[tokio::test]
async fn the_report_has_the_fields_that_programs_read() {
    let world = World::honest().await;
    let report = world.ask(&options()).await.0.unwrap();
    let json = serde_json::to_value(&report).unwrap();
    for path in [
        "/chain/id",
        "/chain/rpc",
        "/chain/contract",
        "/model/manifest",
        "/model/weights",
        "/task/id",
        "/task/prompt",
        "/task/status",
        "/task/outcome",
        "/task/committee",
        "/task/quorum",
        "/answer/cid",
        "/answer/text",
        "/answer/prompt_tokens",
        "/answer/output_tokens",
        "/answer/finish",
        "/answer/trace",
        "/ballots/0/worker",
        "/ballots/0/ballot",
        "/ballots/0/conduct",
        "/ballots/0/paid",
        "/ballots/0/forfeited",
        "/stages_ms/posted",
        "/stages_ms/final",
        "/gas/post_task",
        "/money/escrow",
        "/money/paid",
        "/money/refunded",
        "/money/burned",
    ] {
        assert!(json.pointer(path).is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_tampered_answer_is_never_shown() {
    let world = World::new([Lies; 5]).await;
    let (report, told) = world.ask(&options()).await;
    let error = report.unwrap_err();
    assert_eq!(error.exit_code(), 6, "{error}");
    assert!(
        !told.iter().any(|line| line.starts_with("text")),
        "{told:?}"
    );
}

#[tokio::test]
async fn one_liar_is_named_and_another_worker_is_asked() {
    let world = World::new([Honest, Honest, Lies, Lies, Honest]).await;
    let answer = world.ask(&options()).await.0.unwrap().answer.unwrap();
    assert_eq!(answer.text, text());
    assert_eq!(
        answer.liars,
        [world.workers[2].url.clone(), world.workers[3].url.clone()]
    );
}

#[tokio::test]
async fn a_known_answer_is_free() {
    let world = World::honest().await;
    world.index(entry(false, 5));
    let (report, told) = world.ask(&options()).await;
    let report = report.unwrap();
    assert!(report.known);
    assert_eq!(report.answer.unwrap().text, text());
    assert_eq!(told[0], "known");
    nothing_was_paid(&world);
}

#[tokio::test]
async fn fresh_pays_although_an_answer_is_known() {
    let world = World::honest().await;
    world.index(entry(false, 5));
    let options = AskOptions {
        fresh: true,
        ..options()
    };
    assert!(!world.ask(&options).await.0.unwrap().known);
    assert_eq!(world.node.node().taken.len(), 1);
}

#[tokio::test]
async fn an_entry_in_conflict_is_not_shown() {
    let world = World::honest().await;
    world.index(entry(true, 5));
    assert!(!world.ask(&options()).await.0.unwrap().known);
}

#[tokio::test]
async fn a_tampered_known_answer_is_never_shown() {
    let world = World::new([Lies; 5]).await;
    world.index(entry(false, 5));
    let (report, told) = world.ask(&options()).await;
    assert_eq!(report.unwrap_err().exit_code(), 6);
    assert!(!told.iter().any(|line| line.starts_with("text")));
    nothing_was_paid(&world);
}

fn entry(conflict: bool, committee: u32) -> Value {
    json!({
        "task": 17, "ballot": answer_json(), "committee": committee, "votes": 5, "height": 9,
        "conflict": conflict,
    })
}

#[tokio::test]
async fn an_unknown_model_is_refused_by_the_contract_before_anything_is_uploaded() {
    let world = World::honest().await;
    let log = "E_UNKNOWN_MODEL: got model 9, want a registered one; query models: query wasm \
               contract failed: unknown request";
    world.node.refuses(r#"{"model":{"model":9}}"#, log);
    let options = AskOptions {
        model: Some(9),
        ..options()
    };
    let error = world.ask(&options).await.0.unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("E_UNKNOWN_MODEL"), "{error}");
    assert!(
        !world
            .workers
            .iter()
            .any(|worker| worker.has(&prompt().cid()))
    );
}

#[tokio::test]
async fn too_few_coins_are_told_in_amounts_before_anything_is_paid() {
    let world = World::honest().await;
    world.node.node().balance = 3;
    let error = world.ask(&options()).await.0.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("it has 3uanti, needs 380uanti for the task"),
        "{text}"
    );
    assert_eq!(error.exit_code(), 3);
    nothing_was_paid(&world);
}

#[tokio::test]
async fn coins_the_contract_does_not_take_are_its_refusal() {
    let world = World::honest().await;
    world.node.node().simulation = Err("failed to execute message; message index: 0: kind: Other, \
        error: E_COINS: got 380uother, want exactly one coin of uanti; attach only that: execute wasm \
        contract failed"
        .to_owned());
    let error = world.ask(&options()).await.0.unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("E_COINS"), "{error}");
    nothing_was_paid(&world);
}

#[tokio::test]
async fn a_post_refused_in_the_block_is_told_with_its_code() {
    let world = World::honest().await;
    let log = "failed to execute message; message index: 0: kind: Other, error: E_POOL_TOO_SMALL: got 3 \
               seats (PoolTooSmall), want at least 5; choose a smaller committee: execute wasm contract failed";
    world.node.fault(Fault::FailsInBlock(5, "wasm", log));
    let error = world.ask(&options()).await.0.unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().contains("E_POOL_TOO_SMALL"), "{error}");
}

#[tokio::test]
async fn without_a_worker_that_takes_the_prompt_nothing_is_posted() {
    let world = World::new([Refuses; 5]).await;
    let error = world.ask(&options()).await.0.unwrap_err();
    assert!(
        error.to_string().starts_with("no worker took the prompt"),
        "{error}"
    );
    assert_eq!(error.exit_code(), 3);
    nothing_was_paid(&world);
}

#[tokio::test]
async fn workers_that_refuse_the_prompt_are_passed_over() {
    let world = World::new([Refuses, Honest, Refuses, Honest, Refuses]).await;
    world.round(&[false, true, false, true, false], "final");
    world.ask(&options()).await.0.unwrap();
    let ExecuteMsg::PostTask { mut holders, .. } = posted(&world) else {
        panic!("another message");
    };
    holders.sort();
    assert_eq!(holders, ["wasm1worker1", "wasm1worker3"]);
}

#[tokio::test]
async fn a_failed_task_is_a_report_without_an_answer() {
    let world = World::honest().await;
    world.plays(&["drawing", "committing", "revealing", "failed"]);
    world.round(&[false; 5], "final");
    let report = world.ask(&options()).await.0.unwrap();
    assert!(report.answer.is_none());
    let error = antiphon_client::cli::no_answer(&report);
    assert_eq!(error.exit_code(), 5);
    assert!(error.to_string().contains("no quorum"), "{error}");
}

#[tokio::test]
async fn an_outcome_invalid_tells_what_to_do() {
    let world = World::honest().await;
    let task = task_json("final", json!({ "invalid": {} }));
    world.node.says(r#"{"task":{"task":17}}"#, [task]);
    let report = world.ask(&options()).await.0.unwrap();
    let error = antiphon_client::cli::no_answer(&report);
    assert!(error.to_string().contains("shorten it"), "{error}");
}

#[tokio::test]
async fn a_lost_answer_to_the_broadcast_does_not_pay_twice() {
    let world = World::honest().await;
    world.node.fault(Fault::LostAnswer);
    world.ask(&options()).await.0.unwrap();
    assert_eq!(world.node.node().taken.len(), 1);
}

#[tokio::test]
async fn a_transition_that_nobody_makes_is_made_by_the_requester() {
    let world = World::honest().await;
    let mut stuck = task_json("answered", answer_json());
    stuck["due"] = json!(true);
    let mut states = vec![stuck; 16];
    states.push(task_json("final", answer_json()));
    world.node.says(r#"{"task":{"task":17}}"#, states);
    let options = AskOptions {
        wait_final: true,
        ..options()
    };
    world.ask(&options).await.0.unwrap();
    let bytes = world.node.node().bytes[1].clone();
    assert_eq!(executed(&bytes)[0].1, br#"{"advance":{"tasks":[17]}}"#);
}

#[tokio::test]
async fn a_task_that_takes_too_long_is_left_with_its_id() {
    let world = World::honest().await;
    world.plays(&["drawing"]);
    let options = AskOptions {
        timeout: std::time::Duration::from_millis(300),
        ..options()
    };
    let error = world.ask(&options).await.0.unwrap_err();
    assert!(error.to_string().contains("antiphon task 17"), "{error}");
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused_before_anything() {
    let world = World::honest().await;
    world.node.node().chain_id = "other-1".to_owned();
    let error = antiphon_client::Network::connect(world.file())
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        antiphon_client::ClientError::Chain(ChainError::WrongChainId { .. })
    ));
    assert_eq!(error.exit_code(), 3);
}
