//! A chain of a few lines on which a sample receipt really happened: blocks, messages, events, contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use antiphon_api::{CommitItem, ExecuteMsg, Hex, RevealItem};
use antiphon_client::{Network, NetworkFile};
use antiphon_receipt::{Receipt, Status, What};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosmrs::proto::cosmos::tx::v1beta1::{TxBody, TxRaw};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message;
use serde_json::{Value, json};

use super::relay::Via;
use crate::fake_workers::{FakeWorker, Manner};

/// A transaction of the fake chain.
#[derive(Clone, Debug)]
pub(crate) struct FakeTx {
    pub(crate) height: u64,
    pub(crate) time: u64,
    pub(crate) messages: Vec<ExecuteMsg>,
    pub(crate) whats: Vec<What>,
    /// Places of items, over all messages, that the contract refused.
    pub(crate) refused: Vec<u64>,
    pub(crate) code: u32,
    /// How its messages came to the contract.
    pub(crate) via: Via,
}

pub(crate) struct Ledger {
    pub(crate) receipt: Receipt,
    pub(crate) txs: Vec<FakeTx>,
    pub(crate) status: &'static str,
    pub(crate) indexed: bool,
    /// Heights that the index names on every search.
    pub(crate) strays: Vec<u64>,
    /// Blocks below are gone.
    pub(crate) lowest: u64,
    pub(crate) chain_id: String,
    pub(super) endpoints: Vec<String>,
    pub(crate) calls: Vec<String>,
}

pub(crate) struct ReceiptWorld {
    ledger: Arc<Mutex<Ledger>>,
    pub(crate) url: String,
    pub(crate) workers: Vec<FakeWorker>,
}

pub(crate) fn sample(name: &str) -> Receipt {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/receipts");
    let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    Receipt::parse(&text).unwrap()
}

impl ReceiptWorld {
    /// The chain of this sample, and two workers that hold its blocks.
    pub(crate) async fn of(name: &str) -> Self {
        let receipt = sample(name);
        let mut workers = Vec::new();
        for _ in 0..2 {
            let worker = FakeWorker::start(Manner::Honest).await;
            let texts = [Some(receipt.manifest.clone()), receipt.answer.clone()];
            let prompt = receipt.prompt.text().map(str::to_owned);
            for text in texts.into_iter().flatten().chain(prompt) {
                worker.keep(text.into_bytes().leak());
            }
            workers.push(worker);
        }
        let ledger = Arc::new(Mutex::new(Ledger {
            txs: transactions(&receipt),
            status: match receipt.task.status {
                Status::Final => "final",
                Status::Failed => "failed",
            },
            indexed: true,
            strays: Vec::new(),
            lowest: 1,
            chain_id: receipt.chain_id.clone(),
            endpoints: workers.iter().map(|worker| worker.url.clone()).collect(),
            calls: Vec::new(),
            receipt,
        }));
        let app = Router::new()
            .route("/", post(answer))
            .with_state(ledger.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            ledger,
            url,
            workers,
        }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    pub(crate) async fn network(&self) -> Network {
        let file = {
            let ledger = self.ledger();
            NetworkFile::local(&ledger.chain_id, &self.url, &ledger.receipt.contract)
        };
        Network::connect(file).await.unwrap()
    }
}

/// One transaction a height; votes are brought by the transactions of their round.
fn transactions(receipt: &Receipt) -> Vec<FakeTx> {
    let heights: BTreeSet<u64> = receipt.txs.iter().map(|tx| tx.height).collect();
    let mut rounds = receipt.rounds.iter();
    let mut now = rounds.next().unwrap();
    let mut all = Vec::new();
    for height in heights {
        let here: Vec<_> = receipt
            .txs
            .iter()
            .filter(|tx| tx.height == height)
            .collect();
        let whats: Vec<_> = here.iter().map(|tx| tx.what).collect();
        if whats.contains(&What::RoundOpened) || whats.contains(&What::TaskAppealed) {
            now = rounds.next().unwrap();
        }
        all.push(FakeTx {
            height,
            time: here[0].time,
            messages: whats
                .iter()
                .filter_map(|what| message(receipt, now.round, *what))
                .collect(),
            whats,
            refused: Vec::new(),
            code: 0,
            via: Via::Itself,
        });
    }
    all
}

fn message(receipt: &Receipt, round: u8, what: What) -> Option<ExecuteMsg> {
    let task = receipt.task.id;
    let members = &receipt.rounds[usize::from(round)].members;
    let digest = Hex(receipt.task_digest().unwrap());
    match what {
        What::VoteCommitted => Some(ExecuteMsg::Commit {
            commits: members
                .iter()
                .filter_map(|member| {
                    Some(CommitItem {
                        task,
                        round,
                        worker: member.worker.clone(),
                        task_digest: digest,
                        commitment: member.commitment?,
                        signature: Hex([7; 64]),
                    })
                })
                .collect(),
        }),
        What::VoteRevealed => Some(ExecuteMsg::Reveal {
            reveals: members
                .iter()
                .filter_map(|member| {
                    Some(RevealItem {
                        task,
                        round,
                        worker: member.worker.clone(),
                        ballot: member.ballot.clone()?,
                        salt: member.salt?,
                    })
                })
                .collect(),
        }),
        _ => None,
    }
}

impl FakeTx {
    fn bytes(&self, contract: &str) -> Vec<u8> {
        let any = |msg: &ExecuteMsg| {
            self.via.sent(MsgExecuteContract {
                sender: "wasm1relay".to_owned(),
                contract: contract.to_owned(),
                msg: serde_json::to_vec(msg).unwrap(),
                funds: Vec::new(),
            })
        };
        let body = TxBody {
            messages: self.messages.iter().map(any).collect(),
            timeout_height: self.height,
            ..TxBody::default()
        };
        TxRaw {
            body_bytes: body.encode_to_vec(),
            ..TxRaw::default()
        }
        .encode_to_vec()
    }

    fn result(&self, contract: &str, task: u64) -> Value {
        let event = |kind: &str| {
            let attributes = [("_contract_address", contract), ("task", &task.to_string())]
                .map(|(key, value)| json!({ "key": key, "value": value }));
            json!({ "type": format!("wasm-{kind}"), "attributes": attributes })
        };
        let is_vote = |what: &&What| matches!(what, What::VoteCommitted | What::VoteRevealed);
        let others = self.whats.iter().filter(|what| !is_vote(what));
        let items = self.messages.iter().flat_map(|message| match message {
            ExecuteMsg::Commit { commits } => vec!["vote_committed"; commits.len()],
            ExecuteMsg::Reveal { reveals } => vec!["vote_revealed"; reveals.len()],
            _ => Vec::new(),
        });
        let judged = (0..)
            .zip(items)
            .map(|(at, kind)| match self.refused.contains(&at) {
                true => event("vote_refused"),
                false => event(kind),
            });
        let events: Vec<_> = others
            .map(|what| event(what.name()))
            .chain(judged)
            .collect();
        json!({ "code": self.code, "events": events, "gas_wanted": "1", "gas_used": "1" })
    }
}

async fn answer(
    State(ledger): State<Arc<Mutex<Ledger>>>,
    Json(request): Json<Value>,
) -> Json<Value> {
    let mut ledger = ledger.lock().unwrap();
    let method = request["method"].as_str().unwrap().to_owned();
    ledger.calls.push(method.clone());
    let answered = ledger.answer(&method, &request["params"]);
    Json(match answered {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": 1, "result": result }),
        Err(data) => json!({ "jsonrpc": "2.0", "id": 1, "error":
            { "code": -32603, "message": "Internal error", "data": data } }),
    })
}

impl Ledger {
    fn answer(&self, method: &str, params: &Value) -> Result<Value, String> {
        let height = || params["height"].as_str().unwrap().parse::<u64>().unwrap();
        match method {
            "status" => Ok(json!({
                "node_info": { "network": self.chain_id },
                "sync_info": { "latest_block_height": "400", "earliest_block_height": "1",
                    "latest_block_time": "2026-11-22T08:00:00Z", "earliest_block_hash": "AA",
                    "catching_up": false },
            })),
            "block" => self.block(height()),
            "block_results" => self.results(height()),
            "tx_search" if !self.indexed => Err("transaction indexing is disabled".to_owned()),
            "tx_search" => Ok(self.search(params["query"].as_str().unwrap())),
            "abci_query" => Ok(self.smart(params)),
            other => Err(format!("unknown method {other}")),
        }
    }

    fn at(&self, height: u64) -> Result<Vec<&FakeTx>, String> {
        if height < self.lowest {
            let lowest = self.lowest;
            return Err(format!(
                "height {height} is not available, lowest height is {lowest}"
            ));
        }
        Ok(self.txs.iter().filter(|tx| tx.height == height).collect())
    }

    fn block(&self, height: u64) -> Result<Value, String> {
        let txs = self.at(height)?;
        let seconds = txs.first().map_or(0, |tx| tx.time);
        let bytes = txs
            .iter()
            .map(|tx| BASE64.encode(tx.bytes(&self.receipt.contract)));
        let txs: Vec<_> = bytes.collect();
        let txs = if txs.is_empty() {
            Value::Null
        } else {
            json!(txs)
        };
        Ok(json!({ "block": { "header": { "time": rfc3339(seconds) }, "data": { "txs": txs } } }))
    }

    fn results(&self, height: u64) -> Result<Value, String> {
        let (contract, task) = (&self.receipt.contract, self.receipt.task.id);
        let txs = self.at(height)?.into_iter();
        let results: Vec<_> = txs.map(|tx| tx.result(contract, task)).collect();
        Ok(json!({ "height": height.to_string(), "txs_results": results }))
    }

    fn search(&self, query: &str) -> Value {
        let kind = query.strip_prefix("wasm-").unwrap();
        let kind = kind.split_once('.').unwrap().0;
        let (task, contract) = (self.receipt.task.id, &self.receipt.contract);
        let want =
            format!("wasm-{kind}._contract_address='{contract}' AND wasm-{kind}.task='{task}'");
        assert_eq!(query, want, "events of other contracts are not wanted");
        let has = |tx: &&FakeTx| tx.whats.iter().any(|what| what.name() == kind);
        let heights = self.txs.iter().filter(has).map(|tx| tx.height);
        let txs: Vec<_> = heights
            .chain(self.strays.iter().copied())
            .map(|height| {
                json!({ "hash": "AA", "height": height.to_string(), "index": 0,
                "tx_result": { "code": 0 }, "tx": "" })
            })
            .collect();
        json!({ "total_count": txs.len().to_string(), "txs": txs })
    }
}

/// Of seconds in 2025 and 2026, which all samples are of.
fn rfc3339(seconds: u64) -> String {
    const YEARS: [(u64, u64); 2] = [(2026, 1_767_225_600), (2025, 1_735_689_600)];
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (year, start) = YEARS
        .into_iter()
        .find(|it| it.1 <= seconds)
        .unwrap_or((1970, 0));
    let mut day = (seconds - start) / 86_400;
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let left = (seconds - start) % 86_400;
    let (hour, minute, second) = (left / 3_600, left / 60 % 60, left % 60);
    let day = day + 1;
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.5Z")
}

/// What is said of the transactions but their hashes. The chain here makes one transaction a height, so equal entries
/// of a height are one.
pub(crate) fn without_hashes(receipt: &Receipt) -> Receipt {
    let mut plain = receipt.clone();
    for tx in &mut plain.txs {
        tx.hash = "0".repeat(64).parse().unwrap();
    }
    plain.txs.dedup();
    plain.sealed()
}

/// Entries by what they are, for counting.
pub(crate) fn counts(calls: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.as_str()).or_default() += 1;
    }
    counts
}
