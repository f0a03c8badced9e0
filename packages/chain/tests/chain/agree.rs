//! Which node is believed: heights that nobody confirms, nodes that err, nodes that stand still.

use std::time::Duration;

use antiphon_chain::{BlockStream, ChainError, Start};

use crate::fake_node::{FakeNode, chain_of};

const BOGUS: u64 = 9_000_000_000;
const POLL: Duration = Duration::from_millis(5);

async fn nodes<const N: usize>() -> [FakeNode; N] {
    let mut nodes = Vec::new();
    for _ in 0..N {
        nodes.push(FakeNode::start().await);
    }
    nodes.try_into().ok().unwrap()
}

#[tokio::test]
async fn a_bogus_height_of_the_first_node_is_not_believed_while_a_second_one_answers() {
    let [liar, honest] = nodes().await;
    liar.node().claims = Some(BOGUS);
    let chain = chain_of(&[&liar, &honest]);
    for _ in 0..3 {
        assert!(chain.height().await.unwrap() < 100);
    }
    assert_eq!(chain.rpc().url(), honest.url, "work went to the honest one");
    assert!(chain.rpc().agreed_height().await.unwrap() < 100);
}

#[tokio::test]
async fn a_bogus_height_in_mid_run_is_not_believed_with_two_nodes_nor_with_one() {
    let [liar, honest, alone] = nodes().await;
    let chain = chain_of(&[&liar, &honest]);
    chain.status().await.unwrap();
    liar.node().claims = Some(BOGUS);
    assert!(chain.height().await.unwrap() < 100);
    let chain = alone.chain();
    chain.status().await.unwrap();
    alone.node().claims = Some(BOGUS);
    let error = chain.status().await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ChainError::Distrusted { .. }), "{text}");
    assert!(
        text.contains("add the RPC address of another node"),
        "{text}"
    );
    chain.rpc().agreed_height().await.unwrap_err();
    alone.node().claims = None;
    assert!(chain.height().await.unwrap() < 100);
}

#[tokio::test]
async fn a_long_jump_of_the_only_node_is_believed_once_it_shows_the_block() {
    let [node] = nodes().await;
    let chain = node.chain();
    chain.status().await.unwrap();
    node.node().height = 5_000;
    assert!(chain.height().await.unwrap() > 5_000);
    assert!(node.node().calls.contains(&"block_results".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_taken_back_goes_by_the_height_two_nodes_have_reached() {
    let [first, second] = nodes().await;
    first.node().height = 400;
    second.node().height = 100;
    let chain = chain_of(&[&first, &second]);
    assert!(chain.height().await.unwrap() > 400, "it shows its block");
    assert!(chain.rpc().agreed_height().await.unwrap() < 200);
}

#[tokio::test]
async fn blocks_go_on_in_sequence_under_a_bogus_height() {
    let [node] = nodes().await;
    let mut stream = BlockStream::open(node.chain(), None, Start::At(10), POLL)
        .await
        .unwrap();
    assert_eq!(stream.next().await.unwrap().height, 10);
    assert_eq!(stream.next().await.unwrap().height, 11);
    node.node().claims = Some(BOGUS);
    let mut seen = Vec::new();
    while seen.len() < 3 {
        node.node().height += 1;
        if let Ok(block) = stream.next().await {
            assert!(block.head < 100, "the head is no higher than what was read");
            seen.push(block.height);
        }
    }
    assert_eq!(seen, [12, 13, 14]);
}

#[tokio::test]
async fn a_node_that_answers_with_errors_is_passed_over_then_left_and_comes_back() {
    let [broken, good] = nodes().await;
    let chain = chain_of(&[&broken, &good]);
    chain.account("wasm1x").await.unwrap();
    broken.node().broken = true;
    for _ in 0..6 {
        chain.account("wasm1x").await.unwrap();
    }
    let asked = |node: &FakeNode| {
        let calls = node.node().calls.clone();
        calls.iter().filter(|call| *call == "abci_query").count()
    };
    assert_eq!(
        asked(&broken),
        4,
        "one answer and three errors, then a rest"
    );
    assert_eq!(asked(&good), 6);
    good.node().down = true;
    broken.node().broken = false;
    chain
        .account("wasm1x")
        .await
        .expect("who rests is asked when nobody else answers");
}

#[tokio::test]
async fn a_transaction_that_only_another_node_has_is_found() {
    let [empty, full] = nodes().await;
    let chain = chain_of(&[&empty, &full]);
    let sender = crate::sender::sender(&full);
    let sent = crate::sender::send(&sender).await.unwrap();
    let found = chain.rpc().tx(sent.hash.parse().unwrap()).await.unwrap();
    assert!(found.is_some());
    chain
        .rpc()
        .tx("00".repeat(32).parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        chain.rpc().url(),
        empty.url,
        "that is no fault of the first"
    );
}

#[tokio::test]
async fn a_node_of_another_chain_with_the_same_id_does_not_end_the_stream() {
    let [first, second] = nodes().await;
    let chain = chain_of(&[&first, &second]);
    let mut stream = BlockStream::open(chain, None, Start::At(10), POLL)
        .await
        .unwrap();
    stream.next().await.unwrap();
    {
        let mut reset = first.node();
        reset.block1 = "BB".repeat(32);
        reset.height = 2;
    }
    for _ in 0..10 {
        stream.next().await.expect("the second one carries on");
    }
}

#[tokio::test]
async fn a_node_that_stands_still_is_overtaken() {
    let [still, moving] = nodes().await;
    let chain = chain_of(&[&still, &moving]);
    chain.status().await.unwrap();
    still.node().stands = true;
    moving.node().height = 60;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert!(chain.height().await.unwrap() > 60);
    assert_eq!(chain.rpc().url(), moving.url);
}
