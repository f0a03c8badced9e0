//! The block stream: order, cursor, gaps, resets.

use std::path::Path;
use std::time::Duration;

use antiphon_chain::{Block, BlockStream, ChainError, Gap, Start, wasm_events};
use serde_json::json;

use crate::fake_node::{FakeNode, chain_of};

const POLL: Duration = Duration::from_millis(5);

async fn open(node: &FakeNode, path: &Path, start: Start) -> Result<BlockStream, ChainError> {
    BlockStream::open(node.chain(), Some(path), start, POLL).await
}

async fn take(stream: &mut BlockStream, count: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    for _ in 0..count {
        blocks.push(stream.next().await.unwrap());
    }
    blocks
}

fn heights(blocks: &[Block]) -> Vec<u64> {
    blocks.iter().map(|block| block.height).collect()
}

#[tokio::test]
async fn blocks_come_in_order_and_go_on_after_the_cursor() {
    let node = FakeNode::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor.json");
    let mut stream = open(&node, &path, Start::At(3)).await.unwrap();
    assert_eq!(heights(&take(&mut stream, 4).await), [3, 4, 5, 6]);
    stream.acknowledge(5).unwrap();
    drop(stream);
    let mut again = open(&node, &path, Start::Head).await.unwrap();
    assert_eq!(heights(&take(&mut again, 2).await), [6, 7]);
}

#[tokio::test]
async fn a_stream_without_a_cursor_begins_after_the_head() {
    let node = FakeNode::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor.json");
    let mut stream = open(&node, &path, Start::Head).await.unwrap();
    let head = stream.head();
    assert_eq!(heights(&take(&mut stream, 1).await), [head + 1]);
    assert!(path.exists());
}

#[tokio::test]
async fn an_unacknowledged_block_is_given_again() {
    let node = FakeNode::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor.json");
    let mut stream = open(&node, &path, Start::At(3)).await.unwrap();
    take(&mut stream, 2).await;
    drop(stream);
    let mut again = open(&node, &path, Start::Head).await.unwrap();
    assert_eq!(heights(&take(&mut again, 1).await), [3]);
}

#[tokio::test]
async fn pruned_heights_are_told_as_a_gap() {
    let node = FakeNode::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor.json");
    drop(open(&node, &path, Start::At(3)).await.unwrap());
    node.node().earliest = 8;
    let mut stream = open(&node, &path, Start::Head).await.unwrap();
    let blocks = take(&mut stream, 2).await;
    assert_eq!(heights(&blocks), [8, 9]);
    assert_eq!(blocks[0].gap, Some(Gap { from: 3, to: 7 }));
    assert_eq!(blocks[1].gap, None);
}

#[tokio::test]
async fn a_reset_chain_is_an_error_until_the_cursor_is_forgotten() {
    let node = FakeNode::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor.json");
    let mut running = open(&node, &path, Start::At(3)).await.unwrap();
    node.node().block1 = "BB".repeat(32);
    node.node().height = 2;
    let error = open(&node, &path, Start::Head).await.unwrap_err();
    assert!(matches!(error, ChainError::ChainReset { .. }), "{error}");
    take(&mut running, 9).await;
    let error = running.next().await.unwrap_err();
    assert!(matches!(error, ChainError::ChainReset { .. }), "{error}");
    BlockStream::forget(&path).unwrap();
    open(&node, &path, Start::Head).await.unwrap();
}

#[tokio::test]
async fn where_block_one_is_pruned_a_reset_is_told_by_a_height_far_below_the_cursor() {
    let node = FakeNode::start().await;
    node.node().earliest = 5;
    node.node().height = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor.json");
    let mut stream = open(&node, &path, Start::Head).await.unwrap();
    stream.acknowledge(2_000).unwrap();
    node.node().height = 1_999;
    open(&node, &path, Start::Head)
        .await
        .expect("one block behind is late, not another chain");
    node.node().height = 6;
    let error = open(&node, &path, Start::Head).await.unwrap_err();
    assert!(matches!(error, ChainError::ChainReset { .. }), "{error}");
}

#[tokio::test]
async fn a_second_node_that_is_behind_is_waited_for() {
    let (first, second) = (FakeNode::start().await, FakeNode::start().await);
    second.node().height = 4;
    let chain = chain_of(&[&first, &second]);
    let mut stream = BlockStream::open(chain, None, Start::At(10), POLL)
        .await
        .unwrap();
    take(&mut stream, 1).await;
    stream.acknowledge(10).unwrap();
    first.node().down = true;
    assert_eq!(heights(&take(&mut stream, 3).await), [11, 12, 13]);
    assert!(second.node().height >= 13);
}

#[tokio::test]
async fn a_node_that_goes_away_costs_no_block() {
    let node = FakeNode::start().await;
    let mut stream = BlockStream::open(node.chain(), None, Start::At(10), POLL)
        .await
        .unwrap();
    take(&mut stream, 1).await;
    node.node().down = true;
    stream.next().await.unwrap_err();
    node.node().down = false;
    assert_eq!(heights(&take(&mut stream, 1).await), [11]);
}

#[tokio::test]
async fn events_of_a_block_are_those_of_the_contract() {
    let node = FakeNode::start().await;
    let event = json!({ "type": "wasm-task_added", "attributes": [
        { "key": "_contract_address", "value": "wasm1us" }, { "key": "task", "value": "17" }]});
    let tx = |code: u32| json!({ "code": code, "events": [event] });
    let block = json!({ "height": "5", "txs_results": [tx(5), tx(0)] });
    node.node().results.insert(5, block);
    let mut stream = BlockStream::open(node.chain(), None, Start::At(5), POLL)
        .await
        .unwrap();
    let block = stream.next().await.unwrap();
    let events = wasm_events(&block.results, "wasm1us");
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].number("task"), events[0].tx_index),
        (Some(17), 1)
    );
}

#[tokio::test]
async fn a_damaged_cursor_is_told_with_what_to_do() {
    let node = FakeNode::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cursor.json");
    std::fs::write(&path, "{").unwrap();
    let text = open(&node, &path, Start::Head)
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("Remove it to start at the head"), "{text}");
}
