//! What `advance` and `deliver` do: windows that are over, ends of tasks, callbacks.

use antiphon_api::{Callback, ExecuteMsg, MAX_ADVANCES_PER_MESSAGE, MAX_ANSWER_BYTES};
use cosmwasm_std::{Binary, CosmosMsg, Reply, Response, SubMsgResult};

use super::tasks::{demand, second_round};
use super::{Scene, Shot, back, scene, shot};
use crate::world::{Ask, World, different, same};

pub(super) fn scenes() -> Vec<Scene> {
    vec![
        scene("advance, no task", |world| advance(world, &[], "", 0)),
        scene("advance, ten tasks that wait", |world| {
            let tasks = ten(world, |world| world.post(&Ask::default()));
            advance(world, &tasks, "", 0)
        }),
        scene("advance, to revealing", |world| {
            let task = partly(world, &Ask::default(), 4);
            advance(world, &[task], "reveal_opened", 1)
        }),
        scene("advance, five silent members replaced", |world| {
            let task = partly(world, &Ask::default(), 0);
            advance(world, &[task], "members_replaced", 1)
        }),
        scene("advance, 31 silent members replaced", |world| {
            let task = second_round(world);
            world.draw(task);
            world.pass(task);
            advance(world, &[task], "worker_missed", 31)
        }),
        scene("advance, undecided, next round", |world| {
            let task = world.post(&Ask::default());
            world.draw(task);
            world.voted(task, &different);
            advance(world, &[task], "round_opened", 1)
        }),
        scene("advance, end of a task of 5", |world| {
            let task = over(world, &Ask::default());
            advance(world, &[task], "task_finalised", 1)
        }),
        scene("advance, end of a task of 5, burning", |world| {
            let task = world.post(&Ask::default());
            world.draw(task);
            world.voted(task, &one_wrong);
            world.pass(task);
            advance(world, &[task], "burned", 1)
        }),
        scene("advance, end of a task of 15", |world| {
            let task = over(world, &Ask::of(15));
            advance(world, &[task], "task_finalised", 1)
        }),
        scene("advance, ends of ten tasks of 5", |world| {
            let tasks = ten(world, |world| world.answered(&Ask::default()));
            world.step(101);
            advance(world, &tasks, "task_finalised", tasks.len())
        }),
        scene("advance, end of 11 + 23 + 31, a third wrong", |world| {
            let task = contest(world, &third_wrong, 1);
            advance(world, &[task], "slashed", 20)
        }),
        scene("advance, failure of 11 + 23 + 31, all different", |world| {
            let task = contest(world, &different, 1);
            advance(world, &[task], "task_failed", 1)
        }),
        scene(
            "advance, failure of 11 + 23 + 31, as many replaced",
            |world| {
                let task = contest(world, &different, 2);
                advance(world, &[task], "task_failed", 1)
            },
        ),
        scene(
            "advance, failure of 11 + 23 + 31, twice as many replaced",
            |world| {
                let task = contest(world, &different, 3);
                advance(world, &[task], "task_failed", 1)
            },
        ),
        scene("advance, a callback over", |world| {
            let task = world.ended(&asked(false));
            world.step(20_000);
            advance(world, &[task], "callback_over", 1)
        }),
        scene("deliver", |world| deliver(world, None)),
        scene("deliver, 64 KiB of text", |world| {
            deliver(world, Some("x".repeat(MAX_ANSWER_BYTES)))
        }),
        scene("reply, a delivery that failed", undelivered),
        scene("reply, a burn that failed", unburned),
    ]
}

fn advance(world: &World, tasks: &[u64], kind: &'static str, times: usize) -> Shot {
    let tasks = tasks.to_vec();
    shot(&world.stranger, ExecuteMsg::Advance { tasks }, kind, times)
}

fn ten(world: &mut World, one: impl Fn(&mut World) -> u64) -> Vec<u64> {
    (0..MAX_ADVANCES_PER_MESSAGE).map(|_| one(world)).collect()
}

/// A task whose window of commits is over after the first of them.
fn partly(world: &mut World, ask: &Ask, committed: usize) -> u64 {
    let task = world.post(ask);
    world.draw(task);
    let members = world.members(task);
    let commits = world.commits(task, &members, &same);
    if committed > 0 {
        world.commit(commits[..committed].to_vec());
    }
    world.pass(task);
    task
}

/// A task whose answer can no longer be appealed.
fn over(world: &mut World, ask: &Ask) -> u64 {
    let task = world.answered(ask);
    world.pass(task);
    task
}

fn one_wrong(index: usize) -> String {
    let text = if index == 0 { "a lie" } else { "the answer" };
    text.to_owned()
}

/// As many wrong ones as a quorum can bear, each in its own way.
fn third_wrong(index: usize) -> String {
    match index % 3 {
        2 => format!("lie {index}"),
        _ => same(index),
    }
}

/// A task of three rounds, each with `draws` draws of which only the last one's members vote. It is
/// over, but not settled.
fn contest(world: &mut World, says: &dyn Fn(usize) -> String, draws: u8) -> u64 {
    let task = world.post(&Ask::of(11));
    for round in 0..3 {
        for _ in 1..draws {
            world.draw(task);
            world.pass(task);
            world.advance(&[task]);
        }
        world.draw(task);
        world.voted(task, says);
        let answered = world.task(task).deadline.is_some() && world.task(task).outcome.is_some();
        match (round, answered) {
            (2, _) => {}
            (_, true) => demand(world, task),
            (_, false) => drop(world.advance(&[task])),
        }
    }
    if world.task(task).outcome.is_some() {
        world.step(1_000);
    }
    task
}

fn asked(with_text: bool) -> Ask {
    Ask {
        holders: 1,
        callback: Some(Callback {
            gas_limit: 500_000,
            with_text,
        }),
        ..Ask::default()
    }
}

fn delivered(world: &mut World, text: &Option<String>) -> ExecuteMsg {
    let task = world.post(&asked(text.is_some()));
    world.draw(task);
    let said = text.clone().unwrap_or_else(|| same(0));
    world.voted(task, &|_| said.clone());
    world.pass(task);
    world.advance(&[task]);
    ExecuteMsg::Deliver {
        task,
        text: text.clone(),
    }
}

fn deliver(world: &mut World, text: Option<String>) -> Shot {
    let msg = delivered(world, &text);
    shot(&world.stranger, msg, "callback_delivered", 1)
}

/// The failure of the last message that the contract sent.
fn failed(response: &Response) -> Reply {
    let sent = response.messages.last().unwrap();
    assert!(matches!(sent.msg, CosmosMsg::Wasm(_) | CosmosMsg::Bank(_)));
    Reply {
        id: sent.id,
        payload: Binary::from(sent.payload.as_slice()),
        gas_used: 500_000,
        result: SubMsgResult::Err("codespace: wasm, code: 5".to_owned()),
    }
}

fn undelivered(world: &mut World) -> Shot {
    let msg = delivered(world, &None);
    let response = world.run(&world.stranger.clone(), &msg, 0);
    back(failed(&response), "callback_failed")
}

fn unburned(world: &mut World) -> Shot {
    let task = world.post(&Ask::default());
    world.draw(task);
    world.voted(task, &one_wrong);
    world.pass(task);
    let response = world.advance(&[task]);
    back(failed(&response), "burn_failed")
}
