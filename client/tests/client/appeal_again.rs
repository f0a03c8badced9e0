//! `antiphon appeal`, run again: one bond a round, unless a further one is asked for.

use serde_json::{Value, json};

use crate::appeal::{ended, later, other_answer, plays, round_1, stage};
use crate::later::{run, sent, states};
use crate::world::{World, answer_json};

/// Our round has decided, and the task is in its next appeal window.
fn decided(world: &World, outcome: Value) -> Value {
    let fields = json!({
        "outcome": outcome, "outcome_round": 1, "outcome_votes": 10, "rounds_possible": 3, "appeal_bond": "9900",
        "deadline": 9_999,
    });
    later(world, "answered", fields)
}

fn round_0(world: &World) {
    let round = json!({
        "task": 17, "round": 0, "size": 5, "quorum": 4, "opened": 10, "members": [], "replaced": [],
        "tally": [{ "ballot": { "invalid": {} }, "votes": 1 }, { "ballot": answer_json(), "votes": 4 }], "appeal": null,
    });
    world
        .node
        .says(r#"{"round":{"task":17,"round":0}}"#, [round]);
}

#[tokio::test]
async fn an_appeal_whose_round_has_decided_is_followed_to_the_end_and_never_paid_again() {
    let world = stage().await;
    for (outcome, verdict, back) in [
        (other_answer(), "the appeal is won", "8200"),
        (answer_json(), "the appeal is lost", "0"),
    ] {
        let window = decided(&world, outcome.clone());
        let end = json!({ "outcome": outcome, "outcome_round": 1, "outcome_votes": 10 });
        states(&world, &[window.clone(), window, ended(&world, end, back)]);
        round_1(&world, &world.payer());
        round_0(&world);
        let ran = run(&world, &["appeal", "17", "--yes"], "").await;
        assert_eq!(ran.code, 0, "{}", ran.err);
        for said in [
            "under way already: nothing more is paid",
            "--again",
            verdict,
        ] {
            assert!(ran.err.contains(said), "{said}\n{}", ran.err);
        }
        assert!(sent(&world).is_empty());
    }
}

#[tokio::test]
async fn a_further_appeal_of_ones_own_is_paid_only_if_it_is_said() {
    let world = stage().await;
    let window = decided(&world, other_answer());
    states(&world, &[window]);
    round_1(&world, &world.payer());
    round_0(&world);
    let ran = run(
        &world,
        &["appeal", "17", "--again", "--yes", "--no-wait"],
        "",
    )
    .await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("9900 uanti are put up, and round 2"),
        "{}",
        ran.err
    );
    assert_eq!(sent(&world).len(), 1);
    // A round that another one has opened is nobody's reason to ask twice.
    round_1(&world, "wasm1somebody");
    let ran = run(&world, &["appeal", "17"], "n\n").await;
    assert!(ran.err.contains("Put up 9900 uanti?"), "{}", ran.err);
    // While a round is at work there is nothing to appeal again.
    states(
        &world,
        &[later(&world, "committing", json!({ "committed": 2 }))],
    );
    round_1(&world, &world.payer());
    let ran = run(&world, &["appeal", "17", "--again", "--no-wait"], "").await;
    assert!(ran.err.contains("nothing more is paid"), "{}", ran.err);
    assert_eq!(sent(&world).len(), 1);
}

#[tokio::test]
async fn at_the_tasks_end_what_became_of_its_appeals_is_told() {
    let world = stage().await;
    let won = json!({ "outcome": other_answer(), "outcome_round": 1, "outcome_votes": 10 });
    states(&world, &[ended(&world, won, "8200")]);
    let ran = run(&world, &["appeal", "17", "--yes"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out
            .contains("put up 4100 uanti together, and 8200 uanti went back"),
        "{}",
        ran.out
    );
    let ran = run(&world, &["appeal", "17", "--json"], "").await;
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&told["status"], &told["to_appellants"]),
        (&json!("final"), &json!("8200"))
    );
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn a_won_appeal_whose_new_text_nobody_gives_is_won_all_the_same() {
    let world = World::honest().await;
    let won = json!({ "outcome": other_answer(), "outcome_round": 1, "outcome_votes": 10 });
    plays(&world, ended(&world, won.clone(), "8200"));
    let ran = run(&world, &["appeal", "17", "--yes"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    for said in ["the appeal is won", "stands now is not to be had"] {
        assert!(ran.err.contains(said), "{said}\n{}", ran.err);
    }
    plays(&world, ended(&world, won, "8200"));
    let ran = run(&world, &["appeal", "17", "--yes", "--json"], "").await;
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&report["verdict"], &report["answer"]),
        (&json!("won"), &Value::Null)
    );
    assert!(report["answer_missing"].is_string());
}
