//! Every message about a task × where the task stands, as a third table.

use std::fmt::Write;

use antiphon_api::*;
use cosmwasm_std::{Addr, coins};

use super::golden;
use super::world::World;
use crate::suite::copy::answer_of;
use crate::suite::network::DENOM;
use crate::suite::votes::*;
use crate::suite::{Copy, Worker};

/// A task in one of its states, and who acts on it.
struct Stage {
    name: &'static str,
    copy: Copy,
    task: u64,
    requester: Addr,
    member: Worker,
    digest: Hex<32>,
    round: u8,
}

impl Stage {
    fn of(world: &World, name: &'static str, copy: Copy, task: u64) -> Self {
        let info = copy.task(task);
        let members = copy.round(task, info.round).members;
        let member = match members.first() {
            Some(member) => world.network.actor(&member.worker),
            None => world.member.clone(),
        };
        Self {
            name,
            task,
            requester: Addr::unchecked(info.requester),
            member,
            digest: info.task_digest,
            round: info.round,
            copy,
        }
    }

    fn unknown(world: &World) -> Self {
        Self {
            name: "unknown",
            copy: world.network.copy(),
            task: u64::MAX,
            requester: world.network.requester.clone(),
            member: world.member.clone(),
            digest: Hex([0; 32]),
            round: 0,
        }
    }
}

/// A copy in which a stranger has advanced a task so often, after so many blocks each time.
fn later(world: &World, task: u64, blocks: u64, times: u32) -> Copy {
    let mut copy = world.network.copy();
    for _ in 0..times {
        copy.blocks(blocks);
        let tasks = (1..=task).rev().take(10).collect();
        let advance = ExecuteMsg::Advance { tasks };
        copy.execute(&world.network.stranger, &advance, &[])
            .unwrap();
    }
    copy
}

fn stages(world: &World) -> Vec<Stage> {
    let now = || world.network.copy();
    let mut window_over = now();
    window_over.blocks(142);
    let mut too_late = now();
    too_late.blocks(102);
    let mut unheard = now();
    unheard.blocks(20_000);
    let failed = later(world, world.due, 3_700, 6);
    assert_eq!(failed.task(world.due).status, TaskStatus::Failed);
    vec![
        Stage::of(world, "drawing", now(), world.drawing),
        Stage::of(world, "no beacon came", now(), world.due),
        Stage::of(world, "committing", now(), world.committing),
        Stage::of(world, "nobody committed", window_over, world.committing),
        Stage::of(world, "revealing", now(), world.revealing),
        Stage::of(world, "answered", now(), world.answered),
        Stage::of(world, "window over", too_late, world.answered),
        Stage::of(world, "final", now(), world.ended),
        Stage::of(world, "final, to be told", now(), world.untold),
        Stage::of(world, "never told", unheard, world.untold),
        Stage::of(world, "failed", failed, world.due),
        Stage::unknown(world),
    ]
}

fn messages(it: &Stage) -> [(&'static str, ExecuteMsg, u128); 6] {
    let said = answer("a", &it.digest.0, it.round);
    let commits = vec![commit_item(&it.member, it.task, it.digest, it.round, &said)];
    let reveals = vec![reveal_item(&it.member, it.task, it.digest, it.round, said)];
    let (task, text) = (it.task, Some("a".to_owned()));
    [
        ("commit", ExecuteMsg::Commit { commits }, 0),
        ("reveal", ExecuteMsg::Reveal { reveals }, 0),
        ("advance", ExecuteMsg::Advance { tasks: vec![task] }, 0),
        ("appeal", ExecuteMsg::Appeal { task, round: None }, 4_100),
        ("rate", ExecuteMsg::Rate { task, good: true }, 0),
        ("deliver", ExecuteMsg::Deliver { task, text }, 0),
    ]
}

/// How a message is answered; `nothing` if it is accepted and changes nothing.
fn tried(stage: &Stage, msg: &ExecuteMsg, amount: u128) -> String {
    let mut copy = stage.copy.clone();
    let before = copy.records();
    let funds = coins(amount, DENOM);
    let funds = if amount == 0 { &[] } else { funds.as_slice() };
    match answer_of(copy.execute(&stage.requester, msg, funds)) {
        answer if answer == "ok" && copy.records() == before => "nothing".to_owned(),
        answer => answer,
    }
}

#[test]
fn what_a_task_takes_in_each_of_its_states_is_what_the_table_says() {
    let world = World::new();
    let mut table = String::from(
        "What answers a message about a task, by where the task stands: sent by its requester, votes \
         of its first member; `nothing` is accepted and changes nothing.\n\n",
    );
    write!(table, "{:18}", "").unwrap();
    for key in ["commit", "reveal", "advance", "appeal", "rate", "deliver"] {
        write!(table, "{key:18}").unwrap();
    }
    table.push('\n');
    for stage in stages(&world) {
        write!(table, "{:18}", stage.name).unwrap();
        for (_, msg, amount) in messages(&stage) {
            write!(table, "{:18}", tried(&stage, &msg, amount)).unwrap();
        }
        table.push('\n');
    }
    let table: Vec<_> = table.lines().map(str::trim_end).collect();
    golden("states.txt", &format!("{}\n", table.join("\n")));
}
