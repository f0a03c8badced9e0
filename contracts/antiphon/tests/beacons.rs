//! Randomness: which, when, and for whom.

use antiphon_api::*;

use crate::suite::{Ask, Network};

/// Waits until a draw without randomness is over.
fn pass_draw_window(network: &mut Network) {
    network.blocks(61);
}

#[test]
fn a_beacon_outage_ends_in_a_refund() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    pass_draw_window(&mut network);
    assert!(network.task(task).undecided);
    network.advance(task);
    let info = network.task(task);
    assert_eq!(info.status, TaskStatus::Failed);
    assert_eq!(info.settlement.unwrap().refunded.u128(), 500);
}

#[test]
fn the_draw_window_needs_both_its_blocks_and_its_seconds() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.step(1, 3_600);
    assert!(!network.task(task).due);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Drawing);
    network.step(59, 0);
    assert!(network.task(task).due, "the next block is the 61st");
    network.advance(task);
    assert_eq!(
        network.task(task).status,
        TaskStatus::Drawing,
        "this one is not"
    );
    network.step(1, 0);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Failed);
}

#[test]
fn randomness_in_time_draws_however_late() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let round = network.task(task).waits_for.unwrap();
    network.blocks(3);
    network.publish(round, 0).unwrap();
    assert!(network.task(task).due);
    network.blocks(1_000);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Committing);
}

#[test]
fn randomness_after_the_window_draws_nobody() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let round = network.task(task).waits_for.unwrap();
    pass_draw_window(&mut network);
    network.publish(round, 0).unwrap();
    let info = network.task(task);
    assert_eq!(info.status, TaskStatus::Drawing);
    assert!(info.undecided);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Failed);
}

#[test]
fn a_task_that_missed_its_round_does_not_block_those_behind_it() {
    let mut network = Network::five();
    let tasks = [0, 1, 2].map(|_| network.ask(&Ask::default()).unwrap());
    let round = network.task(tasks[0]).waits_for.unwrap();
    pass_draw_window(&mut network);
    network.publish(round, 2).unwrap();
    let status = |task: u64| network.task(task).status;
    let (ended, waits) = (TaskStatus::Failed, TaskStatus::Drawing);
    assert_eq!(tasks.map(status), [ended, ended, waits]);
}

#[test]
fn a_round_is_refused_before_its_time() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let round = network.task(task).waits_for.unwrap();
    let wait = network.beacon.genesis + round - 1 - network.app.block_info().time.seconds();
    network.step(1, wait - 1);
    let refused = network.publish(round, 1).unwrap_err();
    assert!(refused.contains("E_BEACON_EARLY"), "{refused}");
    network.step(0, 1);
    network.publish(round, 1).unwrap();
}

#[test]
fn rounds_that_nobody_brought_are_listed_before_those_that_wait_for_draws() {
    let mut network = Network::five();
    let ask = |network: &mut Network| {
        let task = network.ask(&Ask::default()).unwrap();
        network.task(task).waits_for.unwrap()
    };
    let known: Vec<_> = (0..30)
        .map(|_| {
            let round = ask(&mut network);
            network.blocks(3);
            network.publish(round, 0).unwrap();
            round
        })
        .collect();
    let unknown = ask(&mut network);
    let awaited = network
        .query::<BeaconResponse>(&QueryMsg::Beacon {})
        .awaited;
    let rounds: Vec<_> = awaited.iter().map(|it| it.round).collect();
    assert_eq!(rounds[0], unknown);
    assert_eq!(rounds[1..], known[..29]);
    assert!(!awaited[0].known && awaited[1].known);
}

#[test]
fn tasks_that_wait_for_one_round_are_drawn_in_order() {
    let mut network = Network::five();
    let [first, second] = [0, 1].map(|_| network.ask(&Ask::default()).unwrap());
    let round = network.task(first).waits_for.unwrap();
    assert_eq!(network.task(second).waits_for, Some(round));
    network.blocks(3);
    network.publish(round, 0).unwrap();
    assert!(!network.task(second).due);
    network.advance(second);
    assert_eq!(network.task(second).status, TaskStatus::Drawing);
    network.publish(round, 1).unwrap();
    assert_eq!(network.task(first).status, TaskStatus::Committing);
    assert_eq!(network.task(second).status, TaskStatus::Drawing);
    network.advance(second);
    assert_eq!(network.task(second).status, TaskStatus::Committing);
}

#[test]
fn randomness_goes_with_the_last_task_that_waits() {
    let mut network = Network::five();
    let tasks = [0, 1].map(|_| network.ask(&Ask::default()).unwrap());
    let beacon = |network: &Network| {
        network
            .query::<BeaconResponse>(&QueryMsg::Beacon {})
            .awaited
    };
    let awaited = beacon(&network);
    assert_eq!((awaited.len(), awaited[0].tasks), (1, 2));
    assert!(!awaited[0].known);
    network.blocks(3);
    network.publish(awaited[0].round, 1).unwrap();
    let awaited = beacon(&network);
    assert_eq!((awaited[0].tasks, awaited[0].known), (1, true));
    network.advance(tasks[1]);
    assert_eq!(beacon(&network), []);
    let refused = network.publish(awaited[0].round, 1).unwrap_err();
    assert!(refused.contains("E_BEACON_NOT_AWAITED"), "{refused}");
}

#[test]
fn a_wrong_signature_is_refused() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let round = network.task(task).waits_for.unwrap();
    network.blocks(3);
    let mut infinity = Hex([0; 48]);
    infinity.0[0] = 0xc0;
    let other = crate::suite::Beacon::new(8, network.beacon.genesis);
    for signature in [
        network.beacon.sign(round + 1),
        other.sign(round),
        Hex([0; 48]),
        infinity,
    ] {
        let msg = ExecuteMsg::PublishBeacon {
            round,
            signature,
            draws: 1,
        };
        let refused = network.run(&network.stranger.clone(), &msg).unwrap_err();
        assert!(refused.contains("E_BEACON_SIGNATURE"), "{refused}");
    }
    assert_eq!(network.task(task).status, TaskStatus::Drawing);
}
