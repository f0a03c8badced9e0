//! A thin JSON-RPC client for CometBFT with several endpoints.
//!
//! An endpoint is used only after it has said that it belongs to the right chain; after any failure of
//! the transport it must say so again, since another chain may answer there now. One that fails, or
//! answers with errors of its own, is left for a while and asked again later.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::endpoints::Endpoint;
use crate::error::ChainError;
use crate::failure::{Failure, has_not, result_of};
use crate::heights::Heights;
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
    pub(crate) endpoints: Vec<Endpoint>,
    /// Asked first, unless it rests.
    preferred: AtomicUsize,
    /// Given by the caller, or what the first endpoint said.
    chain_id: OnceLock<String>,
    pub(crate) heights: Mutex<Heights>,
}

impl Rpc {
    /// Endpoints in order of preference. Nothing is asked yet; without a `chain_id` the first endpoint
    /// that answers sets it for all.
    ///
    /// # Errors
    /// No URL, or one that is not http(s).
    pub fn new(urls: &[String], chain_id: Option<&str>) -> Result<Self, ChainError> {
        let endpoints: Result<Vec<_>, _> = urls.iter().map(|url| Endpoint::new(url)).collect();
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
            heights: Mutex::default(),
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

    /// Results of a block, in its order.
    ///
    /// # Errors
    /// The block is not there yet, or no longer, for which the error names the lowest height it has.
    pub async fn block_results(&self, height: u64) -> Result<BlockResults, ChainError> {
        let params = json!({ "height": height.to_string() });
        let value = self.call("block_results", params).await?;
        let results: BlockResults = decode("block_results", value)?;
        if results.height == height {
            return Ok(results);
        }
        let (got, want) = (results.height, height.to_string());
        Err(ChainError::malformed("block_results", got, &want))
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
        self.broadcast_doubting(tx, &mut Vec::new()).await
    }

    /// As [`Rpc::broadcast`]; `lost` gets the endpoints that may have taken it without saying so.
    pub(crate) async fn broadcast_doubting(
        &self,
        tx: &[u8],
        lost: &mut Vec<String>,
    ) -> Result<Broadcast, ChainError> {
        let hash = TxHash::of(tx);
        let params = json!({ "tx": BASE64.encode(tx) });
        let called = self.call_doubting("broadcast_tx_sync", params, lost).await;
        let value = match called.map(|(_, value)| value) {
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

    /// Any method; the preferred endpoint first, each at most once, those that rest last.
    ///
    /// # Errors
    /// No endpoint answers; all belong to another chain; the node's own refusal.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ChainError> {
        Ok(self.call_at(method, params).await?.1)
    }

    /// As [`Rpc::call`], with the endpoint that answered.
    pub(crate) async fn call_at(
        &self,
        method: &str,
        params: Value,
    ) -> Result<(usize, Value), ChainError> {
        self.call_doubting(method, params, &mut Vec::new()).await
    }

    /// As [`Rpc::call_at`]; `lost` gets the endpoints that may have done what was asked without saying so.
    async fn call_doubting(
        &self,
        method: &str,
        params: Value,
        lost: &mut Vec<String>,
    ) -> Result<(usize, Value), ChainError> {
        let (mut tried, mut refused, mut foreign) = (Vec::new(), None, None);
        for (at, endpoint) in self.in_order() {
            match self.ask(endpoint, method, &params).await {
                Ok(value) => {
                    self.answered(at, endpoint, method);
                    return Ok((at, value));
                }
                Err(Failure::Transport { cause, given }) => {
                    tracing::debug!(url = %endpoint.url, %cause, "no answer from the node");
                    endpoint.rest(Instant::now());
                    let which = format!("{} ({cause})", endpoint.url);
                    lost.extend(given.then(|| which.clone()));
                    tried.push(which);
                }
                Err(Failure::Foreign(error)) => {
                    tracing::warn!(%error, "endpoint left out");
                    endpoint.rest(Instant::now());
                    foreign = Some(error);
                }
                Err(Failure::Node(error)) => {
                    tracing::debug!(url = %endpoint.url, %error, "the node has no result");
                    if !has_not(&error) {
                        endpoint.strike(Instant::now());
                    }
                    lost.push(format!("{} ({error})", endpoint.url));
                    refused.get_or_insert(error);
                }
                Err(Failure::Answer(error)) => return Err(error),
            }
        }
        let tried = tried.join(", ");
        Err(refused
            .or(foreign)
            .unwrap_or(ChainError::NodeDown { tried }))
    }

    /// The one preferred stays so until it rests; only what others could not give counts as work.
    fn answered(&self, at: usize, endpoint: &Endpoint, method: &str) {
        let now = Instant::now();
        if method != "status" {
            endpoint.answered(now);
        }
        let preferred = self.endpoints.get(self.preferred.load(Ordering::Relaxed));
        if preferred.is_none_or(|preferred| preferred.resting(now)) {
            self.prefer(at);
        }
    }

    /// Asks this endpoint first from now on.
    pub(crate) fn prefer(&self, at: usize) {
        self.preferred.store(at, Ordering::Relaxed);
    }

    fn in_order(&self) -> Vec<(usize, &Endpoint)> {
        let (now, first) = (Instant::now(), self.preferred.load(Ordering::Relaxed));
        let mut order: Vec<_> = self.endpoints.iter().enumerate().collect();
        order.sort_by_key(|(at, endpoint)| (endpoint.resting(now), *at != first, *at));
        order
    }

    pub(crate) async fn ask(
        &self,
        endpoint: &Endpoint,
        method: &str,
        params: &Value,
    ) -> Result<Value, Failure> {
        if !endpoint.trusted() {
            let asked = self.post(&endpoint.url, "status", &json!({})).await;
            let status = asked.map_err(Failure::of_status)?;
            self.check_chain(
                endpoint,
                parse_status(status.clone()).map_err(Failure::Node)?,
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
            endpoint.trust();
            return Ok(());
        }
        Err(Failure::Foreign(ChainError::WrongChainId {
            url: endpoint.url.clone(),
            got,
            want: want.clone(),
        }))
    }

    async fn post(&self, url: &str, method: &str, params: &Value) -> Result<Value, Failure> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let sent = self.http.post(url).json(&request).send().await;
        let response = sent.map_err(|e| Failure::Transport {
            given: !e.is_connect(),
            cause: plain(&e),
        })?;
        let status = response.status();
        let body = read_bounded(response).await.map_err(Failure::lost)?;
        // Logs of failed transactions may hold raw address bytes.
        let text = String::from_utf8_lossy(&body);
        let value: Value = serde_json::from_str(&text)
            .map_err(|_| Failure::lost(format!("HTTP {status}, no JSON-RPC answer")))?;
        result_of(method, value)
    }
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

fn decode<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, ChainError> {
    serde_json::from_value(value)
        .map_err(|error| ChainError::malformed(what, error, "the answer of CometBFT 0.38"))
}

pub(crate) fn parse_status(value: Value) -> Result<Status, ChainError> {
    decode::<NodeStatus>("status", value).map(Status::from)
}
