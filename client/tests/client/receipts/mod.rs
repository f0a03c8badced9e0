//! Receipts: collected from a chain, checked against it, and what the program says.

mod contract;
mod program;
mod relay;
mod world;

use antiphon_api::{Ballot, ExecuteMsg, Hex};
use antiphon_client::ClientError;
use antiphon_client::receipt::{self, ReceiptError};
use antiphon_documents::digest::{ballot_digest, commitment};
use antiphon_receipt::{Receipt, check};

use world::{ReceiptWorld, counts, sample, without_hashes};

const SAMPLES: [&str; 17] = [
    "ok-final.json",
    "ok-liar.json",
    "ok-withheld.json",
    "ok-silent.json",
    "ok-failed.json",
    "ok-undrawn.json",
    "ok-second-round.json",
    "ok-contested.json",
    "ok-overturned.json",
    "ok-confirmed.json",
    "ok-carried.json",
    "ok-carried-failed.json",
    "ok-unavailable.json",
    "ok-invalid.json",
    "ok-network.json",
    "ok-network-liar.json",
    "ok-network-appealed.json",
];

async fn built(world: &ReceiptWorld) -> Result<Receipt, ClientError> {
    let task = world.ledger().receipt.task.id;
    let text = receipt::build(&world.network().await, task).await?;
    Ok(Receipt::parse(&text).unwrap())
}

async fn failing(world: &ReceiptWorld, receipt: &Receipt) -> Vec<(&'static str, String)> {
    let report = receipt::online(&world.network().await, receipt)
        .await
        .unwrap();
    let failed = report.failed().map(|it| (it.name, it.detail.clone()));
    failed.collect()
}

#[tokio::test]
async fn what_happened_on_a_chain_is_collected_and_found_there_again() {
    for name in SAMPLES {
        let world = ReceiptWorld::of(name).await;
        let receipt = built(&world).await.unwrap();
        assert_eq!(
            without_hashes(&receipt),
            without_hashes(&sample(name)),
            "{name}"
        );
        assert!(check(&receipt.to_canonical()).is_ok(), "{name}");
        let failed = failing(&world, &receipt).await;
        assert!(failed.is_empty(), "{name}: {failed:?}");
    }
}

#[tokio::test]
async fn a_node_without_an_index_is_read_block_by_block() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    world.ledger().indexed = false;
    let receipt = built(&world).await.unwrap();
    assert!(check(&receipt.to_canonical()).is_ok());
    let calls = world.ledger().calls.clone();
    // Heights 100 to 300.
    assert_eq!(counts(&calls)["block"], 201);
}

#[tokio::test]
async fn an_index_that_lags_behind_its_chain_is_not_believed() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    let end = world.ledger().txs.pop().unwrap();
    let mut late = end.clone();
    // Not under its name in the index, but in its block.
    late.whats.clear();
    world.ledger().txs.push(late);
    let error = built(&world).await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::Receipt(ReceiptError::Inconsistent {
            check: "transactions",
            ..
        })
    ));
    assert!(counts(&world.ledger().calls.clone())["block"] > 200);
}

#[tokio::test]
async fn blocks_that_are_gone_are_told_with_the_next_step() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    world.ledger().lowest = 200;
    let error = built(&world).await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    let said = error.to_string();
    assert!(said.contains("heights 100 to 300"), "{said}");
    assert!(said.contains("lowest height is 200"), "{said}");
    assert!(said.contains("--rpc"), "{said}");
}

#[tokio::test]
async fn an_open_task_has_no_receipt_yet() {
    let world = ReceiptWorld::of("ok-final.json").await;
    world.ledger().status = "answered";
    let error = built(&world).await.unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert!(error.to_string().contains("it is answered"), "{error}");
    assert!(
        world
            .workers
            .iter()
            .all(|worker| worker.has(&sample("ok-final.json").prompt.cid()))
    );
}

#[tokio::test]
async fn a_forged_commit_beside_the_true_one_is_not_taken_for_it() {
    let world = ReceiptWorld::of("ok-withheld.json").await;
    {
        let mut ledger = world.ledger();
        let tx = ledger
            .txs
            .iter_mut()
            .find(|tx| !tx.messages.is_empty())
            .unwrap();
        let ExecuteMsg::Commit { commits } = &mut tx.messages[0] else {
            panic!("the first message commits");
        };
        let mut forged = commits[4].clone();
        forged.commitment = Hex([9; 32]);
        commits.insert(0, forged);
        tx.refused.push(0);
    }
    let receipt = built(&world).await.unwrap();
    let want = sample("ok-withheld.json").rounds[0].members[4].commitment;
    assert_eq!(receipt.rounds[0].members[4].commitment, want);
}

/// A relay that posts a lie beside the true vote proves nothing with it: the contract refused it.
#[tokio::test]
async fn a_refused_vote_is_no_proof_of_a_vote() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    let honest = built(&world).await.unwrap();
    let (worker, salt) = (&honest.rounds[0].members[4].worker, Hex([5; 32]));
    let (_, bytes) = antiphon_receipt::canonical(worker).unwrap();
    let ballot = Ballot::Invalid {};
    let task = honest.task_digest().unwrap();
    let bound = commitment(&task, 0, &bytes, &ballot_digest(&ballot), &salt.0);
    for tx in &mut world.ledger().txs {
        let forged = tx.messages.first().cloned().map(|message| match message {
            ExecuteMsg::Commit { mut commits } => {
                commits[4].commitment = Hex(bound);
                ExecuteMsg::Commit { commits }
            }
            ExecuteMsg::Reveal { mut reveals } => {
                reveals[4].ballot = ballot.clone();
                reveals[4].salt = salt;
                ExecuteMsg::Reveal { reveals }
            }
            other => other,
        });
        if let Some(forged) = forged {
            tx.messages.insert(0, forged);
            tx.refused.extend(0..5);
        }
    }
    let mut receipt = built(&world).await.unwrap();
    assert_eq!(receipt.rounds, honest.rounds, "collected all the same");
    let member = &mut receipt.rounds[0].members[4];
    member.ballot = Some(ballot);
    member.salt = Some(salt);
    member.commitment = Some(Hex(bound));
    let forged = receipt.sealed();
    assert!(
        check(&forged.to_canonical()).is_ok(),
        "consistent in itself"
    );
    let failed = failing(&world, &forged).await;
    assert_eq!(
        failed.first().map(|it| it.0),
        Some("chain_votes"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_answer_that_nobody_holds_is_told_with_its_name() {
    let world = ReceiptWorld::of("ok-final.json").await;
    world.ledger().receipt.manifest.push(' ');
    let error = built(&world).await.unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_receipt_of_another_chain_fails_in_a_plain_sentence() {
    let world = ReceiptWorld::of("ok-final.json").await;
    let receipt = built(&world).await.unwrap();
    world.ledger().chain_id = "antiphon-2".to_owned();
    let failed = failing(&world, &receipt).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].0, "chain_id");
    let want = "the receipt is of the chain antiphon-local-1, this node of antiphon-2: name a node of antiphon-local-1 with --rpc";
    assert_eq!(failed[0].1, want);
}

#[tokio::test]
async fn a_receipt_of_another_contract_fails_in_a_plain_sentence() {
    let world = ReceiptWorld::of("ok-final.json").await;
    let other = sample("ok-network.json");
    let failed = failing(&world, &other).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].0, "chain_task");
    assert!(failed[0].1.starts_with("the receipt is of another network"));
}

/// Somebody makes a receipt that is consistent in itself: each forgery is found by the chain.
#[tokio::test]
async fn what_is_consistent_but_did_not_happen_is_found_by_the_chain() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    let honest = built(&world).await.unwrap();
    let forged = |change: fn(&mut Receipt)| {
        let mut receipt = honest.clone();
        change(&mut receipt);
        receipt.sealed()
    };
    let cases: [(&str, Receipt); 5] = [
        ("chain_task", forged(|it| it.task.id += 1)),
        ("chain_rounds", forged(|it| it.rounds[0].members.swap(0, 1))),
        ("chain_rounds", forged(|it| it.rounds[0].opened += 1)),
        (
            "chain_transactions",
            forged(|it| it.txs.iter_mut().for_each(|tx| tx.time += 1)),
        ),
        (
            "chain_votes",
            forged(|it| it.rounds[0].members[0].salt = Some(Hex([1; 32]))),
        ),
    ];
    for (name, receipt) in cases {
        let failed = failing(&world, &receipt).await;
        assert_eq!(failed.first().map(|it| it.0), Some(name), "{failed:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_failed_on_chain_proves_nothing() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    let receipt = built(&world).await.unwrap();
    world.ledger().txs[1].code = 5;
    let failed = failing(&world, &receipt).await;
    assert_eq!(failed[0].0, "chain_transactions");
    assert!(failed[0].1.ends_with("failed on chain"), "{failed:?}");
}

#[tokio::test]
async fn a_node_that_lost_the_blocks_proves_nothing_either_way() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    let receipt = built(&world).await.unwrap();
    world.ledger().lowest = 200;
    let asked = receipt::online(&world.network().await, &receipt).await;
    assert_eq!(asked.unwrap_err().exit_code(), 3);
}
