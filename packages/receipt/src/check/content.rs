//! Digests and documents: the receipt's own, names, manifest, prompt, answer.

use antiphon_api::{MAX_ANSWER_BYTES, MAX_TEMPLATE_TOKENS};
use antiphon_content::{Cid, Codec};
use antiphon_documents::{Ballot, Manifest, Prompt, TaskTerms};

use super::{Facts, Found, hold};
use crate::address::canonical;
use crate::document::PromptBlock;

/// Longest id CometBFT takes.
const MAX_CHAIN_ID: usize = 50;

pub(super) fn digest(facts: &Facts<'_>) -> Found {
    let (got, want) = (facts.receipt.digest, facts.receipt.body_digest());
    hold(got == want, || {
        format!("got {got}, the document has {want}")
    })?;
    Ok(want.to_string())
}

/// Chain id, contract and requester can be what they are said to be.
pub(super) fn identity(facts: &Facts<'_>) -> Found {
    let receipt = facts.receipt;
    let chain = receipt.chain_id.as_str();
    hold((1..=MAX_CHAIN_ID).contains(&chain.len()), || {
        format!("got a chain id of {} bytes, want 1 to 50", chain.len())
    })?;
    let address = |what: &str, text: &str| {
        canonical(text).ok_or_else(|| format!("the {what} {text:?} is no bech32 address"))
    };
    let (prefix, _) = address("contract", &receipt.contract)?;
    let (other, _) = address("requester", &receipt.task.requester)?;
    hold(prefix == other, || {
        format!("got addresses of {prefix:?} and {other:?}, want one prefix")
    })?;
    Ok(format!(
        "task {} of {} on {chain}",
        receipt.task.id, receipt.contract
    ))
}

pub(super) fn manifest(facts: &Facts<'_>) -> Found {
    let receipt = facts.receipt;
    let read = Manifest::parse(receipt.manifest.as_bytes());
    let manifest = read.map_err(|fault| format!("the manifest is not valid: {fault}"))?;
    Ok(format!("{} is {}", manifest.name, receipt.manifest_cid()))
}

/// An answer stands only for a prompt that is valid for its task. What stands otherwise is the
/// committee's word: that it could not have the block, or that the block is not valid for the model.
pub(super) fn prompt(facts: &Facts<'_>) -> Found {
    let receipt = facts.receipt;
    let outcome = facts.course.standing.as_ref().map(|it| &it.ballot);
    let answered = matches!(outcome, Some(Ballot::Answer { .. }));
    let cid = receipt.prompt.cid();
    let text = match &receipt.prompt {
        PromptBlock::Text(text) => text,
        PromptBlock::Absent(_) => {
            hold(cid.codec() == Codec::Raw, || {
                format!("{cid} is not a raw block")
            })?;
            hold(!answered, || format!("{cid} was answered and is not here"))?;
            return Ok(format!("{cid}, not in the receipt"));
        }
    };
    let terms = TaskTerms {
        prompt_bytes: receipt.task.prompt_bytes,
        max_output_tokens: receipt.task.max_output_tokens,
    };
    match Prompt::parse(text.as_bytes(), &terms) {
        Ok(_) => Ok(format!("{cid}, valid for its task")),
        Err(fault) if answered => Err(format!("{cid} is not valid for its task: {fault}")),
        Err(fault) => Ok(format!("{cid}, not valid for its task: {fault}")),
    }
}

/// The text is the block that the winning ballot names; other outcomes have none.
pub(super) fn answer(facts: &Facts<'_>) -> Found {
    let outcome = facts.course.standing.as_ref().map(|it| &it.ballot);
    match (outcome, &facts.receipt.answer) {
        (Some(Ballot::Answer { cid, .. }), Some(text)) => {
            let got = Cid::of_raw(text.as_bytes());
            hold(got == *cid, || {
                format!("the text is {got}, the quorum's answer {cid}")
            })?;
            hold(text.len() <= MAX_ANSWER_BYTES, || {
                format!("got {} bytes, want at most {MAX_ANSWER_BYTES}", text.len())
            })?;
            Ok(format!("the text is {cid}"))
        }
        (Some(Ballot::Answer { cid, .. }), None) => Err(format!("the text of {cid} is missing")),
        (_, Some(_)) => Err("there is a text, but no answer has a quorum".to_owned()),
        (_, None) => Ok("none, as the outcome is no answer".to_owned()),
    }
}

/// What no honest member can say of this task, and the contract lets nobody say.
pub(super) fn possible(facts: &Facts<'_>, ballot: &Ballot) -> Result<(), String> {
    let Ballot::Answer {
        cid,
        output_tokens,
        prompt_tokens,
        ..
    } = ballot
    else {
        return Ok(());
    };
    let task = &facts.receipt.task;
    let most = task.prompt_bytes.saturating_add(MAX_TEMPLATE_TOKENS);
    hold(cid.codec() == Codec::Raw, || {
        format!("{cid} is not a raw block")
    })?;
    hold(*output_tokens <= task.max_output_tokens, || {
        format!(
            "got {output_tokens} output tokens, want at most {}",
            task.max_output_tokens
        )
    })?;
    hold(*prompt_tokens <= most, || {
        format!("got {prompt_tokens} prompt tokens, want at most {most}")
    })
}
