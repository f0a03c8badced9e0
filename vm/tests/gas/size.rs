//! Networks of a size, made by messages.

use std::sync::LazyLock;

use crate::world::{Ask, World, same};

/// Tasks posted in one block: they wait for one beacon round.
const PER_BLOCK: usize = 50;
/// Of a block's tasks, how many are settled, how many have an answer that stands, and how many are
/// committed; the others wait for commits.
const SETTLED: usize = 40;
const ANSWERED: usize = 2;
const COMMITTED: usize = 2;

/// The largest: every slot of a model is taken, and ten thousand tasks were posted, 2,000 of which
/// are open. Its committees go up to 31.
pub static LARGEST: LazyLock<World> = LazyLock::new(|| world(4_096, 10_000));
/// Every slot is taken, hardly a task was posted.
pub static SEATED: LazyLock<World> = LazyLock::new(|| world(4_096, 10));
/// As many seats as two committees of the usual size.
pub static SMALL: LazyLock<World> = LazyLock::new(|| world(10, 10));

fn world(seats: usize, tasks: usize) -> World {
    let mut world = World::bare();
    world.enlist(seats);
    world.store.freeze();
    let mut answered = Vec::new();
    for block in 0..tasks.div_ceil(PER_BLOCK) {
        let posted: Vec<_> = (block * PER_BLOCK..tasks.min((block + 1) * PER_BLOCK))
            .map(|_| world.post(&Ask::default()))
            .collect();
        answered.extend(fate(&mut world, &posted));
        world.store.freeze();
    }
    world.step(101);
    for tasks in answered.chunks(10) {
        world.advance(tasks);
    }
    world.step(1);
    world.store.freeze();
    world
}

/// Draws a block's tasks and lets some of them go on; returns those to settle.
fn fate(world: &mut World, posted: &[u64]) -> Vec<u64> {
    world.draw(posted[0]);
    for tasks in posted.chunks(10).skip(1) {
        world.advance(tasks);
    }
    let share = |part: usize| (posted.len() * part).div_ceil(PER_BLOCK);
    let settled = share(SETTLED);
    let voted = settled + share(ANSWERED);
    for (index, task) in posted.iter().take(voted + share(COMMITTED)).enumerate() {
        match index < voted {
            true => world.voted(*task, &same),
            false => drop(world.committed(*task, &same)),
        }
    }
    posted[..settled].to_vec()
}
