//! Oak Security's Dojo.

use antiphon_api::*;
use cosmwasm_std::coins;

use crate::matrix::messages::{ROWS, post};
use crate::matrix::world::World;
use crate::messages::assert_code;
use crate::suite::network::DENOM;
use crate::suite::votes::*;
use crate::suite::{Ask, Copy, Network, Options};

/// What every accepted message makes of the world.
fn accepted(world: &World, mut check: impl FnMut(&str, &Copy, &Copy, u128)) {
    for row in &ROWS {
        let sender = world.role(row.fine_for);
        let before = world.network.copy();
        let mut after = before.clone();
        let msg = (row.make)(world, &sender);
        let funds = coins(row.coins.max(1), DENOM);
        let funds = if row.coins == 0 {
            &[]
        } else {
            funds.as_slice()
        };
        after.execute(&sender, &msg, funds).unwrap();
        check(row.name, &before, &after, row.coins);
    }
}

/// State was changed in memory and never saved.
#[test]
fn dojo_unsaved_state_every_accepted_message_leaves_its_mark() {
    let world = World::new();
    accepted(&world, |name, before, after, _| {
        assert_ne!(before.records(), after.records(), "{name} saved nothing");
    });
}

/// A message for the owner had no guard.
#[test]
fn dojo_missing_authorisation_what_the_owner_may_nobody_else_may() {
    let world = World::new();
    let owners = [
        "renounce_ownership",
        "set_paused",
        "transfer_ownership",
        "update_params",
    ];
    for row in ROWS.iter().filter(|row| owners.contains(&row.name)) {
        for (role, sender) in &world.roles {
            let msg = (row.make)(&world, sender);
            let answered = world.network.copy().execute(sender, &msg, &[]);
            assert_eq!(answered.is_ok(), *role == "owner", "{} by {role}", row.name);
        }
    }
}

/// Something could be minted.
#[test]
fn dojo_mint_no_message_makes_money() {
    let world = World::new();
    accepted(&world, |name, before, after, coins| {
        let held = |copy: &Copy| {
            let it = copy.totals();
            let pots = [
                it.balances,
                it.bonds,
                it.unbonding,
                it.escrows,
                it.deliver_fees,
                it.appeal_bonds,
                it.model_deposits,
                it.to_burn,
            ];
            let sum: u128 = pots.iter().map(|pot| pot.u128()).sum();
            (
                sum + it.withdrawn.u128() + it.burned.u128(),
                it.coins_in.u128(),
            )
        };
        let (before, after) = (held(before), held(after));
        assert_eq!(after.0, before.0 + coins, "{name}");
        assert_eq!(after.1, before.1 + coins, "{name}");
    });
}

/// A token that changed hands kept what its former owner had set. Here seats change hands.
#[test]
fn dojo_state_of_a_former_owner_a_slot_keeps_nothing_of_who_left_it() {
    let mut network = Network::start(&Options::workers(6));
    let seats = |network: &Network| {
        let msg = QueryMsg::Seats {
            model: 1,
            start_after: None,
            limit: None,
        };
        network.query::<SeatsResponse>(&msg).seats
    };
    let (old, new) = (network.workers[2].clone(), network.workers[5].clone());
    for (worker, msg) in [
        (&new, ExecuteMsg::LeaveModel { model: 1 }),
        (&old, ExecuteMsg::LeaveModel { model: 1 }),
        (&new, ExecuteMsg::JoinModel { model: 1 }),
    ] {
        network.run(&worker.address, &msg).unwrap();
    }
    let seat = seats(&network)[2].clone();
    assert_eq!((seat.slot, seat.worker.as_str()), (2, new.address.as_str()));
    assert_eq!(seat.endpoint, network.worker(&new).endpoint);
    assert_eq!(network.worker(&old).seats, Vec::<u64>::new());
    let leave = ExecuteMsg::LeaveModel { model: 1 };
    assert_code(network.run(&old.address, &leave), "E_NOT_SEATED");
    network.blocks(1);
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let members = network.members(task, 0);
    assert!(members.iter().all(|it| it.address != old.address));
}

/// Two spellings of one address were two accounts.
#[test]
fn dojo_addressing_an_account_has_one_spelling() {
    let mut network = Network::start(&Options {
        owned: true,
        ..Options::default()
    });
    let owner = network.requester.clone();
    let worker = network.workers[0].address.to_string();
    let mixed = format!("{}{}", &worker[..20], worker[20..].to_uppercase());
    let foreign = worker.replace("wasm1", "cosmos1");
    let (cut, spaced) = (worker[..40].to_owned(), format!(" {worker}"));
    for text in [
        worker.to_uppercase(),
        mixed,
        foreign,
        cut,
        spaced,
        String::new(),
    ] {
        let offer = ExecuteMsg::TransferOwnership {
            to: Some(text.clone()),
        };
        assert_code(network.run(&owner, &offer), "E_ADDRESS");
        let mut ask = post(&network.workers[0].address);
        if let ExecuteMsg::PostTask { holders, .. } = &mut ask {
            *holders = vec![text.clone()];
        }
        assert_code(network.pay(&owner, &ask, 500), "E_ADDRESS");
        let queries = [
            QueryMsg::Worker {
                worker: text.clone(),
            },
            QueryMsg::Balance {
                address: text.clone(),
            },
            QueryMsg::Duties {
                worker: text.clone(),
                start_after: None,
                limit: None,
            },
            QueryMsg::Workers {
                start_after: Some(text),
                limit: None,
            },
        ];
        for msg in &queries {
            assert_code(network.try_query::<serde_json::Value>(msg), "E_ADDRESS");
        }
    }
}

/// A fee was divided until nothing was left of it.
#[test]
fn dojo_a_fee_never_rounds_to_nothing() {
    let options = Options::default();
    let mut network = Network::bare(&Options {
        bond: 100,
        params: Params {
            min_lock: Uint128::one(),
            ..options.params.clone()
        },
        ..options
    });
    let publisher = network.publisher.clone();
    let register = |base: u128| ExecuteMsg::RegisterModel {
        manifest: crate::suite::network::manifest(),
        price: Price {
            base: Uint128::new(base),
            per_prompt_byte: Uint128::zero(),
            per_output_token: Uint128::zero(),
        },
        limits: Limits {
            max_prompt_bytes: 10,
            max_output_tokens: 80,
        },
        endpoint: None,
    };
    assert_code(network.pay(&publisher, &register(0), 1_000), "E_PRICE");
    network.pay(&publisher, &register(1), 1_000).unwrap();
    network.model = 1;
    for worker in network.workers.clone() {
        network.enlist(&worker, 100);
    }
    network.blocks(1);
    let ask = |coins| Ask {
        coins,
        ..Ask::default()
    };
    assert_code(network.ask(&ask(4)), "E_FUNDS: got a balance of 4, want 5");
    let task = network.ask(&ask(5)).unwrap();
    assert_eq!(network.task(task).lock.u128(), 30);
    network.draw(task);
    network.play(
        task,
        &[Answer("a"), Answer("a"), Answer("a"), Answer("a"), Silent],
    );
    network.advance(task);
    let moved = network.task(task).settlement.unwrap();
    assert_eq!((moved.paid.u128(), moved.miss_charges.u128()), (4, 1));
}
