//! A thin JSON-RPC client for CometBFT with several endpoints.
//!
//! An endpoint is used only after it has said that it belongs to the right chain; after any failure of
//! the transport it must say so again, since another chain may answer there now.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ChainError;
use crate::types::{AbciAnswer, BlockResults, Broadcast, Status, TxFound, TxHash, TxPage};
use crate::wire::{AbciWrapped, Check, NodeStatus};

const CONNECT: Duration = Duration::from_secs(3);
const REQUEST: Duration = Duration::from_secs(10);
/// A page of 100 large transactions fits; a hostile endpoint cannot fill the memory.
const MAX_RESPONSE: usize = 16 * 1024 * 1024;

/// Several nodes of one chain behind one face.
#[derive(Debug)]
pub struct Rpc {
    http: reqwest::Client,
    endpoints: Vec<Endpoint>,
    /// The endpoint that answered last is asked first.
    preferred: AtomicUsize,
    /// Given by the caller, or what the first endpoint said.
    chain_id: OnceLock<String>,
}

#[derive(Debug)]
struct Endpoint {
    url: String,
    trusted: AtomicBool,
}

/// Why one endpoint gave no result.
enum Failure {
    /// Another endpoint may do better.
    Transport(String),
    /// The answer itself: every endpoint would say so.
    Answer(ChainError),
}

impl Rpc {
    /// Endpoints in order of preference. Nothing is asked yet; without a `chain_id` the first endpoint
    /// that answers sets it for all.
    ///
    /// # Errors
    /// No URL, or one that is not http(s).
    pub fn new(urls: &[String], chain_id: Option<&str>) -> Result<Self, ChainError> {
        let endpoints: Result<Vec<_>, _> = urls.iter().map(|url| endpoint(url)).collect();
        let endpoints = endpoints?;
        if endpoints.is_empty() {
            return Err(ChainError::BadUrl { got: String::new() });
        }
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .build()
            .map_err(|error| ChainError::Message(error.to_string()))?;
        let known = OnceLock::new();
        if let Some(id) = chain_id {
            known.get_or_init(|| id.to_owned());
        }
        Ok(Self {
            http,
            endpoints,
            preferred: AtomicUsize::new(0),
            chain_id: known,
        })
    }

    /// The chain's id, asked for if not known yet.
    ///
    /// # Errors
    /// No endpoint answers.
    pub async fn chain_id(&self) -> Result<String, ChainError> {
        if let Some(id) = self.chain_id.get() {
            return Ok(id.clone());
        }
        self.status().await.map(|status| status.chain_id)
    }

    /// The URL that would be asked first now.
    #[must_use]
    pub fn url(&self) -> &str {
        let at = self.preferred.load(Ordering::Relaxed);
        self.endpoints.get(at).map_or("", |e| e.url.as_str())
    }

    /// Where the node stands.
    ///
    /// # Errors
    /// Those of every call: no endpoint answers, or all belong to another chain.
    pub async fn status(&self) -> Result<Status, ChainError> {
        parse_status(self.call("status", json!({})).await?)
    }

    /// Results of a block, in its order.
    ///
    /// # Errors
    /// The block is not there yet, or no longer, for which the error names the lowest height it has.
    pub async fn block_results(&self, height: u64) -> Result<BlockResults, ChainError> {
        let params = json!({ "height": height.to_string() });
        decode("block_results", self.call("block_results", params).await?)
    }

    /// A transaction by its hash; none if it is in no block (yet).
    ///
    /// # Errors
    /// Those of every call.
    pub async fn tx(&self, hash: TxHash) -> Result<Option<TxFound>, ChainError> {
        let params = json!({ "hash": BASE64.encode(hash.0), "prove": false });
        match self.call("tx", params).await {
            Ok(value) => decode("tx", value).map(Some),
            Err(ChainError::Rpc { message, .. }) if message.contains("not found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Transactions by their events, such as `wasm-task_added.task='7'`; `page` counts from 1.
    ///
    /// # Errors
    /// Those of every call, or a query the node does not understand.
    pub async fn tx_search(
        &self,
        query: &str,
        page: u32,
        per_page: u32,
    ) -> Result<TxPage, ChainError> {
        let params = json!({
            "query": query, "prove": false, "page": page.to_string(),
            "per_page": per_page.to_string(), "order_by": "asc",
        });
        decode("tx_search", self.call("tx_search", params).await?)
    }

    /// Hands a signed transaction to the mempool. The same bytes may be sent again at any time.
    ///
    /// # Errors
    /// Those of every call; then it is not known whether the node took it.
    pub async fn broadcast(&self, tx: &[u8]) -> Result<Broadcast, ChainError> {
        let hash = TxHash::of(tx);
        let params = json!({ "tx": BASE64.encode(tx) });
        let value = match self.call("broadcast_tx_sync", params).await {
            Err(ChainError::Rpc { message, .. })
                if message.contains("tx already exists in cache") =>
            {
                return Ok(Broadcast::known(hash));
            }
            other => other?,
        };
        let check: Check = decode("broadcast_tx_sync", value)?;
        // CometBFT's own code 19 says the same as the text above.
        if check.code == 19 && check.codespace == "sdk" {
            return Ok(Broadcast::known(hash));
        }
        Ok(Broadcast {
            hash,
            code: check.code,
            codespace: check.codespace,
            log: check.log,
            known: false,
        })
    }

    /// Hands signed bytes that were handed over before to every node. What they say does not matter.
    pub async fn broadcast_to_all(&self, tx: &[u8]) {
        let params = json!({ "tx": BASE64.encode(tx) });
        for (_, endpoint) in self.in_order() {
            let asked = self.ask(endpoint, "broadcast_tx_sync", &params);
            if tokio::time::timeout(CONNECT, asked).await.is_err() {
                tracing::debug!(url = %endpoint.url, "no answer from the node");
            }
        }
    }

    /// A query of the application by its gRPC path, at the newest height or at one of the past.
    ///
    /// # Errors
    /// Those of every call. A refusal by the application is an answer with a code.
    pub async fn abci_query(
        &self,
        path: &str,
        data: &[u8],
        height: Option<u64>,
    ) -> Result<AbciAnswer, ChainError> {
        let params = json!({
            "path": path, "data": HEXLOWER.encode(data), "prove": false,
            "height": height.unwrap_or(0).to_string(),
        });
        let value = self.call("abci_query", params).await?;
        let wrapped: AbciWrapped = decode("abci_query", value)?;
        Ok(wrapped.response.into())
    }

    /// Any method; the preferred endpoint first, each at most once.
    ///
    /// # Errors
    /// No endpoint answers; all belong to another chain; the node's own refusal.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ChainError> {
        let mut tried = Vec::new();
        let mut foreign = None;
        for (at, endpoint) in self.in_order() {
            match self.ask(endpoint, method, &params).await {
                Ok(value) => {
                    self.preferred.store(at, Ordering::Relaxed);
                    return Ok(value);
                }
                Err(Failure::Transport(cause)) => {
                    endpoint.trusted.store(false, Ordering::Relaxed);
                    tracing::debug!(url = %endpoint.url, %cause, "no answer from the node");
                    tried.push(format!("{} ({cause})", endpoint.url));
                }
                Err(Failure::Answer(error @ ChainError::WrongChainId { .. })) => {
                    tracing::warn!(%error, "endpoint left out");
                    foreign = Some(error);
                }
                Err(Failure::Answer(error)) => return Err(error),
            }
        }
        Err(foreign.unwrap_or_else(|| ChainError::NodeDown {
            tried: tried.join(", "),
        }))
    }

    fn in_order(&self) -> impl Iterator<Item = (usize, &Endpoint)> {
        let first = self.preferred.load(Ordering::Relaxed);
        let all = self.endpoints.iter().enumerate();
        all.clone().skip(first).chain(all.take(first))
    }

    async fn ask(
        &self,
        endpoint: &Endpoint,
        method: &str,
        params: &Value,
    ) -> Result<Value, Failure> {
        if !endpoint.trusted.load(Ordering::Relaxed) {
            let status = self.post(&endpoint.url, "status", &json!({})).await?;
            self.check_chain(
                endpoint,
                parse_status(status.clone()).map_err(Failure::Answer)?,
            )?;
            if method == "status" {
                return Ok(status);
            }
        }
        self.post(&endpoint.url, method, params).await
    }

    fn check_chain(&self, endpoint: &Endpoint, status: Status) -> Result<(), Failure> {
        let got = status.chain_id;
        let want = self.chain_id.get_or_init(|| got.clone());
        if *want == got {
            endpoint.trusted.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(Failure::Answer(ChainError::WrongChainId {
            url: endpoint.url.clone(),
            got,
            want: want.clone(),
        }))
    }

    async fn post(&self, url: &str, method: &str, params: &Value) -> Result<Value, Failure> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let sent = self.http.post(url).json(&request).send().await;
        let response = sent.map_err(|e| Failure::Transport(plain(&e)))?;
        let status = response.status();
        let body = read_bounded(response).await.map_err(Failure::Transport)?;
        // Logs of failed transactions may hold raw address bytes.
        let text = String::from_utf8_lossy(&body);
        let value: Value = serde_json::from_str(&text)
            .map_err(|_| Failure::Transport(format!("HTTP {status}, no JSON-RPC answer")))?;
        result_of(method, value)
    }
}

fn endpoint(url: &str) -> Result<Endpoint, ChainError> {
    let url = url.trim().replacen("tcp://", "http://", 1);
    let parsed = reqwest::Url::parse(&url).ok();
    let fine = parsed.is_some_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
    if !fine {
        return Err(ChainError::BadUrl { got: url });
    }
    Ok(Endpoint {
        url,
        trusted: AtomicBool::new(false),
    })
}

/// The innermost cause: "Connection refused" rather than "error sending request".
fn plain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

async fn read_bounded(mut response: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| plain(&e))? {
        if body.len().saturating_add(chunk.len()) > MAX_RESPONSE {
            return Err(format!("an answer of more than {MAX_RESPONSE} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn result_of(method: &str, mut value: Value) -> Result<Value, Failure> {
    if let Some(error) = value.get("error").filter(|e| !e.is_null()) {
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        return Err(Failure::Answer(ChainError::Rpc {
            method: method.to_owned(),
            code: error
                .get("code")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            message: format!("{}: {}", text("message"), text("data")),
        }));
    }
    match value.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(Failure::Transport("no JSON-RPC answer".to_owned())),
    }
}

fn decode<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, ChainError> {
    serde_json::from_value(value)
        .map_err(|error| ChainError::malformed(what, error, "the answer of CometBFT 0.38"))
}

fn parse_status(value: Value) -> Result<Status, ChainError> {
    decode::<NodeStatus>("status", value).map(Status::from)
}

/// The oldest block a node still has, if that is why it refused: `lowest height is 1445`.
pub(crate) fn lowest_height(error: &ChainError) -> Option<u64> {
    let ChainError::Rpc { message, .. } = error else {
        return None;
    };
    let tail = message.split("lowest height is ").nth(1)?;
    let end = tail
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(tail.len());
    tail[..end].parse().ok()
}
