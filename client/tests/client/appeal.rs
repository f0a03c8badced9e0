//! `antiphon appeal`: the bond is shown, asked for, paid once, and followed to its end.

use std::time::Duration;

use antiphon_api::Cid;
use antiphon_client::appeal::{self, Verdict};
use serde_json::{Value, json};

use crate::fake_node::Fault;
use crate::later::{run, sent, states, with};
use crate::world::{TEXT, World, answer_json, name};

const OTHER: &[u8] = b"Because blue light scatters more.";

pub(crate) fn other_answer() -> Value {
    let mut answer = answer_json();
    answer["answer"]["cid"] = json!(Cid::of_raw(OTHER));
    answer
}

/// Task 17 in its appeal window, with a round left.
fn answered(world: &World) -> Value {
    with(
        world.task("answered", answer_json()),
        json!({ "rounds_possible": 2, "appeal_bond": "4100", "deadline": 9_999, "outcome_votes": 4 }),
    )
}

/// The same in its round 1.
pub(crate) fn later(world: &World, status: &str, fields: Value) -> Value {
    let task = with(
        world.task(status, answer_json()),
        json!({
            "round": 1, "size": 11, "quorum": 8, "members": 11, "rounds_possible": 2,
            "outcome": answer_json(), "outcome_round": 0, "outcome_votes": 4,
        }),
    );
    with(task, fields)
}

pub(crate) fn ended(world: &World, fields: Value, to_appellants: &str) -> Value {
    let mut task = later(world, "final", fields);
    task["settlement"]["appeal_bonds"] = json!("4100");
    task["settlement"]["to_appellants"] = json!(to_appellants);
    task
}

pub(crate) fn round_1(world: &World, by: &str) {
    let member = |n: usize| {
        json!({
            "worker": format!("wasm1fresh{n}"), "position": n, "endpoint": world.workers[n % 5].url,
            "commitment": null, "ballot": null, "conduct": null, "paid": "0", "forfeited": "0",
        })
    };
    let members: Vec<Value> = (0..11).map(member).collect();
    let round = json!({
        "task": 17, "round": 1, "size": 11, "quorum": 8, "opened": 30, "members": members, "replaced": [],
        "tally": [], "appeal": { "by": by, "bond": "4100" },
    });
    world
        .node
        .says(r#"{"round":{"task":17,"round":1}}"#, [round]);
}

/// From the appeal window to `end`: looked at for an open appeal, for the offer, and before the payment.
pub(crate) fn plays(world: &World, end: Value) {
    let window = answered(world);
    let run = [
        window.clone(),
        window.clone(),
        window,
        later(world, "drawing", json!({})),
        later(world, "committing", json!({ "committed": 3 })),
        later(
            world,
            "revealing",
            json!({ "committed": 11, "revealed": 4 }),
        ),
        end,
    ];
    states(world, &run);
    round_1(world, &world.payer());
}

pub(crate) async fn stage() -> World {
    let world = World::honest().await;
    for worker in &world.workers {
        worker.keep(OTHER);
    }
    world
}

#[tokio::test]
async fn a_won_appeal_shows_the_new_answer_and_what_came_back() {
    let world = stage().await;
    let won = json!({ "outcome": other_answer(), "outcome_round": 1, "outcome_votes": 10 });
    plays(&world, ended(&world, won, "8200"));
    let ran = run(&world, &["appeal", "17", "--yes"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.trim_end().as_bytes(), OTHER);
    for said in [
        "4 workers say bafkrei",
        "11 fresh workers answer again; 8 equal ballots decide",
        "it takes        4100 uanti, now",
        "up to 4100 uanti more",
        "gets 210 uanti of the bond",
        "until           block 9999",
        "4100 uanti are put up, and round 1 is opened · transaction",
        "the appeal is won",
        "8200 uanti went back to your balance",
    ] {
        assert!(ran.err.contains(said), "{said}\n{}", ran.err);
    }
    // 120 are prepaid.
    let named = json!({ "appeal": { "task": 17, "round": 0 } });
    let want = (named, vec!["3980".to_owned()]);
    assert_eq!(sent(&world), [want]);
}

#[tokio::test]
async fn a_lost_and_an_undecided_appeal_are_told_with_what_became_of_the_bond() {
    let world = stage().await;
    let mut same = answer_json();
    same["answer"]["trace"] = json!("22".repeat(32));
    let lost = json!({ "outcome": same, "outcome_round": 1, "outcome_votes": 10 });
    plays(&world, ended(&world, lost, "0"));
    let ran = run(&world, &["appeal", "17", "--yes"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err
            .contains("the appeal is lost: 10 workers of the larger committee confirm"),
        "{}",
        ran.err
    );
    assert!(!ran.out.contains(std::str::from_utf8(TEXT).unwrap()));

    plays(&world, ended(&world, json!({ "contested": true }), "3500"));
    let ran = run(&world, &["appeal", "17", "--yes", "--json"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (
            &report["verdict"],
            &report["to_appellants"],
            &report["task"]["contested"]
        ),
        (&json!("undecided"), &json!("3500"), &json!(true))
    );
    plays(&world, ended(&world, json!({ "contested": true }), "3500"));
    let ran = run(&world, &["appeal", "17", "--yes"], "").await;
    assert!(ran.err.contains("neither won nor lost"), "{}", ran.err);
    assert!(
        ran.err.contains("3500 uanti of the bond went back"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn nothing_is_paid_before_a_yes() {
    let world = stage().await;
    for input in ["n\n", "", "maybe\n"] {
        plays(&world, answered(&world));
        let ran = run(&world, &["appeal", "17"], input).await;
        assert_eq!(ran.code, 2, "{input:?}: {}", ran.err);
        assert!(ran.err.contains("Put up 4100 uanti? [y/N]"), "{}", ran.err);
        assert!(ran.err.contains("nothing was sent"), "{}", ran.err);
    }
    assert!(sent(&world).is_empty());
    plays(&world, ended(&world, json!({ "contested": true }), "0"));
    let ran = run(&world, &["appeal", "17", "--no-wait"], "y\n").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out
            .contains("task 17 is appealed; `antiphon appeal 17` follows it"),
        "{}",
        ran.out
    );
    assert_eq!(sent(&world).len(), 1);
}

#[tokio::test]
async fn what_cannot_be_appealed_is_told_before_it_costs_anything() {
    let world = stage().await;
    round_1(&world, "wasm1somebody");
    let window = answered(&world);
    let gone = json!({ "appeal_bond": null, "deadline": 5 });
    let last = json!({ "appeal_bond": null, "rounds_possible": 1 });
    let cases = [
        (with(window.clone(), gone), "closed at block 5"),
        (
            with(window, last),
            "has no round left: it was fixed at its post that it can have one round",
        ),
        (
            world.task("final", answer_json()),
            "is final: its outcome can no longer change",
        ),
        (
            world.task("failed", Value::Null),
            "ended without an outcome",
        ),
        (
            world.task("committing", Value::Null),
            "has no outcome to appeal yet",
        ),
        (
            later(&world, "drawing", json!({})),
            "is appealed already, and 11 fresh workers are at it",
        ),
    ];
    for (task, said) in cases {
        states(&world, &[task]);
        let ran = run(&world, &["appeal", "17", "--yes"], "").await;
        assert_eq!(ran.code, 4, "{said}: {}", ran.err);
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn a_bond_that_is_not_there_is_told_in_amounts() {
    let world = stage().await;
    plays(&world, answered(&world));
    world.node.node().balance = 3_000;
    let ran = run(&world, &["appeal", "17", "--yes"], "").await;
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(
        ran.err
            .contains("it has 3000uanti, needs 3980uanti for the appeal's bond"),
        "{}",
        ran.err
    );
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn an_appeal_under_way_is_followed_and_never_paid_again() {
    let world = stage().await;
    let open = later(&world, "committing", json!({ "committed": 2 }));
    let won = json!({ "outcome": other_answer(), "outcome_round": 1, "outcome_votes": 10 });
    states(&world, &[open.clone(), open, ended(&world, won, "8200")]);
    round_1(&world, &world.payer());
    let ran = run(&world, &["appeal", "17"], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("under way already: nothing more is paid"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("the appeal is won"), "{}", ran.err);
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn an_offer_that_no_longer_holds_is_not_paid() {
    let world = stage().await;
    states(&world, &[answered(&world)]);
    let (network, sender) = world.network().await;
    let offer = appeal::offer(&network, 17).await.unwrap();
    for fields in [
        json!({ "appeal_bond": "9900", "round": 1 }),
        json!({ "outcome": other_answer() }),
    ] {
        states(&world, &[with(answered(&world), fields)]);
        let error = appeal::appeal(&network, &sender, &offer).await.unwrap_err();
        assert_eq!(error.exit_code(), 4);
        assert!(error.to_string().contains("has moved on"), "{error}");
    }
    assert!(sent(&world).is_empty());
}

#[tokio::test]
async fn on_doubt_the_chain_says_whether_the_bond_was_paid() {
    let world = stage().await;
    for (by, paid) in [(world.payer(), true), (name(0), false)] {
        states(&world, &[answered(&world)]);
        round_1(&world, &by);
        let (network, sender) = world.network().await;
        let offer = appeal::offer(&network, 17).await.unwrap();
        // No node answers to the broadcast, however often.
        for _ in 0..4 {
            world.node.fault(Fault::Dropped);
        }
        let appealed = appeal::appeal(&network, &sender, &offer).await;
        assert_eq!(appealed.is_ok(), paid, "{appealed:?}");
        if let Err(error) = appealed {
            assert!(
                error.to_string().contains("before sending again"),
                "{error}"
            );
        }
    }
    // A lost answer alone: the transaction is found, and handed over once.
    world.node.fault(Fault::LostAnswer);
    let (network, sender) = world.network().await;
    let offer = appeal::offer(&network, 17).await.unwrap();
    appeal::appeal(&network, &sender, &offer).await.unwrap();
    assert_eq!(sent(&world).len(), 1);
}

#[tokio::test]
async fn the_verdict_is_the_rules() {
    let world = stage().await;
    let (network, sender) = world.network().await;
    round_1(&world, &world.payer());
    let before: antiphon_api::Ballot = serde_json::from_value(answer_json()).unwrap();
    let appealed = appeal::Appealed {
        task: 17,
        round: 1,
        bond: 4_100,
        before,
        transaction: None,
    };
    let decided = |ballot: Value| json!({ "outcome": ballot, "outcome_round": 1 });
    let cases = [
        (decided(other_answer()), Verdict::Won),
        (decided(json!({ "invalid": {} })), Verdict::Won),
        (decided(answer_json()), Verdict::Lost),
        (json!({ "contested": true }), Verdict::Undecided),
        // A third round decided after ours had not: the final outcome judges ours too.
        (
            json!({ "outcome": other_answer(), "outcome_round": 2, "round": 1 }),
            Verdict::Won,
        ),
        (json!({ "outcome_round": 2 }), Verdict::Lost),
    ];
    for (fields, want) in cases {
        states(&world, &[ended(&world, fields.clone(), "0")]);
        let mut news = |_: &antiphon_api::TaskResponse| {};
        let report = appeal::follow(
            &network,
            &sender,
            &appealed,
            Duration::from_secs(5),
            &mut news,
        );
        assert_eq!(report.await.unwrap().verdict, want, "{fields}");
    }
}

#[tokio::test]
async fn an_appeal_that_takes_too_long_is_left_and_can_be_followed_again() {
    let world = stage().await;
    plays(&world, later(&world, "drawing", json!({})));
    let ran = run(&world, &["appeal", "17", "--yes", "--timeout", "1"], "").await;
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(
        ran.err.contains("`antiphon appeal 17` follows it again"),
        "{}",
        ran.err
    );
}
