//! Messages that are refused whole, and what each takes.

use antiphon_api::*;
use cosmwasm_std::{Coin, coin};

use crate::suite::network::{DENOM, all};
use crate::suite::votes::*;
use crate::suite::{Ask, Network, Options};

pub fn assert_code(result: Result<impl std::fmt::Debug, String>, code: &str) {
    let error = result.unwrap_err();
    assert!(error.contains(code), "got {error}, want {code}");
}

#[test]
fn wrong_coins_are_refused() {
    let mut network = Network::five();
    let sender = network.stranger.clone();
    let wrong: [&[Coin]; 2] = [&[coin(5, "uother")], &[coin(5, DENOM), coin(5, "uother")]];
    for funds in wrong {
        for msg in [ExecuteMsg::Deposit {}, ExecuteMsg::Bond {}] {
            assert_code(network.execute(&sender, &msg, funds), "E_COINS");
        }
    }
    assert_code(network.run(&sender, &ExecuteMsg::Bond {}), "E_ZERO");
    assert_code(network.run(&sender, &ExecuteMsg::Deposit {}), "E_ZERO");
    let takes_none = [
        ExecuteMsg::Withdraw { amount: None },
        ExecuteMsg::JoinModel { model: 1 },
        ExecuteMsg::LeaveModel { model: 1 },
        ExecuteMsg::Advance { tasks: vec![] },
        ExecuteMsg::Commit { commits: vec![] },
        ExecuteMsg::Reveal { reveals: vec![] },
    ];
    for msg in takes_none {
        assert_code(network.pay(&sender, &msg, 5), "E_NO_COINS: got 5uanti,");
    }
    let both = network.execute(&sender, &ExecuteMsg::Bond {}, wrong[1]);
    assert_code(both, "E_COINS: got 5uanti, 5uother, want");
}

#[test]
fn a_deposit_can_be_withdrawn_in_parts_and_not_more() {
    let mut network = Network::five();
    let sender = network.stranger.clone();
    network.pay(&sender, &ExecuteMsg::Deposit {}, 100).unwrap();
    assert_eq!(network.balance(&sender), 100);
    let part = |amount: u128| ExecuteMsg::Withdraw {
        amount: Some(Uint128::new(amount)),
    };
    assert_code(network.run(&sender, &part(101)), "E_AMOUNT");
    assert_code(network.run(&sender, &part(0)), "E_AMOUNT");
    network.run(&sender, &part(40)).unwrap();
    assert_eq!(network.balance(&sender), 60);
    network
        .run(&sender, &ExecuteMsg::Withdraw { amount: None })
        .unwrap();
    assert_eq!(network.balance(&sender), 0);
    assert_code(
        network.run(&sender, &ExecuteMsg::Withdraw { amount: None }),
        "E_AMOUNT",
    );
    let purse = network.app.wrap().query_balance(&sender, DENOM).unwrap();
    assert_eq!(purse.amount.to_string(), u64::MAX.to_string());
}

#[test]
fn a_task_is_paid_from_coins_and_balance_together() {
    let mut network = Network::five();
    let requester = network.requester.clone();
    network
        .pay(&requester, &ExecuteMsg::Deposit {}, 300)
        .unwrap();
    let ask = |coins| Ask {
        coins,
        ..Ask::default()
    };
    assert_code(
        network.ask(&ask(199)),
        "E_FUNDS: got a balance of 499, want 500",
    );
    network.ask(&ask(200)).unwrap();
    assert_eq!(network.balance(&requester), 0);
    network.ask(&ask(700)).unwrap();
    assert_eq!(network.balance(&requester), 200, "the rest stays a balance");
}

#[test]
fn requests_outside_the_models_limits_are_refused() {
    let mut network = Network::five();
    let cases = [
        (
            Ask {
                prompt_bytes: 0,
                ..Ask::default()
            },
            "E_PROMPT_BYTES",
        ),
        (
            Ask {
                prompt_bytes: 11,
                ..Ask::default()
            },
            "E_PROMPT_BYTES: got a prompt of 11 bytes, want 1 to 10",
        ),
        (
            Ask {
                max_output_tokens: 0,
                ..Ask::default()
            },
            "E_OUTPUT_TOKENS",
        ),
        (
            Ask {
                max_output_tokens: 81,
                ..Ask::default()
            },
            "E_OUTPUT_TOKENS",
        ),
        (
            Ask {
                committee: Some(6),
                ..Ask::default()
            },
            "E_COMMITTEE",
        ),
        (
            Ask {
                committee: Some(3),
                ..Ask::default()
            },
            "E_COMMITTEE",
        ),
        (
            Ask {
                committee: Some(7),
                ..Ask::default()
            },
            "PoolTooSmall",
        ),
    ];
    for (ask, code) in cases {
        assert_code(network.ask(&ask), code);
    }
    network.model = 2;
    assert_code(network.ask(&Ask::default()), "E_UNKNOWN_MODEL");
}

#[test]
fn committees_of_three_need_an_insecure_network() {
    let mut network = Network::start(&Options {
        insecure: true,
        workers: 3,
        ..Options::default()
    });
    let ask = Ask {
        committee: Some(3),
        coins: 300,
        ..Ask::default()
    };
    let task = network.ask(&ask).unwrap();
    network.draw(task);
    network.play(task, &[Answer("a"); 3]);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Final);
}

fn post(prompt: &str, holders: Vec<String>) -> serde_json::Value {
    serde_json::json!({"post_task": {
        "model": 1, "prompt": prompt, "prompt_bytes": 10, "max_output_tokens": 80,
        "holders": holders, "committee": null
    }})
}

#[test]
fn a_cid_in_another_spelling_is_refused() {
    let mut network = Network::five();
    let good = Cid::of_raw(b"prompt").to_string();
    let holders = vec![network.workers[0].address.to_string()];
    let last = good.replace(&good[58..], "b");
    let spellings = [
        good.to_uppercase(),
        format!("/ipfs/{good}"),
        format!("{good}="),
        good[..58].to_owned(),
        last,
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG".to_owned(),
        String::new(),
    ];
    let sender = network.requester.clone();
    for spelling in spellings {
        let msg = post(&spelling, holders.clone());
        let funds = [coin(500, DENOM)];
        let error = network.execute(&sender, &msg, &funds).unwrap_err();
        assert!(error.contains("want"), "{spelling}: {error}");
    }
    let file = Cid::of_dag_pb(b"prompt").to_string();
    let funds = [coin(500, DENOM)];
    assert_code(
        network.execute(&sender, &post(&file, holders.clone()), &funds),
        "E_CODEC",
    );
    network
        .execute(&sender, &post(&good, holders), &funds)
        .unwrap();
}

#[test]
fn holders_are_one_to_three_workers_with_an_endpoint() {
    let mut network = Network::five();
    let prompt = Cid::of_raw(b"prompt").to_string();
    let names: Vec<_> = network
        .workers
        .iter()
        .map(|it| it.address.to_string())
        .collect();
    let stranger = network.stranger.to_string();
    let cases = [
        (vec![], "E_HOLDERS"),
        (names[..4].to_vec(), "E_HOLDERS"),
        (vec![names[0].clone(), names[0].clone()], "E_HOLDERS"),
        (vec![stranger], "E_HOLDER:"),
        (vec!["wasm1".to_owned()], "E_ADDRESS"),
    ];
    let sender = network.requester.clone();
    for (holders, code) in cases {
        let funds = [coin(500, DENOM)];
        assert_code(
            network.execute(&sender, &post(&prompt, holders), &funds),
            code,
        );
    }
    let funds = [coin(500, DENOM)];
    network
        .execute(&sender, &post(&prompt, names[..3].to_vec()), &funds)
        .unwrap();
    assert_eq!(network.task(1).holders, names[..3]);
}

#[test]
fn unknown_fields_and_messages_are_refused() {
    let mut network = Network::five();
    let sender = network.stranger.clone();
    for msg in [
        serde_json::json!({"advance": {"tasks": [], "extra": 1}}),
        serde_json::json!({"cancel_task": {"task": 1}}),
    ] {
        assert!(network.execute(&sender, &msg, &[]).is_err());
    }
}

#[test]
fn an_advance_with_nothing_to_do_does_nothing() {
    let mut network = Network::five();
    let task = network.ask(&Ask::default()).unwrap();
    let before = network.app.dump_wasm_raw(&network.contract);
    let msg = ExecuteMsg::Advance {
        tasks: vec![task, task, 77],
    };
    let answered = network.run(&network.stranger.clone(), &msg).unwrap();
    assert!(all::<Burned>(&answered.events).is_empty());
    network
        .run(
            &network.stranger.clone(),
            &ExecuteMsg::Advance { tasks: vec![] },
        )
        .unwrap();
    assert_eq!(network.app.dump_wasm_raw(&network.contract), before);
    let many = ExecuteMsg::Advance { tasks: vec![1; 11] };
    assert_code(network.run(&network.stranger.clone(), &many), "E_BATCH");
}

#[test]
fn the_appeal_window_keeps_an_answer_from_being_final_while_a_round_is_left() {
    let mut network = Network::start(&Options::workers(16));
    let task = network.ask(&Ask::default()).unwrap();
    network.draw(task);
    network.play(task, &[Answer("a"); 5]);
    network.advance(task);
    let info = network.task(task);
    assert_eq!(info.status, TaskStatus::Answered);
    assert!(!info.due);
    let wait = info.deadline.unwrap() - network.height();
    network.blocks(wait);
    assert!(network.task(task).due);
    network.advance(task);
    assert_eq!(
        network.task(task).status,
        TaskStatus::Answered,
        "the last height is inside"
    );
    network.blocks(1);
    network.advance(task);
    assert_eq!(network.task(task).status, TaskStatus::Final);
}

#[test]
fn ended_tasks_leave_what_was_posted_and_one_row() {
    let mut network = Network::five();
    let before = network.app.dump_wasm_raw(&network.contract).len();
    network.settle(&[Answer("a"); 5]);
    // task, summary, answer, the requester's balance, the sequence of tasks; fees lie in stakes
    assert_eq!(
        network.app.dump_wasm_raw(&network.contract).len(),
        before + 3 + 1 + 1
    );
}
