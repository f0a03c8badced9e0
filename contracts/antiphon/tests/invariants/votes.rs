//! What a vote does, and when.

use antiphon_api::*;
use antiphon_documents::digest::ballot_digest;
use antiphon_rules::rounds::quorum;

use super::{advance_after, commits, drawn, reveals, send};
use crate::suite::copy::answer_of;
use crate::suite::votes::*;
use crate::suite::{Copy, Network, Worker};

const KINDS: [Says; 7] = [
    Answer("a"),
    Answer("b"),
    Untraced("a"),
    Invalid,
    Unavailable,
    Withholds,
    Silent,
];

/// Every way in which five members can say seven things, without regard to who says which.
fn splits() -> Vec<Vec<Says>> {
    let mut splits = vec![Vec::new()];
    for _ in 0..5 {
        splits = splits
            .into_iter()
            .flat_map(|split: Vec<usize>| {
                let least = split.last().copied().unwrap_or(0);
                (least..KINDS.len()).map(move |kind| [split.clone(), vec![kind]].concat())
            })
            .collect();
    }
    let kinds = |split: Vec<usize>| split.into_iter().map(|kind| KINDS[kind]).collect();
    splits.into_iter().map(kinds).collect()
}

/// Plays a drawn task on a copy until it can go no further by votes.
fn play_on(copy: &mut Copy, network: &Network, task: u64, members: &[Worker], says: &[Says]) {
    send(copy, network, &commits(network, task, members, says));
    if copy.task(task).status == TaskStatus::Committing {
        advance_after(copy, network, task, 141);
    }
    if copy.task(task).status == TaskStatus::Revealing {
        send(copy, network, &reveals(network, task, members, says));
        advance_after(copy, network, task, 61);
    }
}

#[test]
fn invariant_05_a_decided_round_has_a_quorum_of_equal_ballots() {
    for size in 1..=31 {
        assert!(
            2 * quorum(size) > size,
            "two quorums in one round of {size}"
        );
        assert!(3 * quorum(size) >= 2 * size && 3 * (quorum(size) - 1) < 2 * size);
    }
    let (network, task, members) = drawn();
    let (mut decided, mut failed) = (0, 0);
    for says in splits() {
        let mut copy = network.copy();
        play_on(&mut copy, &network, task, &members, &says);
        let digest = network.task(task).task_digest;
        let said = |kind: Says| ballot_digest(&ballot(kind, &digest.0, 0));
        let info = copy.task(task);
        let Some(outcome) = info.outcome else {
            failed += 1;
            for kind in &KINDS[..5] {
                let equal = says.iter().filter(|it| *it == kind).count();
                assert!(
                    equal < 4,
                    "{says:?} has a quorum of {kind:?} and none was seen"
                );
            }
            continue;
        };
        decided += 1;
        let opened = says.iter().filter(|it| KINDS[..5].contains(it));
        let equal = opened
            .filter(|it| said(**it) == ballot_digest(&outcome))
            .count();
        assert!(equal >= 4, "{says:?} decided {outcome:?}");
        assert_eq!(info.outcome_votes, u32::try_from(equal).ok());
    }
    assert_eq!((decided, failed), (5 * 7, 462 - 5 * 7));
}

/// What would tell a ballot: its answer, its trace, its digest, the salt that hides it.
fn secrets(network: &Network, task: u64, worker: &Worker, text: &'static str) -> Vec<[u8; 32]> {
    let digest = network.task(task).task_digest;
    let said = answer(text, &digest.0, 0);
    let Ballot::Answer { cid, trace, .. } = &said else {
        unreachable!("it is an answer")
    };
    vec![
        *cid.digest(),
        trace.0,
        ballot_digest(&said),
        worker.salt(&digest.0, 0).0,
    ]
}

#[test]
fn invariant_07_nothing_on_chain_before_the_revealing_phase_tells_a_ballot() {
    let (mut network, task, members) = drawn();
    let texts = ["one", "two", "three", "four", "five"];
    let mut told = String::new();
    let mut hidden = Vec::new();
    for (worker, text) in members.iter().zip(texts) {
        let item = network.commit_of(worker, task, Answer(text));
        told += &format!("{:?}", network.commit(vec![item]).events);
        told += &format!("{:?}", network.round(task, 0));
        told += &format!("{:?}", network.task(task));
        told += &format!("{:?}", network.worker(worker));
        hidden.extend(secrets(&network, task, worker, text));
    }
    assert_eq!(network.task(task).status, TaskStatus::Revealing);
    assert_eq!(network.round(task, 0).tally, []);
    let records = network.app.dump_wasm_raw(&network.contract);
    for secret in hidden {
        let cid = Cid::new(antiphon_content::Codec::Raw, secret).to_string();
        assert!(!told.contains(&cid) && !told.contains(&Hex(secret).to_string()));
        let tells = |bytes: &[u8]| bytes.windows(32).any(|it| it == secret);
        assert!(
            !records
                .iter()
                .any(|(key, value)| tells(key) || tells(value))
        );
    }
}

/// Tries both votes of everybody; each is answered as said, and a refused one stores nothing.
fn assert_votes(network: &mut Network, task: u64, voters: &[(&Worker, &str, &str)]) {
    for (worker, commit, reveal) in voters {
        let commits = vec![network.commit_of(worker, task, Answer("a"))];
        let reveals = vec![network.reveal_of(worker, task, Answer("a"))];
        let votes = [
            (ExecuteMsg::Commit { commits }, commit),
            (ExecuteMsg::Reveal { reveals }, reveal),
        ];
        for (msg, want) in votes {
            let mut copy = network.copy();
            let before = copy.records();
            let answered = answer_of(copy.execute(&network.stranger, &msg, &[]));
            let now = network.task(task);
            assert_eq!(answered, **want, "{:?} {}", now.status, worker.address);
            assert_eq!(copy.records() == before, answered != "ok");
        }
    }
}

#[test]
fn invariant_08_one_commit_and_one_reveal_of_a_member_and_nothing_out_of_its_time() {
    let mut network = Network::start(&crate::suite::Options::workers(6));
    let task = network.ask(&crate::suite::Ask::default()).unwrap();
    let any = network.workers[0].clone();
    assert_votes(&mut network, task, &[(&any, "too_early", "too_early")]);
    network.draw(task);
    let members = network.members(task, 0);
    let is_member = |it: &&Worker| members.iter().any(|member| member.address == it.address);
    let idle = network
        .workers
        .iter()
        .find(|it| !is_member(it))
        .unwrap()
        .clone();
    let [first, second] = [&members[0], &members[1]];
    let commit = network.commit_of(first, task, Answer("a"));
    network.commit(vec![commit]);
    let committing = [
        (first, "already_committed", "too_early"),
        (second, "ok", "too_early"),
        (&idle, "not_a_member", "too_early"),
    ];
    assert_votes(&mut network, task, &committing);
    network.commit_all(
        task,
        &[Silent, Answer("a"), Answer("a"), Answer("a"), Silent],
    );
    network.blocks(200);
    network.advance(task);
    let reveal = network.reveal_of(first, task, Answer("a"));
    network.reveal(vec![reveal]);
    let revealing = [
        (first, "too_late", "already_revealed"),
        (second, "too_late", "ok"),
        (&members[4], "too_late", "not_committed"),
        (&idle, "too_late", "not_a_member"),
    ];
    assert_votes(&mut network, task, &revealing);
    network.blocks(61);
    let over = [
        (first, "too_late", "too_late"),
        (&idle, "too_late", "too_late"),
    ];
    assert_votes(&mut network, task, &over);
    network.advance(task);
    let ended = [
        (first, "task_over", "task_over"),
        (&idle, "task_over", "task_over"),
    ];
    assert_votes(&mut network, task, &ended);
}
