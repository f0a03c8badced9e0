//! Bonds, seats, jail; models and their publisher.

use antiphon_api::{ExecuteMsg, Uint128};

use super::{Scene, Shot, paid, scene, shot};
use crate::actors::Worker;
use crate::world::{Ask, BOND, DEPOSIT, MODELS, World, profile};

pub(super) fn scenes() -> Vec<Scene> {
    vec![
        scene("bond, the first", |world| {
            let worker = Worker::new(1_000_000);
            paid(&worker.address, ExecuteMsg::Bond {}, BOND, "bonded", 1)
        }),
        scene("bond, more", |world| {
            let sender = world.workers[0].address.clone();
            paid(&sender, ExecuteMsg::Bond {}, BOND, "bonded", 1)
        }),
        scene("unbond, one seat", |world| {
            let sender = world.workers[0].address.clone();
            unbond(&sender)
        }),
        scene("unbond, 16 seats", |world| {
            let worker = seated(world, MODELS);
            unbond(&worker.address)
        }),
        scene("claim_unbonded", |world| {
            let sender = world.workers[0].address.clone();
            let amount = Uint128::new(1_000_000);
            world.run(&sender, &ExecuteMsg::Unbond { amount }, 0);
            world.step(700_000);
            shot(&sender, ExecuteMsg::ClaimUnbonded {}, "unbonded_claimed", 1)
        }),
        scene("unjail", unjail),
        scene("join_model, the first seat", |world| join(world, 0)),
        scene("join_model, the 15th seat", |world| join(world, 14)),
        scene("leave_model", |world| {
            let worker = seated(world, 2);
            shot(
                &worker.address,
                ExecuteMsg::LeaveModel { model: 2 },
                "seat_left",
                1,
            )
        }),
        scene("update_worker, the first", |world| {
            let worker = Worker::new(1_000_000);
            world.run(&worker.address, &ExecuteMsg::Bond {}, BOND);
            shot(&worker.address, profile(&worker), "worker_updated", 1)
        }),
        scene("update_worker, an endpoint", |world| {
            let sender = world.workers[0].address.clone();
            let msg = ExecuteMsg::UpdateWorker {
                endpoint: Some("https://elsewhere.example.org:8443".to_owned()),
                moniker: None,
                voter: None,
            };
            shot(&sender, msg, "worker_updated", 1)
        }),
        scene("register_model", |world| {
            let msg = world.registration();
            paid(&world.publisher, msg, DEPOSIT, "model_registered", 1)
        }),
        scene("retire_model", |world| {
            let msg = ExecuteMsg::RetireModel { model: MODELS };
            shot(&world.publisher, msg, "deposit_returned", 1)
        }),
    ]
}

fn unbond(sender: &cosmwasm_std::Addr) -> Shot {
    let amount = Uint128::new(1_000_000);
    shot(sender, ExecuteMsg::Unbond { amount }, "unbonding", 1)
}

/// A new worker with seats of models 2 and on.
fn seated(world: &mut World, seats: u64) -> Worker {
    let worker = Worker::new(1_000_000);
    world.equip(&worker);
    for model in (1..=MODELS).rev().take(usize::try_from(seats).unwrap()) {
        // Model 1 has no free slot in the largest state: its sixteenth seat is of a new model.
        let model = if model == 1 { another(world) } else { model };
        world.run(&worker.address, &ExecuteMsg::JoinModel { model }, 0);
    }
    if seats == 2 {
        world.run(&worker.address, &ExecuteMsg::JoinModel { model: 2 }, 0);
    }
    worker
}

fn another(world: &mut World) -> u64 {
    let msg = world.registration();
    world.run(&world.publisher.clone(), &msg, DEPOSIT);
    MODELS + 1
}

fn join(world: &mut World, held: u64) -> Shot {
    let worker = seated(world, held);
    let msg = ExecuteMsg::JoinModel { model: 2 };
    shot(&worker.address, msg, "seat_joined", 1)
}

/// Whoever misses three times is jailed, and asks to be let out when its time is over.
fn unjail(world: &mut World) -> Shot {
    let sender = world.workers[0].address.clone();
    for worker in world.workers.clone().iter().skip(5) {
        // Only five are left of model 1: they are drawn each time.
        world.run(&worker.address, &ExecuteMsg::LeaveModel { model: 1 }, 0);
    }
    let tasks: Vec<_> = (0..3).map(|_| world.post(&Ask::default())).collect();
    world.draw(tasks[0]);
    world.pass(tasks[0]);
    world.advance(&tasks);
    world.step(10_000);
    shot(&sender, ExecuteMsg::Unjail {}, "worker_unjailed", 1)
}
