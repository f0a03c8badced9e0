//! Votes that were made for something else.

use antiphon_api::*;
use antiphon_documents::digest::{ballot_digest, commitment, vote_digest};
use cosmwasm_std::coins;
use cosmwasm_std::testing::MockApi;

use super::{drawn, send};
use crate::matrix::messages::post;
use crate::suite::copy::answer_of;
use crate::suite::network::DENOM;
use crate::suite::votes::*;
use crate::suite::{Copy, Network};

/// A copy in which the requester has posted a task whose committee is drawn.
fn with_task(network: &Network, change: impl FnOnce(&mut Copy)) -> Copy {
    let mut copy = network.copy();
    change(&mut copy);
    let holder = &network.workers[0].address;
    let msg = post(holder);
    let funds = coins(500, DENOM);
    copy.execute(&network.requester, &msg, &funds).unwrap();
    let round = copy.task(1).waits_for.unwrap();
    copy.blocks(3);
    let publish = ExecuteMsg::PublishBeacon {
        round,
        signature: network.beacon.sign(round),
        draws: 1,
    };
    send(&mut copy, network, &publish);
    assert_eq!(copy.task(1).members, 5);
    copy
}

fn commit_on(copy: &Copy, network: &Network, item: &CommitItem) -> String {
    let commits = vec![item.clone()];
    let msg = ExecuteMsg::Commit { commits };
    answer_of(copy.clone().execute(&network.stranger, &msg, &[]))
}

/// The same votes on another contract or chain, whose committee is the same.
#[test]
fn invariant_06_a_vote_for_another_contract_or_chain_is_never_accepted() {
    let network = Network::five();
    let here = with_task(&network, |_| {});
    let digest = here.task(1).task_digest;
    let worker = &network.workers[0];
    let said = answer("a", &digest.0, 0);
    let item = commit_item(worker, 1, digest, 0, &said);
    assert_eq!(commit_on(&here, &network, &item), "ok");
    let other = MockApi::default().with_prefix("wasm").addr_make("another");
    let elsewhere = [
        with_task(&network, |copy| copy.env.contract.address = other),
        with_task(&network, |copy| copy.env.block.chain_id = "other-1".into()),
    ];
    for there in elsewhere {
        let there_digest = there.task(1).task_digest;
        assert_ne!(there_digest, digest, "two tasks of one name");
        assert_eq!(commit_on(&there, &network, &item), "wrong_digest");
        let mut renamed = item.clone();
        renamed.task_digest = there_digest;
        assert_eq!(commit_on(&there, &network, &renamed), "bad_signature");
    }
}

/// A commitment that a member takes from elsewhere and signs itself binds it, and never opens.
#[test]
fn invariant_06_a_copied_commitment_never_opens() {
    let (network, task, members) = drawn();
    let digest = network.task(task).task_digest;
    let victim = network.commit_of(&members[0], task, Answer("a"));
    let own = canonical(members[1].address.as_str());
    let salt = members[1].salt(&digest.0, 0);
    let of = |digest: &[u8; 32], round: u8| {
        let said = ballot_digest(&answer("a", digest, round));
        commitment(digest, round, own.as_slice(), &said, &salt.0)
    };
    let elsewhere = [victim.commitment.0, of(&[9; 32], 0), of(&digest.0, 1)];
    for copied in elsewhere {
        let mut copy = network.copy();
        let signed = vote_digest(&digest.0, 0, own.as_slice(), &copied);
        let thief = CommitItem {
            task,
            round: 0,
            worker: members[1].address.to_string(),
            task_digest: digest,
            commitment: Hex(copied),
            signature: members[1].sign(&signed),
        };
        assert_eq!(commit_on(&copy, &network, &thief), "ok");
        let mut all = vec![thief];
        for it in members.iter().filter(|it| it.address != members[1].address) {
            all.push(network.commit_of(it, task, Answer("a")));
        }
        send(&mut copy, &network, &ExecuteMsg::Commit { commits: all });
        let opened = network.reveal_of(&members[0], task, Answer("a"));
        for salt in [opened.salt, salt] {
            let mut stolen = opened.clone();
            (stolen.worker, stolen.salt) = (members[1].address.to_string(), salt);
            let msg = ExecuteMsg::Reveal {
                reveals: vec![stolen],
            };
            let answered = copy.clone().execute(&network.stranger, &msg, &[]);
            assert_eq!(answer_of(answered), "wrong_opening");
        }
    }
}
