//! Votes that are refused one by one, and store nothing.

use antiphon_api::*;
use antiphon_documents::digest::{ballot_digest, commitment, vote_digest};

use crate::suite::network::all;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Worker};

/// A task whose committee was drawn.
pub fn drawn() -> (Network, u64, Vec<Worker>) {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    (network, task, members)
}

/// A task in which everybody committed to "a".
pub fn committed() -> (Network, u64, Vec<Worker>) {
    let (mut network, task, members) = drawn();
    network.commit_all(task, &[Answer("a"); 5]);
    (network, task, members)
}

/// Posts one commit, which must be refused with a code and change nothing stored.
fn commit_refused(network: &mut Network, item: CommitItem, code: &str) {
    refused(
        network,
        &ExecuteMsg::Commit {
            commits: vec![item],
        },
        code,
    );
}

pub fn reveal_refused(network: &mut Network, item: RevealItem, code: &str) {
    refused(
        network,
        &ExecuteMsg::Reveal {
            reveals: vec![item],
        },
        code,
    );
}

fn refused(network: &mut Network, msg: &ExecuteMsg, code: &str) {
    let before = network.app.dump_wasm_raw(&network.contract);
    let answered = network.run(&network.stranger.clone(), msg).unwrap();
    let events = all::<VoteRefused>(&answered.events);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].code, code);
    let after = network.app.dump_wasm_raw(&network.contract);
    assert_eq!(before, after, "a refused vote stored something");
}

#[test]
fn a_second_commit_is_refused_even_if_it_is_the_same() {
    let (mut network, task, members) = drawn();
    let item = network.commit_of(&members[0], task, Answer("a"));
    network.commit(vec![item.clone()]);
    commit_refused(&mut network, item, "already_committed");
    let other = network.commit_of(&members[0], task, Answer("b"));
    commit_refused(&mut network, other, "already_committed");
}

#[test]
fn a_commit_for_another_task_digest_is_refused() {
    let (mut network, task, members) = drawn();
    let said = answer("a", &[1; 32], 0);
    let item = commit_item(&members[0], task, Hex([1; 32]), 0, &said);
    commit_refused(&mut network, item, "wrong_digest");
}

#[test]
fn a_commit_for_another_round_is_refused() {
    let (mut network, task, members) = drawn();
    let digest = network.task(task).task_digest;
    let said = answer("a", &digest.0, 1);
    let item = commit_item(&members[0], task, digest, 1, &said);
    commit_refused(&mut network, item, "wrong_round");
}

#[test]
fn a_commit_signed_by_another_voter_is_refused() {
    let (mut network, task, members) = drawn();
    let mut item = network.commit_of(&members[0], task, Answer("a"));
    item.signature = network.commit_of(&members[1], task, Answer("a")).signature;
    commit_refused(&mut network, item, "bad_signature");
}

#[test]
fn a_members_commit_cannot_be_taken_for_anothers() {
    let (mut network, task, members) = drawn();
    let mut item = network.commit_of(&members[0], task, Answer("a"));
    item.worker = members[1].address.to_string();
    commit_refused(&mut network, item, "bad_signature");
}

#[test]
fn a_signature_over_another_commitment_or_with_high_s_is_refused() {
    let (mut network, task, members) = drawn();
    let item = network.commit_of(&members[0], task, Answer("a"));
    let mut other = item.clone();
    other.commitment.0[0] ^= 1;
    commit_refused(&mut network, other, "bad_signature");
    let mut zero = item.clone();
    zero.signature = Hex([0; 64]);
    commit_refused(&mut network, zero, "bad_signature");
    let signature = k256::ecdsa::Signature::from_slice(&item.signature.0).unwrap();
    let (r, s) = signature.split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r, -*s).unwrap();
    let mut high_s = item;
    high_s.signature = Hex(high.to_bytes().into());
    commit_refused(&mut network, high_s, "bad_signature");
}

#[test]
fn a_signature_for_another_contract_or_chain_is_refused() {
    let (mut network, task, members) = drawn();
    let digest = network.task(task).task_digest;
    let worker = &members[0];
    let account = canonical(worker.address.as_str());
    let said = answer("a", &digest.0, 0);
    let bound = commitment(
        &digest.0,
        0,
        account.as_slice(),
        &ballot_digest(&said),
        &[0; 32],
    );
    let foreign = vote_digest(&[9; 32], 0, account.as_slice(), &bound);
    let item = CommitItem {
        task,
        round: 0,
        worker: worker.address.to_string(),
        task_digest: digest,
        commitment: Hex(bound),
        signature: worker.sign(&foreign),
    };
    commit_refused(&mut network, item, "bad_signature");
}

#[test]
fn commits_of_strangers_unknown_tasks_and_addresses_that_are_none_are_refused() {
    let (mut network, task, members) = drawn();
    let stranger = Worker::new(network.stranger.clone(), 77);
    let item = network.commit_of(&stranger, task, Answer("a"));
    commit_refused(&mut network, item, "not_a_member");
    let mut unknown = network.commit_of(&members[0], task, Answer("a"));
    unknown.task = 99;
    commit_refused(&mut network, unknown, "unknown_task");
    let mut upper = network.commit_of(&members[0], task, Answer("a"));
    upper.worker = upper.worker.to_uppercase();
    commit_refused(&mut network, upper, "bad_address");
    let mut none = network.commit_of(&members[0], task, Answer("a"));
    none.worker = "worker".to_owned();
    commit_refused(&mut network, none, "bad_address");
}

#[test]
fn commits_before_the_draw_and_after_the_window_are_refused() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let worker = network.workers[0].clone();
    let early = network.commit_of(&worker, task, Answer("a"));
    commit_refused(&mut network, early.clone(), "too_early");
    network.draw(task);
    let deadline = network.task(task).deadline.unwrap();
    let wait = deadline - network.height();
    network.blocks(wait);
    let others = network.members(task, 0);
    let on_time: Vec<_> = others
        .iter()
        .filter(|it| it.address != worker.address)
        .map(|it| network.commit_of(it, task, Answer("a")))
        .collect();
    network.commit(on_time);
    assert_eq!(network.task(task).committed, 4, "the last height is inside");
    network.blocks(1);
    commit_refused(&mut network, early, "too_late");
}

#[test]
fn a_commit_once_revealing_began_is_refused() {
    let (mut network, task, members) = drawn();
    network.commit_all(
        task,
        &[Silent, Answer("a"), Answer("a"), Answer("a"), Answer("a")],
    );
    let wait = network.task(task).deadline.unwrap() + 1 - network.height();
    network.blocks(wait);
    network.advance(task);
    let late = network.commit_of(&members[0], task, Answer("a"));
    commit_refused(&mut network, late, "too_late");
}

#[test]
fn votes_of_an_ended_task_are_refused() {
    let (mut network, task, members) = committed();
    let commit = network.commit_of(&members[0], task, Answer("a"));
    let reveal = network.reveal_of(&members[0], task, Answer("a"));
    network.reveal_all(task, &[Answer("a"); 5]);
    reveal_refused(&mut network, reveal.clone(), "too_late");
    network.advance(task);
    commit_refused(&mut network, commit, "task_over");
    reveal_refused(&mut network, reveal, "task_over");
}

#[test]
fn a_bad_item_in_a_batch_harms_no_other() {
    let (mut network, task, members) = drawn();
    let mut commits: Vec<_> = members
        .iter()
        .map(|it| network.commit_of(it, task, Answer("a")))
        .collect();
    commits[2].signature = Hex([7; 64]);
    let answered = network.commit(commits);
    let refused = all::<VoteRefused>(&answered.events);
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].task, refused[0].item), (task, 2));
    assert_eq!(all::<VoteCommitted>(&answered.events).len(), 4);
    assert_eq!(network.task(task).committed, 4);
}

#[test]
fn messages_without_votes_or_with_too_many_are_refused() {
    let (mut network, task, members) = drawn();
    let none = ExecuteMsg::Commit { commits: vec![] };
    let error = network.run(&network.stranger.clone(), &none).unwrap_err();
    assert!(error.contains("E_BATCH"), "{error}");
    let item = network.commit_of(&members[0], task, Answer("a"));
    let many = ExecuteMsg::Commit {
        commits: vec![item; 32],
    };
    let error = network.run(&network.stranger.clone(), &many).unwrap_err();
    assert!(
        error.contains("E_BATCH: got 32 votes, want 1 to 31"),
        "{error}"
    );
}
