//! `GET|HEAD /ipfs/{cid}`: one raw block.

use std::sync::atomic::Ordering;

use antiphon_content::Cid;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Gateway;
use super::refusal::Refusal;
use crate::disk::blocking;
use crate::error::StoreError;

/// The empty identity block by which clients recognise a trustless gateway.
const PROBE: &str = "bafkqaaa";
const RAW: &str = "application/vnd.ipld.raw";
const CAR: &str = "application/vnd.ipld.car";

/// Never asks anybody else: what is not here is 404.
pub(super) async fn block(
    State(gateway): State<Gateway>,
    method: Method,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    wants_raw(query.as_deref().unwrap_or_default(), &headers)?;
    if text == PROBE {
        return Ok(found(PROBE, Vec::new()));
    }
    let cid: Cid = text.parse()?;
    let matched = known_to_client(&headers, &cid);
    let answer = if method == Method::HEAD || matched {
        let size = gateway.store.size(&cid);
        size.map(|size| without_body(&cid, size, matched))
    } else {
        read(&gateway, cid).await?
    };
    let status = if header_has(&headers, header::CACHE_CONTROL, "only-if-cached") {
        StatusCode::PRECONDITION_FAILED
    } else {
        StatusCode::NOT_FOUND
    };
    answer.ok_or_else(|| Refusal::new(status, "this block is not here"))
}

async fn read(gateway: &Gateway, cid: Cid) -> Result<Option<Response>, StoreError> {
    let store = gateway.store.clone();
    let bytes = blocking(move || store.read(&cid)).await?;
    Ok(bytes.map(|bytes| {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        gateway.sent.fetch_add(size, Ordering::Relaxed);
        found(&cid.to_string(), bytes)
    }))
}

/// `format` beats `Accept` (IPIP-523); one of them must ask for a raw block.
fn wants_raw(query: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let format = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("format="));
    let car = "CAR is not served here; ask for single blocks with ?format=raw";
    match format {
        Some("raw") => Ok(()),
        Some("car") => Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, car)),
        Some(_) => Err(Refusal::new(StatusCode::BAD_REQUEST, "want ?format=raw")),
        None if header_has(headers, header::ACCEPT, RAW) => Ok(()),
        None if header_has(headers, header::ACCEPT, CAR) => {
            Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, car))
        }
        None => {
            let text = format!(
                "this gateway gives verifiable blocks only: want ?format=raw or Accept: {RAW}"
            );
            Err(Refusal::new(StatusCode::BAD_REQUEST, text))
        }
    }
}

/// Whether one of the comma-separated values of a header is this one, parameters aside.
fn header_has(headers: &HeaderMap, name: header::HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name);
    let mut texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.any(|text| {
        text.split(',').any(|item| {
            let item = item.split(';').next().unwrap_or_default();
            item.trim().eq_ignore_ascii_case(wanted)
        })
    })
}

/// A block never changes, so a client that names its tag has it.
fn known_to_client(headers: &HeaderMap, cid: &Cid) -> bool {
    let tag = etag(&cid.to_string());
    let weak = format!("W/{tag}");
    [tag.as_str(), weak.as_str(), "*"]
        .iter()
        .any(|tag| header_has(headers, header::IF_NONE_MATCH, tag))
}

fn etag(cid: &str) -> String {
    format!("\"{cid}.raw\"")
}

fn found(cid: &str, bytes: Vec<u8>) -> Response {
    (immutable(cid), bytes).into_response()
}

fn without_body(cid: &Cid, size: u64, not_modified: bool) -> Response {
    let headers = immutable(&cid.to_string());
    if not_modified {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let length = [(header::CONTENT_LENGTH, size.to_string())];
    (headers, length).into_response()
}

fn immutable(cid: &str) -> [(header::HeaderName, String); 4] {
    let file = format!("attachment; filename=\"{cid}.bin\"");
    let cache = "public, max-age=29030400, immutable";
    [
        (header::CONTENT_TYPE, RAW.to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, etag(cid)),
        (header::CONTENT_DISPOSITION, file),
    ]
}
