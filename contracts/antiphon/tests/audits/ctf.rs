//! Oak Security's capture-the-flag, 2023.

use std::collections::BTreeSet;
use std::path::Path;

use antiphon_api::*;
use cosmwasm_std::{ReplyOn, coins};
use cw_multi_test::Executor;

use crate::matrix::messages::ROWS;
use crate::matrix::world::World;
use crate::suite::copy::{answer_of, code};
use crate::suite::network::{DENOM, all};
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

/// An id named twice in one message was paid twice.
#[test]
fn ctf_01_an_id_named_twice_counts_once() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.commit_all(task, &[Answer("a"); 5]);
    let one = network.members(task, 0)[0].clone();
    let reveal = network.reveal_of(&one, task, Answer("a"));
    let told = network.reveal(vec![reveal; 31]);
    assert_eq!(all::<VoteRevealed>(&told.events).len(), 1);
    assert_eq!(network.round(task, 0).tally[0].votes, 1);
    network.reveal_all(task, &[Answer("a"); 5]);
    let stranger = network.stranger.clone();
    let advance = ExecuteMsg::Advance {
        tasks: vec![task; 10],
    };
    let told = network.run(&stranger, &advance).unwrap();
    assert_eq!(all::<TaskFinalised>(&told.events).len(), 1);
    assert_eq!(network.balance(&one.address), 60);
    let holder = network.workers[0].address.to_string();
    let mut twice = crate::matrix::messages::post(&network.workers[0].address);
    if let ExecuteMsg::PostTask { holders, .. } = &mut twice {
        *holders = vec![holder.clone(), holder];
    }
    let refused = network.pay(&stranger, &twice, 500).unwrap_err();
    assert!(refused.contains("E_HOLDERS"), "{refused}");
}

/// A subtraction without checks wrapped around.
#[test]
fn ctf_02_no_amount_wraps_around() {
    let mut network = Network::five();
    let worker = network.workers[0].address.clone();
    network.pay(&worker, &ExecuteMsg::Deposit {}, 5).unwrap();
    let most = Uint128::MAX;
    let too_much = [
        ExecuteMsg::Withdraw { amount: Some(most) },
        ExecuteMsg::Withdraw {
            amount: Some(Uint128::new(6)),
        },
        ExecuteMsg::Unbond { amount: most },
        ExecuteMsg::Unbond {
            amount: Uint128::new(10_001),
        },
    ];
    for msg in &too_much {
        let refused = network.run(&worker, msg).unwrap_err();
        assert!(refused.contains("E_AMOUNT"), "{refused}");
    }
    // More coins than there can be, from a chain that is broken.
    for msg in [ExecuteMsg::Deposit {}, ExecuteMsg::Bond {}] {
        let funds = coins(u128::MAX, DENOM);
        let refused = network.copy().execute(&worker, &msg, &funds).unwrap_err();
        assert_eq!(code(&refused), "E_OVERFLOW");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let root = std::fs::read_to_string(root).unwrap();
    let profile = root.split("[profile.contract]").nth(1).unwrap();
    let profile = profile.split("\n[").next().unwrap();
    assert!(profile.contains("overflow-checks = true"), "{profile}");
}

/// Anybody could set the address that the contract then called with anything.
#[test]
fn ctf_03_the_contract_calls_nobody_but_who_asked_and_says_nothing_else() {
    let world = World::new();
    let asker = world.role("contract that asked");
    for row in &ROWS {
        for (_, sender) in &world.roles {
            let funds = coins(row.coins.max(1), DENOM);
            let funds = if row.coins == 0 {
                &[]
            } else {
                funds.as_slice()
            };
            let msg = (row.make)(&world, sender);
            let Ok(response) = world.network.copy().execute(sender, &msg, funds) else {
                continue;
            };
            for sent in response.messages {
                let text = serde_json::to_string(&sent.msg).unwrap();
                let fine = match row.name {
                    "withdraw" => text.contains("\"send\"") && text.contains(sender.as_str()),
                    "deliver" => text.contains("\"execute\"") && text.contains(asker.as_str()),
                    "advance" => text.contains("\"burn\""),
                    _ => false,
                };
                assert!(fine, "{} sends {text}", row.name);
            }
        }
    }
}

/// Coins sent without a message changed what a share was worth.
#[test]
fn ctf_04_a_donation_changes_no_price_share_or_meter() {
    let mut network = Network::five();
    let seen = |network: &Network| {
        let security: SecurityResponse = network.query(&QueryMsg::Security {
            model: 1,
            committee: None,
        });
        let fee: EstimateFeeResponse = network.query(&QueryMsg::EstimateFee {
            model: 1,
            prompt_bytes: 10,
            max_output_tokens: 80,
            committee: None,
        });
        (security, fee, network.totals())
    };
    let before = seen(&network);
    let (stranger, contract) = (network.stranger.clone(), network.contract.clone());
    let gift = coins(1_000_000_000, DENOM);
    network.app.send_tokens(stranger, contract, &gift).unwrap();
    assert_eq!(seen(&network), before);
}

/// An error was built and not returned: the guard let everybody through.
#[test]
fn ctf_05_a_guard_that_refuses_ends_the_message() {
    let world = World::new();
    let stranger = world.role("stranger");
    let mut refused = BTreeSet::new();
    for row in &ROWS {
        let mut copy = world.network.copy();
        let before = copy.records();
        let msg = (row.make)(&world, &stranger);
        let funds = coins(row.coins.max(1), DENOM);
        let funds = if row.coins == 0 {
            &[]
        } else {
            funds.as_slice()
        };
        if answer_of(copy.execute_and_keep(&stranger, &msg, funds)) != "ok" {
            refused.insert(row.name);
            assert_eq!(copy.records(), before, "{} went on", row.name);
        }
    }
    // Everything that is not for everybody.
    let guarded = [
        "accept_ownership",
        "claim_unbonded",
        "commit/its own",
        "join_model",
        "leave_model",
        "rate",
        "renounce_ownership",
        "retire_model",
        "reveal/its own",
        "set_paused",
        "transfer_ownership",
        "unbond",
        "unjail",
        "update_params",
        "update_worker",
    ];
    assert_eq!(refused, BTreeSet::from(guarded));
}

/// The weight of a vote was the balance of the moment; and an unknown message was answered with Ok.
#[test]
fn ctf_06_a_vote_weighs_one_whatever_its_worker_is_worth() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    let rich = network.members(task, 0)[0].clone();
    network
        .pay(&rich.address, &ExecuteMsg::Bond {}, 1_000_000_000)
        .unwrap();
    let mut says = [Answer("a"); 5];
    says[0] = Answer("lie");
    network.play(task, &says);
    network.advance(task);
    let votes: Vec<_> = network.task(task).outcome_votes.into_iter().collect();
    assert_eq!(votes, [4]);
    assert_eq!(network.round(task, 0).members[0].forfeited.u128(), 3_000);
    let stranger = network.stranger.clone();
    for unknown in ["{\"cancel_task\":{\"task\":1}}", "{}", "{\"mint\":{}}"] {
        let msg: serde_json::Value = serde_json::from_str(unknown).unwrap();
        assert!(network.execute(&stranger, &msg, &[]).is_err(), "{unknown}");
    }
}

/// Two items had one storage key.
#[test]
fn ctf_07_no_two_kinds_of_records_share_a_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/state/keys.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let tags: Vec<_> = source
        .lines()
        .filter_map(|line| line.strip_prefix("const "))
        .filter_map(|line| line.split_once(": u8 = 0x"))
        .map(|(_, tag)| u8::from_str_radix(tag.trim_end_matches(';'), 16).unwrap())
        .collect();
    let distinct: BTreeSet<_> = tags.iter().collect();
    assert!(tags.len() >= 33 && distinct.len() == tags.len(), "{tags:?}");
    let world = World::new();
    for (key, _) in world.network.copy().records() {
        let known = distinct.contains(&key[0]) || key == b"contract_info";
        assert!(known, "a record under a key that is in no list: {key:?}");
    }
    assert!(!distinct.contains(&b'c'));
}

/// Every reply was taken for a success.
#[test]
fn ctf_08_only_failures_are_replied_to() {
    let world = World::new();
    let mut asked = 0;
    for row in ROWS.iter().filter(|row| row.coins == 0) {
        let sender = world.role(row.fine_for);
        let msg = (row.make)(&world, &sender);
        let response = world.network.copy().execute(&sender, &msg, &[]).unwrap();
        for sent in response.messages {
            let want = match row.name {
                "withdraw" => ReplyOn::Never,
                _ => ReplyOn::Error,
            };
            assert_eq!(sent.reply_on, want, "{}", row.name);
            asked += 1;
        }
    }
    assert!(asked >= 2, "withdraw and deliver send something");
    crate::suite::elsewhere::are_tested(&[
        (
            "contracts/antiphon/tests/entry.rs",
            "a_refused_burn_fills_the_pot_again",
        ),
        (
            "contracts/antiphon/tests/callbacks.rs",
            "a_receiver_that_refuses_can_be_told_again_without_a_fee",
        ),
    ]);
}

/// Tags of what an open task keeps: lists, phases, memberships, tallies, waits, carried prompts.
const OF_OPEN_TASKS: [u8; 11] = [
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x19, 0x1a, 0x21,
];

/// An early return left an index behind.
#[test]
fn ctf_09_no_ending_leaves_an_index_behind() {
    let endings: [&[Says]; 5] = [
        &[Answer("a"); 5],
        &[
            Answer("a"),
            Answer("b"),
            Answer("a"),
            Answer("b"),
            Withholds,
        ],
        &[Unavailable; 5],
        &[Answer("a"), Silent, Silent, Silent, Silent],
        &[],
    ];
    for says in endings {
        let mut network = Network::start(&Options::workers(17));
        let task = network.ask(&Ask::default()).unwrap();
        if !says.is_empty() {
            network.draw(task);
            network.commit_all(task, says);
            network.reveal_all(task, says);
        }
        for _ in 0..12 {
            network.blocks(3_700);
            network.advance(task);
        }
        let ended = network.task(task);
        assert!(matches!(
            ended.status,
            TaskStatus::Final | TaskStatus::Failed
        ));
        for (key, _) in network.copy().records() {
            assert!(!OF_OPEN_TASKS.contains(&key[0]), "{says:?} left {key:?}");
        }
        let model: ModelResponse = network.query(&QueryMsg::Model { model: 1 });
        assert_eq!(model.open_tasks, 0);
        let security: SecurityResponse = network.query(&QueryMsg::Security {
            model: 1,
            committee: None,
        });
        assert_eq!(security.busy, 0);
    }
}

/// A limit looked at what its user held just then: it was moved away, and the limit began anew.
#[test]
fn ctf_10_what_is_on_its_way_out_serves_no_seat() {
    let mut network = Network::five();
    network.register();
    network.model = 1;
    let worker = network.workers[0].address.clone();
    let steps = [
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::Unbond {
            amount: Uint128::new(8_000),
        },
    ];
    for msg in &steps {
        network.run(&worker, msg).unwrap();
    }
    let join = ExecuteMsg::JoinModel { model: 2 };
    let refused = network.run(&worker, &join).unwrap_err();
    assert!(refused.contains("got a free bond of 2000"), "{refused}");
    // Nor does coming and going: whoever sits down anew is younger than every open vacancy.
    let other = network.workers[1].address.clone();
    let task = network.ask(&Ask::default()).unwrap_err();
    assert!(task.contains("E_POOL_TOO_SMALL"), "{task}");
    let since = network.worker(&network.workers[1]).since;
    for msg in [
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::JoinModel { model: 1 },
    ] {
        network.blocks(1);
        network.run(&other, &msg).unwrap();
    }
    assert!(network.worker(&network.workers[1]).since > since);
}
