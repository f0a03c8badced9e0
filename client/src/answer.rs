//! `antiphon answer`: what is on chain for a model and a prompt, with the text fetched and hashed.

use antiphon_api::{AnswerEntry, Cid};
use serde::Serialize;

use crate::ask::{AnswerReport, fetch_entry};
use crate::error::ClientError;
use crate::network::Network;

/// An index entry with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    /// What the chain says.
    pub entry: AnswerEntry,
    /// The text, hashed; none if the entry is in conflict.
    pub answer: Option<AnswerReport>,
}

/// Reads the index and fetches the block.
///
/// # Errors
/// Nothing is on chain for them; or the block is not to be had, or is another one.
pub async fn view(network: &Network, model: u64, prompt: Cid) -> Result<AnswerView, ClientError> {
    let entry = network.contract.answer(model, prompt).await?.answer;
    let entry = entry.ok_or_else(|| {
        ClientError::NoAnswer(format!(
            "no final answer of model {model} for this prompt is on chain; `antiphon ask` pays for one"
        ))
    })?;
    let answer = if entry.conflict {
        None
    } else {
        fetch_entry(network, model, &entry).await?
    };
    Ok(AnswerView { entry, answer })
}
