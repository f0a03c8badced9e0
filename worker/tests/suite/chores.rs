//! Work that any worker can do for all: beacon rounds and due transitions.

use std::sync::atomic::Ordering;

use antiphon_api::AwaitedRound;
use antiphon_worker::stagger::{advance_wait, beacon_wait};

use crate::fake::{Harness, World, world::prompt};

/// A task that waits for a beacon round published at this time; it is never drawn by the fake chain.
fn waiting(published: u64) -> (World, Harness, tempfile::TempDir, u64) {
    let world = World::new(0, 0);
    let home = tempfile::tempdir().unwrap();
    let harness = Harness::new(world.clone(), home.path().to_owned());
    let task = world.post(&prompt(1));
    let awaited = AwaitedRound {
        round: 5,
        published,
        tasks: 3,
        known: false,
    };
    world.lock().awaited.push(awaited);
    (world, harness, home, task)
}

/// A block in which nothing happens on chain.
async fn quiet_block(world: &World, harness: &mut Harness) {
    world.lock().height += 1;
    harness.live_block().await;
}

fn canonical(world: &World) -> Vec<u8> {
    antiphon_chain::canonical(&world.me()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_published_round_is_brought_once_after_our_own_wait() {
    let (world, mut harness, _home, _) = waiting(1);
    *harness.beacon.latest.lock().unwrap() = 5;
    for _ in 0..beacon_wait(5, &canonical(&world)) {
        quiet_block(&world, &mut harness).await;
        assert_eq!(world.lock().published, []);
    }
    for _ in 0..20 {
        quiet_block(&world, &mut harness).await;
    }
    assert_eq!(
        world.lock().published,
        [(5, 3)],
        "with as many draws as tasks wait"
    );
}

#[tokio::test(start_paused = true)]
async fn a_round_of_the_future_is_not_asked_for() {
    let (world, mut harness, _home, _) = waiting(u64::MAX);
    *harness.beacon.latest.lock().unwrap() = 5;
    for _ in 0..20 {
        quiet_block(&world, &mut harness).await;
    }
    assert_eq!(world.lock().published, []);
}

#[tokio::test(start_paused = true)]
async fn a_beacon_that_is_down_or_late_is_asked_again() {
    let (world, mut harness, _home, _) = waiting(1);
    harness.beacon.fails.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        quiet_block(&world, &mut harness).await;
    }
    harness.beacon.fails.store(false, Ordering::SeqCst);
    for _ in 0..10 {
        quiet_block(&world, &mut harness).await;
    }
    assert_eq!(
        world.lock().published,
        [],
        "the endpoint does not have it yet"
    );
    *harness.beacon.latest.lock().unwrap() = 5;
    for _ in 0..10 {
        quiet_block(&world, &mut harness).await;
    }
    assert_eq!(world.lock().published, [(5, 3)]);
}

#[tokio::test(start_paused = true)]
async fn a_round_that_another_worker_brought_is_not_brought_again() {
    let (world, mut harness, _home, _) = waiting(1);
    *harness.beacon.latest.lock().unwrap() = 5;
    world.lock().awaited.clear();
    for _ in 0..20 {
        quiet_block(&world, &mut harness).await;
    }
    assert_eq!(world.lock().published, []);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_s_task_is_advanced_only_when_nobody_else_comes() {
    let (world, mut harness, _home, task) = waiting(u64::MAX);
    world.lock().tasks.get_mut(&task).unwrap().response.due = true;
    let entered = world.lock().tasks[&task].response.entered;
    let wait = advance_wait(task, entered, &canonical(&world)) + 8;
    for _ in 0..wait {
        quiet_block(&world, &mut harness).await;
        assert!(world.lock().advanced.is_empty());
    }
    for _ in 0..5 {
        quiet_block(&world, &mut harness).await;
    }
    assert_eq!(world.lock().advanced, [task]);
}

#[tokio::test(start_paused = true)]
async fn a_transition_that_was_made_meanwhile_is_not_sent() {
    let (world, mut harness, _home, task) = waiting(u64::MAX);
    world.lock().tasks.get_mut(&task).unwrap().response.due = true;
    for _ in 0..5 {
        quiet_block(&world, &mut harness).await;
    }
    world.lock().tasks.get_mut(&task).unwrap().response.due = false;
    for _ in 0..30 {
        quiet_block(&world, &mut harness).await;
    }
    assert!(world.lock().advanced.is_empty());
}

#[tokio::test(start_paused = true)]
async fn of_more_tasks_than_fit_a_block_the_last_is_reached_too_and_no_block_reads_more_than_four_pages()
 {
    let (world, mut harness, _home, _) = waiting(u64::MAX);
    harness.settings.speculate = false;
    harness.restart().await;
    let last = (0..399).fold(0, |_, _| world.post(&prompt(1)));
    world.lock().tasks.get_mut(&last).unwrap().response.due = true;
    for _ in 0..30 {
        let before = world.lock().pages;
        quiet_block(&world, &mut harness).await;
        assert!(world.lock().pages <= before + 4);
    }
    assert_eq!(world.lock().advanced, [last]);
    // One that ends is forgotten when its page is read again.
    world.lock().tasks.get_mut(&last).unwrap().response.due = false;
    for _ in 0..30 {
        quiet_block(&world, &mut harness).await;
    }
    assert_eq!(world.lock().advanced, [last]);
}
