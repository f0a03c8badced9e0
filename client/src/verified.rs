//! Blocks from workers, hashed before anybody sees them.

use std::time::Duration;

use antiphon_api::{Cid, MAX_ANSWER_BYTES};
use antiphon_store::{Client, Fault};
use bytes::Bytes;

use crate::error::ClientError;

/// A source that stalls is passed over after this, and asked again at the end with more patience.
const FIRST_PATIENCE: Duration = Duration::from_secs(2);
/// Rounds over all sources: an answer is served a moment after its reveal is on chain.
const ROUNDS: u32 = 6;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(250);

/// A block with who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its bytes: exactly what the CID names.
    pub bytes: Bytes,
    /// The endpoint that gave it.
    pub source: String,
    /// Sources that gave something else, to be told.
    pub liars: Vec<String>,
}

/// The block, from the first of these sources that really gives it.
///
/// # Errors
/// [`ClientError::Verification`] if some source gave other bytes and none the right ones;
/// [`ClientError::Unavailable`] if nobody gave any.
pub async fn fetch(
    http: &Client,
    cid: &Cid,
    sources: &[String],
    max: usize,
) -> Result<Fetched, ClientError> {
    let mut liars: Vec<String> = Vec::new();
    let mut said = Vec::new();
    for round in 0..ROUNDS {
        said.clear();
        for source in sources {
            if liars.contains(source) {
                continue;
            }
            let patience = FIRST_PATIENCE.saturating_mul(round.saturating_add(1));
            let asked = http.get_block(source, cid, max);
            match tokio::time::timeout(patience, asked).await {
                Ok(Ok(bytes)) => return Ok(fetched(bytes, source, liars)),
                Ok(Err(fault)) => {
                    if fault.is_lie() {
                        tracing::warn!(%source, %fault, "a worker gave something else");
                        liars.push(source.clone());
                    }
                    said.push(said_of(source, &fault));
                }
                Err(_) => said.push(format!("{source} does not answer in time")),
            }
        }
        if liars.len() == sources.len() {
            break;
        }
        tokio::time::sleep(BETWEEN_ROUNDS).await;
    }
    Err(failure(cid, &liars, &said))
}

/// The text of an answer: at most 64 KiB of UTF-8, or it is none.
///
/// # Errors
/// As [`fetch`]; also if the block is not UTF-8, whoever agreed on it.
pub async fn fetch_text(
    http: &Client,
    cid: &Cid,
    sources: &[String],
) -> Result<(String, Fetched), ClientError> {
    let fetched = fetch(http, cid, sources, MAX_ANSWER_BYTES).await?;
    let text = String::from_utf8(fetched.bytes.to_vec());
    match text {
        Ok(text) => Ok((text, fetched)),
        Err(_) => Err(ClientError::Verification {
            cid: *cid,
            said: "the block is not UTF-8 text".to_owned(),
        }),
    }
}

fn fetched(bytes: Bytes, source: &str, liars: Vec<String>) -> Fetched {
    Fetched {
        bytes,
        source: source.to_owned(),
        liars,
    }
}

fn said_of(source: &str, fault: &Fault) -> String {
    format!("{source} {fault}")
}

fn failure(cid: &Cid, liars: &[String], said: &[String]) -> ClientError {
    let mut said = said.join("; ");
    if liars.is_empty() {
        if said.is_empty() {
            "there was nobody to ask".clone_into(&mut said);
        }
        return ClientError::Unavailable { cid: *cid, said };
    }
    let liars = liars.join(", ");
    ClientError::Verification {
        cid: *cid,
        said: format!("{liars} gave bytes with another hash, and nobody gave the right ones"),
    }
}
