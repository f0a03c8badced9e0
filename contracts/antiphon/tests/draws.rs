//! Randomness, committees, vacancies.

use antiphon_api::*;

use crate::suite::network::find;
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

const SILENT_TWO: [Says; 5] = [Answer("a"), Silent, Answer("a"), Silent, Answer("a")];

/// Waits until the window of the task's state is over.
fn pass_window(network: &mut Network, task: u64) {
    let deadline = network.task(task).deadline.unwrap();
    let wait = deadline + 1 - network.height();
    network.blocks(wait);
}

#[test]
fn vacancies_are_drawn_again_and_commits_are_kept() {
    let mut network = Network::start(&Options::workers(7));
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let first = network.members(task, 0);
    network.commit_all(task, &SILENT_TWO);
    pass_window(&mut network, task);
    assert!(network.task(task).due);
    let replaced = network.advance(task);
    let replaced: MembersReplaced = find(&replaced.events).unwrap();
    let silent = [&first[1], &first[3]].map(|it| it.address.to_string());
    assert_eq!(replaced.members, silent);
    for index in [1, 3] {
        let info = network.worker(&first[index]);
        assert_eq!((info.locked.u128(), info.misses), (0, 1));
        assert_eq!(info.bond.u128(), 9_990);
    }
    assert_eq!(network.task(task).committed, 3);

    network.draw(task);
    let info = network.task(task);
    assert_eq!((info.status, info.members), (TaskStatus::Committing, 5));
    let second = network.members(task, 0);
    assert_eq!(second[0].address, first[0].address);
    assert!(first.iter().all(|it| it.address != second[1].address));
    let commits = [1, 3].map(|index| network.commit_of(&second[index], task, Answer("a")));
    network.commit(commits.to_vec());
    assert_eq!(network.task(task).status, TaskStatus::Revealing);
    network.reveal_all(task, &[Answer("a"); 5]);
    network.advance(task);
    let moved = network.task(task).settlement.unwrap();
    assert_eq!((moved.paid.u128(), moved.refunded.u128()), (300, 200));
    let round = network.round(task, 0);
    assert_eq!((round.members.len(), round.replaced.len()), (5, 2));
    assert_eq!(round.replaced[0].conduct, Some(ConductInfo::Silent));
}

#[test]
fn a_replaced_member_is_a_stranger_to_the_round() {
    let mut network = Network::start(&Options::workers(7));
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let first = network.members(task, 0);
    network.commit_all(task, &SILENT_TWO);
    pass_window(&mut network, task);
    network.advance(task);
    network.draw(task);
    let late = network.commit_of(&first[1], task, Answer("a"));
    let refused: VoteRefused = find(&network.commit(vec![late]).events).unwrap();
    assert_eq!(refused.code, "not_a_member");
}

#[test]
fn without_spare_seats_the_draws_run_out_and_the_task_fails() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let mut seen = network.task(task).waits_for;
    network.draw(task);
    network.commit_all(task, &SILENT_TWO);
    pass_window(&mut network, task);
    network.advance(task);
    for left in [true, false] {
        let next = network.task(task).waits_for;
        assert!(next > seen, "randomness that was seen draws nobody");
        seen = next;
        let short: DrawShort = find(&network.draw(task).events).unwrap();
        assert_eq!((short.found, short.quorum), (3, 4));
        assert_eq!(short.waits_for.is_some(), left);
    }
    let info = network.task(task);
    assert!(info.undecided && info.due);
    network.advance(task);
    let moved = network.task(task).settlement.unwrap();
    assert_eq!(network.task(task).status, TaskStatus::Failed);
    // Members committed in a round that never came to revealing are neutral.
    assert_eq!((moved.paid.u128(), moved.refunded.u128()), (0, 500));
    assert_eq!(moved.forfeited.u128(), 0);
    let conducts = network.round(task, 0).members;
    assert!(
        conducts
            .iter()
            .all(|it| it.conduct == Some(ConductInfo::Neutral))
    );
}

#[test]
fn nobody_commits_in_any_window_and_the_task_fails() {
    let mut network = Network::start(&Options::workers(15));
    let task = network.ask(&Ask::default()).unwrap();
    for _ in 0..3 {
        network.draw(task);
        assert_eq!(network.task(task).status, TaskStatus::Committing);
        pass_window(&mut network, task);
        network.advance(task);
    }
    let info = network.task(task);
    assert_eq!(info.status, TaskStatus::Failed);
    let moved = info.settlement.unwrap();
    assert_eq!(moved.refunded.u128(), 500);
    assert_eq!(
        moved.miss_charges.u128(),
        50,
        "the last five; the others were charged before"
    );
    let round = network.round(task, 0);
    assert_eq!((round.members.len(), round.replaced.len()), (5, 10));
    assert_eq!(network.totals().burned.u128(), 150);
}

#[test]
fn a_seat_as_young_as_the_vacancies_is_passed_over() {
    let mut network = Network::start(&Options::workers(6));
    let bond = ExecuteMsg::Bond {};
    let young = network.workers[2].clone();
    network.pay(&young.address, &bond, 1).unwrap();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    assert_eq!(members.len(), 5);
    assert!(members.iter().all(|it| it.address != young.address));
}

#[test]
fn a_seat_short_of_free_bond_leaves_its_place_empty() {
    let mut network = Network::start(&Options::workers(4));
    let poor = crate::suite::Worker::new(network.stranger.clone(), 99);
    network.workers.push(poor.clone());
    network.enlist(&poor, 3_000);
    network.blocks(1);
    let [first, second] = [0, 1].map(|_| network.ask(&Ask::default()).unwrap());
    network.draw(first);
    assert_eq!(network.task(first).members, 5);
    let info = network.task(second);
    assert_eq!((info.status, info.members), (TaskStatus::Committing, 4));
    let says: Vec<_> = vec![Answer("a"); 4];
    network.commit_all(second, &says);
    network.reveal_all(second, &says);
    network.advance(second);
    let round = network.round(second, 0);
    assert_eq!(round.members.len(), 4);
    assert_eq!(network.task(second).settlement.unwrap().paid.u128(), 240);
    assert_eq!(network.worker(&poor).misses, 0, "an empty place is no miss");
}

#[test]
fn a_seat_whose_bond_was_forfeited_is_removed_by_the_next_draw() {
    let mut network = Network::start(&Options {
        bond: 3_000,
        workers: 6,
        ..Options::default()
    });
    let task = network.settle(&[
        Withholds,
        Answer("a"),
        Answer("a"),
        Answer("a"),
        Answer("a"),
    ]);
    let poor = network.actor(&network.round(task, 0).members[0].worker);
    assert_eq!(network.worker(&poor).bond.u128(), 0);
    let mut removed = Vec::new();
    for _ in 0..5 {
        let task = network.ask(&Ask::default()).unwrap();
        let drawn = network.draw(task);
        removed.extend(crate::suite::network::all::<SeatLeft>(&drawn.events));
        network.play(task, &vec![Answer("a"); network.members(task, 0).len()]);
        network.advance(task);
    }
    assert_eq!(removed.len(), 1);
    assert!(removed[0].removed && removed[0].worker == poor.address.as_str());
    let model: ModelResponse = network.query(&QueryMsg::Model { model: 1 });
    assert_eq!(model.seats, 5);
}

#[test]
fn a_member_that_leaves_stays_a_member() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let leaver = network.members(task, 0)[0].clone();
    let leave = ExecuteMsg::LeaveModel { model: 1 };
    network.run(&leaver.address, &leave).unwrap();
    assert_eq!(network.worker(&leaver).locked.u128(), 3_000);
    network.play(task, &[Answer("a"); 5]);
    network.advance(task);
    assert_eq!(network.balance(&leaver.address), 60);
    assert_eq!(network.worker(&leaver).locked.u128(), 0);
}

#[test]
fn freed_slots_are_taken_first_and_no_other_seat_moves() {
    let mut network = Network::five();
    let seats = |network: &Network| {
        let msg = QueryMsg::Seats {
            model: 1,
            start_after: None,
            limit: None,
        };
        let seats = network.query::<SeatsResponse>(&msg).seats;
        let seats: Vec<_> = seats.into_iter().map(|it| (it.slot, it.worker)).collect();
        seats
    };
    let before = seats(&network);
    assert_eq!(
        before.iter().map(|it| it.0).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4]
    );
    let leaver = network.workers[1].address.clone();
    network
        .run(&leaver, &ExecuteMsg::LeaveModel { model: 1 })
        .unwrap();
    assert_eq!(seats(&network).len(), 4);
    network
        .run(&leaver, &ExecuteMsg::JoinModel { model: 1 })
        .unwrap();
    assert_eq!(seats(&network), before);
}

#[test]
fn a_short_draw_opens_its_vacancies_anew_and_younger_seats_may_fill_them() {
    let mut network = Network::start(&Options::workers(5));
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.commit_all(task, &SILENT_TWO);
    pass_window(&mut network, task);
    network.advance(task);
    let newcomer = crate::suite::Worker::new(network.stranger.clone(), 99);
    network.workers.push(newcomer.clone());
    network.enlist(&newcomer, 10_000);
    let short: DrawShort = find(&network.draw(task).events).unwrap();
    assert_eq!(short.found, 3, "younger than the vacancies");
    network.draw(task);
    let info = network.task(task);
    assert_eq!((info.status, info.members), (TaskStatus::Committing, 4));
    let members = network.members(task, 0);
    assert!(members.iter().any(|it| it.address == newcomer.address));
}

#[test]
fn a_seat_taken_anew_is_as_young_as_its_return() {
    let mut network = Network::start(&Options::workers(6));
    let task = network.ask(&Ask::default()).unwrap();
    let mover = network.workers[4].address.clone();
    let [leave, join] = [
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::JoinModel { model: 1 },
    ];
    network.run(&mover, &leave).unwrap();
    network.run(&mover, &join).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    assert!(members.iter().all(|it| it.address != mover));
}

/// `due` says of the next block what `advance` then does there (protocol, section 9).
#[test]
fn due_is_what_advance_does_in_the_next_block() {
    let mut network = Network::start(&Options::workers(7));
    let task = network.ask(&Ask::default()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut plan = [None, Some(SILENT_TWO.as_slice())].into_iter();
    for _ in 0..600 {
        let before = network.task(task);
        if before.status == TaskStatus::Failed {
            break;
        }
        network.step(1, 0);
        network.advance(task);
        let after = network.task(task);
        let moved = (
            before.status,
            before.round,
            before.entered,
            before.waits_for,
        ) != (after.status, after.round, after.entered, after.waits_for);
        assert_eq!(before.due, moved, "{before:?} {after:?}");
        if moved {
            seen.insert((
                format!("{:?}", before.status),
                format!("{:?}", after.status),
            ));
        }
        match (after.status, after.waits_for, moved) {
            (TaskStatus::Drawing, Some(round), false) => {
                network.step(0, 2);
                network.publish(round, 0).unwrap();
            }
            (TaskStatus::Committing, _, true) => {
                if let Some(Some(says)) = plan.next() {
                    network.commit_all(task, says);
                }
            }
            _ => {}
        }
    }
    assert!(seen.len() >= 2, "{seen:?}");
}
