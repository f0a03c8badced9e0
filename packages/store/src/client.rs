//! Talking to one worker or gateway, which may lie, stall or send too much.

use std::time::Duration;

use antiphon_content::Cid;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use reqwest::{Method, Response, StatusCode, header};

use crate::fetch::endpoint::{Endpoint, EndpointError, NetPolicy, PublicOnly};
use crate::models::Bitmap;

/// Most leaves a peer may claim: 2 MiB of bits, a model of 16 TiB.
const MAX_BITMAP_BYTES: usize = 2 << 20;

/// Asks other workers and gateways, by the rules of the content network: every byte hashed before use,
/// limits kept while streaming, no redirects, no proxies, only the addresses the policy allows.
#[derive(Clone, Debug)]
pub struct Client {
    public: reqwest::Client,
    listed: reqwest::Client,
    policy: NetPolicy,
}

/// What a worker did with an uploaded block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// 201: it keeps the block now.
    Stored,
    /// 200: it had the block already.
    Known,
    /// 400: it says that the bytes are not that block.
    HashDiffers,
    /// 413: it takes smaller blocks only.
    TooLarge,
    /// 429: we sent too much lately; seconds to wait where it said so.
    Busy(Option<u64>),
    /// 507: it has no room.
    Full,
}

impl PutOutcome {
    /// Whether the worker now holds the block.
    #[must_use]
    pub const fn held(&self) -> bool {
        matches!(self, Self::Stored | Self::Known)
    }
}

/// Why one source did not give what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The endpoint may not be asked at all.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// No connection.
    #[error("could not connect: {0}")]
    Connect(String),
    /// No byte for too long, or all of it too slow.
    #[error("too slow: {0}")]
    Slow(String),
    /// 404.
    #[error("does not have it (404)")]
    NotFound,
    /// 429 or 503.
    #[error("is busy ({0}); try again later")]
    Busy(u16),
    /// A redirect, which is never followed.
    #[error("got a redirect ({0}), want the bytes themselves")]
    Redirect(u16),
    /// Any other status.
    #[error("got the status {0}, want 200")]
    Status(u16),
    /// More bytes than the block may have.
    #[error("got more than {0} bytes, want no more")]
    Oversize(usize),
    /// The connection broke in the middle.
    #[error("the answer broke off: {0}")]
    Broken(String),
    /// The hash differs.
    #[error("got {0} bytes with another hash, want the block that was asked for")]
    WrongBytes(usize),
    /// A have-bitmap that contradicts itself.
    #[error("got a have-bitmap of {bytes} bytes for {leaves} leaves, want one bit a leaf")]
    Bitmap {
        /// Length of the body.
        bytes: usize,
        /// What the header says.
        leaves: usize,
    },
}

impl Fault {
    /// Whether an honest peer on a good line never does this.
    #[must_use]
    pub const fn is_lie(&self) -> bool {
        matches!(
            self,
            Self::Redirect(_) | Self::Oversize(_) | Self::WrongBytes(_) | Self::Bitmap { .. }
        )
    }
}

/// The TLS library could not start.
#[derive(Debug, thiserror::Error)]
#[error("could not set up the http client: {0}; check the system's TLS and resolver settings")]
pub struct ClientSetup(#[from] reqwest::Error);

impl Client {
    /// A client for this policy. Cheap to clone; connections are kept.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(policy: NetPolicy) -> Result<Self, ClientSetup> {
        let public = PublicOnly {
            allow_loopback: policy.allow_http_loopback,
        };
        Ok(Self {
            public: builder(&policy).dns_resolver2(public).build()?,
            listed: builder(&policy).build()?,
            policy,
        })
    }

    /// What was allowed and how patient it is.
    #[must_use]
    pub const fn policy(&self) -> &NetPolicy {
        &self.policy
    }

    /// One block, hashed. `max` in bytes.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn get_block(&self, endpoint: &str, cid: &Cid, max: usize) -> Result<Bytes, Fault> {
        let bytes = self.get_unchecked(endpoint, cid, max).await?;
        if cid.matches(&bytes) {
            return Ok(bytes);
        }
        Err(Fault::WrongBytes(bytes.len()))
    }

    /// What the peer says is the block: for callers that hash it themselves, off the async threads.
    pub(crate) async fn get_unchecked(
        &self,
        endpoint: &str,
        cid: &Cid,
        max: usize,
    ) -> Result<Bytes, Fault> {
        let path = format!("/ipfs/{cid}?format=raw");
        let response = self.send(Method::GET, endpoint, &path, None).await?;
        self.body(want_ok(response)?, max).await
    }

    /// Uploads a block to a worker.
    ///
    /// # Errors
    /// See [`Fault`]; a refusal that the protocol knows is a [`PutOutcome`].
    pub async fn put_block(
        &self,
        endpoint: &str,
        cid: &Cid,
        bytes: Bytes,
    ) -> Result<PutOutcome, Fault> {
        let path = format!("/antiphon/v1/block/{cid}");
        let response = self.send(Method::PUT, endpoint, &path, Some(bytes)).await?;
        match response.status().as_u16() {
            201 => Ok(PutOutcome::Stored),
            200 => Ok(PutOutcome::Known),
            400 => Ok(PutOutcome::HashDiffers),
            413 => Ok(PutOutcome::TooLarge),
            429 => Ok(PutOutcome::Busy(retry_after(&response))),
            507 => Ok(PutOutcome::Full),
            _ => want_ok(response).and_then(|other| Err(Fault::Status(other.status().as_u16()))),
        }
    }

    /// Posts a small body to a path of a worker, by the same rules; its answer's status is all that is
    /// read.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn post_small(&self, endpoint: &str, path: &str, body: Bytes) -> Result<u16, Fault> {
        let response = self.send(Method::POST, endpoint, path, Some(body)).await?;
        Ok(response.status().as_u16())
    }

    /// Which leaves of a model a worker has; `None` where it does not know the model.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn have(&self, endpoint: &str, root: &Cid) -> Result<Option<Bitmap>, Fault> {
        let path = format!("/antiphon/v1/have/{root}");
        let response = self.send(Method::GET, endpoint, &path, None).await?;
        let response = match want_ok(response) {
            Err(Fault::NotFound) => return Ok(None),
            other => other?,
        };
        let leaves = response
            .headers()
            .get("x-antiphon-leaves")
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
            .unwrap_or(0);
        let bytes = self.body(response, MAX_BITMAP_BYTES).await?;
        let bitmap = Bitmap::from_bytes(&bytes, leaves);
        let bytes = bytes.len();
        bitmap.map(Some).ok_or(Fault::Bitmap { bytes, leaves })
    }

    async fn send(
        &self,
        method: Method,
        endpoint: &str,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Response, Fault> {
        let endpoint = Endpoint::parse(endpoint, &self.policy)?;
        let client = if endpoint.listed {
            &self.listed
        } else {
            &self.public
        };
        let limit = self.policy.whole(body.as_ref().map_or(0, Bytes::len));
        let mut request = client.request(method, format!("{}{path}", endpoint.base));
        if let Some(body) = body {
            request = request.body(body);
        }
        let sent = tokio::time::timeout(limit, request.send());
        match sent.await {
            Ok(response) => response.map_err(|error| fault_of(&error)),
            Err(_) => Err(Fault::Slow(format!("no answer in {limit:?}"))),
        }
    }

    async fn body(&self, response: Response, max: usize) -> Result<Bytes, Fault> {
        let limit = self.policy.whole(max);
        tokio::time::timeout(limit, read_body(response, max))
            .await
            .unwrap_or_else(|_| Err(Fault::Slow(format!("not whole after {limit:?}"))))
    }
}

async fn read_body(response: Response, max: usize) -> Result<Bytes, Fault> {
    let declared = response.content_length().unwrap_or(0);
    let declared = usize::try_from(declared).unwrap_or(usize::MAX);
    if declared > max {
        return Err(Fault::Oversize(max));
    }
    let mut body = BytesMut::with_capacity(declared);
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| fault_of(&error))?;
        if body.len().saturating_add(chunk.len()) > max {
            return Err(Fault::Oversize(max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn want_ok(response: Response) -> Result<Response, Fault> {
    let status = response.status();
    match status {
        StatusCode::OK => Ok(response),
        StatusCode::NOT_FOUND => Err(Fault::NotFound),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Err(Fault::Busy(status.as_u16()))
        }
        _ if status.is_redirection() => Err(Fault::Redirect(status.as_u16())),
        _ => Err(Fault::Status(status.as_u16())),
    }
}

fn retry_after(response: &Response) -> Option<u64> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    value.to_str().ok()?.parse().ok()
}

fn fault_of(error: &reqwest::Error) -> Fault {
    let text = innermost(error);
    if error.is_connect() {
        Fault::Connect(text)
    } else if error.is_timeout() {
        Fault::Slow(text)
    } else {
        Fault::Broken(text)
    }
}

/// The cause at the bottom, which is the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn builder(policy: &NetPolicy) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(policy.connect)
        .read_timeout(policy.no_progress)
        .pool_idle_timeout(Duration::from_secs(20))
        .pool_max_idle_per_host(8)
        .user_agent(concat!("antiphon/", env!("CARGO_PKG_VERSION")))
}
