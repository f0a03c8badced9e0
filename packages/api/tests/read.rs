//! Messages are read as strictly as they are defined, and what is written is read back.

#![allow(clippy::unwrap_used, reason = "tests")]

use antiphon_api::*;
use cosmwasm_std::HexBinary;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn cid() -> Cid {
    Cid::of_raw(b"block")
}

fn price() -> Price {
    Price {
        base: Uint128::new(u128::MAX),
        per_prompt_byte: Uint128::zero(),
        per_output_token: Uint128::new(7),
    }
}

fn votes() -> [ExecuteMsg; 2] {
    let worker = "worker".to_owned();
    let commit = CommitItem {
        task: u64::MAX,
        round: 2,
        worker: worker.clone(),
        task_digest: Hex([1; 32]),
        commitment: Hex([2; 32]),
        signature: Hex([3; 64]),
    };
    let answer = Ballot::Answer {
        cid: cid(),
        finish: Finish::Length,
        output_tokens: 3,
        prompt_tokens: 4,
        trace: Hex([5; 32]),
    };
    let stop = Ballot::Answer {
        cid: cid(),
        finish: Finish::Stop,
        output_tokens: 0,
        prompt_tokens: u32::MAX,
        trace: Hex([6; 32]),
    };
    let ballots = [answer, stop, Ballot::Unavailable {}, Ballot::Invalid {}];
    let reveals = ballots.map(|ballot| RevealItem {
        task: 0,
        round: u8::MAX,
        worker: worker.clone(),
        ballot,
        salt: Hex([4; 32]),
    });
    [
        ExecuteMsg::Commit {
            commits: vec![commit.clone(), commit],
        },
        ExecuteMsg::Reveal {
            reveals: reveals.to_vec(),
        },
    ]
}

fn requests() -> [ExecuteMsg; 10] {
    let post = |block, committee, callback| ExecuteMsg::PostTask {
        model: 1,
        prompt: cid(),
        prompt_bytes: 2,
        max_output_tokens: 3,
        holders: vec!["one".to_owned(), "two".to_owned()],
        block,
        committee,
        callback,
    };
    let callback = Callback {
        gas_limit: 9,
        with_text: true,
    };
    [
        post(None, None, None),
        post(Some(HexBinary::from(vec![0, 255])), Some(7), Some(callback)),
        ExecuteMsg::Appeal {
            task: 1,
            round: None,
        },
        ExecuteMsg::Appeal {
            task: 1,
            round: Some(2),
        },
        ExecuteMsg::Rate {
            task: 1,
            good: false,
        },
        ExecuteMsg::Deliver {
            task: 1,
            text: Some("a\n\"ä\u{1f642}".to_owned()),
        },
        ExecuteMsg::Deposit {},
        ExecuteMsg::Withdraw { amount: None },
        ExecuteMsg::Withdraw {
            amount: Some(Uint128::one()),
        },
        ExecuteMsg::Advance { tasks: vec![1, 2] },
    ]
}

fn others() -> [ExecuteMsg; 16] {
    [
        ExecuteMsg::RegisterModel {
            manifest: cid(),
            price: price(),
            limits: Limits {
                max_prompt_bytes: 1,
                max_output_tokens: u32::MAX,
            },
            endpoint: Some(String::new()),
        },
        ExecuteMsg::RetireModel { model: 3 },
        ExecuteMsg::Bond {},
        ExecuteMsg::Unbond {
            amount: Uint128::new(5),
        },
        ExecuteMsg::ClaimUnbonded {},
        ExecuteMsg::Unjail {},
        ExecuteMsg::JoinModel { model: 0 },
        ExecuteMsg::LeaveModel { model: 0 },
        ExecuteMsg::UpdateWorker {
            endpoint: None,
            moniker: Some("ä".to_owned()),
            voter: Some(Hex([2; 33])),
        },
        ExecuteMsg::PublishBeacon {
            round: 1,
            signature: Hex([9; 48]),
            draws: 10,
        },
        ExecuteMsg::UpdateParams {
            params: Params::public(),
        },
        ExecuteMsg::SetPaused { paused: true },
        ExecuteMsg::TransferOwnership {
            to: Some("heir".to_owned()),
        },
        ExecuteMsg::TransferOwnership { to: None },
        ExecuteMsg::AcceptOwnership {},
        ExecuteMsg::RenounceOwnership {},
    ]
}

fn queries() -> Vec<QueryMsg> {
    let (start_after, limit) = (Some(u64::MAX), Some(30));
    let worker = "worker".to_owned();
    let task = |filter| QueryMsg::Tasks {
        filter,
        start_after,
        limit,
    };
    vec![
        QueryMsg::Config {},
        QueryMsg::Params { version: Some(1) },
        QueryMsg::Model { model: 1 },
        QueryMsg::Models { start_after, limit },
        QueryMsg::ModelsByManifest {
            manifest: cid(),
            start_after: None,
            limit,
        },
        QueryMsg::Task { task: 1 },
        task(TaskFilter::Open),
        task(TaskFilter::Done),
        QueryMsg::Duties {
            worker: worker.clone(),
            start_after,
            limit: None,
        },
        QueryMsg::Round { task: 1, round: 2 },
        QueryMsg::Worker {
            worker: worker.clone(),
        },
        QueryMsg::Workers {
            start_after: Some(worker.clone()),
            limit,
        },
        QueryMsg::Seats {
            model: 1,
            start_after: Some(4_095),
            limit,
        },
        QueryMsg::Balance { address: worker },
        QueryMsg::Answer {
            model: 1,
            prompt: cid(),
        },
        QueryMsg::EstimateFee {
            model: 1,
            prompt_bytes: 2,
            max_output_tokens: 3,
            committee: None,
        },
        QueryMsg::Beacon {},
        QueryMsg::Security {
            model: 1,
            committee: Some(15),
        },
        QueryMsg::Totals {},
    ]
}

fn instantiate() -> InstantiateMsg {
    InstantiateMsg {
        denom: "uanti".to_owned(),
        owner: None,
        beacon: BeaconConfig {
            public_key: Hex([8; 96]),
            genesis: 1,
            period: 3,
            delay_seconds: 10,
        },
        params: Params::local(),
        insecure: false,
    }
}

fn returns<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(message: &T) {
    let text = serde_json::to_string(message).unwrap();
    assert_eq!(
        &serde_json::from_str::<T>(&text).unwrap(),
        message,
        "{text}"
    );
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(&serde_json::from_value::<T>(value).unwrap(), message);
}

/// The keys of all variants, as the schema has them.
fn keys(schema: schemars::schema::RootSchema) -> Vec<String> {
    let schema = serde_json::to_value(schema).unwrap();
    let variants = schema.get("oneOf").and_then(Value::as_array).unwrap();
    let key = |variant: &Value| variant.get("required")?.get(0)?.as_str().map(str::to_owned);
    variants.iter().filter_map(key).collect()
}

fn key_of(message: &impl Serialize) -> String {
    let value = serde_json::to_value(message).unwrap();
    value.as_object().unwrap().keys().next().unwrap().clone()
}

#[test]
fn every_message_and_query_is_read_back_as_it_was_written() {
    let messages: Vec<ExecuteMsg> = [&votes()[..], &requests(), &others()].concat();
    messages.iter().for_each(returns);
    queries().iter().for_each(returns);
    returns(&instantiate());
    returns(&MigrateMsg {});
    for key in keys(schemars::schema_for!(ExecuteMsg)) {
        assert!(
            messages.iter().any(|message| key_of(message) == key),
            "{key}"
        );
    }
    for key in keys(schemars::schema_for!(QueryMsg)) {
        assert!(queries().iter().any(|query| key_of(query) == key), "{key}");
    }
}

#[test]
fn fields_may_come_in_any_order_and_optional_ones_not_at_all() {
    let text = r#"{"tasks":{"limit":null,"filter":"done"}}"#;
    let want = QueryMsg::Tasks {
        filter: TaskFilter::Done,
        start_after: None,
        limit: None,
    };
    assert_eq!(serde_json::from_str::<QueryMsg>(text).unwrap(), want);
}

fn refused(text: &str, wants: &str) {
    let error = serde_json::from_str::<ExecuteMsg>(text).unwrap_err();
    assert!(error.to_string().contains(wants), "{text}: {error}");
}

#[test]
fn what_is_not_quite_a_message_is_refused_with_the_field_and_the_reason() {
    for (text, wants) in [
        ("{}", "exactly one key"),
        ("[]", "got a list"),
        ("\"bond\"", "got a text"),
        (r#"{"bond":{},"unjail":{}}"#, "got 2"),
        (r#"{"bondage":{}}"#, "got bondage"),
        (r#"{"bond":[]}"#, "bond: got a list, want an object"),
        (r#"{"bond":null}"#, "bond: got null"),
        (
            r#"{"bond":{"amount":"1"}}"#,
            r#"bond: got the field "amount""#,
        ),
        (r#"{"appeal":{}}"#, "task: got no such field"),
        (r#"{"appeal":{"task":1,"task":1}}"#, r#"the field "task""#),
        (
            r#"{"appeal":{"task":"1"}}"#,
            "task: got a text, want a number",
        ),
        (r#"{"appeal":{"task":-1}}"#, "-1"),
        (r#"{"appeal":{"task":1.0}}"#, "1.0"),
        (
            r#"{"appeal":{"task":18446744073709551616}}"#,
            "floating point",
        ),
        (
            r#"{"rate":{"task":1,"good":1}}"#,
            "good: got a number, want true or false",
        ),
        (
            r#"{"unbond":{"amount":5}}"#,
            "amount: got a number, want a text",
        ),
        (r#"{"unbond":{"amount":"-5"}}"#, "amount: "),
        (r#"{"unbond":{"amount":""}}"#, "amount: "),
        (
            r#"{"unbond":{"amount":"340282366920938463463374607431768211456"}}"#,
            "amount: ",
        ),
        (
            r#"{"advance":{"tasks":1}}"#,
            "tasks: got a number, want a list",
        ),
        (
            r#"{"advance":{"tasks":[1,null]}}"#,
            "tasks: got null, want a number",
        ),
        (
            r#"{"publish_beacon":{"round":1,"signature":"00","draws":1}}"#,
            "96 lower-case hex",
        ),
        (
            r#"{"publish_beacon":{"round":1,"signature":"","draws":4294967296}}"#,
            "signature",
        ),
    ] {
        refused(text, wants);
    }
}

#[test]
fn numbers_are_refused_above_the_width_of_their_field() {
    let text = r#"{"round":{"task":1,"round":256}}"#;
    let error = serde_json::from_str::<QueryMsg>(text)
        .unwrap_err()
        .to_string();
    assert!(error.contains("round: got 256, want 0 to 255"), "{error}");
}

#[test]
fn ballots_in_reveals_are_as_strict_as_alone() {
    let reveal = |ballot: Value| {
        let item = json!({"task": 1, "round": 0, "worker": "w", "ballot": ballot,
            "salt": "00".repeat(32)});
        json!({"reveal": {"reveals": [item]}}).to_string()
    };
    let answer = json!({"cid": cid().to_string(), "finish": "stop", "output_tokens": 1,
        "prompt_tokens": 1, "trace": "00".repeat(32)});
    assert!(serde_json::from_str::<ExecuteMsg>(&reveal(json!({"answer": answer}))).is_ok());
    let with = |key: &str, value: Value| {
        let mut changed = answer.clone();
        changed[key] = value;
        json!({"answer": changed})
    };
    for ballot in [
        json!("invalid"),
        json!({"valid": {}}),
        json!({"invalid": {"why": 1}}),
        with("finish", json!("Stop")),
        with("cid", json!(cid().to_string().to_uppercase())),
        with("output_tokens", json!(null)),
        with("trace", json!("AB".repeat(32))),
        with("reason", json!("x")),
    ] {
        assert!(serde_json::from_value::<Ballot>(ballot.clone()).is_err());
        assert!(
            serde_json::from_str::<ExecuteMsg>(&reveal(ballot.clone())).is_err(),
            "{ballot}"
        );
    }
}

#[test]
fn amounts_and_bytes_are_read_as_their_own_types_read_them() {
    for text in ["0", "01", "+1", "1 ", "1e3", "0x1", "١", "12"] {
        let alone = serde_json::from_value::<Uint128>(json!(text)).ok();
        let message = json!({"unbond": {"amount": text}});
        let read = serde_json::from_value::<ExecuteMsg>(message).ok();
        assert_eq!(
            read,
            alone.map(|amount| ExecuteMsg::Unbond { amount }),
            "{text}"
        );
    }
    for text in ["", "00", "fF", "0", "zz", " 00"] {
        let alone = serde_json::from_value::<HexBinary>(json!(text)).ok();
        let message = json!({"post_task": {"model": 1, "prompt": cid().to_string(),
            "prompt_bytes": 1, "max_output_tokens": 1, "holders": [], "block": text}});
        let read = serde_json::from_value::<ExecuteMsg>(message).ok();
        let block = read.map(|message| match message {
            ExecuteMsg::PostTask { block, .. } => block.unwrap(),
            other => panic!("{other:?}"),
        });
        assert_eq!(block, alone, "{text}");
    }
}
