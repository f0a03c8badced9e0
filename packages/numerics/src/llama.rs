//! The llama family (CN-1 section 8.1): SmolLM2, Llama 2 and 3, Mistral without a window.
//!
//! One token is split over the rows of each matrix (`step`); several tokens are split over
//! positions, with one barrier a layer (`prefill`). Both compute each element the same way.

mod prefill;
mod step;

use crate::cache::{CHUNK, Scratch};
use crate::elementary::any_not_finite;
use crate::executor::{lengths, run_parts};
use crate::matrix::ROW_UNIT;
use crate::quantise::Forms;
use crate::rope::{RopeSettings, RopeTable};
use crate::{
    Cache, Config, Executor, Kernel, LayerWeights, Matrix, ModelError, NumericError, Point, Weights,
};
use std::sync::Mutex;

/// A model ready to compute.
#[derive(Debug)]
pub struct Llama {
    config: Config,
    weights: Weights,
    kernel: Kernel,
    rope: RopeTable,
}

impl Llama {
    /// Checks settings and shapes, and computes the RoPE table for the whole context.
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
        let settings = RopeSettings {
            base: config.rope_base,
            dim: config.rope_dim,
            factors: config.rope_factors.as_deref(),
            linear: config.rope_linear,
        };
        let rope = RopeTable::new(&settings, config.context);
        Ok(Self {
            config,
            weights,
            kernel,
            rope,
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

    /// The table of rotary positions, for its fingerprint.
    #[must_use]
    pub fn rope_table(&self) -> &RopeTable {
        &self.rope
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

    /// As [`Llama::forward`], into a buffer that is kept from one token to the next.
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

    /// Logits of the last position fed.
    fn head(
        &self,
        cache: &mut Cache,
        exec: &dyn Executor,
        logits: &mut Vec<f32>,
    ) -> Result<(), NumericError> {
        let (config, position) = (&self.config, cache.len - 1);
        let matrix = self
            .weights
            .head
            .as_ref()
            .unwrap_or(&self.weights.embedding);
        let faults = Faults::default();
        logits.resize(config.vocab, 0.0);
        let Cache { pool, last, .. } = cache;
        pool.with(|scratch| {
            let norm = &self.weights.output_norm;
            if !self.load_normed(
                scratch,
                last,
                norm,
                &[matrix],
                config.layers,
                position,
                &faults,
            ) {
                return;
            }
            // More parts than threads, so that a thread that starts late does not hold the rest.
            let parts = row_parts(config.vocab, logits, 4 * exec.threads());
            run_parts(exec, parts, |part| {
                matrix.product_part(part.rows, &scratch.acts, part.out, 0);
                if any_not_finite(self.kernel, part.out) {
                    faults.report(Point::Logit, config.layers, position);
                }
            });
        });
        faults.into_result()
    }

    /// Norms vectors and quantises them for `readers`; false (and a report) if one is not finite.
    #[expect(
        clippy::too_many_arguments,
        reason = "the last three only say where a fault was"
    )]
    fn load_normed(
        &self,
        scratch: &mut Scratch,
        x: &[f32],
        norm: &[f32],
        readers: &[&Matrix],
        layer: usize,
        position: usize,
        faults: &Faults,
    ) -> bool {
        let width = self.config.width;
        let normed = crate::cache::sized(&mut scratch.norm, x.len());
        for (x, y) in x.chunks_exact(width).zip(normed.chunks_exact_mut(width)) {
            crate::norm::rmsnorm(self.kernel, x, norm, self.config.eps, y);
        }
        let forms = Forms::of(readers.iter().map(|matrix| matrix.tensor_type()));
        let loaded = scratch.acts.load(self.kernel, forms, normed, width);
        faults.matrix_input(loaded, layer, position)
    }
}

impl LayerWeights {
    fn forms_o(&self) -> Forms {
        Forms::of([self.o.tensor_type()])
    }

    fn forms_down(&self) -> Forms {
        Forms::of([self.down.tensor_type()])
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
            out: crate::executor::take_front(&mut rest, len),
        }
    })
}

/// The first fault in the order of layers and positions, whichever task saw one first.
#[derive(Debug, Default)]
struct Faults(Mutex<Option<(usize, usize, Point)>>);

impl Faults {
    fn report(&self, point: Point, layer: usize, position: usize) {
        if let Ok(mut first) = self.0.lock() {
            let fault = (layer, position, point);
            *first = Some(first.map_or(fault, |old| old.min(fault)));
        }
    }

    /// Reports a quantisation that failed; true if it did not.
    fn matrix_input(
        &self,
        loaded: Result<(), crate::quantise::NotFinite>,
        layer: usize,
        position: usize,
    ) -> bool {
        match loaded {
            Ok(()) => true,
            Err(fault) => {
                self.report(Point::MatrixInput, layer, position + fault.vector);
                false
            }
        }
    }

    fn into_result(self) -> Result<(), NumericError> {
        match self.0.into_inner() {
            Ok(Some((layer, position, point))) => Err(NumericError::NotFinite {
                point,
                layer,
                position,
            }),
            _ => Ok(()),
        }
    }

    fn any(&self) -> bool {
        self.0.lock().is_ok_and(|first| first.is_some())
    }
}
