//! The whole worker on the fake chain: honest runs, liars, refusals.

use std::sync::atomic::Ordering;

use antiphon_api::{Ballot, Hex};
use antiphon_worker::duty::{DutyKey, Reason, State};

use crate::fake::{Harness, World, edges::Source, world::prompt};

fn harness(world: &World) -> (Harness, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    (Harness::new(world.clone(), home.path().to_owned()), home)
}

fn serve(harness: &Harness, block: &[u8]) {
    let source = Source::Gives(block.to_vec());
    harness
        .content
        .sources
        .lock()
        .unwrap()
        .insert("http://source".to_owned(), source);
}

#[tokio::test(start_paused = true)]
async fn an_honest_worker_on_a_good_network_is_done_and_serves_its_answer() {
    let world = World::new(1, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, &prompt(1));
    let task = world.post(&prompt(1));
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Done));
    let Ballot::Answer { cid, .. } = world.honest(task).ballot else {
        panic!()
    };
    assert!(
        harness.content.served.lock().unwrap().contains_key(&cid),
        "released after the reveal"
    );
    assert!(harness.content.withheld.lock().unwrap().is_empty());
    assert_eq!(
        world.lock().offered[&task].len(),
        1,
        "one commit was enough"
    );
}

#[tokio::test(start_paused = true)]
async fn work_done_before_the_draw_is_not_done_again() {
    let world = World::new(2, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, &prompt(1));
    world.post(&prompt(1));
    harness.block().await;
    harness.block().await;
    assert_eq!(
        harness.engine.runs.load(Ordering::SeqCst),
        1,
        "started while the task waits for its draw"
    );
    harness.run().await;
    assert_eq!(harness.engine.runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn the_answer_is_not_served_before_its_reveal_is_on_chain() {
    let world = World::new(3, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, &prompt(1));
    let task = world.post(&prompt(1));
    for _ in 0..200 {
        harness.block().await;
        let revealed = world.our_member(task).is_some_and(|m| m.ballot.is_some());
        let Ballot::Answer { cid, .. } = world.honest(task).ballot else {
            panic!()
        };
        let served = harness.content.served.lock().unwrap().contains_key(&cid);
        assert!(!served || revealed || world.over());
    }
}

#[tokio::test(start_paused = true)]
async fn a_crashed_engine_means_no_commit_and_never_a_guess() {
    let world = World::new(4, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, &prompt(1));
    harness.engine.crashes.store(true, Ordering::SeqCst);
    let task = world.post(&prompt(1));
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Lost(Reason::ComputeFailed)));
    assert!(world.lock().offered.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_invalid_prompt_is_voted_invalid_without_the_engine() {
    let world = World::new(5, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, b"{\"not\": \"a prompt\"}");
    let task = world.post(b"{\"not\": \"a prompt\"}");
    harness.run().await;
    let entry = harness.actor.journal().get(DutyKey::new(task, 0)).unwrap();
    assert_eq!(entry.ballot, Ballot::Invalid {});
    assert_eq!(harness.engine.runs.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn lying_task_data_gets_no_commit() {
    let lies: [fn(&mut antiphon_api::Duty); 5] = [
        |duty| duty.task_digest = Hex([1; 32]),
        |duty| duty.prompt = antiphon_api::Cid::of_raw(b"another"),
        |duty| duty.max_output_tokens = 4_000,
        |duty| duty.prompt_bytes += 1,
        |duty| duty.manifest = antiphon_api::Cid::of_raw(b"another"),
    ];
    for lie in lies {
        let world = World::new(6, 0);
        let (mut harness, _home) = harness(&world);
        serve(&harness, &prompt(1));
        world.lock().lie = Some(lie);
        let task = world.post(&prompt(1));
        harness.run().await;
        assert_eq!(harness.end(task), Some(State::Lost(Reason::LyingTask)));
        assert!(world.lock().offered.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_of_another_chain_gets_no_commit() {
    let world = World::new(7, 0);
    let home = tempfile::tempdir().unwrap();
    let mut harness = Harness::new(world.clone(), home.path().to_owned());
    harness.settings.chain_id = "another-1".to_owned();
    harness.restart().await;
    serve(&harness, &prompt(1));
    let task = world.post(&prompt(1));
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Lost(Reason::LyingTask)));
    assert!(world.lock().offered.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_without_state_behind_it_starts_nothing() {
    let world = World::new(8, 0);
    let (mut harness, _home) = harness(&world);
    for _ in 0..20 {
        harness.block().await;
    }
    assert!(harness.ends().is_empty() && world.lock().sent.is_empty());
    assert_eq!(harness.engine.runs.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_model_not_served_here_is_lost_by_name() {
    let world = World::new(9, 0);
    let (mut harness, _home) = harness(&world);
    harness.settings.served.clear();
    harness.restart().await;
    let task = world.post(&prompt(1));
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Lost(Reason::UnknownModel)));
}

#[tokio::test(start_paused = true)]
async fn a_stopping_worker_commits_nothing_new_and_flushes_its_reveals() {
    let world = World::new(10, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, &prompt(1));
    let first = world.post(&prompt(1));
    while world.lock().offered.is_empty() {
        harness.block().await;
    }
    harness.actor.drain().await;
    assert!(!harness.actor.drained(), "a reveal is owed");
    let second = world.post(&prompt(1));
    harness.run().await;
    assert_eq!(harness.end(first), Some(State::Done));
    assert_eq!(harness.end(second), Some(State::Lost(Reason::Draining)));
    assert!(!world.lock().offered.contains_key(&second));
    assert!(harness.actor.drained());
}

#[tokio::test(start_paused = true)]
async fn duties_of_a_model_that_is_still_being_checked_wait_for_it() {
    let world = World::new(11, 0);
    let (mut harness, _home) = harness(&world);
    let (model, manifest) = harness.settings.served.pop_first().unwrap();
    harness.settings.coming.insert(model);
    harness.restart().await;
    serve(&harness, &prompt(1));
    let task = world.post(&prompt(1));
    for _ in 0..15 {
        harness.block().await;
    }
    assert_eq!(harness.end(task), None);
    harness.actor.serve(model, manifest);
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Done));
}

#[tokio::test(start_paused = true)]
async fn a_reveal_owed_at_start_does_not_wait_for_the_model() {
    let world = World::new(12, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, &prompt(1));
    let task = world.post(&prompt(1));
    while world.lock().offered.is_empty() {
        harness.block().await;
    }
    let (model, _) = harness.settings.served.pop_first().unwrap();
    harness.settings.coming.insert(model);
    harness.restart().await;
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Done));
}

#[tokio::test(start_paused = true)]
async fn a_reveal_does_not_wait_behind_work_for_all_that_hangs() {
    let world = World::new(13, 0);
    let (mut harness, _home) = harness(&world);
    serve(&harness, &prompt(1));
    world.lock().advances_hang = true;
    let (stuck, task) = (world.post(&prompt(1)), world.post(&prompt(1)));
    world.lock().tasks.get_mut(&stuck).unwrap().response.due = true;
    for _ in 0..40 {
        harness.block().await;
    }
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Done));
    assert!(world.lock().advanced.is_empty());
    assert!(
        harness.actor.drained(),
        "the advance that is still on its way keeps no process"
    );
}

/// Two sources, two prompts; the first task is slow to answer and never drawn by itself.
fn a_slow_guess(world: &World, harness: &Harness) -> u64 {
    for number in [1, 2] {
        let block = prompt(number);
        let source = format!("http://source{}", if number == 1 { "" } else { "2" });
        let mut sources = harness.content.sources.lock().unwrap();
        sources.insert(source, Source::Gives(block));
    }
    *harness.engine.slow.lock().unwrap() = Some(antiphon_api::Cid::of_raw(&prompt(1)));
    let guessed = world.post(&prompt(1));
    world
        .lock()
        .tasks
        .get_mut(&guessed)
        .unwrap()
        .response
        .entered = u64::MAX - 100;
    guessed
}

#[tokio::test(start_paused = true)]
async fn a_guess_makes_place_for_a_duty() {
    let world = World::new(14, 0);
    let (mut harness, _home) = harness(&world);
    harness
        .settings
        .static_peers
        .push("http://source2".to_owned());
    harness.restart().await;
    let guessed = a_slow_guess(&world, &harness);
    harness.block().await;
    assert_eq!(harness.engine.runs.load(Ordering::SeqCst), 1, "the guess");
    let duty = world.post(&prompt(2));
    for _ in 0..80 {
        harness.block().await;
    }
    assert_eq!(harness.end(duty), Some(State::Done));
    assert_eq!(harness.engine.broken_off.load(Ordering::SeqCst), 1);
    assert_eq!(harness.end(guessed), None);
}

#[tokio::test(start_paused = true)]
async fn a_guess_that_became_a_duty_is_not_broken_off_by_another() {
    let world = World::new(15, 0);
    let (mut harness, _home) = harness(&world);
    harness
        .settings
        .static_peers
        .push("http://source2".to_owned());
    harness.restart().await;
    let first = a_slow_guess(&world, &harness);
    harness.block().await;
    world.lock().tasks.get_mut(&first).unwrap().response.entered = 1;
    for _ in 0..4 {
        harness.block().await;
    }
    world.post(&prompt(2));
    for _ in 0..10 {
        harness.block().await;
    }
    assert_eq!(harness.engine.broken_off.load(Ordering::SeqCst), 0);
}
