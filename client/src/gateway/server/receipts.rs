//! `GET /v1/receipts/{id}`: how an answer was agreed on, to be checked by anybody, anywhere.

use std::path::{Path as File, PathBuf};
use std::sync::Arc;

use antiphon_chain::write_atomically;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use crate::gateway::error::{ApiError, Code};

const MAX_SHOWN: usize = 120;
/// Receipts kept on disk: a few kilobytes each, for whoever asks.
const MAX_KEPT: usize = 10_000;

pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let task = task_of(&id, &shared.answers.facts().chain_id)?;
    let text = match kept(&shared, task) {
        Some(text) => text,
        None => collected(&shared, task).await?,
    };
    let mut response = text.into_response();
    let fixed = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("x-antiphon-task", HeaderValue::from(task));
    Ok(response)
}

/// A task's number, alone or at the end of a reply's id.
fn task_of(id: &str, chain: &str) -> Result<u64, ApiError> {
    let number = ["chatcmpl-", "cmpl-"]
        .iter()
        .find_map(|prefix| id.strip_prefix(prefix))
        .map_or(Some(id), |rest| rest.strip_prefix(chain)?.strip_prefix('-'));
    let digits = number.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or_else(|| {
        let shown: String = id.chars().take(MAX_SHOWN).collect();
        ApiError::new(
            Code::ReceiptNotFound,
            format!("got the id {shown:?}, want a task's number or chatcmpl-{chain}-<task>, the `id` of a reply of this gateway"),
        )
    })
}

/// From chain and workers, once: the document of an ended task does not change.
async fn collected(shared: &Shared, task: u64) -> Result<String, ApiError> {
    let permit = shared.collecting.acquire().await;
    let text = match kept(shared, task) {
        Some(text) => text,
        None => shared.answers.receipt(task).await?,
    };
    drop(permit);
    let path = path(shared, task);
    if kept_beside(&path) < MAX_KEPT
        && let Err(error) = write_atomically(&path, text.as_bytes(), 0o644)
    {
        tracing::warn!(%error, task, "the receipt was not kept");
    }
    Ok(text)
}

fn kept_beside(path: &File) -> usize {
    let folder = path
        .parent()
        .and_then(|folder| std::fs::read_dir(folder).ok());
    folder.map_or(0, Iterator::count)
}

fn kept(shared: &Shared, task: u64) -> Option<String> {
    std::fs::read_to_string(path(shared, task)).ok()
}

/// By the chain's first block too: a chain started anew under its id numbers its tasks anew.
fn path(shared: &Shared, task: u64) -> PathBuf {
    let facts = shared.answers.facts();
    let tidy = |text: &str| -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        text.chars().take(64).map(safe).collect()
    };
    let born: String = tidy(facts.first_block.as_deref().unwrap_or("0"))
        .chars()
        .take(16)
        .collect();
    let chain = format!("{}-{born}-{}", tidy(&facts.chain_id), tidy(&facts.contract));
    let folder = shared.settings.home.join("receipts").join(chain);
    folder.join(format!("{task}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_found_by_number_and_by_the_id_of_a_reply() {
        for id in ["17", "chatcmpl-a-1-17", "cmpl-a-1-17"] {
            assert_eq!(task_of(id, "a-1").unwrap(), 17, "{id}");
        }
        for id in [
            "",
            "x",
            "-1",
            "chatcmpl-b-1-17",
            "chatcmpl-a-1-",
            "chatcmpl-17",
            "1/2",
        ] {
            let error = task_of(id, "a-1").unwrap_err();
            assert_eq!(error.code, Code::ReceiptNotFound, "{id}");
        }
    }
}
