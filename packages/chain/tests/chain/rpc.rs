//! Fail-over, chain ids, typed refusals.

use std::net::TcpListener;

use antiphon_chain::{Chain, ChainConfig, ChainError};
use serde_json::json;

use crate::fake_node::{FakeNode, chain_of, config_of};

/// A URL where nothing listens.
fn nowhere() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", free.local_addr().unwrap())
}

#[tokio::test]
async fn a_dead_endpoint_is_passed_over() {
    let node = FakeNode::start().await;
    let mut config = config_of(&[&node]);
    config.rpc.insert(0, nowhere());
    let chain = Chain::connect(config).await.unwrap();
    assert_eq!(chain.rpc().url(), node.url);
}

#[tokio::test]
async fn the_second_endpoint_takes_over_and_keeps_the_work() {
    let (first, second) = (FakeNode::start().await, FakeNode::start().await);
    let chain = chain_of(&[&first, &second]);
    chain.account("wasm1x").await.unwrap();
    assert_eq!(second.node().calls.len(), 0);
    first.node().down = true;
    chain.account("wasm1x").await.unwrap();
    first.node().down = false;
    chain.account("wasm1x").await.unwrap();
    assert_eq!(
        second.node().calls,
        ["status", "abci_query", "abci_query"],
        "the first one rests for a while"
    );
}

#[tokio::test]
async fn a_dead_node_is_told_by_its_url_with_what_to_do() {
    let url = nowhere();
    let error = Chain::connect(ChainConfig::local(&url)).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ChainError::NodeDown { .. }));
    assert!(text.contains(&url), "{text}");
    assert!(text.contains("Check that the node runs"), "{text}");
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
    let node = FakeNode::start().await;
    node.node().chain_id = "other-1".to_owned();
    let error = Chain::connect(config_of(&[&node])).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("\"other-1\""), "{text}");
    assert!(text.contains("\"antiphon-local-1\""), "{text}");
}

#[tokio::test]
async fn a_node_of_another_chain_is_never_asked_anything_else() {
    let (wrong, right) = (FakeNode::start().await, FakeNode::start().await);
    wrong.node().chain_id = "other-1".to_owned();
    let chain = chain_of(&[&wrong, &right]);
    chain.account("wasm1x").await.unwrap();
    assert_eq!(wrong.node().calls, ["status"]);
}

#[tokio::test]
async fn the_first_endpoint_that_answers_sets_an_unnamed_chain_id() {
    let (first, second) = (FakeNode::start().await, FakeNode::start().await);
    second.node().chain_id = "other-1".to_owned();
    let mut config = config_of(&[&first, &second]);
    config.chain_id = None;
    let chain = Chain::connect(config).await.unwrap();
    first.node().down = true;
    let error = chain.status().await.unwrap_err();
    assert!(matches!(error, ChainError::WrongChainId { .. }), "{error}");
}

#[tokio::test]
async fn a_node_that_comes_back_as_another_chain_is_noticed() {
    let node = FakeNode::start().await;
    let chain = node.chain();
    chain.status().await.unwrap();
    node.node().down = true;
    chain.status().await.unwrap_err();
    node.node().down = false;
    node.node().chain_id = "other-1".to_owned();
    let error = chain.account("wasm1x").await.unwrap_err();
    assert!(matches!(error, ChainError::WrongChainId { .. }), "{error}");
}

#[tokio::test]
async fn queries_of_the_contract_are_typed() {
    let node = FakeNode::start().await;
    let query = r#"{"balance":{"address":"wasm1x"}}"#;
    node.says(query, [json!({ "amount": "12" })]);
    let contract = node.chain().contract("wasm1us");
    assert_eq!(contract.balance("wasm1x").await.unwrap(), 12);
}

#[tokio::test]
async fn pages_are_read_to_the_end() {
    let node = FakeNode::start().await;
    let seat = |slot: u16| json!({ "slot": slot, "worker": "wasm1w", "endpoint": null });
    let page =
        |after: &str| format!(r#"{{"seats":{{"model":1,"start_after":{after},"limit":30}}}}"#);
    let full: Vec<_> = (0..30).map(seat).collect();
    let rest: Vec<_> = (30..37).map(seat).collect();
    let answers = [(page("null"), full), (page("29"), rest)];
    for (query, seats) in answers {
        node.says(&query, [json!({ "seats": seats })]);
    }
    let seats = node.chain().contract("wasm1us").all_seats(1).await.unwrap();
    let slots: Vec<u16> = seats.iter().map(|seat| seat.slot).collect();
    assert_eq!(slots, (0..37).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_refused_query_carries_the_contracts_code() {
    let node = FakeNode::start().await;
    let log = "E_UNKNOWN_TASK: got task 9, want a posted one; query tasks: query wasm contract \
               failed: unknown request";
    node.refuses(r#"{"task":{"task":9}}"#, log);
    let error = node.chain().contract("wasm1us").task(9).await.unwrap_err();
    assert_eq!(error.contract_code(), Some("E_UNKNOWN_TASK"));
    assert_eq!(
        error.to_string(),
        "the contract refused: got task 9, want a posted one; query tasks (E_UNKNOWN_TASK)"
    );
}

#[tokio::test]
async fn a_wrong_contract_address_is_told() {
    let node = FakeNode::start().await;
    let error = node.chain().contract("wasm1no").totals().await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("there is no contract at wasm1no"),
        "{text}"
    );
}

#[test]
fn a_url_that_is_none_is_refused() {
    for bad in ["", "localhost", "ftp://host:1", "/tmp/socket"] {
        let error = Chain::new(ChainConfig::local(bad)).unwrap_err();
        assert!(matches!(error, ChainError::BadUrl { .. }), "{bad}");
    }
}
