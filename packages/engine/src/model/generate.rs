//! One job: prompt ids, prefill, then the decoding loop over the model.

use super::Model;
use crate::decode::{self, Chooser, Limits};
use crate::gguf::wide;
use crate::job::{Generation, Input, Job, JobError, Progress, Seconds};
use crate::template::Template;
use crate::trace;
use antiphon_documents::Sampling;
use antiphon_numerics::{Cache, sample};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Instant;

/// Prompt tokens between two reports of progress.
const PREFILL_CHUNK: usize = 128;

/// Told of progress; may break off.
type Report<'r> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'r;

impl Model {
    /// Answers a job. Nothing but the job and the file changes a bit of the result, the seconds
    /// apart.
    ///
    /// # Errors
    /// [`JobError`]; [`JobError::is_deterministic`] tells whether it is voted.
    pub fn generate(&self, job: &Job, report: &mut Report<'_>) -> Result<Generation, JobError> {
        job.check()?;
        let prompt_ids = self.prompt_ids(job)?;
        let context = job
            .context_tokens
            .unwrap_or(u32::MAX)
            .min(self.context_length());
        let prompt_tokens = check_length(&prompt_ids, context)?;
        let start = Instant::now();
        let mut run = Run::new(self, job, prompt_tokens, context);
        run.prefill(&prompt_ids, report)?;
        let prefill = start.elapsed().as_secs_f64();
        let end = self.end_ids(job.template);
        let limits = Limits {
            prompt_tokens,
            max_output_tokens: job.max_output_tokens,
            context,
            stop: &job.stop,
            end: &end,
        };
        let bytes = |index, id| Ok(self.tokenizer.output_bytes(index, id)?);
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
    pub fn prompt_ids(&self, job: &Job) -> Result<Vec<u32>, JobError> {
        match &job.input {
            Input::Messages(messages) => {
                let template = job.template.ok_or(JobError::NoTemplate)?;
                template.encode(&self.tokenizer, messages)
            }
            Input::Ids(ids) => {
                let size = self.tokenizer.size();
                match ids.iter().find(|id| **id >= size) {
                    Some(&got) => Err(JobError::TokenRange { got, size }),
                    None => Ok(ids.clone()),
                }
            }
        }
    }

    /// END of cn-1.md 7.3.
    fn end_ids(&self, template: Option<Template>) -> Vec<u32> {
        let names = template.map_or(&[][..], Template::end_names);
        let named = names
            .iter()
            .filter_map(|name| self.tokenizer.control_id(name));
        let all: BTreeSet<u32> = named
            .chain(self.tokenizer.end_ids().iter().copied())
            .collect();
        all.into_iter().collect()
    }
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

/// A job in progress.
struct Run<'m> {
    model: &'m Model,
    sampling: Sampling,
    cache: Cache,
    logits: Vec<f32>,
    hashes: Vec<[u8; 32]>,
}

impl<'m> Run<'m> {
    fn new(model: &'m Model, job: &Job, prompt_tokens: u32, context: u32) -> Self {
        let positions = prompt_tokens
            .saturating_add(job.max_output_tokens)
            .min(context);
        let capacity = usize::try_from(positions).unwrap_or(usize::MAX);
        Self {
            model,
            sampling: job.sampling,
            cache: Cache::new(model.llama.config(), capacity),
            logits: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// Works through the prompt; only the last position needs logits.
    fn prefill(&mut self, ids: &[u32], report: &mut Report<'_>) -> Result<(), JobError> {
        let total = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let chunks = ids.chunks(PREFILL_CHUNK);
        let last = chunks.len().saturating_sub(1);
        for (i, chunk) in chunks.enumerate() {
            if i == last {
                self.forward(chunk)?;
            } else {
                self.forward_no_head(chunk)?;
            }
            let done = u32::try_from(self.cache.len()).unwrap_or(total);
            if report(Progress::Prefill { done, total }).is_break() {
                return Err(JobError::Cancelled);
            }
        }
        Ok(())
    }

    fn forward(&mut self, tokens: &[u32]) -> Result<(), JobError> {
        let Self {
            model,
            cache,
            logits,
            ..
        } = self;
        let llama = &model.llama;
        model
            .threads
            .enter(|exec| llama.forward_into(cache, tokens, exec, logits))
            .map_err(JobError::Numeric)
    }

    fn forward_no_head(&mut self, tokens: &[u32]) -> Result<(), JobError> {
        let Self { model, cache, .. } = self;
        let llama = &model.llama;
        model
            .threads
            .enter(|exec| llama.forward_no_head(cache, tokens, exec))
            .map_err(JobError::Numeric)
    }
}

impl Chooser for Run<'_> {
    fn choose(&mut self, index: u32) -> Result<u32, JobError> {
        self.hashes.push(trace::logits_sha256(&self.logits));
        let sampling = sample::Sampling {
            temperature_milli: self.sampling.temperature_milli,
            top_k: self.sampling.top_k,
            top_p_milli: self.sampling.top_p_milli,
        };
        let bits = trace::sample_bits(self.sampling.seed, index);
        Ok(sample::choose(&self.logits, &sampling, bits))
    }

    fn feed(&mut self, token: u32) -> Result<(), JobError> {
        self.forward(&[token])
    }
}
