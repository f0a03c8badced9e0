//! A network of one fake node and five fake workers with one task to play.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon_api::Cid;
use antiphon_chain::{Key, Sender};
use antiphon_client::question::{SamplingFlags, prompt_of};
use antiphon_client::{AskEvent, AskOptions, AskReport, ClientError, Network, NetworkFile, ask};
use antiphon_documents::Prompt;
use serde_json::{Value, json};

use crate::fake_node::{CHAIN, FakeNode};
use crate::fake_workers::{FakeWorker, Manner};

pub(crate) const CONTRACT: &str = "wasm1us";
pub(crate) const TEXT: &[u8] = b"Because of Rayleigh scattering.";
pub(crate) const QUESTION: &str = "Why is the sky blue?";
const TRACE: &str = "11111111111111111111111111111111111111111111111111111111111111aa";

pub(crate) struct World {
    pub(crate) node: FakeNode,
    pub(crate) workers: Vec<FakeWorker>,
    pub(crate) folder: tempfile::TempDir,
    key: Arc<Key>,
}

impl World {
    pub(crate) async fn new(manners: [Manner; 5]) -> Self {
        let node = FakeNode::start().await;
        let mut workers = Vec::new();
        for manner in manners {
            let worker = FakeWorker::start(manner).await;
            worker.keep(TEXT);
            workers.push(worker);
        }
        let world = Self {
            node,
            workers,
            folder: tempfile::tempdir().unwrap(),
            key: Arc::new(Key::random()),
        };
        world.set_up();
        world
    }

    pub(crate) async fn honest() -> Self {
        Self::new([Manner::Honest; 5]).await
    }

    fn set_up(&self) {
        let says = |query: &str, answer: Value| self.node.says(query, [answer]);
        let model = model_json();
        says(r#"{"model":{"model":1}}"#, model.clone());
        let page = r#"{"models":{"start_after":null,"limit":30}}"#;
        says(page, json!({ "models": [model] }));
        let seats: Vec<Value> = (0..5)
            .map(|n| json!({ "slot": n, "worker": name(n), "endpoint": self.workers[n].url }))
            .collect();
        let page = r#"{"seats":{"model":1,"start_after":null,"limit":30}}"#;
        says(page, json!({ "seats": seats }));
        let prompt = prompt();
        let bytes = prompt.to_canonical().len();
        let fee = format!(
            r#"{{"estimate_fee":{{"model":1,"prompt_bytes":{bytes},"max_output_tokens":128,"committee":null}}}}"#
        );
        says(
            &fee,
            json!({ "committee": 5, "full_fee": "100", "escrow": "500", "lock": "3000" }),
        );
        self.prepaid("120");
        self.index(Value::Null);
        self.plays(&["drawing", "committing", "revealing", "answered", "final"]);
        self.round(&[true; 5], "final");
    }

    /// The account that pays.
    pub(crate) fn payer(&self) -> String {
        self.key.address("wasm").unwrap()
    }

    /// What it has in the contract.
    pub(crate) fn prepaid(&self, amount: &str) {
        let balance = format!(r#"{{"balance":{{"address":"{}"}}}}"#, self.payer());
        self.node.says(&balance, [json!({ "amount": amount })]);
    }

    /// What the answer index holds for the question.
    pub(crate) fn index(&self, entry: Value) {
        let query = format!(
            r#"{{"answer":{{"model":1,"prompt":"{}"}}}}"#,
            prompt().cid()
        );
        self.node.says(&query, [json!({ "answer": entry })]);
    }

    /// The states the task goes through, one a look.
    pub(crate) fn plays(&self, statuses: &[&str]) {
        let tasks = statuses
            .iter()
            .map(|status| self.task(status, answer_json()));
        self.node.says(r#"{"task":{"task":17}}"#, tasks);
    }

    /// The task as its payer posted it.
    pub(crate) fn task(&self, status: &str, outcome: Value) -> Value {
        let mut task = task_json(status, outcome);
        task["requester"] = json!(self.payer());
        task
    }

    /// The members of round 0; `true` revealed the answer.
    pub(crate) fn round(&self, revealed: &[bool; 5], status: &str) {
        let member = |n: usize| {
            let ended = status == "final";
            json!({
                "worker": name(n), "position": n, "endpoint": self.workers[n].url,
                "commitment": null, "conduct": if ended { json!("right") } else { Value::Null },
                "ballot": if revealed[n] { answer_json() } else { Value::Null },
                "paid": "60", "forfeited": "0",
            })
        };
        let members: Vec<Value> = (0..5).map(member).collect();
        let round = json!({
            "task": 17, "round": 0, "size": 5, "quorum": 4, "opened": 11, "members": members,
            "replaced": [], "tally": [],
        });
        self.node
            .says(r#"{"round":{"task":17,"round":0}}"#, [round]);
    }

    pub(crate) fn file(&self) -> NetworkFile {
        let key = self.folder.path().join("key.json");
        if !key.exists() {
            self.key.save(&key, "wasm").unwrap();
        }
        serde_json::from_value(json!({
            "chain_id": CHAIN, "rpc": self.node.url, "contract": CONTRACT, "key": key,
            "development": true,
        }))
        .unwrap()
    }

    /// `network.json` for the program.
    pub(crate) fn network_json(&self) -> PathBuf {
        let path = self.folder.path().join("network.json");
        self.file().save(&path).unwrap();
        path
    }

    pub(crate) async fn network(&self) -> (Network, Sender) {
        let network = Network::connect(self.file()).await.unwrap();
        let sender = network.sender().unwrap();
        (network, sender)
    }

    /// Asks, and gives what was told on the way.
    pub(crate) async fn ask(
        &self,
        options: &AskOptions,
    ) -> (Result<AskReport, ClientError>, Vec<String>) {
        let (network, sender) = self.network().await;
        let told = Mutex::new(Vec::new());
        let mut news = |event: AskEvent<'_>| told.lock().unwrap().push(word(&event));
        let report = ask(&network, &sender, options, &mut news).await;
        (report, told.into_inner().unwrap())
    }
}

fn word(event: &AskEvent<'_>) -> String {
    match event {
        AskEvent::Known { .. } => "known".to_owned(),
        AskEvent::Uploaded { holders } => format!("uploaded {}", holders.len()),
        AskEvent::Overturned { .. } => "overturned".to_owned(),
        AskEvent::Carried { bytes } => format!("carried {bytes}"),
        AskEvent::Posted { task, escrow } => format!("posted {task} {escrow}"),
        AskEvent::Reached { stage, .. } => stage.name().to_owned(),
        AskEvent::Answered { answer } => format!("text {}", answer.text),
        AskEvent::TextAway { why } => format!("text away {why}"),
    }
}

pub(crate) fn prompt() -> Prompt {
    prompt_of(QUESTION, &SamplingFlags::default()).unwrap()
}

pub(crate) fn options() -> AskOptions {
    AskOptions {
        timeout: Duration::from_secs(20),
        ..AskOptions::new(prompt())
    }
}

pub(crate) fn name(n: usize) -> String {
    format!("wasm1worker{n}")
}

pub(crate) fn answer_json() -> Value {
    json!({ "answer": {
        "cid": Cid::of_raw(TEXT), "finish": "stop", "output_tokens": 7, "prompt_tokens": 36,
        "trace": format!("{TRACE}"),
    }})
}

pub(crate) fn model_json() -> Value {
    json!({
        "model": 1, "manifest": Cid::of_raw(b"manifest"), "publisher": "wasm1p",
        "price": { "base": "10", "per_prompt_byte": "1", "per_output_token": "1" },
        "limits": { "max_prompt_bytes": 16384, "max_output_tokens": 4096 },
        "endpoint": null, "retired": false, "seats": 5, "open_tasks": 0, "deposit": "0",
        "ratings": { "good": 0, "bad": 0, "good_fees": "0", "bad_fees": "0" },
    })
}

pub(crate) fn task_json(status: &str, outcome: Value) -> Value {
    let decided = matches!(status, "answered" | "final");
    let (committed, revealed) = match status {
        "drawing" => (0, 0),
        "committing" => (2, 0),
        "revealing" => (5, 3),
        _ => (5, 5),
    };
    let settlement = json!({
        "paid": "300", "refunded": "200", "forfeited": "0", "burned": "0", "miss_charges": "0",
        "slash_withheld": false, "appeal_bonds": "0", "to_appellants": "0",
    });
    json!({
        "task": 17, "model": 1, "manifest": Cid::of_raw(b"manifest"), "requester": "wasm1r",
        "prompt": prompt().cid(), "prompt_bytes": 200, "max_output_tokens": 128,
        "holders": [name(0), name(1)], "task_digest": "00".repeat(32), "params_version": 1,
        "committee": 5, "rounds_possible": 1, "posted": 11, "posted_time": 1, "status": status,
        "round": 0, "size": 5, "quorum": 4, "members": if status == "drawing" { 0 } else { 5 },
        "committed": committed, "revealed": revealed, "entered": 11, "deadline": null,
        "waits_for": null, "due": false, "undecided": false,
        "outcome": if decided { outcome } else { Value::Null },
        "outcome_round": if decided { json!(0) } else { Value::Null },
        "outcome_votes": if decided { json!(5) } else { Value::Null }, "contested": false,
        "escrow": "500", "full_fee": "100", "lock": "3000", "carried": false,
        "settlement": if matches!(status, "final" | "failed") { settlement } else { Value::Null },
    })
}
