//! Prompts that are hard to get, and those that are not there.

use antiphon_api::Ballot;
use antiphon_worker::duty::{DutyKey, State};

use crate::fake::{Harness, World, edges::Source, world::prompt};

struct Setup {
    world: World,
    harness: Harness,
    _home: tempfile::TempDir,
}

/// Every member has an endpoint; nobody has the block yet.
fn setup(seed: u64) -> Setup {
    let world = World::new(seed, 0);
    world.lock().endpoints = true;
    let home = tempfile::tempdir().unwrap();
    let mut harness = Harness::new(world.clone(), home.path().to_owned());
    harness.settings.speculate = false;
    harness.peers.answer = None;
    Setup {
        world,
        harness,
        _home: home,
    }
}

fn set(harness: &Harness, endpoint: &str, source: Source) {
    harness
        .content
        .sources
        .lock()
        .unwrap()
        .insert(endpoint.to_owned(), source);
}

fn ballot(setup: &Setup, task: u64) -> Option<Ballot> {
    setup
        .harness
        .actor
        .journal()
        .get(DutyKey::new(task, 0))
        .map(|entry| entry.ballot.clone())
}

#[tokio::test(start_paused = true)]
async fn unavailable_is_said_only_after_half_the_window_and_two_asks_of_every_source() {
    let mut setup = setup(1);
    let task = setup.world.post(&prompt(1));
    let mut half = None;
    while ballot(&setup, task).is_none() {
        setup.harness.block().await;
        let state = setup.world.lock();
        let response = &state.tasks[&task].response;
        half = half.or(response
            .deadline
            .map(|deadline| (response.entered + deadline).div_ceil(2)));
        assert!(state.height < 100);
    }
    assert_eq!(ballot(&setup, task), Some(Ballot::Unavailable {}));
    assert!(setup.world.lock().height >= half.unwrap());
    let asked = setup.harness.content.asked.lock().unwrap();
    assert_eq!(
        asked.len(),
        5,
        "four members and the static source, not ourselves"
    );
    assert!(asked.values().all(|times| *times >= 2), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn sources_that_lie_or_hang_do_not_keep_the_prompt_from_us() {
    let mut setup = setup(2);
    let workers: Vec<String> = setup.world.lock().voters.keys().cloned().collect();
    set(
        &setup.harness,
        &format!("http://{}", workers[0]),
        Source::Lies,
    );
    set(
        &setup.harness,
        &format!("http://{}", workers[1]),
        Source::Hangs,
    );
    set(&setup.harness, "http://source", Source::Gives(prompt(1)));
    let task = setup.world.post(&prompt(1));
    while ballot(&setup, task).is_none() {
        setup.harness.block().await;
        assert!(setup.world.lock().height < 120);
    }
    assert!(matches!(ballot(&setup, task), Some(Ballot::Answer { .. })));
}

#[tokio::test(start_paused = true)]
async fn sources_that_all_lie_end_in_unavailable_and_never_in_their_bytes() {
    let mut setup = setup(3);
    let workers: Vec<String> = setup.world.lock().voters.keys().cloned().collect();
    for worker in workers {
        set(&setup.harness, &format!("http://{worker}"), Source::Lies);
    }
    set(&setup.harness, "http://source", Source::Lies);
    let task = setup.world.post(&prompt(1));
    while ballot(&setup, task).is_none() {
        setup.harness.block().await;
    }
    assert_eq!(ballot(&setup, task), Some(Ballot::Unavailable {}));
    assert_eq!(
        setup
            .harness
            .engine
            .runs
            .load(std::sync::atomic::Ordering::SeqCst),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_found_prompt_is_kept_for_the_others() {
    let mut setup = setup(4);
    set(&setup.harness, "http://source", Source::Gives(prompt(1)));
    let task = setup.world.post(&prompt(1));
    setup.harness.run().await;
    assert!(matches!(setup.harness.end(task), Some(State::Done)));
    let cid = antiphon_api::Cid::of_raw(&prompt(1));
    assert!(
        setup
            .harness
            .content
            .served
            .lock()
            .unwrap()
            .contains_key(&cid)
    );
}

#[tokio::test(start_paused = true)]
async fn our_own_silent_node_is_no_ground_for_unavailable() {
    let mut setup = setup(5);
    let task = setup.world.post(&prompt(1));
    while setup.world.lock().tasks[&task].response.deadline.is_none() {
        setup.harness.block().await;
    }
    setup.world.lock().down = true;
    for _ in 0..38 {
        setup.harness.block().await;
    }
    assert_eq!(ballot(&setup, task), None);
}
