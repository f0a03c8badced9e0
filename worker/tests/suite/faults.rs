//! Faults by seed, and kills at every point.

use std::collections::BTreeSet;

use antiphon_worker::duty::{Reason, State};

use crate::fake::{Harness, World, edges::Source, world::prompt};

const SEEDS: u64 = 200;
const TASKS: u64 = 3;

fn harness(world: &World) -> (Harness, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let harness = Harness::new(world.clone(), home.path().to_owned());
    let source = Source::Gives(prompt(1));
    harness
        .content
        .sources
        .lock()
        .unwrap()
        .insert("http://source".to_owned(), source);
    (harness, home)
}

/// Whatever happened, our worker was never bound to two ballots in one task.
fn assert_one_commitment(world: &World, context: &str) {
    for (task, offered) in &world.lock().offered {
        let distinct: BTreeSet<_> = offered.iter().collect();
        assert_eq!(
            distinct.len(),
            1,
            "{context}: task {task} was offered two commitments"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn under_faults_every_duty_ends_done_or_lost_by_name() {
    let (mut done, mut lost) = (0_u32, 0_u32);
    for seed in 0..SEEDS {
        let faults = seed % 31;
        let world = World::new(seed, faults);
        world.lock().silent = usize::try_from(seed % 3).unwrap();
        let (mut harness, _home) = harness(&world);
        for _ in 0..TASKS {
            world.post(&prompt(1));
        }
        harness.run().await;
        for (key, state) in harness.ends() {
            match state {
                State::Done => done += 1,
                State::Lost(Reason::RoundOver) if world.lock().silent == 2 => done += 1,
                State::Lost(reason) => {
                    assert!(
                        faults > 0,
                        "seed {seed} task {}: lost without a fault: {reason}",
                        key.task
                    );
                    lost += 1;
                }
                state => panic!("seed {seed} task {}: left {state:?}", key.task),
            }
        }
        assert_one_commitment(&world, &format!("seed {seed}"));
        let forged = world
            .lock()
            .refused
            .iter()
            .any(|code| matches!(code.as_str(), "E_DIGEST" | "E_SIGNATURE" | "E_OPEN"));
        assert!(!forged, "seed {seed}: a vote did not prove itself");
    }
    assert!(
        lost * 50 < done,
        "faults of up to 30 % cost {lost} of {} duties",
        done + lost
    );
}

/// Kills one run at one input; `arrives` tells whether what was on its way still gets to the chain.
async fn run_killed_at(input: usize, arrives: bool) -> usize {
    let world = World::new(77, 0);
    let (mut harness, _home) = harness(&world);
    harness.dies_at = Some(input);
    harness.arrives = arrives;
    let task = world.post(&prompt(1));
    harness.run().await;
    let context = format!("killed after input {input}, arrives {arrives}");
    assert_one_commitment(&world, &context);
    let honest = world.honest(task).commitment;
    assert_eq!(world.lock().offered[&task][0], honest, "{context}");
    assert_eq!(
        world.our_member(task).unwrap().conduct,
        Some(antiphon_api::ConductInfo::Right),
        "{context}"
    );
    harness.inputs
}

#[tokio::test(start_paused = true)]
async fn a_kill_at_any_point_loses_no_reveal_and_doubles_no_commit() {
    let inputs = run_killed_at(0, false).await;
    assert!(inputs > 20);
    for input in 1..inputs.min(60) {
        for arrives in [false, true] {
            run_killed_at(input, arrives).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_killed_between_commit_and_reveal_serves_its_answer_afterwards() {
    let world = World::new(78, 0);
    let (mut harness, _home) = harness(&world);
    let task = world.post(&prompt(1));
    while world.lock().offered.is_empty() {
        harness.block().await;
    }
    harness.restart().await;
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Done));
    assert!(harness.content.withheld.lock().unwrap().is_empty());
    harness.restart().await;
    assert_eq!(
        harness.actor.journal().keys().count(),
        0,
        "votes of ended tasks are forgotten"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_journal_is_made_again_from_the_chain() {
    let world = World::new(79, 0);
    let home = tempfile::tempdir().unwrap();
    let (mut harness, _home) = harness(&world);
    let task = world.post(&prompt(1));
    while world.lock().offered.is_empty() {
        harness.block().await;
    }
    let content = std::sync::Arc::clone(&harness.content);
    let mut fresh = Harness::new(world.clone(), home.path().to_owned());
    fresh
        .content
        .sources
        .lock()
        .unwrap()
        .extend(content.sources.lock().unwrap().clone());
    drop(harness);
    fresh.run().await;
    assert_eq!(fresh.end(task), Some(State::Done));
    assert_one_commitment(&world, "lost journal");
}

#[tokio::test(start_paused = true)]
async fn without_its_journal_a_committed_worker_waits_for_the_prompt_and_says_nothing_else() {
    let world = World::new(80, 0);
    let home = tempfile::tempdir().unwrap();
    let (mut harness, _home) = harness(&world);
    let task = world.post(&prompt(1));
    while world.lock().offered.is_empty() {
        harness.block().await;
    }
    let sources = harness.content.sources.lock().unwrap().clone();
    let mut fresh = Harness::new(world.clone(), home.path().to_owned());
    drop(harness);
    for _ in 0..8 {
        fresh.block().await;
    }
    assert_eq!(
        fresh.actor.journal().keys().count(),
        0,
        "nothing that differs from what is on chain is written down"
    );
    fresh.content.sources.lock().unwrap().extend(sources);
    fresh.run().await;
    assert_eq!(fresh.end(task), Some(State::Done));
    assert_one_commitment(&world, "prompt found late");
}

#[tokio::test(start_paused = true)]
async fn a_bogus_height_neither_freezes_nor_ends_a_duty() {
    for bogus in [60, 100, 9_000_000] {
        let world = World::new(81, 0);
        let (mut harness, _home) = harness(&world);
        let task = world.post(&prompt(1));
        while world.lock().offered.is_empty() {
            harness.block().await;
        }
        world.lock().claims = Some(bogus);
        harness.tick_at(bogus).await;
        harness.block().await;
        world.lock().claims = None;
        harness.tick_at(bogus).await;
        harness.run().await;
        assert_eq!(harness.end(task), Some(State::Done), "height {bogus}");
    }
}
