//! The forward pass of every family: one executor over a description of the block.
//!
//! One token is split over the rows of each matrix and over heads (`step`); several tokens are
//! split over positions, with one barrier a layer (`prefill`). Both compute each element the same
//! way, in the order of CN-1 sections 5 and 8; [`crate::Block`] says which parts there are.

mod faults;
mod head;
mod layer;
mod prefill;
mod step;

use crate::cache::{CHUNK, Scratch};
use crate::elementary::{residual, scale};
use crate::executor::{lengths, take_front};
use crate::matrix::ROW_UNIT;
use crate::quantise::Forms;
use crate::rope::RopeTable;
use crate::{Cache, Config, Executor, Kernel, Matrix, ModelError, Norm, NumericError, Weights};
use faults::{Faults, Site};

/// One token for one sequence of a batch.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The sequence.
    pub cache: &'a mut Cache,
    /// Its next token.
    pub token: u32,
    /// Gets the logits of that token, in id order.
    pub logits: &'a mut Vec<f32>,
}

/// A model ready to compute.
#[derive(Debug)]
pub struct Transformer {
    config: Config,
    weights: Weights,
    kernel: Kernel,
    /// One for each of the config's.
    ropes: Vec<RopeTable>,
}

impl Transformer {
    /// Checks settings and shapes, and computes the RoPE tables for the whole context.
    ///
    /// `kernel` runs all that is not a matrix product; matrices run the kernel they are packed for.
    ///
    /// # Errors
    /// [`ModelError`] names the setting or tensor that does not fit.
    pub fn new(config: Config, weights: Weights, kernel: Kernel) -> Result<Self, ModelError> {
        config.check()?;
        weights.check(&config)?;
        if !kernel.available() {
            return Err(ModelError::Kernel(kernel));
        }
        let table = |settings| RopeTable::new(settings, config.context);
        Ok(Self {
            ropes: config.ropes.iter().map(table).collect(),
            config,
            weights,
            kernel,
        })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The kernel of all that is not a matrix product.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Feeds tokens and returns the logits of the last one, in id order.
    ///
    /// A prompt may come in any number of calls; the result has the same bits.
    ///
    /// # Errors
    /// [`NumericError`]; the cache then has the positions it had before.
    pub fn forward(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        exec: &dyn Executor,
    ) -> Result<Vec<f32>, NumericError> {
        let mut logits = Vec::new();
        self.forward_into(cache, tokens, exec, &mut logits)?;
        Ok(logits)
    }

    /// As [`Transformer::forward`], into a buffer that is kept from one token to the next.
    ///
    /// # Errors
    /// [`NumericError`]; the cache then has the positions it had before.
    pub fn forward_into(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        exec: &dyn Executor,
        logits: &mut Vec<f32>,
    ) -> Result<(), NumericError> {
        let before = cache.len;
        self.forward_no_head(cache, tokens, exec)?;
        self.head(&mut [(cache, logits)], exec)
            .inspect_err(|_| cache.len = before)
    }

    /// Feeds one token to each of several sequences in one pass over the weights; one result for
    /// each. What a sequence gets does not depend on who else is there.
    ///
    /// After an error of its own a sequence has the positions it had before.
    pub fn forward_batch(
        &self,
        turns: &mut [Turn<'_>],
        exec: &dyn Executor,
    ) -> Vec<Result<(), NumericError>> {
        let before: Vec<_> = turns.iter().map(|turn| turn.cache.len).collect();
        if turns.len() > 1 && self.try_batch(turns, exec).is_ok() {
            return vec![Ok(()); turns.len()];
        }
        // One of them fails: alone, each shows whether it is the one.
        let each = turns.iter_mut().zip(before);
        each.map(|(turn, before)| {
            turn.cache.len = before;
            self.forward_into(turn.cache, &[turn.token], exec, turn.logits)
        })
        .collect()
    }

    fn try_batch(&self, turns: &mut [Turn<'_>], exec: &dyn Executor) -> Result<(), NumericError> {
        let tokens: Vec<_> = turns.iter().map(|turn| turn.token).collect();
        for (turn, token) in turns.iter().zip(&tokens) {
            self.check_tokens(turn.cache, &[*token])?;
        }
        let mut caches: Vec<_> = turns.iter_mut().map(|turn| &mut *turn.cache).collect();
        self.step(&mut caches, &tokens, exec)?;
        let pairs = turns.iter_mut();
        let mut pairs: Vec<_> = pairs
            .map(|turn| (&mut *turn.cache, &mut *turn.logits))
            .collect();
        self.head(&mut pairs, exec)
    }

    /// Feeds tokens that need no logits: all parts of a prompt but the last.
    ///
    /// # Errors
    /// [`NumericError`]; the cache then has the positions it had before.
    pub fn forward_no_head(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        self.check_tokens(cache, tokens)?;
        let before = cache.len;
        for chunk in tokens.chunks(CHUNK) {
            let done = match *chunk {
                [token] => self.step(&mut [&mut *cache], &[token], exec),
                _ => self.prefill(cache, chunk, exec),
            };
            done.inspect_err(|_| cache.len = before)?;
        }
        Ok(())
    }

    fn check_tokens(&self, cache: &Cache, tokens: &[u32]) -> Result<(), NumericError> {
        if !cache.fits(&self.config) {
            return Err(NumericError::Cache);
        }
        if tokens.is_empty() {
            return Err(NumericError::Empty);
        }
        let vocab = self.config.vocab;
        if let Some(&id) = tokens.iter().find(|&&id| id as usize >= vocab) {
            return Err(NumericError::Token { id, vocab });
        }
        let (got, room) = (cache.len.saturating_add(tokens.len()), cache.capacity());
        if got > room {
            return Err(NumericError::ContextFull { got, room });
        }
        Ok(())
    }

    /// The residual vector of a token before the first block (CN-1 section 5.5).
    fn embed(&self, token: u32, position: usize, scratch: &mut Scratch, x: &mut [f32]) {
        self.weights.embedding.row_f32(token as usize, x);
        if let Some(factor) = self.config.embedding_scale {
            scale(x, factor);
        }
        if let Some(positions) = &self.weights.positions {
            let row = crate::cache::sized(&mut scratch.result, x.len());
            positions.row_f32(position, row);
            residual(self.kernel, x, row);
        }
    }

    /// Norms vectors and quantises them for `readers`; false (and a report) if one is not finite.
    fn load_normed(
        &self,
        scratch: &mut Scratch,
        x: &[f32],
        norm: &Norm,
        readers: &[&Matrix],
        site: Site<'_>,
    ) -> bool {
        let normed = crate::cache::sized(&mut scratch.norm, x.len());
        norm.apply(self.kernel, self.config.eps, x, normed);
        let forms = Forms::of(readers.iter().map(|matrix| matrix.tensor_type()));
        let width = self.config.width;
        site.matrix_input(scratch.acts.load(self.kernel, forms, normed, width))
    }
}

/// Some rows of a matrix and the outputs `[vector][row]` they own.
struct RowPart<'a> {
    rows: std::ops::Range<usize>,
    out: &'a mut [f32],
}

/// Splits the rows of a matrix and its outputs for `vectors` into at most `parts`.
fn row_parts(
    rows: usize,
    vectors: usize,
    out: &mut [f32],
    parts: usize,
) -> impl Iterator<Item = RowPart<'_>> {
    let mut rest = &mut out[..rows * vectors];
    row_ranges(rows, parts).map(move |rows| {
        let len = rows.len() * vectors;
        RowPart {
            rows,
            out: take_front(&mut rest, len),
        }
    })
}

fn row_ranges(rows: usize, parts: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    lengths(rows.div_ceil(ROW_UNIT), parts).map(move |units| {
        let end = (start + units * ROW_UNIT).min(rows);
        std::mem::replace(&mut start, end)..end
    })
}

/// From the outputs of parts, `[part][vector][row]`, to those of `vector`.
fn gather(rows: usize, parts: usize, vectors: usize, from: &[f32], vector: usize, to: &mut [f32]) {
    for part in row_ranges(rows, parts) {
        let at = part.start * vectors + vector * part.len();
        to[part.clone()].copy_from_slice(&from[at..at + part.len()]);
    }
}
