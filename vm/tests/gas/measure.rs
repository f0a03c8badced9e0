//! One scene: played outside of the machine up to its message, which the machine runs.

use std::sync::LazyLock;

use antiphon_contract::contract as code;
use antiphon_vm::machine::{Call, Machine, Outcome};
use antiphon_vm::store::Store;
use antiphon_vm::table::Row;
use cosmwasm_std::testing::MockQuerier;
use cosmwasm_std::{DepsMut, Empty, QuerierWrapper, Response, from_json};

use crate::scenes::{Scene, Shot};
use crate::world::World;

/// The contract as it was built, checked as a chain checks it.
pub static MACHINE: LazyLock<Machine> = LazyLock::new(|| {
    let path = std::env::var("ANTIPHON_CONTRACT_WASM")
        .expect("ANTIPHON_CONTRACT_WASM names the contract; `cargo ci --only gas` sets it");
    Machine::load(&std::fs::read(path).unwrap()).unwrap()
});

/// What a scene's message costs in a world.
pub fn measure(scene: &Scene, world: &World) -> Row {
    let mut world = world.clone();
    let shot = (scene.play)(&mut world);
    let outcome = MACHINE
        .call(&world.store, &world.env, &shot.call)
        .unwrap_or_else(|error| panic!("{}: {error}", scene.name));
    told(scene, &shot, &outcome.response);
    same_as_native(scene, &world, &shot.call, &outcome);
    let (floor, used) = (|pinned| shot.sent.floor(pinned), outcome.used());
    Row {
        pinned: floor(true) + used,
        unpinned: floor(false) + used,
        storage: outcome.storage,
        machine: outcome.machine,
        events: outcome.answer,
    }
}

/// The scene is what its name says.
fn told(scene: &Scene, shot: &Shot, response: &Response) {
    let (kind, times) = shot.tells;
    let found = response.events.iter().filter(|it| it.ty == kind).count();
    let kinds: Vec<_> = response.events.iter().map(|it| it.ty.as_str()).collect();
    assert_eq!(found, times, "{}: {kind} among {kinds:?}", scene.name);
}

/// The wasm answers and writes what the contract does outside of the machine.
fn same_as_native(scene: &Scene, world: &World, call: &Call, outcome: &Outcome) {
    let (store, response) = natively(world, call);
    assert_eq!(response, outcome.response, "{}: answers", scene.name);
    assert!(store == outcome.store, "{}: states", scene.name);
}

fn natively(world: &World, call: &Call) -> (Store, Response) {
    let (mut store, env) = (world.store.clone(), world.env.clone());
    let querier = MockQuerier::<Empty>::new(&[]);
    let deps = DepsMut {
        storage: &mut store,
        api: &antiphon_vm::meter::api(),
        querier: QuerierWrapper::new(&querier),
    };
    let response = match call.clone() {
        Call::Instantiate(info, msg) => {
            code::instantiate(deps, env, info, from_json(msg).unwrap()).unwrap()
        }
        Call::Execute(info, msg) => {
            code::execute(deps, env, info, from_json(msg).unwrap()).unwrap()
        }
        Call::Reply(reply) => code::reply(deps, env, *reply).unwrap(),
    };
    (store, response)
}
