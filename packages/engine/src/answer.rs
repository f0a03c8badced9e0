//! From a job to its answer, whatever computes the logits.

use crate::Report;
use crate::decode::{self, Chooser, Limits};
use crate::gguf::wide;
use crate::job::{Generation, Input, Job, JobError, Progress, Seconds};
use crate::template::Template;
use crate::tokenizer::Tokenizer;
use crate::trace;
use antiphon_documents::Sampling;
use antiphon_numerics::sample;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Prompt tokens between two reports of progress. An engine whose bits depend on the split of a
/// prompt is reproducible because this never changes.
const PREFILL_CHUNK: usize = 128;

/// The logits of one job, position by position: all in which engines differ.
pub trait Logits {
    /// Puts tokens, at least one, at the next positions. The logits of the last one are read only
    /// if they are `wanted`.
    ///
    /// # Errors
    /// Whatever makes the job fail; no logit is NaN or infinite otherwise.
    fn feed(&mut self, tokens: &[u32], wanted: bool) -> Result<(), JobError>;

    /// The logits of the last position fed, in id order.
    fn last(&self) -> &[f32];

    /// Told how long the hash of the logits and the choice of a token took, for whoever measures.
    fn chose(&self, _hashing: Duration, _choosing: Duration) {}
}

impl<L: Logits + ?Sized> Logits for Box<L> {
    fn feed(&mut self, tokens: &[u32], wanted: bool) -> Result<(), JobError> {
        (**self).feed(tokens, wanted)
    }

    fn last(&self) -> &[f32] {
        (**self).last()
    }
}

/// Answers a job. `context` is the longest of the engine and file; `open` makes the logits of a
/// job with this prompt and at most so many positions.
///
/// # Errors
/// [`JobError`], from the job's own checks, the logits, or `report`.
pub fn answer<L: Logits>(
    tokenizer: &Tokenizer,
    context: u32,
    job: &Job,
    open: impl FnOnce(&[u32], usize) -> Result<L, JobError>,
    report: &mut Report<'_>,
) -> Result<Generation, JobError> {
    job.check()?;
    let prompt_ids = prompt_ids(tokenizer, job)?;
    let context = job.context_tokens.unwrap_or(u32::MAX).min(context);
    let prompt_tokens = check_length(&prompt_ids, context)?;
    let start = Instant::now();
    let positions = prompt_tokens
        .saturating_add(job.max_output_tokens)
        .min(context);
    let positions = usize::try_from(positions).unwrap_or(usize::MAX);
    let mut run = Run {
        logits: open(&prompt_ids, positions)?,
        sampling: job.sampling,
        hashes: Vec::new(),
    };
    prefill(&mut run.logits, &prompt_ids, report)?;
    let prefill = start.elapsed().as_secs_f64();
    let end = end_ids(tokenizer, job.template);
    let limits = Limits {
        prompt_tokens,
        max_output_tokens: job.max_output_tokens,
        context,
        stop: &job.stop,
        end: &end,
    };
    let bytes = |index, id| Ok(tokenizer.output_bytes(index, id)?);
    let made = decode::decode(&mut run, &limits, bytes, report)?;
    let decode = start.elapsed().as_secs_f64() - prefill;
    Ok(Generation {
        prompt_ids,
        output_tokens: u32::try_from(made.token_ids.len()).unwrap_or(u32::MAX),
        token_ids: made.token_ids,
        end: made.end,
        text: made.text,
        finish: made.finish,
        prompt_tokens,
        logit_hashes: run.hashes,
        sampling: job.sampling,
        max_output_tokens: job.max_output_tokens,
        seconds: Seconds { prefill, decode },
    })
}

/// The ids of a job's prompt, each checked against the vocabulary.
///
/// # Errors
/// Roles out of order, no template for a conversation, or an id out of range.
pub fn prompt_ids(tokenizer: &Tokenizer, job: &Job) -> Result<Vec<u32>, JobError> {
    match &job.input {
        Input::Messages(messages) => {
            let template = job.template.ok_or(JobError::NoTemplate)?;
            template.encode(tokenizer, messages)
        }
        Input::Ids(ids) => {
            let size = tokenizer.size();
            match ids.iter().find(|id| **id >= size) {
                Some(&got) => Err(JobError::TokenRange { got, size }),
                None => Ok(ids.clone()),
            }
        }
    }
}

/// END of cn-1.md 7.3.
fn end_ids(tokenizer: &Tokenizer, template: Option<Template>) -> Vec<u32> {
    let names = template.map_or(&[][..], Template::end_names);
    let named = names.iter().filter_map(|name| tokenizer.control_id(name));
    let all: BTreeSet<u32> = named.chain(tokenizer.end_ids().iter().copied()).collect();
    all.into_iter().collect()
}

fn check_length(ids: &[u32], context: u32) -> Result<u32, JobError> {
    if ids.is_empty() {
        return Err(JobError::EmptyPrompt);
    }
    let overflow = || JobError::ContextOverflow {
        got: wide(ids.len()),
        context,
    };
    u32::try_from(ids.len())
        .ok()
        .filter(|n| *n < context)
        .ok_or_else(overflow)
}

/// Works through the prompt; only the last position needs logits.
fn prefill(logits: &mut impl Logits, ids: &[u32], report: &mut Report<'_>) -> Result<(), JobError> {
    let total = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let mut rest = ids;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.len().min(PREFILL_CHUNK));
        logits.feed(chunk, after.is_empty())?;
        rest = after;
        let left = u32::try_from(rest.len()).unwrap_or(0);
        let done = total.saturating_sub(left);
        if report(Progress::Prefill { done, total }).is_break() {
            return Err(JobError::Cancelled);
        }
    }
    Ok(())
}

/// A job in progress.
struct Run<L> {
    logits: L,
    sampling: Sampling,
    hashes: Vec<[u8; 32]>,
}

impl<L: Logits> Chooser for Run<L> {
    fn choose(&mut self, index: u32) -> Result<u32, JobError> {
        let logits = self.logits.last();
        let start = Instant::now();
        self.hashes.push(trace::logits_sha256(logits));
        let hashed = Instant::now();
        let sampling = sample::Sampling {
            temperature_milli: self.sampling.temperature_milli,
            top_k: self.sampling.top_k,
            top_p_milli: self.sampling.top_p_milli,
        };
        let bits = trace::sample_bits(self.sampling.seed, index);
        let chosen = sample::choose(logits, &sampling, bits);
        let (hashing, choosing) = (hashed.duration_since(start), hashed.elapsed());
        self.logits.chose(hashing, choosing);
        Ok(chosen)
    }

    fn feed(&mut self, token: u32) -> Result<(), JobError> {
        self.logits.feed(&[token], true)
    }
}
