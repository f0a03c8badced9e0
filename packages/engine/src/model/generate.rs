//! The logits of CN-1, for one job.

use super::Model;
use super::sequence::Sequence;
use crate::Report;
use crate::answer::{Logits, answer, prompt_ids};
use crate::job::{Generation, Job, JobError};
use std::time::Duration;

impl Model {
    /// Answers a job. Nothing but the job and the file changes a bit of the result, the seconds
    /// apart.
    ///
    /// # Errors
    /// [`JobError`]; [`JobError::is_deterministic`] tells whether it is voted.
    pub fn generate(&self, job: &Job, report: &mut Report<'_>) -> Result<Generation, JobError> {
        let open = |prompt: &[u32], capacity| Ok(Sequence::new(self, prompt, capacity));
        answer(&self.tokenizer, self.context_length(), job, open, report)
    }

    /// The logits of a job of at most so many positions.
    #[must_use]
    pub fn logits(&self, positions: usize) -> impl Logits + '_ {
        Sequence::new(self, &[], positions)
    }

    /// The ids of a job's prompt, each checked against the vocabulary.
    ///
    /// # Errors
    /// Roles out of order, no template for a conversation, or an id out of range.
    pub fn prompt_ids(&self, job: &Job) -> Result<Vec<u32>, JobError> {
        prompt_ids(&self.tokenizer, job)
    }
}

impl Logits for Sequence<'_> {
    fn feed(&mut self, tokens: &[u32], wanted: bool) -> Result<(), JobError> {
        self.feed(tokens, wanted)
    }

    fn last(&self) -> &[f32] {
        self.last()
    }

    fn chose(&self, hashing: Duration, choosing: Duration) {
        if let Some(clock) = self.clock() {
            clock.chose(hashing, choosing);
        }
    }
}
