//! From the last residual vectors to logits.

use super::{Faults, Site, Transformer, gather, row_parts};
use crate::cache::sized;
use crate::elementary::any_not_finite;
use crate::executor::run_parts;
use crate::{Cache, Executor, Matrix, NumericError, Point, Projections, Stage};

impl Transformer {
    /// Bytes of weights that a step reads for a part of it, once for all sequences.
    #[must_use]
    pub fn weight_bytes(&self, stage: Stage) -> usize {
        let layers = |of: &dyn Fn(&crate::LayerWeights) -> usize| {
            self.weights.layers.iter().map(of).sum::<usize>()
        };
        match stage {
            Stage::Norms | Stage::Attention => 0,
            Stage::Qkv => layers(&|w| match &w.qkv {
                Projections::Split { q, k, v } => {
                    [q, k, v].map(|linear| bytes(&linear.matrix)).iter().sum()
                }
                Projections::Fused(qkv) => bytes(&qkv.matrix),
            }),
            Stage::Output => layers(&|w| bytes(&w.o.matrix)),
            Stage::GateUp => layers(&|w| {
                let gate = w.gate.as_ref().map_or(0, |gate| bytes(&gate.matrix));
                gate + bytes(&w.up.matrix)
            }),
            Stage::Down => layers(&|w| bytes(&w.down.matrix)),
            Stage::Head => bytes(
                self.weights
                    .head
                    .as_ref()
                    .unwrap_or(&self.weights.embedding),
            ),
        }
    }

    /// Logits of the last position fed to each sequence, all in one pass over the weights.
    pub(super) fn head(
        &self,
        turns: &mut [(&mut Cache, &mut Vec<f32>)],
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        let Some((first, _)) = turns.first_mut() else {
            return Ok(());
        };
        let position = first.len - 1;
        let mut work = std::mem::take(&mut first.work);
        let (config, count) = (&self.config, turns.len());
        let x = sized(&mut work.x, count * config.width);
        for (x, (cache, _)) in x.chunks_exact_mut(config.width).zip(turns.iter()) {
            x.copy_from_slice(&cache.last);
        }
        let faults = Faults::default();
        let site = Site {
            layer: config.layers,
            position,
            faults: &faults,
        };
        // More parts than threads, so that a thread that starts late does not hold the rest.
        let parts = 4 * exec.threads();
        let vocab = config.vocab;
        if let [(_, logits)] = turns {
            logits.resize(vocab, 0.0);
            self.head_products(x, parts, logits, &work.pool, site, exec);
        } else {
            let all = sized(&mut work.parts, count * vocab);
            self.head_products(x, parts, all, &work.pool, site, exec);
            for (i, (_, logits)) in turns.iter_mut().enumerate() {
                logits.resize(vocab, 0.0);
                gather(vocab, parts, count, all, i, logits);
            }
        }
        if let Some((first, _)) = turns.first_mut() {
            first.work = work;
        }
        faults.into_result()
    }

    /// Norm and products; `out` is in the order of [`gather`].
    fn head_products(
        &self,
        x: &[f32],
        parts: usize,
        out: &mut [f32],
        pool: &crate::cache::Pool,
        site: Site<'_>,
        exec: &dyn Executor,
    ) {
        let (vocab, count) = (self.config.vocab, x.len() / self.config.width);
        let matrix = self
            .weights
            .head
            .as_ref()
            .unwrap_or(&self.weights.embedding);
        pool.with(|scratch| {
            exec.begin(Stage::Norms);
            if !self.load_normed(scratch, x, &self.weights.output_norm, &[matrix], site) {
                return;
            }
            exec.begin(Stage::Head);
            let parts = row_parts(vocab, count, out, parts);
            run_parts(exec, parts, |part| {
                let stride = part.rows.len();
                matrix.product_part(part.rows, &scratch.acts, part.out, stride);
                if any_not_finite(self.kernel, part.out) {
                    site.report(Point::Logit, 0);
                }
            });
        });
    }
}

/// Bytes of a matrix in its kernel's layout.
fn bytes(matrix: &Matrix) -> usize {
    let ((rows, cols), ty) = (matrix.shape(), matrix.tensor_type());
    Matrix::packed_len(matrix.kernel(), ty, rows, cols)
        .unwrap_or_else(|| ty.row_bytes(cols).unwrap_or(0) * rows)
}
