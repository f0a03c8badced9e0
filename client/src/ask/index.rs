//! Answers that are on chain already are shown free.

use antiphon_api::{AnswerEntry, ModelResponse};

use super::{AnswerReport, AskOptions, AskReport, report};
use crate::error::ClientError;
use crate::network::Network;

/// The final answer to the same (model, prompt), by a committee at least as large, without conflict.
pub(super) async fn known_answer(
    network: &Network,
    model: &ModelResponse,
    options: &AskOptions,
) -> Result<Option<AskReport>, ClientError> {
    let prompt = options.prompt.cid();
    let entry = network.contract.answer(model.model, prompt).await?.answer;
    let Some(entry) = entry.filter(|entry| is_enough(entry, options.committee)) else {
        return Ok(None);
    };
    let Some(answer) = fetch_entry(network, model.model, &entry).await? else {
        return Ok(None);
    };
    report::from_index(network, &entry, answer).await.map(Some)
}

fn is_enough(entry: &AnswerEntry, committee: Option<u32>) -> bool {
    !entry.conflict && committee.is_none_or(|wanted| entry.committee >= wanted)
}

/// The text of an index entry, from any holder of the model's seats, hashed; none if the entry's ballot
/// is not an answer.
pub(crate) async fn fetch_entry(
    network: &Network,
    model: u64,
    entry: &AnswerEntry,
) -> Result<Option<AnswerReport>, ClientError> {
    let seats = network.contract.all_seats(model).await?;
    let sources: Vec<String> = seats.into_iter().filter_map(|seat| seat.endpoint).collect();
    AnswerReport::fetch(network, Some(&entry.ballot), &sources).await
}
