//! Reveals that are refused one by one, and store nothing.

use antiphon_api::*;

use crate::refusals::{committed, drawn, reveal_refused};
use crate::suite::network::all;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Worker};

#[test]
fn an_early_reveal_is_refused() {
    let (mut network, task, members) = drawn();
    let commit = network.commit_of(&members[0], task, Answer("a"));
    network.commit(vec![commit]);
    let reveal = network.reveal_of(&members[0], task, Answer("a"));
    reveal_refused(&mut network, reveal, "too_early");
}

#[test]
fn a_reveal_with_another_salt_or_ballot_is_refused() {
    let (mut network, task, members) = committed();
    let mut salted = network.reveal_of(&members[0], task, Answer("a"));
    salted.salt.0[31] ^= 1;
    reveal_refused(&mut network, salted, "wrong_opening");
    let other = network.reveal_of(&members[0], task, Answer("b"));
    reveal_refused(&mut network, other, "wrong_opening");
    let mut copied = network.reveal_of(&members[1], task, Answer("a"));
    copied.worker = members[0].address.to_string();
    reveal_refused(&mut network, copied, "wrong_opening");
}

#[test]
fn the_event_of_a_reveal_has_the_ballots_word_and_its_answer() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let says = [Answer("a"), Unavailable, Invalid, Answer("b"), Answer("a")];
    network.commit_all(task, &says);
    let members = network.members(task, 0);
    let reveals = members.iter().zip(says);
    let reveals = reveals.map(|(member, says)| network.reveal_of(member, task, says));
    let reveals = reveals.collect();
    let told = network.reveal(reveals);
    let told = all::<VoteRevealed>(&told.events);
    let told: Vec<_> = told
        .iter()
        .map(|it| (it.ballot.as_str(), it.answer))
        .collect();
    let cid = |text: &str| Some(Cid::of_raw(text.as_bytes()));
    let wanted = [
        ("answer", cid("a")),
        ("unavailable", None),
        ("invalid", None),
        ("answer", cid("b")),
        ("answer", cid("a")),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn a_second_reveal_is_refused() {
    let (mut network, task, members) = committed();
    let reveal = network.reveal_of(&members[0], task, Answer("a"));
    network.reveal(vec![reveal.clone()]);
    reveal_refused(&mut network, reveal, "already_revealed");
}

#[test]
fn a_late_reveal_is_refused_and_forfeits_the_lock() {
    let (mut network, task, members) = committed();
    let late = network.reveal_of(&members[4], task, Answer("a"));
    network.reveal_all(
        task,
        &[
            Answer("a"),
            Answer("a"),
            Answer("a"),
            Answer("a"),
            Withholds,
        ],
    );
    let wait = network.task(task).deadline.unwrap() + 1 - network.height();
    network.blocks(wait);
    reveal_refused(&mut network, late, "too_late");
    network.advance(task);
    let member = network.round(task, 0).members[4].clone();
    assert_eq!(member.conduct, Some(ConductInfo::Withheld));
    assert_eq!(member.forfeited.u128(), 3_000);
}

#[test]
fn reveals_of_those_who_did_not_commit_are_refused() {
    let (mut network, task, members) = drawn();
    network.commit_all(
        task,
        &[Silent, Answer("a"), Answer("a"), Answer("a"), Answer("a")],
    );
    let wait = network.task(task).deadline.unwrap() + 1 - network.height();
    network.blocks(wait);
    let silent = network.reveal_of(&members[0], task, Answer("a"));
    reveal_refused(&mut network, silent.clone(), "not_committed");
    assert_eq!(
        network.task(task).status,
        TaskStatus::Committing,
        "a refused reveal moves nothing"
    );
    let stranger = Worker::new(network.stranger.clone(), 77);
    let foreign = network.reveal_of(&stranger, task, Answer("a"));
    reveal_refused(&mut network, foreign, "not_a_member");
    let good = network.reveal_of(&members[1], task, Answer("a"));
    network.reveal(vec![good]);
    let info = network.task(task);
    assert_eq!((info.status, info.revealed), (TaskStatus::Revealing, 1));
}

#[test]
fn ballots_that_no_member_can_say_never_open() {
    let (mut network, task, members) = drawn();
    let digest = network.task(task).task_digest;
    let honest = |index: usize| match answer("a", &digest.0, 0) {
        Ballot::Answer {
            cid,
            finish,
            output_tokens,
            prompt_tokens,
            trace,
        } => match index {
            0 => (cid, finish, 81, prompt_tokens, trace),
            1 => (cid, finish, output_tokens, 10 + 4_096 + 1, trace),
            2 => (
                Cid::of_dag_pb(b"a"),
                finish,
                output_tokens,
                prompt_tokens,
                trace,
            ),
            3 => (cid, finish, 80, 10 + 4_096, trace),
            _ => (cid, finish, output_tokens, prompt_tokens, trace),
        },
        _ => unreachable!("it is an answer"),
    };
    let ballots: Vec<_> = (0..5)
        .map(|index| {
            let (cid, finish, output_tokens, prompt_tokens, trace) = honest(index);
            Ballot::Answer {
                cid,
                finish,
                output_tokens,
                prompt_tokens,
                trace,
            }
        })
        .collect();
    let commits = members
        .iter()
        .zip(&ballots)
        .map(|(worker, said)| commit_item(worker, task, digest, 0, said))
        .collect();
    network.commit(commits);
    for (index, said) in ballots.into_iter().enumerate() {
        let item = reveal_item(&members[index], task, digest, 0, said);
        match index < 3 {
            true => reveal_refused(&mut network, item, "bad_ballot"),
            false => assert!(all::<VoteRevealed>(&network.reveal(vec![item]).events).len() == 1),
        }
    }
}
