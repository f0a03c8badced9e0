//! What one account allows the key of another: bytes, queries, sending on behalf.

use std::sync::Arc;

use antiphon_api::ExecuteMsg;
use antiphon_chain::{
    Allowance, ChainError, Coin, ContractCalls, Gas, Key, Msg, Sender, SenderOptions, executed, gas,
};
use cosmrs::proto::cosmos::authz::v1beta1::MsgExec;
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message;

use crate::fake_node::{FakeNode, Fault};
use crate::golden_grants as golden;
use crate::sender::{CONTRACT, options};

const GRANTEE: &str = "wasm1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnhzz4vq";
const EXPIRES: u64 = 1_795_400_000;

fn with(node: &FakeNode, options: SenderOptions) -> Sender {
    let words = format!("{}art", "abandon ".repeat(23));
    let key = Key::from_mnemonic(&words).unwrap();
    Sender::new(node.chain(), Arc::new(key), options).unwrap()
}

fn behalf() -> SenderOptions {
    SenderOptions {
        on_behalf_of: Some(GRANTEE.to_owned()),
        ..options()
    }
}

fn bond() -> Msg {
    Msg::execute(CONTRACT, &ExecuteMsg::Bond {}, &[]).unwrap()
}

fn calls() -> ContractCalls {
    ContractCalls {
        contract: CONTRACT.to_owned(),
        message_keys: vec!["post_task".to_owned()],
        calls: 20,
    }
}

fn granted() -> [Msg; 2] {
    let grantee = GRANTEE.to_owned();
    [
        Msg::Grant {
            grantee: grantee.clone(),
            calls: calls(),
            expires: EXPIRES,
        },
        Msg::GrantAllowance {
            grantee,
            limit: Coin::new(198_000, "uanti"),
            expires: EXPIRES,
        },
    ]
}

fn revoked() -> [Msg; 2] {
    let grantee = GRANTEE.to_owned();
    [
        Msg::Revoke {
            grantee: grantee.clone(),
        },
        Msg::RevokeAllowance { grantee },
    ]
}

#[tokio::test]
async fn grants_have_the_bytes_another_library_writes() {
    let node = FakeNode::start().await;
    let sender = with(&node, options());
    sender.send(&granted(), Gas::Limit(1)).await.unwrap();
    sender.send(&revoked(), Gas::Limit(1)).await.unwrap();
    let exec = with(&node, behalf());
    exec.send(&[bond()], Gas::Limit(1)).await.unwrap();
    let bodies = node.node().taken.clone();
    let messages: Vec<_> = bodies.iter().flat_map(|(body, _)| &body.messages).collect();
    let want = [
        ("/cosmos.authz.v1beta1.MsgGrant", golden::GRANT),
        (
            "/cosmos.feegrant.v1beta1.MsgGrantAllowance",
            golden::GRANT_ALLOWANCE,
        ),
        ("/cosmos.authz.v1beta1.MsgRevoke", golden::REVOKE),
        (
            "/cosmos.feegrant.v1beta1.MsgRevokeAllowance",
            golden::REVOKE_ALLOWANCE,
        ),
        ("/cosmos.authz.v1beta1.MsgExec", golden::EXEC),
    ];
    assert_eq!(messages.len(), want.len());
    for (message, (url, hex)) in messages.into_iter().zip(want) {
        assert_eq!(message.type_url, url);
        assert_eq!(data_encoding::HEXLOWER.encode(&message.value), hex, "{url}");
    }
}

#[tokio::test]
async fn a_grant_and_an_allowance_are_read_back_until_they_are_revoked() {
    let node = FakeNode::start().await;
    let (sender, chain) = (with(&node, options()), node.chain());
    let me = sender.address().to_owned();
    sender.send(&granted(), Gas::Limit(1)).await.unwrap();
    let grants = chain.grants(&me, GRANTEE).await.unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0].contracts, [calls()]);
    assert_eq!(grants[0].expires, Some(EXPIRES));
    let want = Allowance {
        kind: "/cosmos.feegrant.v1beta1.AllowedMsgAllowance".to_owned(),
        left: Some(vec![Coin::new(198_000, "uanti")]),
        messages: vec!["/cosmos.authz.v1beta1.MsgExec".to_owned()],
        expires: Some(EXPIRES),
    };
    let allowance = chain.allowance(&me, GRANTEE).await.unwrap().unwrap();
    assert_eq!(allowance, want);
    assert_eq!(allowance.left_of("uanti"), Some(198_000));
    assert_eq!(allowance.left_of("uother"), Some(0));
    assert!(chain.grants(GRANTEE, &me).await.unwrap().is_empty());
    sender.send(&revoked(), Gas::Limit(1)).await.unwrap();
    assert!(chain.grants(&me, GRANTEE).await.unwrap().is_empty());
    assert_eq!(chain.allowance(&me, GRANTEE).await.unwrap(), None);
}

#[tokio::test]
async fn on_behalf_of_wraps_all_messages_and_lets_the_granter_pay() {
    let node = FakeNode::start().await;
    let sender = with(&node, behalf());
    assert_eq!(sender.requester(), GRANTEE);
    let gas = Gas::Limit(200_000);
    sender.send(&[bond(), bond()], gas).await.unwrap();
    let (body, auth) = node.node().taken[0].clone();
    let fee = auth.fee.unwrap();
    assert_eq!(fee.granter, GRANTEE);
    assert_eq!(fee.gas_limit, 200_000 + gas::EXEC);
    let [message] = body.messages.as_slice() else {
        panic!("{} messages", body.messages.len());
    };
    let exec = MsgExec::decode(message.value.as_slice()).unwrap();
    assert_eq!(
        (exec.grantee.as_str(), exec.msgs.len()),
        (sender.address(), 2)
    );
    let inner = MsgExecuteContract::decode(exec.msgs[1].value.as_slice()).unwrap();
    assert_eq!(inner.sender, GRANTEE);
}

#[tokio::test]
async fn messages_sent_for_another_account_can_be_read_back() {
    let node = FakeNode::start().await;
    let sender = with(&node, behalf());
    sender.send(&[bond()], Gas::Limit(1)).await.unwrap();
    let want = (CONTRACT.to_owned(), br#"{"bond":{}}"#.to_vec());
    assert_eq!(executed(&node.node().bytes[0]), [want]);
}

#[tokio::test]
async fn a_session_that_is_over_is_told_as_such() {
    let refusals = [
        (
            2,
            "authz",
            "failed to execute message; message index: 0: authorization not found",
        ),
        (
            4,
            "sdk",
            "failed to execute message; message index: 0: unauthorized",
        ),
        (7, "feegrant", "message does not exist in allowed messages"),
        (2, "feegrant", "fee limit exceeded"),
        (
            38,
            "sdk",
            "wasm1a does not allow to pay fees for wasm1b: fee-grant not found: not found",
        ),
    ];
    for (code, space, log) in refusals {
        let node = FakeNode::start().await;
        node.fault(Fault::FailsInBlock(code, space, log));
        let sender = with(&node, behalf());
        let error = sender.send(&[bond()], Gas::Limit(1)).await.unwrap_err();
        assert!(
            matches!(&error, ChainError::NotAllowed { granter, .. } if granter == GRANTEE),
            "{log}: {error}"
        );
    }
}

#[tokio::test]
async fn a_session_that_is_over_is_told_by_the_simulation_at_no_cost() {
    let node = FakeNode::start().await;
    node.node().simulation = Err("authorization not found: failed to execute".to_owned());
    let sender = with(&node, behalf());
    let error = sender.send(&[bond()], Gas::Simulate).await.unwrap_err();
    assert!(matches!(error, ChainError::NotAllowed { .. }), "{error}");
    assert!(node.node().taken.is_empty());
}
