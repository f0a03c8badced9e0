//! Votes: one at a time, and as a relay posts them.

use antiphon_api::{ExecuteMsg, MAX_VOTES_PER_MESSAGE};

use super::tasks::second_round;
use super::{Scene, Shot, scene, shot};
use crate::world::{Ask, World, different, same};

pub(super) fn scenes() -> Vec<Scene> {
    vec![
        scene("commit, one of 5, the first", |world| commits(world, 0, 1)),
        scene("commit, one of 5", |world| commits(world, 1, 1)),
        scene("commit, one of 5, the last", |world| commits(world, 4, 1)),
        scene("commit, five in one message", |world| commits(world, 0, 5)),
        scene("commit, 31 in one message", |world| {
            let task = second_round(world);
            world.draw(task);
            let members = world.members(task);
            let commits = world.commits(task, &members, &same);
            let told = commits.len();
            assert_eq!(told, MAX_VOTES_PER_MESSAGE);
            shot(
                &world.stranger,
                ExecuteMsg::Commit { commits },
                "vote_committed",
                told,
            )
        }),
        scene("commit, 31 refused", refused),
        scene("reveal, one of 5, the first", |world| reveals(world, 0, 1)),
        scene("reveal, one of 5", |world| reveals(world, 1, 1)),
        scene("reveal, one of 5, another answer", |world| {
            let (task, members) = revealing(world, &different);
            let all = world.reveals(task, &members, &different);
            world.reveal(all[..1].to_vec());
            let reveals = all[1..2].to_vec();
            shot(
                &world.stranger,
                ExecuteMsg::Reveal { reveals },
                "vote_revealed",
                1,
            )
        }),
        scene("reveal, one of 5, the last", |world| reveals(world, 4, 1)),
        scene("reveal, five in one message", |world| reveals(world, 0, 5)),
        scene("reveal, 31 in one message, all different", |world| {
            let task = second_round(world);
            world.draw(task);
            let members = world.committed(task, &different);
            let reveals = world.reveals(task, &members, &different);
            shot(
                &world.stranger,
                ExecuteMsg::Reveal { reveals },
                "vote_revealed",
                31,
            )
        }),
        scene(
            "reveal, 31 in one message, after the window of commits",
            |world| {
                let task = second_round(world);
                world.draw(task);
                let members = world.members(task);
                let commits = world.commits(task, &members, &same);
                world.commit(commits[..30].to_vec());
                world.pass(task);
                let reveals = world.reveals(task, &members, &same);
                shot(
                    &world.stranger,
                    ExecuteMsg::Reveal { reveals },
                    "task_answered",
                    1,
                )
            },
        ),
    ]
}

/// `count` commits of a new committee of five, when `before` are in already.
fn commits(world: &mut World, before: usize, count: usize) -> Shot {
    let task = world.post(&Ask::default());
    world.draw(task);
    let members = world.members(task);
    let all = world.commits(task, &members, &same);
    if before > 0 {
        world.commit(all[..before].to_vec());
    }
    let commits = all[before..before + count].to_vec();
    shot(
        &world.stranger,
        ExecuteMsg::Commit { commits },
        "vote_committed",
        count,
    )
}

/// Votes that were counted before are refused, one by one.
fn refused(world: &mut World) -> Shot {
    let task = second_round(world);
    world.draw(task);
    let members = world.members(task);
    let commits = world.commits(task, &members, &same);
    let again: Vec<_> = commits.iter().take(1).cycle().take(31).cloned().collect();
    world.commit(commits[..1].to_vec());
    shot(
        &world.stranger,
        ExecuteMsg::Commit { commits: again },
        "vote_refused",
        31,
    )
}

/// A new committee of five that has committed.
fn revealing(
    world: &mut World,
    says: &dyn Fn(usize) -> String,
) -> (u64, Vec<crate::actors::Worker>) {
    let task = world.post(&Ask::default());
    world.draw(task);
    let members = world.committed(task, says);
    (task, members)
}

fn reveals(world: &mut World, before: usize, count: usize) -> Shot {
    let (task, members) = revealing(world, &same);
    let all = world.reveals(task, &members, &same);
    if before > 0 {
        world.reveal(all[..before].to_vec());
    }
    let reveals = all[before..before + count].to_vec();
    let last = before + count == 5;
    let tells = if last {
        ("task_answered", 1)
    } else {
        ("vote_revealed", count)
    };
    shot(
        &world.stranger,
        ExecuteMsg::Reveal { reveals },
        tells.0,
        tells.1,
    )
}
