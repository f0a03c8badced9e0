//! The forward pass of every family: one executor over a description of the block.
//!
//! One token is split over the rows of each matrix and over heads (`step`); several tokens are
//! split over positions, with one barrier a layer (`prefill`). Both compute each element the same
//! way, in the order of CN-1 sections 5 and 8; [`crate::Block`] says which parts there are.

mod faults;
mod layer;
mod prefill;
mod step;

use crate::cache::{CHUNK, Scratch};
use crate::elementary::{any_not_finite, residual, scale};
use crate::executor::{lengths, run_parts, take_front};
use crate::matrix::ROW_UNIT;
use crate::quantise::Forms;
use crate::rope::RopeTable;
use crate::{
    Cache, Config, Executor, Kernel, Matrix, ModelError, Norm, NumericError, Point, Weights,
};
use faults::{Faults, Site};

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
        self.head(cache, exec, logits)
            .inspect_err(|_| cache.len = before)
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
                [token] => self.step(cache, token, exec),
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

    /// Logits of the last position fed.
    fn head(
        &self,
        cache: &mut Cache,
        exec: &dyn Executor,
        logits: &mut Vec<f32>,
    ) -> Result<(), NumericError> {
        let (config, weights) = (&self.config, &self.weights);
        let matrix = weights.head.as_ref().unwrap_or(&weights.embedding);
        let faults = Faults::default();
        let site = Site {
            layer: config.layers,
            position: cache.len - 1,
            faults: &faults,
        };
        logits.resize(config.vocab, 0.0);
        let Cache { pool, last, .. } = cache;
        pool.with(|scratch| {
            if !self.load_normed(scratch, last, &weights.output_norm, &[matrix], site) {
                return;
            }
            // More parts than threads, so that a thread that starts late does not hold the rest.
            let parts = row_parts(config.vocab, logits, 4 * exec.threads());
            run_parts(exec, parts, |part| {
                matrix.product_part(part.rows, &scratch.acts, part.out, 0);
                if any_not_finite(self.kernel, part.out) {
                    site.report(Point::Logit, 0);
                }
            });
        });
        faults.into_result()
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

/// Some rows of a matrix and the output elements they own.
struct RowPart<'a> {
    rows: std::ops::Range<usize>,
    out: &'a mut [f32],
}

/// Splits the rows of a matrix and its output into at most `parts`.
fn row_parts(rows: usize, out: &mut [f32], parts: usize) -> impl Iterator<Item = RowPart<'_>> {
    let mut rest = &mut out[..rows];
    let mut start = 0;
    lengths(rows.div_ceil(ROW_UNIT), parts).map(move |units| {
        let len = (units * ROW_UNIT).min(rest.len());
        let rows = start..start + len;
        start += len;
        RowPart {
            rows,
            out: take_front(&mut rest, len),
        }
    })
}
