//! One writer: sequences, lost answers, refusals, lapsing.

use std::sync::Arc;
use std::time::Duration;

use antiphon_api::ExecuteMsg;
use antiphon_chain::{ChainError, Coin, Gas, Key, Msg, Sender, SenderOptions, Sent};

use crate::fake_node::{FakeNode, Fault, chain_of};

pub(crate) const CONTRACT: &str = "wasm14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s0phg4d";

pub(crate) fn options() -> SenderOptions {
    let mut options = SenderOptions::new("0.025uanti".parse().unwrap());
    options.poll = Duration::from_millis(5);
    options
}

pub(crate) fn sender(node: &FakeNode) -> Sender {
    Sender::new(node.chain(), Arc::new(Key::random()), options()).unwrap()
}

fn msg() -> Msg {
    Msg::execute(CONTRACT, &ExecuteMsg::Bond {}, &[Coin::new(5, "uanti")]).unwrap()
}

pub(crate) async fn send(sender: &Sender) -> Result<antiphon_chain::TxOutcome, ChainError> {
    sender.send(&[msg()], Gas::Limit(200_000)).await
}

#[tokio::test]
async fn a_transaction_is_found_with_its_gas_and_events() {
    let node = FakeNode::start().await;
    let outcome = send(&sender(&node)).await.unwrap();
    assert_eq!((outcome.code, outcome.gas_used), (0, 77_064));
    assert_eq!(outcome.attribute("wasm-task_added", "task"), Some("17"));
    let (body, auth) = node.node().taken[0].clone();
    assert_eq!(auth.signer_infos[0].sequence, 7);
    let fee = auth.fee.unwrap();
    assert_eq!(
        (fee.gas_limit, fee.amount[0].amount.as_str()),
        (200_000, "5000")
    );
    assert!(body.timeout_height > 10);
}

#[tokio::test]
async fn the_sequence_is_counted_without_asking_again() {
    let node = FakeNode::start().await;
    let sender = sender(&node);
    for _ in 0..3 {
        sender.broadcast(&[msg()], Gas::Limit(1)).await.unwrap();
    }
    let sequences: Vec<u64> = node
        .node()
        .taken
        .iter()
        .map(|(_, auth)| auth.signer_infos[0].sequence)
        .collect();
    assert_eq!(sequences, [7, 8, 9]);
}

#[tokio::test]
async fn many_tasks_share_one_writer_in_order() {
    let node = FakeNode::start().await;
    let sender = Arc::new(sender(&node));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let sender = sender.clone();
        tasks.spawn(async move { send(&sender).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(node.node().taken.len(), 8);
}

#[tokio::test]
async fn a_wrong_sequence_is_signed_again_once() {
    let node = FakeNode::start().await;
    let sender = sender(&node);
    send(&sender).await.unwrap();
    node.node().sequence = 21;
    send(&sender).await.unwrap();
    assert_eq!(node.node().taken[1].1.signer_infos[0].sequence, 21);
}

#[tokio::test]
async fn a_sequence_that_stays_wrong_is_an_error() {
    let node = FakeNode::start().await;
    for _ in 0..2 {
        node.fault(Fault::Refused(32, "sdk", "incorrect account sequence"));
    }
    let error = send(&sender(&node)).await.unwrap_err();
    assert!(
        matches!(error, ChainError::Rejected { code: 32, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_lost_answer_does_not_send_twice() {
    let node = FakeNode::start().await;
    node.fault(Fault::LostAnswer);
    let sender = sender(&node);
    send(&sender).await.unwrap();
    assert_eq!(node.node().taken.len(), 1);
    send(&sender).await.unwrap();
    assert_eq!(node.node().taken.len(), 2);
}

#[tokio::test]
async fn a_dropped_broadcast_is_handed_over_again() {
    let node = FakeNode::start().await;
    node.fault(Fault::Dropped);
    node.fault(Fault::Dropped);
    send(&sender(&node)).await.unwrap();
    assert_eq!(node.node().taken.len(), 1);
}

#[tokio::test]
async fn a_broadcast_that_never_gets_an_answer_is_not_claimed_to_have_failed() {
    let node = FakeNode::start().await;
    for _ in 0..4 {
        node.fault(Fault::Dropped);
    }
    let error = send(&sender(&node)).await.unwrap_err();
    assert!(matches!(error, ChainError::Unconfirmed { .. }), "{error}");
    assert!(error.to_string().contains("Look it up by its hash"));
}

#[tokio::test]
async fn the_other_endpoint_gets_the_same_bytes() {
    let (first, second) = (FakeNode::start().await, FakeNode::start().await);
    first.fault(Fault::LostAnswer);
    let chain = chain_of(&[&first, &second]);
    let sender = Sender::new(chain, Arc::new(Key::random()), options()).unwrap();
    sender.broadcast(&[msg()], Gas::Limit(1)).await.unwrap();
    let (a, b) = (first.node().taken.clone(), second.node().taken.clone());
    assert_eq!(a, b);
}

#[tokio::test]
async fn a_forgotten_transaction_lapses_and_the_next_one_goes_through() {
    let node = FakeNode::start().await;
    node.fault(Fault::Forgotten);
    let mut options = options();
    options.timeout_blocks = 3;
    let sender = Sender::new(node.chain(), Arc::new(Key::random()), options).unwrap();
    let error = send(&sender).await.unwrap_err();
    assert!(matches!(error, ChainError::Lapsed { .. }), "{error}");
    node.node().sequence = 7;
    send(&sender).await.unwrap();
}

#[tokio::test]
async fn a_lost_mempool_gets_the_same_bytes_again() {
    let (first, second) = (FakeNode::start().await, FakeNode::start().await);
    first.fault(Fault::MempoolLost);
    let mut options = options();
    options.hand_over_again = Duration::from_millis(20);
    let chain = chain_of(&[&first, &second]);
    let sender = Sender::new(chain, Arc::new(Key::random()), options).unwrap();
    let sent = sender.broadcast(&[msg()], Gas::Limit(1)).await.unwrap();
    let outcome = sender.wait(&sent).await.unwrap();
    assert_eq!(outcome.hash, sent.hash.to_string());
    let (first, second) = (first.node(), second.node());
    assert_eq!(first.bytes, [sent.bytes.to_vec()]);
    assert_eq!(first.bytes, second.bytes, "other nodes get them too");
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_is_not_believed() {
    let node = FakeNode::start().await;
    node.fault(Fault::Dropped);
    node.fault(Fault::Refused(
        32,
        "sdk",
        "account sequence mismatch, expected 8, got 7: x",
    ));
    let error = send(&sender(&node)).await.unwrap_err();
    assert!(matches!(error, ChainError::Unconfirmed { .. }), "{error}");
    assert!(
        node.node().taken.is_empty(),
        "nothing is signed a second time"
    );
}

const STALE: Fault = Fault::Refused(32, "sdk", "account sequence mismatch, expected 3, got 7: x");
const CHEAP: Fault = Fault::Refused(13, "sdk", "insufficient fees; got: 1uanti required: 9uanti");

#[tokio::test]
async fn one_node_takes_it_without_a_word_and_the_others_refusal_is_not_believed() {
    for refusal in [STALE, CHEAP] {
        let (first, second) = (FakeNode::start().await, FakeNode::start().await);
        first.fault(Fault::LostAnswer);
        second.fault(refusal);
        let chain = chain_of(&[&first, &second]);
        let sender = Sender::new(chain, Arc::new(Key::random()), options()).unwrap();
        let mut noted = Vec::new();
        let note = |sent: &Sent| {
            noted.push(sent.hash);
            Ok(())
        };
        let sent = sender.broadcast_noting(&[msg()], Gas::Limit(1), note).await;
        assert_eq!(sent.unwrap().hash, noted[0], "it was found in a block");
        assert_eq!(noted.len(), 1, "nothing is signed a second time");
        assert_eq!(first.node().taken.len(), 1);
        assert!(second.node().taken.is_empty());
    }
}

#[tokio::test]
async fn one_nodes_refusal_after_anothers_silence_is_a_doubt() {
    for refusal in [STALE, CHEAP] {
        let (first, second) = (FakeNode::start().await, FakeNode::start().await);
        first.fault(Fault::Dropped);
        second.fault(refusal);
        let chain = chain_of(&[&first, &second]);
        let sender = Sender::new(chain, Arc::new(Key::random()), options()).unwrap();
        let error = send(&sender).await.unwrap_err();
        assert!(matches!(error, ChainError::Unconfirmed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_is_believed_if_the_other_node_was_never_reached() {
    let (first, second) = (FakeNode::start().await, FakeNode::start().await);
    first.node().down = true;
    second.fault(CHEAP);
    let chain = chain_of(&[&first, &second]);
    let sender = Sender::new(chain, Arc::new(Key::random()), options()).unwrap();
    let error = send(&sender).await.unwrap_err();
    assert!(matches!(error, ChainError::FeeTooLow { .. }), "{error}");
}

#[tokio::test]
async fn what_was_signed_is_noted_before_a_node_sees_it() {
    let node = FakeNode::start().await;
    let sender = sender(&node);
    let mut noted = Vec::new();
    let sent = sender
        .broadcast_noting(&[msg()], Gas::Limit(1), |sent| {
            assert!(node.node().taken.is_empty());
            noted.push(sent.clone());
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(noted, std::slice::from_ref(&sent));
    let again = Sent::of(&sent.bytes, sent.timeout_height);
    assert_eq!(again, sent);
    sender.wait(&again).await.unwrap();
}

#[tokio::test]
async fn nothing_is_handed_over_if_it_cannot_be_written_down() {
    let node = FakeNode::start().await;
    let sender = sender(&node);
    let full = |_: &Sent| {
        Err(ChainError::File {
            path: "journal".to_owned(),
            cause: "no space left".to_owned(),
        })
    };
    let sent = sender.broadcast_noting(&[msg()], Gas::Limit(1), full).await;
    assert!(matches!(sent, Err(ChainError::File { .. })));
    assert!(node.node().taken.is_empty());
}

#[tokio::test]
async fn a_wrong_sequence_notes_the_second_signature_too() {
    let node = FakeNode::start().await;
    node.fault(Fault::Refused(
        32,
        "sdk",
        "account sequence mismatch, expected 7, got 9: x",
    ));
    let mut noted = Vec::new();
    let note = |sent: &Sent| {
        noted.push(sent.hash);
        Ok(())
    };
    let sent = sender(&node)
        .broadcast_noting(&[msg()], Gas::Limit(1), note)
        .await
        .unwrap();
    assert_eq!(noted.last(), Some(&sent.hash));
    assert_eq!(noted.len(), 2);
}

#[tokio::test]
async fn a_refusal_in_the_block_carries_the_contracts_code() {
    let node = FakeNode::start().await;
    let log = "failed to execute message; message index: 0: kind: Other, error: E_ZERO: got no \
               coins, want more than zero uanti; attach some: execute wasm contract failed";
    node.fault(Fault::FailsInBlock(5, "wasm", log));
    let sender = sender(&node);
    let error = send(&sender).await.unwrap_err();
    assert_eq!(error.contract_code(), Some("E_ZERO"));
    send(&sender).await.unwrap();
    assert_eq!(node.node().taken[1].1.signer_infos[0].sequence, 8);
}

#[tokio::test]
async fn out_of_gas_tells_both_figures() {
    let node = FakeNode::start().await;
    node.fault(Fault::FailsInBlock(11, "sdk", "out of gas in location: x"));
    let error = send(&sender(&node)).await.unwrap_err();
    let ChainError::OutOfGas { wanted, used, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((wanted, used), (200_000, 77_064));
}

#[tokio::test]
async fn an_account_that_cannot_pay_is_told_in_amounts() {
    let node = FakeNode::start().await;
    let log = "spendable balance 0uanti is smaller than 5000uanti: insufficient funds";
    node.fault(Fault::Refused(5, "sdk", log));
    let sender = sender(&node);
    let text = send(&sender).await.unwrap_err().to_string();
    let want = format!(
        "{} cannot pay: it has 0uanti, needs 5000uanti",
        sender.address()
    );
    assert!(text.starts_with(&want), "{text}");
}

#[tokio::test]
async fn simulated_gas_gets_its_margin() {
    let node = FakeNode::start().await;
    let sender = sender(&node);
    sender.send(&[msg()], Gas::Simulate).await.unwrap();
    let fee = node.node().taken[0].1.fee.clone().unwrap();
    assert_eq!(fee.gas_limit, 130_000);
}

#[tokio::test]
async fn a_least_limit_holds_where_the_simulation_saw_less() {
    let node = FakeNode::start().await;
    let sender = sender(&node);
    for (least, want) in [(400_000, 400_000), (120_000, 130_000)] {
        sender.send(&[msg()], Gas::AtLeast(least)).await.unwrap();
        let fee = node.node().taken.last().unwrap().1.fee.clone().unwrap();
        assert_eq!(fee.gas_limit, want);
    }
}

#[tokio::test]
async fn a_simulated_refusal_costs_nothing() {
    let node = FakeNode::start().await;
    node.node().simulation = Err(
        "E_COINS: got 5uother, want exactly one coin of uanti; attach only \
         that: execute wasm contract failed"
            .to_owned(),
    );
    let error = sender(&node)
        .send(&[msg()], Gas::Simulate)
        .await
        .unwrap_err();
    assert_eq!(error.contract_code(), Some("E_COINS"));
    assert!(node.node().taken.is_empty());
}

#[tokio::test]
async fn a_wrong_sequence_in_the_simulation_is_read_again() {
    let node = FakeNode::start().await;
    let sender = sender(&node);
    send(&sender).await.unwrap();
    node.node().sequence = 33;
    sender.send(&[msg()], Gas::Simulate).await.unwrap();
    assert_eq!(node.node().taken[1].1.signer_infos[0].sequence, 33);
}

#[tokio::test]
async fn a_fee_granter_is_named_in_the_fee() {
    let node = FakeNode::start().await;
    let mut options = options();
    options.fee_granter = Some("wasm1granter".to_owned());
    let sender = Sender::new(node.chain(), Arc::new(Key::random()), options).unwrap();
    send(&sender).await.unwrap();
    let fee = node.node().taken[0].1.fee.clone().unwrap();
    assert_eq!(fee.granter, "wasm1granter");
}

#[tokio::test]
async fn the_contract_messages_of_a_transaction_can_be_read_back() {
    let node = FakeNode::start().await;
    send(&sender(&node)).await.unwrap();
    let bytes = node.node().bytes[0].clone();
    let want = (CONTRACT.to_owned(), br#"{"bond":{}}"#.to_vec());
    assert_eq!(antiphon_chain::executed(&bytes), [want]);
    assert!(antiphon_chain::executed(b"noise").is_empty());
}
