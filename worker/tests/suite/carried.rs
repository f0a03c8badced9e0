//! Tasks that carry their prompt: it comes with the duty, and from nowhere else.

use antiphon_api::{Cid, Duty};
use antiphon_worker::duty::{DutyKey, State};

use crate::fake::{Harness, World, world::prompt};

/// A worker on a network in which no store has the prompt.
fn scene() -> (World, Harness, tempfile::TempDir, u64) {
    let world = World::new(0, 0);
    let home = tempfile::tempdir().unwrap();
    let harness = Harness::new(world.clone(), home.path().to_owned());
    let task = world.post(&prompt(1));
    world.lock().tasks.get_mut(&task).unwrap().response.carried = true;
    (world, harness, home, task)
}

fn hands_out(duty: &mut Duty) {
    duty.block = Some(prompt(1).into());
}

#[tokio::test(start_paused = true)]
async fn a_carried_prompt_is_answered_served_on_and_asked_of_nobody() {
    let (world, mut harness, _home, task) = scene();
    world.lock().lie = Some(hands_out);
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Done));
    assert!(harness.content.asked.lock().unwrap().is_empty());
    let served = harness.content.served.lock().unwrap();
    assert!(served.contains_key(&Cid::of_raw(&prompt(1))));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_leaves_a_carried_prompt_out_or_changes_it_is_asked_again() {
    let (world, mut harness, _home, task) = scene();
    for lie in [
        |_: &mut Duty| {},
        |duty: &mut Duty| {
            duty.block = Some(prompt(2).into());
        },
    ] {
        world.lock().lie = Some(lie);
        for _ in 0..8 {
            harness.block().await;
        }
        assert!(!harness.ends().contains_key(&DutyKey::new(task, 0)));
    }
    world.lock().lie = Some(hands_out);
    harness.run().await;
    assert_eq!(harness.end(task), Some(State::Done));
}
