//! Attacks by votes.

use antiphon_api::*;
use antiphon_documents::digest::vote_digest;

use super::sixteen;
use crate::suite::network::all;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options, Worker};

fn assert_refused(network: &Network, item: CommitItem, want: &str) {
    let commits = vec![item];
    let mut copy = network.copy();
    let before = copy.records();
    let told = copy.execute(&network.stranger, &ExecuteMsg::Commit { commits }, &[]);
    let refused = all::<VoteRefused>(&told.unwrap().events);
    assert_eq!(refused[0].code, want);
    assert_eq!(copy.records(), before);
}

/// Two drawn tasks with all five workers in both.
fn two_tasks() -> (Network, [u64; 2], Worker) {
    let mut network = Network::five();
    let tasks = [0, 1].map(|_| network.ask(&Ask::default()).unwrap());
    network.draw(tasks[0]);
    let worker = network.workers[0].clone();
    (network, tasks, worker)
}

#[test]
fn a_cross_posted_commit_to_another_task_is_refused() {
    let (network, [first, second], worker) = two_tasks();
    let mut item = network.commit_of(&worker, first, Answer("a"));
    item.task = second;
    assert_refused(&network, item.clone(), "wrong_digest");
    item.task_digest = network.task(second).task_digest;
    assert_refused(&network, item, "bad_signature");
}

#[test]
fn a_cross_posted_commit_to_another_round_is_refused() {
    let mut network = sixteen();
    let task = network.ask(&Ask::default()).unwrap();
    let digest = network.task(task).task_digest;
    network.draw(task);
    let split = [
        Answer("a"),
        Answer("b"),
        Answer("a"),
        Answer("b"),
        Answer("c"),
    ];
    network.play(task, &split);
    network.advance(task);
    network.draw(task);
    let worker = network.members(task, 1)[0].clone();
    let said = answer("a", &digest.0, 0);
    let mut item = commit_item(&worker, task, digest, 0, &said);
    assert_refused(&network, item.clone(), "wrong_round");
    item.round = 1;
    assert_refused(&network, item, "bad_signature");
}

#[test]
fn a_cross_posted_commit_of_another_worker_is_refused() {
    let (network, [first, _], worker) = two_tasks();
    let mut item = network.commit_of(&worker, first, Answer("a"));
    item.worker = network.workers[1].address.to_string();
    assert_refused(&network, item, "bad_signature");
    crate::suite::elsewhere::are_tested(&[(
        "contracts/antiphon/tests/invariants/crossing.rs",
        "invariant_06_a_vote_for_another_contract_or_chain_is_never_accepted",
    )]);
}

/// A quorum that claims more tokens than the task allows would be paid more than the escrow holds.
#[test]
fn over_long_output_tokens_never_open_and_cost_the_lock() {
    let options = Options::default();
    let mut network = Network::start(&Options {
        params: Params {
            meter_permille: 1_000,
            ..options.params.clone()
        },
        ..options
    });
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let digest = network.task(task).task_digest;
    let mut said = answer("a", &digest.0, 0);
    if let Ballot::Answer { output_tokens, .. } = &mut said {
        *output_tokens = 81;
    }
    let members = network.members(task, 0);
    let commit = |it: &Worker| commit_item(it, task, digest, 0, &said);
    network.commit(members.iter().map(commit).collect());
    let reveal = |it: &Worker| reveal_item(it, task, digest, 0, said.clone());
    let told = network.reveal(members.iter().map(reveal).collect());
    let refused = all::<VoteRefused>(&told.events);
    assert!(refused.iter().all(|it| it.code == "bad_ballot"));
    assert_eq!((refused.len(), network.task(task).revealed), (5, 0));
    network.blocks(61);
    network.advance(task);
    let moved = network.task(task).settlement.unwrap();
    assert_eq!((moved.paid.u128(), moved.refunded.u128()), (0, 500));
    assert_eq!(moved.forfeited.u128(), 15_000);
}

/// Whoever knows the answer from an earlier task commits to it with the trace it saw there.
#[test]
fn a_copied_trace_is_the_trace_of_another_task() {
    let mut network = Network::start(&Options::workers(5));
    let earlier = network.settle(&[Answer("a"); 5]);
    let seen = network.task(earlier).outcome.unwrap();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let digest = network.task(task).task_digest;
    let members = network.members(task, 0);
    let copier = commit_item(&members[0], task, digest, 0, &seen);
    let honest = members[1..].iter();
    let mut commits: Vec<_> = honest
        .map(|it| network.commit_of(it, task, Answer("a")))
        .collect();
    commits.push(copier);
    network.commit(commits);
    let opened = reveal_item(&members[0], task, digest, 0, seen.clone());
    network.reveal(vec![opened]);
    network.reveal_all(
        task,
        &[Silent, Answer("a"), Answer("a"), Answer("a"), Answer("a")],
    );
    network.advance(task);
    let copied = &network.round(task, 0).members[0];
    assert_eq!(
        copied.conduct,
        Some(ConductInfo::Wrong),
        "the right text, and no work"
    );
    assert_eq!(copied.forfeited.u128(), 3_000);
    let same = network.task(task).outcome.unwrap();
    assert!(seen.same_answer(&same) && seen != same);
}

/// And in a later round of the same task it has the trace of an earlier round.
#[test]
fn a_copied_trace_of_an_earlier_round_is_wrong_too() {
    let mut network = sixteen();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    let requester = network.requester.clone();
    network
        .pay(&requester, &ExecuteMsg::Appeal { task, round: None }, 4_100)
        .unwrap();
    network.draw(task);
    let info = network.task(task);
    let seen = info.outcome.unwrap();
    let members = network.members(task, 1);
    let mut commits = vec![commit_item(&members[0], task, info.task_digest, 1, &seen)];
    let honest = members[1..].iter();
    commits.extend(honest.map(|it| network.commit_of(it, task, Answer("a"))));
    network.commit(commits);
    let opened = reveal_item(&members[0], task, info.task_digest, 1, seen);
    network.reveal(vec![opened]);
    let mut says = vec![Answer("a"); 11];
    says[0] = Silent;
    network.reveal_all(task, &says);
    network.advance(task);
    let copied = &network.round(task, 1).members[0];
    assert_eq!(copied.conduct, Some(ConductInfo::Wrong));
}

/// A member of one round commits to a ballot of the next one, keeps silent, and opens it there, where
/// it has no place.
#[test]
fn a_commitment_made_for_a_later_round_is_not_opened_in_it() {
    let mut network = sixteen();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let digest = network.task(task).task_digest;
    let members = network.members(task, 0);
    let liar = &members[0];
    let planned = answer("a", &digest.0, 1);
    let mut item = commit_item(liar, task, digest, 1, &planned);
    item.round = 0;
    let account = canonical(liar.address.as_str());
    item.signature = liar.sign(&vote_digest(
        &digest.0,
        0,
        account.as_slice(),
        &item.commitment.0,
    ));
    network.commit(vec![item]);
    let split = [Silent, Answer("a"), Answer("b"), Answer("a"), Answer("b")];
    network.commit_all(task, &split);
    network.blocks(1);
    network.reveal_all(task, &split);
    let wait = network.task(task).deadline.unwrap() + 1 - network.height();
    network.blocks(wait);
    network.advance(task);
    network.draw(task);
    assert_eq!(network.task(task).round, 1);
    assert!(
        network
            .members(task, 1)
            .iter()
            .all(|it| it.address != liar.address)
    );
    let msg = QueryMsg::Duties {
        worker: liar.address.to_string(),
        start_after: None,
        limit: None,
    };
    assert_eq!(network.query::<DutiesResponse>(&msg).duties, []);
    network.commit_all(task, &[Answer("a"); 11]);
    let opened = reveal_item(liar, task, digest, 1, planned);
    let told = network.reveal(vec![opened]);
    assert_eq!(all::<VoteRefused>(&told.events)[0].code, "not_a_member");
    assert_eq!(network.task(task).revealed, 0);
}
