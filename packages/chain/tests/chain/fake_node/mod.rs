//! A CometBFT node of a few lines, with faults on demand. Every `status` makes a block.

mod grants;
mod queries;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use antiphon_chain::{Chain, ChainConfig, TxHash};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosmrs::proto::cosmos::tx::v1beta1::{AuthInfo, TxBody, TxRaw};
use cosmrs::proto::traits::Message;
use serde_json::{Value, json};

pub(crate) use grants::Grants;

pub(crate) const CHAIN: &str = "antiphon-local-1";

/// What goes wrong with the next broadcasts, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Taken, but the answer is lost.
    LostAnswer,
    /// Not taken, no answer.
    Dropped,
    /// Taken into the mempool and never put into a block.
    Forgotten,
    /// Taken, and lost with the whole mempool: may be handed over again.
    MempoolLost,
    /// Fails in the block.
    FailsInBlock(u32, &'static str, &'static str),
    /// Refused at the first check.
    Refused(u32, &'static str, &'static str),
}

pub(crate) struct Node {
    pub(crate) chain_id: String,
    pub(crate) height: u64,
    pub(crate) earliest: u64,
    pub(crate) block1: String,
    pub(crate) sequence: u64,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) down: bool,
    /// It tells of this height, whatever it has.
    pub(crate) claims: Option<u64>,
    /// It makes no blocks.
    pub(crate) stands: bool,
    /// It answers every call but `status` with an error of its own.
    pub(crate) broken: bool,
    /// Bodies of the transactions taken, in order.
    pub(crate) taken: Vec<(TxBody, AuthInfo)>,
    /// The same, as signed.
    pub(crate) bytes: Vec<Vec<u8>>,
    pub(crate) simulation: Result<u64, String>,
    /// Answers of the contract by the query's JSON, one after the other; the last one stays.
    pub(crate) contract: BTreeMap<String, VecDeque<Result<Value, String>>>,
    /// Coins of every account.
    pub(crate) balance: u128,
    /// What accounts allow each other, by (granter, grantee).
    pub(crate) grants: Grants,
    /// Events of every transaction that succeeds.
    pub(crate) events: Value,
    pub(crate) calls: Vec<String>,
    pub(crate) results: BTreeMap<u64, Value>,
    mempool: Vec<(TxHash, Value)>,
    known: BTreeMap<TxHash, Option<(u64, Value)>>,
}

#[derive(Clone)]
pub(crate) struct FakeNode {
    state: Arc<Mutex<Node>>,
    pub(crate) url: String,
}

impl FakeNode {
    pub(crate) async fn start() -> Self {
        let node = Node {
            chain_id: CHAIN.to_owned(),
            height: 10,
            earliest: 1,
            block1: "AA".repeat(32),
            sequence: 7,
            faults: VecDeque::new(),
            down: false,
            claims: None,
            stands: false,
            broken: false,
            taken: Vec::new(),
            bytes: Vec::new(),
            simulation: Ok(100_000),
            contract: BTreeMap::new(),
            balance: 1_000_000,
            grants: Grants::default(),
            events: json!([{ "type": "wasm-task_added", "attributes": [
                { "key": "_contract_address", "value": "wasm1us", "index": true },
                { "key": "task", "value": "17", "index": true }]}]),
            calls: Vec::new(),
            results: BTreeMap::new(),
            mempool: Vec::new(),
            known: BTreeMap::new(),
        };
        let state = Arc::new(Mutex::new(node));
        let app = Router::new()
            .route("/", post(answer))
            .with_state(state.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { state, url }
    }

    pub(crate) fn node(&self) -> MutexGuard<'_, Node> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.node().faults.push_back(fault);
    }

    /// What the contract says to a query, one answer after the other; the last one stays.
    pub(crate) fn says(&self, query: &str, answers: impl IntoIterator<Item = Value>) {
        let answers = answers.into_iter().map(Ok).collect();
        self.node().contract.insert(query.to_owned(), answers);
    }

    /// What the contract refuses a query with.
    pub(crate) fn refuses(&self, query: &str, log: &str) {
        let answers = [Err(log.to_owned())].into();
        self.node().contract.insert(query.to_owned(), answers);
    }

    pub(crate) fn chain(&self) -> Chain {
        chain_of(&[self])
    }
}

pub(crate) fn config_of(nodes: &[&FakeNode]) -> ChainConfig {
    ChainConfig {
        rpc: nodes.iter().map(|node| node.url.clone()).collect(),
        chain_id: Some(CHAIN.to_owned()),
        prefix: "wasm".to_owned(),
        denom: "uanti".to_owned(),
    }
}

pub(crate) fn chain_of(nodes: &[&FakeNode]) -> Chain {
    Chain::new(config_of(nodes)).unwrap()
}

async fn answer(State(state): State<Arc<Mutex<Node>>>, Json(request): Json<Value>) -> Response {
    let mut node = state.lock().unwrap();
    if node.down {
        return lost();
    }
    let method = request["method"].as_str().unwrap().to_owned();
    node.calls.push(method.clone());
    let params = &request["params"];
    match method.as_str() {
        "status" => node.status(),
        _ if node.broken => error("the database is closed"),
        "block" => node.block(number(&params["height"])),
        "block_results" => node.block_results(number(&params["height"])),
        "tx" => node.tx(params),
        "tx_search" => node.search(params),
        "broadcast_tx_sync" => node.broadcast(params),
        "abci_query" => node.abci(params),
        other => error(&format!("unknown method {other}")),
    }
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn lost() -> Response {
    (StatusCode::BAD_GATEWAY, "<html>bad gateway</html>").into_response()
}

fn ok(result: Value) -> Response {
    Json(json!({ "jsonrpc": "2.0", "id": 1, "result": result })).into_response()
}

fn error(data: &str) -> Response {
    let error = json!({ "code": -32603, "message": "Internal error", "data": data });
    Json(json!({ "jsonrpc": "2.0", "id": 1, "error": error })).into_response()
}

fn checked(code: u32, codespace: &str, log: &str) -> Response {
    ok(json!({ "code": code, "codespace": codespace, "log": log, "hash": "" }))
}

impl Node {
    fn status(&mut self) -> Response {
        self.height += u64::from(!self.stands);
        let height = self.height;
        for (hash, result) in std::mem::take(&mut self.mempool) {
            self.known.insert(hash, Some((height, result)));
        }
        ok(json!({
            "node_info": { "network": self.chain_id },
            "sync_info": {
                "latest_block_height": self.claims.unwrap_or(height).to_string(),
                "latest_block_time": "2026-11-22T08:00:00.123456789Z",
                "earliest_block_height": self.earliest.to_string(),
                "earliest_block_hash": self.block1, "catching_up": false,
            },
        }))
    }

    /// Only its time: a second for each block, up to a minute back.
    fn block(&self, height: u64) -> Response {
        let time = match self.height.saturating_sub(height) {
            0 => "08:00:00".to_owned(),
            ago => format!("07:59:{:02}", 60_u64.saturating_sub(ago)),
        };
        ok(json!({ "block": { "header": { "time": format!("2026-11-22T{time}Z") } } }))
    }

    fn block_results(&self, height: u64) -> Response {
        if height < self.earliest {
            let lowest = self.earliest;
            return error(&format!(
                "height {height} is not available, lowest height is {lowest}"
            ));
        }
        if self.claims.is_some() && height > self.height {
            return error("could not find results for height");
        }
        let empty = json!({ "height": height.to_string(), "txs_results": null });
        ok(self.results.get(&height).cloned().unwrap_or(empty))
    }

    fn tx(&self, params: &Value) -> Response {
        let bytes = BASE64.decode(params["hash"].as_str().unwrap()).unwrap();
        let hash = TxHash(bytes.try_into().unwrap());
        match self.known.get(&hash) {
            Some(Some((height, result))) => ok(json!({
                "hash": hash.to_string(), "height": height.to_string(), "index": 0,
                "tx_result": result, "tx": "",
            })),
            _ => error(&format!("tx ({hash}) not found")),
        }
    }

    fn broadcast(&mut self, params: &Value) -> Response {
        let bytes = BASE64.decode(params["tx"].as_str().unwrap()).unwrap();
        let hash = TxHash::of(&bytes);
        if self.known.contains_key(&hash) {
            return error("tx already exists in cache");
        }
        let raw = TxRaw::decode(bytes.as_slice()).unwrap();
        let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice()).unwrap();
        let got = auth.signer_infos[0].sequence;
        let fault = self.faults.pop_front();
        match fault {
            Some(Fault::Dropped) => return lost(),
            Some(Fault::MempoolLost) => return checked(0, "", ""),
            Some(Fault::Refused(code, space, log)) => return checked(code, space, log),
            _ if got != self.sequence => {
                let want = self.sequence;
                let log = format!(
                    "account sequence mismatch, expected {want}, got {got}: incorrect account sequence"
                );
                return checked(32, "sdk", &log);
            }
            _ => {}
        }
        self.sequence += 1;
        let body = TxBody::decode(raw.body_bytes.as_slice()).unwrap();
        let mut result = in_block(&fault, auth.fee.as_ref().unwrap().gas_limit);
        if result["code"] == 0 {
            result["events"] = self.events.clone();
            self.grants.apply(&body);
        }
        self.taken.push((body, auth));
        self.bytes.push(bytes);
        self.known.insert(hash, None);
        if fault != Some(Fault::Forgotten) {
            self.mempool.push((hash, result));
        }
        match fault {
            Some(Fault::LostAnswer) => lost(),
            _ => checked(0, "", ""),
        }
    }

    /// Every transaction in a block, whatever was asked.
    fn search(&self, params: &Value) -> Response {
        if params["page"] != "1" {
            return error("page should be within [1, 1] range");
        }
        let by_hash = self.bytes.iter().map(|bytes| (TxHash::of(bytes), bytes));
        let txs: Vec<Value> = by_hash
            .filter_map(|(hash, bytes)| {
                let (height, result) = self.known.get(&hash)?.as_ref()?;
                Some(json!({
                    "hash": hash.to_string(), "height": height.to_string(), "index": 0,
                    "tx_result": result, "tx": BASE64.encode(bytes),
                }))
            })
            .collect();
        ok(json!({ "total_count": txs.len().to_string(), "txs": txs }))
    }
}

fn value(code: u32, log: &str, bytes: Vec<u8>) -> Response {
    let codespace = if code == 0 { "" } else { "sdk" };
    ok(json!({ "response": {
        "code": code, "codespace": codespace, "log": log,
        "value": BASE64.encode(bytes), "height": "10",
    }}))
}

fn in_block(fault: &Option<Fault>, gas_limit: u64) -> Value {
    let (code, space, log) = match fault {
        Some(Fault::FailsInBlock(code, space, log)) => (*code, *space, *log),
        _ => (0, "", ""),
    };
    json!({
        "code": code, "codespace": space, "log": log, "gas_wanted": gas_limit.to_string(),
        "gas_used": "77064", "events": [],
    })
}
