//! Asking, and drawing who answers.

use antiphon_api::{Callback, ExecuteMsg, MAX_CARRIED_BYTES, MAX_HOLDERS, Params, Uint128};
use antiphon_vm::machine::Call;
use antiphon_vm::store::Store;
use antiphon_vm::tx::Sent;

use super::{Scene, Shot, paid, scene, shot};
use crate::world::{Ask, BOND, World};

pub(super) fn scenes() -> Vec<Scene> {
    vec![
        scene("instantiate", instantiate),
        scene("post_task", |world| post(world, &Ask::default(), true)),
        scene("post_task, from the balance", |world| {
            post(world, &Ask::default(), false)
        }),
        scene("post_task, three holders", |world| {
            let ask = Ask {
                holders: MAX_HOLDERS,
                ..Ask::default()
            };
            post(world, &ask, true)
        }),
        scene("post_task, 1,024 bytes carried, callback", |world| {
            post(world, &carried(1_024), true)
        }),
        scene("post_task, 4,096 bytes carried, callback", |world| {
            post(world, &carried(MAX_CARRIED_BYTES), true)
        }),
        scene("publish_beacon, no draw", |world| draws(world, 5, 1, 0)),
        scene("publish_beacon, one draw of 5", |world| {
            draws(world, 5, 1, 1)
        }),
        scene("publish_beacon, one draw of 15", |world| {
            draws(world, 15, 1, 1)
        }),
        scene("publish_beacon, one draw of 31", draw_of_31),
        scene("publish_beacon, one draw of 31, every seat removed", poor),
        scene(
            "publish_beacon, one draw of 31, two of three passed over",
            passed_over,
        ),
        scene("publish_beacon, ten draws of 5", |world| {
            draws(world, 5, 10, 10)
        }),
        scene("publish_beacon, ten draws of 15", |world| {
            draws(world, 15, 10, 10)
        }),
        scene("advance, one draw of 5", advance_draw),
        scene("appeal", |world| appeal(world, true)),
        scene("appeal, from the balance", |world| appeal(world, false)),
        scene("rate", rate),
        scene("deposit", deposit),
        scene("withdraw", withdraw),
    ]
}

fn instantiate(world: &mut World) -> Shot {
    let (info, msg) = world.beginning();
    let msg = serde_json::to_vec(&msg).unwrap();
    world.store = Store::default();
    Shot {
        sent: Sent::Message {
            bytes: msg.len() as u64,
            coins: false,
        },
        call: Call::Instantiate(info, msg),
        tells: ("", 0),
    }
}

/// A request, paid by coins that come with it or from the balance.
fn post(world: &mut World, ask: &Ask, coins: bool) -> Shot {
    let sender = match ask.callback {
        Some(_) => world.caller.clone(),
        None => world.requester.clone(),
    };
    let msg = world.request(ask);
    if !coins {
        world.run(&sender, &ExecuteMsg::Deposit {}, 1_000_000);
    }
    let amount = if coins { World::cost(ask) } else { 0 };
    paid(&sender, msg, amount, "task_added", 1)
}

fn carried(bytes: usize) -> Ask {
    Ask {
        holders: 0,
        block: Some(vec![b'x'; bytes]),
        callback: Some(Callback {
            gas_limit: 500_000,
            with_text: true,
        }),
        ..Ask::default()
    }
}

fn draws(world: &mut World, committee: u32, tasks: u64, draws: u32) -> Shot {
    let asked: Vec<_> = (0..tasks)
        .map(|_| world.post(&Ask::of(committee)))
        .collect();
    let msg = world.beacon(asked[0], draws);
    let drawn = usize::try_from(draws).unwrap();
    match drawn {
        0 => shot(&world.stranger, msg, "beacon_published", 1),
        drawn => shot(&world.stranger, msg, "committee_drawn", drawn),
    }
}

/// Appeals, with more than enough coins.
pub(super) fn demand(world: &mut World, task: u64) {
    let stranger = world.stranger.clone();
    world.run(
        &stranger,
        &ExecuteMsg::Appeal { task, round: None },
        10_000_000_000,
    );
}

/// A task whose second round waits for its draw of 31.
pub(super) fn second_round(world: &mut World) -> u64 {
    let task = world.answered(&Ask::of(15));
    demand(world, task);
    task
}

fn draw_of_31(world: &mut World) -> Shot {
    let task = second_round(world);
    let msg = world.beacon(task, 1);
    shot(&world.stranger, msg, "committee_drawn", 1)
}

/// Bonds are below the seat lock that the task was posted under: every seat met is removed, whether
/// it was drawn or not.
fn poor(world: &mut World) -> Shot {
    let owner = world.owner.clone();
    let dear = Params {
        lock_multiple: 100,
        ..Params::public()
    };
    world.run(&owner, &ExecuteMsg::UpdateParams { params: dear }, 0);
    let task = world.answered(&Ask::of(15));
    let params = Params::public();
    world.run(&owner, &ExecuteMsg::UpdateParams { params }, 0);
    for worker in world.workers.clone() {
        let amount = Uint128::new(BOND - 5_000_000);
        world.run(&worker.address, &ExecuteMsg::Unbond { amount }, 0);
    }
    demand(world, task);
    let msg = world.beacon(task, 1);
    shot(&world.stranger, msg, "seat_left", 31)
}

/// Two of three workers have bonded since the vacancies arose.
fn passed_over(world: &mut World) -> Shot {
    let task = second_round(world);
    for (index, worker) in world.workers.clone().iter().enumerate() {
        if index % 3 != 0 {
            world.run(&worker.address, &ExecuteMsg::Bond {}, 1);
        }
    }
    let msg = world.beacon(task, 1);
    shot(&world.stranger, msg, "committee_drawn", 1)
}

fn advance_draw(world: &mut World) -> Shot {
    let task = world.post(&Ask::default());
    let msg = world.beacon(task, 0);
    world.run(&world.stranger.clone(), &msg, 0);
    let msg = ExecuteMsg::Advance { tasks: vec![task] };
    shot(&world.stranger, msg, "committee_drawn", 1)
}

fn appeal(world: &mut World, coins: bool) -> Shot {
    let task = world.answered(&Ask::default());
    let bond = world.task(task).appeal_bond.unwrap().u128();
    let amount = if coins { bond } else { 0 };
    if !coins {
        world.run(&world.requester.clone(), &ExecuteMsg::Deposit {}, 2 * bond);
    }
    let msg = ExecuteMsg::Appeal { task, round: None };
    paid(&world.requester, msg, amount, "task_appealed", 1)
}

fn rate(world: &mut World) -> Shot {
    let task = world.ended(&Ask::default());
    let msg = ExecuteMsg::Rate { task, good: true };
    shot(&world.requester, msg, "task_rated", 1)
}

fn deposit(world: &mut World) -> Shot {
    paid(
        &world.stranger,
        ExecuteMsg::Deposit {},
        1_000_000,
        "deposited",
        1,
    )
}

fn withdraw(world: &mut World) -> Shot {
    world.run(&world.stranger.clone(), &ExecuteMsg::Deposit {}, 1_000_000);
    let msg = ExecuteMsg::Withdraw { amount: None };
    shot(&world.stranger, msg, "withdrawn", 1)
}
