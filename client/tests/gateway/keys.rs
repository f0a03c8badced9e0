//! API keys: who may ask, how often, for how much, and whose money it is.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use antiphon_api::{Hex, Uint128};
use antiphon_client::gateway::{ApiKey, list_keys, make_key, remove_key};

use crate::fake::{ESCROW, FakeNet, OWN, REFUND};
use crate::gate::{Gate, asking, fine, question, refused};

fn key(home: &Path, name: &str, change: impl FnOnce(&mut ApiKey)) -> String {
    let mut key = ApiKey {
        name: name.to_owned(),
        sha256: Hex([0; 32]),
        budget: None,
        per_minute: None,
        granter: None,
    };
    change(&mut key);
    make_key(home, key).unwrap().key
}

#[tokio::test]
async fn a_gateway_with_keys_answers_nobody_without_one() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let alice = key(home.path(), "alice", |_| {});
    let gate = Gate::start(&net, home.path()).await;
    refused(gate.chat(&question()).await, 401, "invalid_api_key").await;
    for wrong in [
        "",
        "ak-wrong",
        "AK",
        &alice.to_uppercase(),
        &format!("{alice}x"),
    ] {
        refused(
            gate.chat_with(wrong, &question()).await,
            401,
            "invalid_api_key",
        )
        .await;
    }
    let basic = gate
        .post("/v1/chat/completions")
        .basic_auth("x", Some(&alice));
    refused(
        basic.json(&question()).send().await.unwrap(),
        401,
        "invalid_api_key",
    )
    .await;
    assert_eq!(net.posts(), 0);
    fine(gate.chat_with(&alice, &question()).await).await;
}

#[test]
fn a_key_is_kept_as_its_hash_in_a_file_for_its_owner_only() {
    let home = tempfile::tempdir().unwrap();
    let alice = key(home.path(), "alice", |_| {});
    assert!(alice.starts_with("ak-") && alice.len() > 50);
    let path = home.path().join("keys.json");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        !std::fs::read_to_string(&path)
            .unwrap()
            .contains(&alice[3..])
    );
    let again = ApiKey {
        name: "alice".to_owned(),
        sha256: Hex([0; 32]),
        budget: None,
        per_minute: None,
        granter: None,
    };
    let taken = make_key(home.path(), again);
    assert!(taken.unwrap_err().to_string().contains("already"));
    remove_key(home.path(), "alice").unwrap();
    assert!(list_keys(home.path()).unwrap().is_empty());
    assert!(
        path.exists(),
        "a home that had keys never becomes one without"
    );
    assert!(
        remove_key(home.path(), "alice")
            .unwrap_err()
            .to_string()
            .contains("keys ls")
    );
}

#[tokio::test]
async fn a_removed_key_is_refused_at_once_and_a_new_one_let_in() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let alice = key(home.path(), "alice", |_| {});
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat_with(&alice, &question()).await).await;
    // A file's time may be as coarse as a tick of the system.
    std::thread::sleep(std::time::Duration::from_millis(20));
    remove_key(home.path(), "alice").unwrap();
    refused(
        gate.chat_with(&alice, &question()).await,
        401,
        "invalid_api_key",
    )
    .await;
    std::thread::sleep(std::time::Duration::from_millis(20));
    let bob = key(home.path(), "bob", |_| {});
    fine(gate.chat_with(&bob, &question()).await).await;
}

#[tokio::test]
async fn a_budget_counts_what_was_really_spent_and_survives_a_restart() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let alice = key(home.path(), "alice", |key| {
        key.budget = Some(Uint128::new(ESCROW + 400))
    });
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat_with(&alice, &asking("one")).await).await;
    // The escrow of the first task is still set aside: 500 of 900.
    let error = refused(
        gate.chat_with(&alice, &asking("two")).await,
        402,
        "insufficient_funds",
    )
    .await;
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("500uanti of 900uanti") && message.contains("keys new"),
        "{message}"
    );
    net.script().ended = true;
    gate.until_metric("antiphon_gateway_open_tasks 0").await;
    net.script().ended = false;
    // 120 came back: 380 are spent, so one more fits.
    gate.kill().await;
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat_with(&alice, &asking("two")).await).await;
    refused(
        gate.chat_with(&alice, &asking("three")).await,
        402,
        "insufficient_funds",
    )
    .await;
    assert_eq!(net.posts(), 2);
    assert_eq!(net.paid() - REFUND, 2 * ESCROW - REFUND);
    let line = list_keys(home.path()).unwrap().remove(0);
    assert_eq!(line.spent.u128(), 2 * ESCROW - REFUND);
    // What is known already costs nothing, whatever the budget.
    fine(gate.chat_with(&alice, &asking("one")).await).await;
}

#[tokio::test]
async fn requests_at_once_cannot_overdraw_a_budget() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let alice = key(home.path(), "alice", |key| {
        key.budget = Some(Uint128::new(2 * ESCROW))
    });
    let gate = Arc::new(Gate::start(&net, home.path()).await);
    let mut asked = Vec::new();
    for n in 0..8 {
        let (gate, alice) = (Arc::clone(&gate), alice.clone());
        asked.push(tokio::spawn(async move {
            gate.chat_with(&alice, &asking(&format!("question {n}")))
                .await
                .status()
                .as_u16()
        }));
    }
    let mut statuses = Vec::new();
    for one in asked {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 402, 402, 402, 402, 402, 402]);
    assert_eq!(net.posts(), 2);
}

#[tokio::test]
async fn more_requests_than_a_minute_allows_are_told_when_to_come_back() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let alice = key(home.path(), "alice", |key| key.per_minute = Some(2));
    let bob = key(home.path(), "bob", |_| {});
    let gate = Gate::start(&net, home.path()).await;
    for _ in 0..2 {
        fine(gate.chat_with(&alice, &question()).await).await;
    }
    let response = gate.chat_with(&alice, &question()).await;
    let wait: u32 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    refused(response, 429, "rate_limit").await;
    fine(gate.chat_with(&bob, &question()).await).await;
}

#[tokio::test]
async fn a_key_with_a_granter_pays_from_that_account_and_shares_no_task_with_others() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let alice = key(home.path(), "alice", |key| {
        key.granter = Some("wasm1alice".to_owned())
    });
    let bob = key(home.path(), "bob", |_| {});
    let gate = Gate::start(&net, home.path()).await;
    fine(gate.chat_with(&alice, &question()).await).await;
    fine(gate.chat_with(&bob, &question()).await).await;
    let payers: Vec<_> = net
        .ledger()
        .tasks
        .values()
        .map(|(key, _)| key.account.clone())
        .collect();
    assert_eq!(payers, ["wasm1alice", OWN]);
}

#[tokio::test]
async fn what_is_only_read_needs_no_key() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    key(home.path(), "alice", |_| {});
    let gate = Gate::start(&net, home.path()).await;
    for path in [
        "/v1/models",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/network.json",
    ] {
        assert_eq!(gate.get(path).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn the_balance_is_told_to_holders_of_a_key_only() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let open = tempfile::tempdir().unwrap();
    let gate = Gate::start(&net, open.path()).await;
    let text = async |gate: &Gate, key: Option<&str>| {
        let asked = gate.get("/metrics");
        let asked = match key {
            Some(key) => asked.bearer_auth(key),
            None => asked,
        };
        asked.send().await.unwrap().text().await.unwrap()
    };
    assert!(
        text(&gate, None)
            .await
            .contains("antiphon_gateway_balance{")
    );
    let alice = key(home.path(), "alice", |_| {});
    let gate = Gate::start(&net, home.path()).await;
    for stranger in [None, Some("ak-wrong")] {
        let told = text(&gate, stranger).await;
        assert!(!told.contains("antiphon_gateway_balance"), "{told}");
        assert!(told.contains("antiphon_gateway_ready"), "{told}");
    }
    assert!(
        text(&gate, Some(&alice))
            .await
            .contains("antiphon_gateway_balance{")
    );
}
