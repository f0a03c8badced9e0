//! A state that the wasm of the first landed version left (0.1.0, commit 78e9fe8): migrated, every object
//! is as it was, and what was open ends with the money that the first version would have ended it with.
//!
//! `testdata/state-0.1.0.json` was recorded from that wasm in a chain's virtual machine: the records at
//! one moment, what every query answered then, the messages that came after, and what the queries
//! answered at the end. The file of the wasm itself is migrated on a real chain by `cargo xtask ci`.

use antiphon_api::{CONTRACT_VERSION, ExecuteMsg, MigrateMsg, QueryMsg};
use antiphon_contract::contract as code;
use cosmwasm_std::testing::{MockApi, MockQuerier, MockStorage, mock_env};
use cosmwasm_std::{
    Addr, Deps, DepsMut, Empty, Env, MessageInfo, QuerierWrapper, Storage, Timestamp, coins,
};
use serde_json::Value;

const RECORDED: &str = include_str!("../../../testdata/state-0.1.0.json");

struct Recorded {
    file: Value,
    storage: MockStorage,
    querier: MockQuerier<Empty>,
}

fn bytes(hex: &Value) -> Vec<u8> {
    let text = hex.as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

impl Recorded {
    fn load() -> Self {
        let file: Value = serde_json::from_str(RECORDED).unwrap();
        let mut storage = MockStorage::new();
        for record in file["records"].as_array().unwrap() {
            storage.set(&bytes(&record[0]), &bytes(&record[1]));
        }
        Self {
            file,
            storage,
            querier: MockQuerier::new(&[]),
        }
    }

    fn env(&self, moment: &Value) -> Env {
        let mut env = mock_env();
        env.block.height = number(&moment["height"]);
        env.block.time = Timestamp::from_seconds(number(&moment["time"]));
        env.block.chain_id = self.file["chain_id"].as_str().unwrap().to_owned();
        env.contract.address = Addr::unchecked(self.file["contract"].as_str().unwrap());
        env
    }

    fn migrate(&mut self) {
        let env = self.env(&self.file["at"]);
        let api = MockApi::default().with_prefix("wasm");
        let deps = DepsMut {
            storage: &mut self.storage,
            api: &api,
            querier: QuerierWrapper::new(&self.querier),
        };
        code::migrate(deps, env, MigrateMsg {}).unwrap();
    }

    fn replay(&mut self) {
        for sent in self.file["messages"].as_array().unwrap().clone() {
            let amount: u128 = sent["amount"].as_str().unwrap().parse().unwrap();
            let info = MessageInfo {
                sender: Addr::unchecked(sent["sender"].as_str().unwrap()),
                funds: match amount {
                    0 => Vec::new(),
                    amount => coins(amount, "uanti"),
                },
            };
            let msg: ExecuteMsg = serde_json::from_value(sent["msg"].clone()).unwrap();
            let env = self.env(&sent);
            let api = MockApi::default().with_prefix("wasm");
            let deps = DepsMut {
                storage: &mut self.storage,
                api: &api,
                querier: QuerierWrapper::new(&self.querier),
            };
            code::execute(deps, env, info, msg).unwrap();
        }
    }

    fn ask(&self, query: &Value, moment: &Value) -> Value {
        let msg: QueryMsg = serde_json::from_value(query.clone()).unwrap();
        let api = MockApi::default().with_prefix("wasm");
        let deps = Deps {
            storage: &self.storage,
            api: &api,
            querier: QuerierWrapper::new(&self.querier),
        };
        let answer = code::query(deps, self.env(moment), msg).unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    /// Everything that is not as it was recorded; what answers gained since is no difference.
    fn differences(&self, answers: &str, moment: &str) -> Vec<String> {
        let mut found = Vec::new();
        for asked in self.file[answers].as_array().unwrap() {
            let now = self.ask(&asked["query"], &self.file[moment]);
            compare(
                &asked["query"].to_string(),
                &asked["answer"],
                &now,
                &mut found,
            );
        }
        found
    }
}

fn compare(path: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let path = format!("{path}.{key}");
                compare(&path, value, new.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}[{index}]"), old, new, found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push(format!("{path}: {old} became {new}")),
    }
}

fn only_the_version(mut differences: Vec<String>) -> Vec<String> {
    let version = format!("{{\"config\":{{}}}}.version: \"0.1.0\" became \"{CONTRACT_VERSION}\"");
    differences.retain(|line| *line != version);
    differences
}

/// How many tasks the recorded state has in each status.
fn statuses(recorded: &Recorded, answers: &str) -> Vec<String> {
    let all = recorded.file[answers].as_array().unwrap();
    let of_tasks = all
        .iter()
        .filter(|asked| asked["query"].get("task").is_some());
    let status = |asked: &Value| asked["answer"]["status"].as_str().unwrap().to_owned();
    of_tasks.map(status).collect()
}

#[test]
fn invariant_17_every_object_of_the_first_version_is_kept() {
    let mut recorded = Recorded::load();
    let met = statuses(&recorded, "before");
    for status in [
        "drawing",
        "committing",
        "revealing",
        "answered",
        "final",
        "failed",
    ] {
        assert!(met.iter().any(|found| found == status), "no task {status}");
    }
    recorded.migrate();
    let differences = recorded.differences("before", "at");
    assert_eq!(only_the_version(differences), Vec::<String>::new());
}

#[test]
fn invariant_17_open_tasks_of_the_first_version_end_with_the_same_money() {
    let mut recorded = Recorded::load();
    recorded.migrate();
    recorded.replay();
    let ends = statuses(&recorded, "after");
    assert!(
        ends.iter()
            .all(|status| status == "final" || status == "failed")
    );
    let differences = recorded.differences("after", "end");
    assert_eq!(only_the_version(differences), Vec::<String>::new());
}
