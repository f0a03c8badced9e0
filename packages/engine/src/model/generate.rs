//! The logits of CN-1, for one job.

use super::Model;
use crate::Report;
use crate::answer::{Logits, answer, prompt_ids};
use crate::job::{Generation, Job, JobError};
use antiphon_numerics::Cache;

impl Model {
    /// Answers a job. Nothing but the job and the file changes a bit of the result, the seconds
    /// apart.
    ///
    /// # Errors
    /// [`JobError`]; [`JobError::is_deterministic`] tells whether it is voted.
    pub fn generate(&self, job: &Job, report: &mut Report<'_>) -> Result<Generation, JobError> {
        let open = |positions| Ok(self.logits(positions));
        answer(&self.tokenizer, self.context_length(), job, open, report)
    }

    /// The logits of a job of at most so many positions.
    #[must_use]
    pub fn logits(&self, positions: usize) -> impl Logits + '_ {
        Run {
            model: self,
            cache: Cache::new(self.network.config(), positions),
            logits: Vec::new(),
        }
    }

    /// The ids of a job's prompt, each checked against the vocabulary.
    ///
    /// # Errors
    /// Roles out of order, no template for a conversation, or an id out of range.
    pub fn prompt_ids(&self, job: &Job) -> Result<Vec<u32>, JobError> {
        prompt_ids(&self.tokenizer, job)
    }
}

/// A job in progress.
struct Run<'m> {
    model: &'m Model,
    cache: Cache,
    logits: Vec<f32>,
}

impl Logits for Run<'_> {
    fn feed(&mut self, tokens: &[u32], wanted: bool) -> Result<(), JobError> {
        let Self {
            model,
            cache,
            logits,
        } = self;
        let network = &model.network;
        model
            .threads
            .enter(|exec| match wanted {
                true => network.forward_into(cache, tokens, exec, logits),
                false => network.forward_no_head(cache, tokens, exec),
            })
            .map_err(JobError::Numeric)
    }

    fn last(&self) -> &[f32] {
        &self.logits
    }
}
