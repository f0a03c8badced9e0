//! The world with records that no version of the contract wrote: a disk that lies, a migration gone
//! wrong. Whatever is asked then is answered or refused, never a panic; and what is full is full.

use antiphon_api::*;
use cosmwasm_std::testing::MockApi;
use cosmwasm_std::{Storage, coins};

use super::messages::ROWS;
use super::world::World;
use crate::suite::copy::{Copy, answer_of, code};
use crate::suite::network::DENOM;
use crate::suite::{Network, Worker};

/// Ways to spoil a record.
fn spoiled(value: &[u8]) -> [Option<Vec<u8>>; 4] {
    let cut = value[..value.len() / 2].to_vec();
    [
        None,
        Some(vec![0xff; value.len()]),
        Some(vec![0; value.len()]),
        Some(cut).filter(|cut| !cut.is_empty()),
    ]
}

fn queries(world: &World) -> Vec<QueryMsg> {
    let worker = world.member.address.to_string();
    let (start_after, limit) = (None, Some(30));
    let mut queries = vec![
        QueryMsg::Config {},
        QueryMsg::Beacon {},
        QueryMsg::Totals {},
        QueryMsg::Models { start_after, limit },
        QueryMsg::Duties {
            worker: worker.clone(),
            start_after,
            limit,
        },
        QueryMsg::Worker { worker },
        QueryMsg::Security {
            model: 1,
            committee: None,
        },
    ];
    let lists = [TaskFilter::Open, TaskFilter::Done];
    queries.extend(lists.map(|filter| QueryMsg::Tasks {
        filter,
        start_after,
        limit,
    }));
    let tasks = [world.answered, world.revealing, world.ended];
    queries.extend(tasks.map(|task| QueryMsg::Round { task, round: 0 }));
    queries
}

/// Everything that somebody may ask or send, on a copy; the codes of what was refused.
fn try_everything(world: &World, copy: &Copy) -> Vec<String> {
    let mut codes = Vec::new();
    for row in &ROWS {
        let sender = world.role(row.fine_for);
        let msg = (row.make)(world, &sender);
        let funds = coins(row.coins.max(1), DENOM);
        let funds = if row.coins == 0 {
            &[]
        } else {
            funds.as_slice()
        };
        codes.push(answer_of(copy.clone().execute(&sender, &msg, funds)));
    }
    for msg in queries(world) {
        codes.extend(copy.query(msg).err().map(|error| code(&error)));
    }
    codes
}

#[test]
fn a_damaged_record_is_a_typed_error_and_never_a_panic() {
    let world = World::new();
    let whole = world.network.copy();
    // One record of each kind, the last of its kind, is damaged in every way.
    let mut kinds = std::collections::BTreeMap::new();
    for (key, value) in whole.records() {
        kinds.insert(key[0], (key, value));
    }
    assert!(kinds.len() > 25, "{} kinds of records", kinds.len());
    let (mut damaged, mut missing) = (0, 0);
    for (key, value) in kinds.values() {
        for spoiled in spoiled(value) {
            let mut copy = whole.clone();
            match spoiled {
                Some(value) => copy.storage.set(key, &value),
                None => copy.storage.remove(key),
            }
            let codes = try_everything(&world, &copy);
            damaged += codes.iter().filter(|code| *code == "E_DAMAGED").count();
            missing += codes.iter().filter(|code| *code == "E_MISSING").count();
        }
    }
    assert!(
        damaged > 30 && missing > 30,
        "{damaged} damaged, {missing} missing"
    );
}

#[test]
fn the_last_slot_of_a_model_is_taken_and_then_it_is_full() {
    let network = Network::five();
    let mut copy = network.copy();
    // The model's occupancy, all slots but the last: tag, model.
    let key = [&[0x0c_u8][..], &1_u64.to_be_bytes()].concat();
    assert_eq!(copy.storage.get(&key).unwrap()[0], 0b1_1111);
    let mut bitmap = vec![0xff; 512];
    bitmap[511] = 0x7f;
    copy.storage.set(&key, &bitmap);
    let api = MockApi::default().with_prefix("wasm");
    for (name, want) in [("the last", "ok"), ("one too many", "E_MODEL_FULL")] {
        let worker = Worker::new(api.addr_make(name), 50);
        let update = ExecuteMsg::UpdateWorker {
            endpoint: None,
            moniker: None,
            voter: Some(worker.public_key()),
        };
        let bond = coins(3_000, DENOM);
        copy.execute(&worker.address, &ExecuteMsg::Bond {}, &bond)
            .unwrap();
        copy.execute(&worker.address, &update, &[]).unwrap();
        let join = ExecuteMsg::JoinModel { model: 1 };
        assert_eq!(answer_of(copy.execute(&worker.address, &join, &[])), want);
    }
}
