//! Ways in which anybody can bring the votes of others to the contract, and receipts of such tasks.

use std::collections::BTreeMap;

use antiphon_client::ClientError;
use antiphon_client::receipt::ReceiptError;
use antiphon_receipt::check;
use cosmrs::Any;
use cosmrs::proto::cosmos::authz::v1beta1::MsgExec;
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message;

use super::world::{ReceiptWorld, counts, sample, without_hashes};
use super::{built, failing};

/// How a message to the contract is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// As it is.
    Itself,
    /// In `MsgExec` in `MsgExec`.
    Grants,
    /// With the contract's address in capitals, which the chain takes too.
    Capitals,
    /// By another contract, which sends it on.
    Contract,
}

impl Via {
    pub(crate) fn sent(self, message: MsgExecuteContract) -> Any {
        let to = match self {
            Self::Itself | Self::Grants => message.contract,
            Self::Capitals => message.contract.to_ascii_uppercase(),
            Self::Contract => "wasm1relay".to_owned(),
        };
        let message = MsgExecuteContract {
            contract: to,
            ..message
        };
        let plain = any("/cosmwasm.wasm.v1.MsgExecuteContract", &message);
        match self {
            Self::Grants => granted(granted(plain)),
            _ => plain,
        }
    }
}

fn granted(message: Any) -> Any {
    let exec = MsgExec {
        grantee: "wasm1relay".to_owned(),
        msgs: vec![message],
    };
    any("/cosmos.authz.v1beta1.MsgExec", &exec)
}

fn any(kind: &str, message: &impl Message) -> Any {
    Any {
        type_url: kind.to_owned(),
        value: message.encode_to_vec(),
    }
}

async fn relayed(via: Via) -> ReceiptWorld {
    let world = ReceiptWorld::of("ok-liar.json").await;
    for tx in &mut world.ledger().txs {
        tx.via = via;
    }
    world
}

#[tokio::test]
async fn votes_relayed_in_grants_or_under_another_spelling_are_found() {
    let honest = sample("ok-liar.json");
    for via in [Via::Grants, Via::Capitals] {
        let world = relayed(via).await;
        let receipt = built(&world).await.unwrap();
        assert_eq!(without_hashes(&receipt), without_hashes(&honest), "{via:?}");
        assert!(check(&receipt.to_canonical()).is_ok(), "{via:?}");
        assert!(failing(&world, &receipt).await.is_empty(), "{via:?}");
    }
}

#[tokio::test]
async fn votes_that_came_through_a_contract_are_told_as_such_and_nobody_is_blamed() {
    for indexed in [true, false] {
        let world = relayed(Via::Contract).await;
        world.ledger().indexed = indexed;
        let error = built(&world).await.unwrap_err();
        let is_it = matches!(
            error,
            ClientError::Receipt(ReceiptError::Relayed { task: 17 })
        );
        assert!(is_it, "{error}");
        assert_eq!(error.exit_code(), 5);
        let said = error.to_string();
        assert!(said.contains("came through another contract"), "{said}");
        assert!(!said.contains("node"), "{said}");
        let blocks = counts(&world.ledger().calls.clone())["block"];
        assert_eq!(blocks < 20, indexed, "{blocks} blocks");
    }
}

/// Any contract may emit events of the same names, in any number.
#[tokio::test]
async fn what_an_index_says_beyond_the_task_is_not_looked_at() {
    let world = ReceiptWorld::of("ok-liar.json").await;
    world.ledger().strays = (1..100).chain(301..400).collect();
    let receipt = built(&world).await.unwrap();
    assert!(check(&receipt.to_canonical()).is_ok());
    let heights: BTreeMap<_, _> = receipt.txs.iter().map(|tx| (tx.height, ())).collect();
    let calls = world.ledger().calls.clone();
    assert_eq!(counts(&calls)["block"], heights.len());
}
