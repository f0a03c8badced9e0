//! The logits of one job: prompt, prefix cache, shared steps.

use super::Model;
use super::batch::{Member, Seat};
use crate::job::JobError;
use crate::profile::Clock;
use antiphon_numerics::{Cache, Turn};

/// A job's tokens in the model.
#[derive(Debug)]
pub(crate) struct Sequence<'m> {
    model: &'m Model,
    /// Taken while a step is computed.
    cache: Option<Cache>,
    logits: Vec<f32>,
    /// All tokens fed, those known from before included.
    ids: Vec<u32>,
    /// Tokens of the prompt that need not be computed.
    known: usize,
    /// From the first token of the answer on.
    member: Option<Member<'m>>,
    failed: bool,
}

impl<'m> Sequence<'m> {
    /// A sequence of at most `capacity` positions that will begin with `prompt`.
    pub(crate) fn new(model: &'m Model, prompt: &[u32], capacity: usize) -> Self {
        let cache = model
            .prefixes
            .open(model.network.config(), capacity, prompt);
        Self {
            model,
            known: cache.len(),
            cache: Some(cache),
            logits: Vec::new(),
            ids: Vec::new(),
            member: None,
            failed: false,
        }
    }

    /// Puts tokens at the next positions; the logits of the last one if they are `wanted`.
    pub(crate) fn feed(&mut self, tokens: &[u32], wanted: bool) -> Result<(), JobError> {
        let before = self.ids.len();
        self.ids.extend_from_slice(tokens);
        let skip = self.known.saturating_sub(before).min(tokens.len());
        let done = match tokens.get(skip..) {
            Some([token]) if wanted && self.member.is_some() => self.step(*token),
            Some(rest) if !rest.is_empty() => self.prefill(rest, wanted),
            _ => Ok(()),
        };
        if wanted && self.member.is_none() {
            self.member = Some(self.model.batch.join());
        }
        self.failed |= done.is_err();
        done
    }

    /// The logits of the last position.
    pub(crate) fn last(&self) -> &[f32] {
        &self.logits
    }

    /// The model's clock, if it has one.
    pub(crate) fn clock(&self) -> Option<&Clock> {
        self.model.clock.as_ref()
    }

    fn prefill(&mut self, tokens: &[u32], wanted: bool) -> Result<(), JobError> {
        let (model, logits) = (self.model, &mut self.logits);
        let Some(cache) = &mut self.cache else {
            return Err(JobError::Cancelled);
        };
        let network = &model.network;
        let compute = || {
            model.threads.enter(|exec| match wanted {
                true => network.forward_into(cache, tokens, exec, logits),
                false => network.forward_no_head(cache, tokens, exec),
            })
        };
        model.turns.run(compute).map_err(JobError::Numeric)
    }

    /// One token, together with those of other jobs.
    fn step(&mut self, token: u32) -> Result<(), JobError> {
        let model = self.model;
        let (Some(member), Some(cache)) = (&mut self.member, self.cache.take()) else {
            return Err(JobError::Cancelled);
        };
        let seat = Seat {
            cache,
            token,
            logits: std::mem::take(&mut self.logits),
            result: Ok(()),
        };
        let Some(seat) = member.step(seat, |seats| model.step(seats)) else {
            return Err(JobError::Cancelled);
        };
        self.cache = Some(seat.cache);
        self.logits = seat.logits;
        seat.result.map_err(JobError::Numeric)
    }
}

impl Drop for Sequence<'_> {
    /// What a job has computed serves the next one that begins alike, however it ended; but for
    /// an error of its own, of which nothing is kept.
    fn drop(&mut self) {
        if let Some(cache) = &self.cache
            && !self.failed
        {
            self.model.prefixes.keep(&self.ids, cache);
        }
    }
}

impl Model {
    /// One step of a batch.
    fn step(&self, seats: &mut [Seat]) {
        let results = self.turns.run(|| {
            let turns = seats.iter_mut().map(|seat| Turn {
                cache: &mut seat.cache,
                token: seat.token,
                logits: &mut seat.logits,
            });
            let mut turns: Vec<_> = turns.collect();
            let network = &self.network;
            self.threads.enter(|exec| match &self.clock {
                None => network.forward_batch(&mut turns, exec),
                Some(clock) => clock.step(exec, turns.len(), |exec| {
                    network.forward_batch(&mut turns, exec)
                }),
            })
        });
        for (seat, result) in seats.iter_mut().zip(results) {
            seat.result = result;
        }
    }
}
