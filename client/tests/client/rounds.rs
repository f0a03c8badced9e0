//! Tasks with later rounds, in sentences that need no glossary.

use antiphon_api::Cid;
use serde_json::{Value, json};

use crate::later::{asked, callback, run, states, with};
use crate::world::{QUESTION, TEXT, World, answer_json, name};

/// The round of eleven after the first, and who appealed for it.
fn second_round(world: &World, appeal: Value) {
    let round = json!({
        "task": 17, "round": 1, "size": 11, "quorum": 8, "opened": 30, "members": [], "replaced": [], "tally": [],
        "appeal": appeal,
    });
    let query = r#"{"round":{"task":17,"round":1}}"#;
    world.node.says(query, [round]);
}

/// A task whose answer the second round replaces by this text; returns what stands then.
fn overturned(world: &World, text: &[u8]) -> Value {
    let mut stands = answer_json();
    stands["answer"]["cid"] = json!(Cid::of_raw(text));
    let later = json!({ "round": 1, "size": 11, "quorum": 8, "outcome_round": 1, "outcome_votes": 9, "outcome": stands });
    let first = world.task("answered", answer_json());
    states(world, &[first, with(asked(world), later)]);
    second_round(world, json!(null));
    stands
}

#[tokio::test]
async fn a_task_with_a_later_round_is_told_in_sentences() {
    let world = World::honest().await;
    let task = with(
        world.task("answered", answer_json()),
        json!({
            "round": 1, "size": 11, "quorum": 8, "members": 11, "rounds_possible": 3, "deadline": 9_999,
            "contested": true, "carried": true, "appeal_bond": "5300", "outcome_votes": 4,
        }),
    );
    let task = with(task, callback(true, 0));
    let task = with(
        task,
        json!({ "callback": { "gas_limit": 1, "with_text": true, "fee": "1000", "deadline": null } }),
    );
    states(&world, &[task]);
    second_round(&world, json!({ "by": name(3), "bond": "4100" }));
    let ran = run(&world, &["task", "17"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    for said in [
        "task 17: answered (contested)",
        "round 0: 5 workers: 4 of 5 agree on bafkrei",
        "round 1: 11 workers, opened by an appeal of wasm1worker3 with a bond of 4100: no agreement, 8 equal ballots were needed",
        "contested: the outcome of round 0 stands, but a larger committee after it did not agree",
        "can appeal until block 9999 (",
        "for a bond of 5300: `antiphon appeal 17`",
        "its transaction carried the prompt",
        "is told when the task is at its end, with the text of the answer; who does that earns 1000",
    ] {
        assert!(ran.out.contains(said), "{said}\n{}", ran.out);
    }
}

#[tokio::test]
async fn a_round_without_a_quorum_before_one_with_it_is_not_told_as_replaced() {
    let world = World::honest().await;
    let tally = |votes: u32| json!([{ "ballot": answer_json(), "votes": votes }]);
    let prompt_gone = json!([{ "ballot": { "unavailable": {} }, "votes": 9 }]);
    for (status, first, second, said) in [
        (
            "answered",
            tally(3),
            tally(7),
            ["no agreement, 4 equal", "no agreement, 8 equal"],
        ),
        (
            "answered",
            json!([]),
            prompt_gone,
            ["no agreement, 4 equal", "no agreement, 8 equal"],
        ),
        (
            "answered",
            tally(4),
            tally(8),
            ["a later round took its place"; 2],
        ),
        // The contract keeps no tally then.
        (
            "final",
            json!([]),
            json!([]),
            ["a later round decided after it"; 2],
        ),
    ] {
        let fields = json!({ "round": 2, "size": 23, "quorum": 16, "outcome_round": 2, "outcome_votes": 20 });
        states(&world, &[with(world.task(status, answer_json()), fields)]);
        for (number, (size, quorum, tally)) in [(5, 4, first), (11, 8, second), (23, 16, json!([]))]
            .into_iter()
            .enumerate()
        {
            let round = json!({
                "task": 17, "round": number, "size": size, "quorum": quorum, "opened": 30, "members": [],
                "replaced": [], "tally": tally, "appeal": null,
            });
            let query = format!(r#"{{"round":{{"task":17,"round":{number}}}}}"#);
            world.node.says(&query, [round]);
        }
        let ran = run(&world, &["task", "17"], "").await;
        assert_eq!(ran.code, 0, "{}", ran.err);
        for (number, said) in said.iter().enumerate() {
            let mut lines = ran.out.lines();
            let line = lines.find(|line| line.starts_with(&format!("round {number}:")));
            assert!(line.unwrap().contains(said), "{said}\n{}", ran.out);
        }
    }
}

#[tokio::test]
async fn a_task_at_its_end_tells_what_can_still_be_done() {
    let world = World::honest().await;
    let task = with(asked(&world), callback(false, 9_999));
    states(&world, std::slice::from_ref(&task));
    let ran = run(&world, &["task", "17"], "").await;
    assert!(
        ran.out
            .contains("`antiphon deliver 17` earns 1000 until block 9999"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("`antiphon rate 17 good` or `bad`"),
        "{}",
        ran.out
    );
    let mut later = with(task, json!({ "rated": false, "contested": false }));
    later["settlement"]["appeal_bonds"] = json!("4100");
    later["settlement"]["to_appellants"] = json!("8200");
    later["settlement"]["slash_withheld"] = json!(true);
    states(&world, &[later]);
    let ran = run(&world, &["task", "17"], "").await;
    assert!(
        ran.out.contains("its requester calls the answer bad"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("appeals put up 4100; 8200 went back"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("locks were to be forfeited and were freed"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn an_answer_that_is_overturned_while_it_is_waited_for_is_told_anew() {
    let other = b"Because blue light scatters more.";
    let world = World::honest().await;
    for worker in &world.workers {
        worker.keep(other);
    }
    overturned(&world, other);
    let ran = run(&world, &["ask", QUESTION, "--wait-final"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<&[u8]> = ran.out.lines().map(str::as_bytes).take(2).collect();
    assert_eq!(lines, [TEXT, other]);
    assert!(
        ran.err
            .contains("a larger committee overturned the answer above"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("9 of 11 workers, verified here · task 17"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn an_overturned_answer_whose_new_text_nobody_gives_is_told_with_the_tasks_end() {
    let world = World::honest().await;
    let stands = overturned(&world, b"nobody has this");
    let ran = run(&world, &["ask", QUESTION, "--wait-final", "--json"], "").await;
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&report["answer"], &report["task"]["votes"]),
        (&json!(null), &json!(9))
    );
    assert_ne!(ran.code, 0);
    states(
        &world,
        &[
            world.task("answered", answer_json()),
            with(
                asked(&world),
                json!({ "outcome": stands, "outcome_round": 1, "round": 1, "size": 11 }),
            ),
        ],
    );
    let ran = run(&world, &["ask", QUESTION, "--wait-final"], "").await;
    assert!(
        ran.err
            .contains("the text of the answer that stands is not to be had"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_contested_answer_is_called_so_and_counts_the_committee_that_decided() {
    let world = World::honest().await;
    let contested =
        json!({ "round": 1, "size": 11, "quorum": 8, "contested": true, "outcome_votes": 4 });
    states(&world, &[with(asked(&world), contested)]);
    second_round(&world, json!(null));
    let ran = run(&world, &["ask", QUESTION], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err
            .contains("4 of 5 workers, verified here, contested: a larger committee"),
        "{}",
        ran.err
    );
}
