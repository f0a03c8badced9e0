//! Queries: whatever is asked, an answer of bounded size or a typed error, and pages that lead
//! through everything once (protocol, section 12: invariant 16).

use antiphon_api::*;
use cosmwasm_std::testing::MockApi;
use cosmwasm_std::{Addr, Binary, coins};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::matrix::messages::{post, register};
use crate::matrix::world::World;
use crate::suite::copy::{Copy, code};
use crate::suite::network::DENOM;
use crate::suite::{Network, Options, Worker};

/// No response is larger: a page of thirty tasks has some 50 kB.
const MOST_BYTES: usize = 100_000;

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..40_u64,
        Just(u64::MAX),
        Just(u64::MAX - 1),
        Just(1 << 32),
        any::<u64>()
    ]
}

fn small() -> impl Strategy<Value = u32> {
    prop_oneof![0..40_u32, Just(u32::MAX), Just(1 << 16), any::<u32>()]
}

fn after() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(number())
}

fn limit() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(small())
}

/// Texts where an address is wanted: real ones, near misses, and anything.
fn address(world: &World) -> impl Strategy<Value = String> + use<> {
    let real: Vec<_> = world.roles.iter().map(|(_, it)| it.to_string()).collect();
    let near = real.clone();
    prop_oneof![
        3 => prop::sample::select(real.clone()),
        1 => prop::sample::select(real).prop_map(|it| it.replace("wasm1", "cosmos1")),
        1 => prop::sample::select(near).prop_map(|it| it.to_uppercase()),
        1 => Just(String::new()),
        1 => Just("wasm1".to_owned()),
        1 => Just("ö\u{0}\n\u{202e}".repeat(2_000)),
        2 => ".{0,80}",
    ]
}

fn cid() -> impl Strategy<Value = Cid> {
    prop_oneof![
        Just(Cid::of_raw(b"0123456789")),
        Just(Cid::of_raw(b"a manifest")),
        Just(Cid::of_dag_pb(b"a manifest")),
        any::<[u8; 4]>().prop_map(|bytes| Cid::of_raw(&bytes)),
    ]
}

fn lists(world: &World) -> impl Strategy<Value = QueryMsg> + use<> {
    let page = || (after(), limit());
    let filter = prop_oneof![Just(TaskFilter::Open), Just(TaskFilter::Done)];
    let slot = prop::option::of(prop_oneof![Just(u16::MAX), any::<u16>()]);
    prop_oneof![
        page().prop_map(|(start_after, limit)| QueryMsg::Models { start_after, limit }),
        (cid(), page()).prop_map(|(manifest, (start_after, limit))| {
            QueryMsg::ModelsByManifest {
                manifest,
                start_after,
                limit,
            }
        }),
        (filter, page()).prop_map(|(filter, (start_after, limit))| QueryMsg::Tasks {
            filter,
            start_after,
            limit
        }),
        (address(world), page()).prop_map(|(worker, (start_after, limit))| QueryMsg::Duties {
            worker,
            start_after,
            limit
        }),
        (prop::option::of(address(world)), limit())
            .prop_map(|(start_after, limit)| QueryMsg::Workers { start_after, limit }),
        (number(), slot, limit()).prop_map(|(model, start_after, limit)| QueryMsg::Seats {
            model,
            start_after,
            limit
        }),
    ]
}

fn single(world: &World) -> impl Strategy<Value = QueryMsg> + use<> {
    prop_oneof![
        Just(QueryMsg::Config {}),
        Just(QueryMsg::Beacon {}),
        Just(QueryMsg::Totals {}),
        limit().prop_map(|version| QueryMsg::Params { version }),
        number().prop_map(|model| QueryMsg::Model { model }),
        number().prop_map(|task| QueryMsg::Task { task }),
        (number(), any::<u8>()).prop_map(|(task, round)| QueryMsg::Round { task, round }),
        (1..12_u64, 0..3_u8).prop_map(|(task, round)| QueryMsg::Round { task, round }),
        address(world).prop_map(|worker| QueryMsg::Worker { worker }),
        address(world).prop_map(|address| QueryMsg::Balance { address }),
        (number(), cid()).prop_map(|(model, prompt)| QueryMsg::Answer { model, prompt }),
        (number(), small(), small(), limit()).prop_map(
            |(model, prompt_bytes, max_output_tokens, committee)| QueryMsg::EstimateFee {
                model,
                prompt_bytes,
                max_output_tokens,
                committee
            }
        ),
        (number(), limit()).prop_map(|(model, committee)| QueryMsg::Security { model, committee }),
    ]
}

/// Codes that a question may be answered with; any other means that the contract is at fault.
const CODES: [&str; 9] = [
    "E_ADDRESS",
    "E_UNKNOWN_MODEL",
    "E_UNKNOWN_TASK",
    "E_UNKNOWN_WORKER",
    "E_UNKNOWN_ROUND",
    "E_UNKNOWN_PARAMS",
    "E_COMMITTEE",
    "E_POOL_TOO_SMALL",
    "E_OVERFLOW",
];

fn run(strategy: impl Strategy<Value = QueryMsg>, cases: u32, mut check: impl FnMut(QueryMsg)) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    for _ in 0..cases {
        let tree = strategy.new_tree(&mut runner).unwrap();
        check(prop::strategy::ValueTree::current(&tree));
    }
}

/// The longest list in a response.
fn longest(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items
            .iter()
            .map(longest)
            .max()
            .unwrap_or(0)
            .max(items.len()),
        serde_json::Value::Object(fields) => fields.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}

fn answer(copy: &Copy, msg: QueryMsg) -> Option<Binary> {
    let asked = format!("{msg:?}");
    match copy.query(msg) {
        Ok(response) => Some(response),
        Err(error) => {
            let text = error.to_string();
            assert!(CODES.contains(&code(&error).as_str()), "{asked}: {text}");
            assert!(text.len() < 2_000, "{} bytes of error", text.len());
            None
        }
    }
}

#[test]
fn invariant_16_no_question_panics_or_gets_more_than_a_page() {
    let world = World::new();
    let copy = world.network.copy();
    let mut answered = 0_u32;
    run(prop_oneof![lists(&world), single(&world)], 20_000, |msg| {
        let Some(response) = answer(&copy, msg) else {
            return;
        };
        answered += 1;
        assert!(response.len() < MOST_BYTES);
        let value: serde_json::Value = serde_json::from_slice(&response).unwrap();
        assert!(longest(&value) <= 31, "a list without an end");
    });
    assert!(answered > 2_000, "{answered} answers are no test");
}

/// The same on a network where nothing has happened, and before the first model.
#[test]
fn invariant_16_an_empty_network_answers_too() {
    let world = World::new();
    let copy = Network::bare(&Options::default()).copy();
    run(prop_oneof![lists(&world), single(&world)], 2_000, |msg| {
        drop(answer(&copy, msg))
    });
}

/// Text that is no query never reaches one.
#[test]
fn invariant_16_what_is_no_query_is_refused() {
    let network = Network::five();
    for text in [
        r#"{"task":{"task":-1}}"#,
        r#"{"task":{"task":18446744073709551616}}"#,
        r#"{"task":{"task":"1"}}"#,
        r#"{"task":{}}"#,
        r#"{"task":{"task":1,"more":1}}"#,
        r#"{"tasks":{"filter":"all"}}"#,
        r#"{"round":{"task":1,"round":256}}"#,
        r#"{"seats":{"model":1,"start_after":65536}}"#,
        r#"{"answer":{"model":1,"prompt":"bafkrei"}}"#,
        r#"{"answer":{"model":1,"prompt":""}}"#,
        r#"{"config":{},"totals":{}}"#,
        r#"{"no_such_query":{}}"#,
        r#"[]"#,
        r#""config""#,
    ] {
        let msg: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(
            network.try_query::<serde_json::Value>(&msg).is_err(),
            "{text}"
        );
    }
}

/// Neither does text that was made to exhaust whoever reads it.
#[test]
fn invariant_16_what_is_made_to_exhaust_a_reader_is_refused() {
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        [
            format!("{open}1{close}"),
            format!("{{\"task\":{{\"task\":{open}1{close}}}}}"),
            open,
        ]
    };
    let wide = format!("{{\"advance\":{{\"tasks\":[{}-1]}}}}", "1,".repeat(100_000));
    let many: String = (0..5_000).map(|field| format!("\"{field}\":1,")).collect();
    let texts = deep("[", "]").into_iter().chain(deep("{\"task\":", "}"));
    for text in texts.chain([wide, format!("{{\"task\":{{{many}\"task\":1}}}}")]) {
        let bytes = text.as_bytes();
        assert!(cosmwasm_std::from_json::<QueryMsg>(bytes).is_err());
        assert!(cosmwasm_std::from_json::<ExecuteMsg>(bytes).is_err());
        assert!(cosmwasm_std::from_json::<InstantiateMsg>(bytes).is_err());
    }
}

/// Walks a list from page to page.
fn walk<T: Clone>(most: u32, mut page: impl FnMut(Option<&T>) -> Vec<T>) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for _ in 0..200 {
        let next = page(all.last());
        assert!(next.len() <= usize::try_from(most.clamp(1, 30)).unwrap());
        if next.is_empty() {
            return all;
        }
        all.extend(next);
    }
    panic!("the pages do not end")
}

/// Forty workers with seats, forty models, forty tasks ended and as many open.
fn crowd() -> Copy {
    let options = Options::default();
    let params = Params {
        max_rounds: 1,
        ..options.params.clone()
    };
    let mut copy = Network::bare(&Options { params, ..options }).copy();
    let api = MockApi::default().with_prefix("wasm");
    let publisher = api.addr_make("publisher");
    let run = |copy: &mut Copy, sender: &Addr, msg: &ExecuteMsg, amount: u128| {
        let funds = coins(amount, DENOM);
        let funds = if amount == 0 { &[] } else { funds.as_slice() };
        copy.execute(sender, msg, funds).unwrap();
    };
    for _ in 0..40 {
        run(&mut copy, &publisher, &register(), 1_000);
    }
    for seed in 0..40 {
        let worker = Worker::new(api.addr_make(&format!("one of many {seed}")), seed);
        let update = ExecuteMsg::UpdateWorker {
            endpoint: Some("http://127.0.0.1:1".to_owned()),
            moniker: None,
            voter: Some(worker.public_key()),
        };
        run(&mut copy, &worker.address, &ExecuteMsg::Bond {}, 10_000);
        run(&mut copy, &worker.address, &update, 0);
        let join = ExecuteMsg::JoinModel { model: 1 };
        run(&mut copy, &worker.address, &join, 0);
    }
    let holder = api.addr_make("one of many 0");
    for task in 1..=80 {
        run(&mut copy, &publisher, &post(&holder), 500);
        if task == 40 {
            copy.blocks(61);
            let tasks: Vec<_> = (1..=40).collect();
            for some in tasks.chunks(10) {
                let tasks = some.to_vec();
                run(&mut copy, &publisher, &ExecuteMsg::Advance { tasks }, 0);
            }
        }
    }
    copy
}

#[test]
fn invariant_16_pages_lead_through_everything_once() {
    let copy = crowd();
    for most in [0, 1, 7, 30, u32::MAX] {
        let limit = Some(most);
        let models = walk(most, |last: Option<&ModelResponse>| {
            let start_after = last.map(|it| it.model);
            copy.read::<ModelsResponse>(QueryMsg::Models { start_after, limit })
                .models
        });
        let ids: Vec<_> = models.iter().map(|it| it.model).collect();
        assert_eq!(ids, (1..=40).collect::<Vec<_>>());
        for (filter, want) in [(TaskFilter::Done, 1..=40), (TaskFilter::Open, 41..=80)] {
            let tasks = walk(most, |last: Option<&TaskResponse>| {
                let start_after = last.map(|it| it.task);
                let msg = QueryMsg::Tasks {
                    filter,
                    start_after,
                    limit,
                };
                copy.read::<TasksResponse>(msg).tasks
            });
            let ids: Vec<_> = tasks.iter().map(|it| it.task).collect();
            assert_eq!(ids, want.collect::<Vec<_>>());
        }
        let workers = walk(most, |last: Option<&WorkerResponse>| {
            let start_after = last.map(|it| it.worker.clone());
            copy.read::<WorkersResponse>(QueryMsg::Workers { start_after, limit })
                .workers
        });
        let distinct: std::collections::BTreeSet<_> = workers.iter().map(|it| &it.worker).collect();
        assert_eq!((workers.len(), distinct.len()), (40, 40));
        let seats = walk(most, |last: Option<&SeatInfo>| {
            let start_after = last.map(|it| it.slot);
            let msg = QueryMsg::Seats {
                model: 1,
                start_after,
                limit,
            };
            copy.read::<SeatsResponse>(msg).seats
        });
        let slots: Vec<_> = seats.iter().map(|it| it.slot).collect();
        assert_eq!(slots, (0..40).collect::<Vec<_>>());
    }
}
