//! `PUT /antiphon/v1/block/{cid}`: a prompt or an answer from a stranger.

use std::time::Duration;

use antiphon_content::{Cid, Codec};
use axum::body::{self, Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};

use super::refusal::Refusal;
use super::{Gateway, MAX_UPLOAD_BYTES, Sender};
use crate::blocks::Stored;
use crate::disk::blocking;

/// A sender slower than this is cut off.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn block(
    State(gateway): State<Gateway>,
    Sender(sender): Sender,
    Path(text): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, &'static str), Refusal> {
    let cid: Cid = text.parse()?;
    if cid.codec() != Codec::Raw {
        let text = "got a dag-pb node, want a raw block (bafkrei…)";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, text));
    }
    let bytes = receive(&headers, body).await?;
    let blocks = gateway.store.blocks.clone();
    match blocking(move || blocks.put_upload(sender, &cid, &bytes)).await? {
        Stored::New => Ok((StatusCode::CREATED, "stored\n")),
        Stored::Known => Ok((StatusCode::OK, "known\n")),
    }
}

async fn receive(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let too_large = || {
        let text = format!("want at most {MAX_UPLOAD_BYTES} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_UPLOAD_BYTES) {
        return Err(too_large());
    }
    match tokio::time::timeout(PATIENCE, body::to_bytes(body, MAX_UPLOAD_BYTES)).await {
        Ok(received) => received.map_err(|_| too_large()),
        Err(_) => {
            let text = format!("the body did not come within {PATIENCE:?}");
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, text))
        }
    }
}
