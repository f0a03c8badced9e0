//! One token: rows of each matrix and heads are split over threads, five barriers a layer.

use super::layer::deal;
use super::{Faults, Site, Transformer, row_parts};
use crate::attention::{Span, attend, store_keys};
use crate::cache::{LayerCache, Pool, Scratch, sized};
use crate::elementary::residual;
use crate::executor::{lengths, run_parts, take_front};
use crate::quantise::Forms;
use crate::{Cache, Executor, LayerWeights, Linear, Norm, NumericError, Point, Projections};

/// What the parts of one layer share.
struct Place<'a> {
    weights: &'a LayerWeights,
    site: Site<'a>,
    exec: &'a dyn Executor,
}

impl Transformer {
    /// Feeds one token.
    pub(super) fn step(
        &self,
        cache: &mut Cache,
        token: u32,
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        let position = cache.len;
        let faults = Faults::default();
        let Cache {
            layers,
            last: x,
            q,
            pool,
            ..
        } = cache;
        let q = sized(q, self.config.query_width());
        pool.with(|scratch| {
            self.embed(token, position, scratch, x);
            for (layer, (weights, kv)) in self.weights.layers.iter().zip(layers).enumerate() {
                let site = Site {
                    layer,
                    position,
                    faults: &faults,
                };
                let place = Place {
                    weights,
                    site,
                    exec,
                };
                let done = self.step_queries(&place, scratch, x, q, kv)
                    && self.step_attention(&place, scratch, x, q, kv, pool)
                    && self.step_ffn(&place, scratch, x);
                if !done {
                    return;
                }
            }
        });
        faults.into_result()?;
        cache.len += 1;
        Ok(())
    }

    /// Norm, queries, keys and values, rotation, storage.
    fn step_queries(
        &self,
        place: &Place<'_>,
        scratch: &mut Scratch,
        x: &[f32],
        q: &mut [f32],
        kv: &mut LayerCache,
    ) -> bool {
        let (
            w,
            exec,
            Site {
                layer, position, ..
            },
        ) = (place.weights, place.exec, place.site);
        let (query, width) = (self.config.query_width(), self.config.kv_width());
        let readers = w.attention_readers();
        if !self.load_normed(scratch, x, &w.attn_norm, &readers, place.site) {
            return false;
        }
        let acts = &scratch.acts;
        let k = sized(&mut scratch.keys, width);
        let v = &mut kv.values[position * width..(position + 1) * width];
        match &w.qkv {
            Projections::Split {
                q: wq,
                k: wk,
                v: wv,
            } => {
                let parts = exec.threads().min(width.div_ceil(super::ROW_UNIT));
                let parts = row_parts(query, q, parts)
                    .zip(row_parts(width, k, parts))
                    .zip(row_parts(width, v, parts));
                run_parts(exec, parts, |((q, k), v)| {
                    wq.rows(self.kernel, q.rows, acts, q.out);
                    wk.rows(self.kernel, k.rows, acts, k.out);
                    wv.rows(self.kernel, v.rows, acts, v.out);
                });
            }
            Projections::Fused(qkv) => {
                let fused = sized(&mut scratch.gate, query + 2 * width);
                let parts = row_parts(query + 2 * width, fused, exec.threads());
                run_parts(exec, parts, |part| {
                    qkv.rows(self.kernel, part.rows, acts, part.out);
                });
                deal(fused, q, k, v, 1);
            }
        }
        self.turn_heads(layer, position, q, k, &mut scratch.head);
        store_keys(&mut kv.keys, position, k);
        true
    }

    /// Attention, output product, residual.
    fn step_attention(
        &self,
        place: &Place<'_>,
        scratch: &mut Scratch,
        x: &mut [f32],
        q: &[f32],
        kv: &LayerCache,
        pool: &Pool,
    ) -> bool {
        let (w, exec, site) = (place.weights, place.exec, place.site);
        let config = &self.config;
        let span = self.span(site.layer, site.position);
        let heads = sized(&mut scratch.heads, config.query_width());
        let mut rest = &mut *heads;
        let mut start = 0;
        let parts = lengths(config.heads, exec.threads()).map(|count| {
            let first = start;
            start += count;
            (first, take_front(&mut rest, count * config.head_dim))
        });
        run_parts(exec, parts, |(first, out)| {
            pool.with(|scratch| {
                if !self.attend_heads(first, q, kv, span, &mut scratch.weights, out) {
                    site.report(Point::Score, 0);
                }
            });
        });
        if site.faults.any() {
            return false;
        }
        let forms = Forms::of([w.o.matrix.tensor_type()]);
        let loaded = scratch
            .acts
            .load(self.kernel, forms, heads, config.query_width());
        if !site.matrix_input(loaded) {
            return false;
        }
        self.step_residual(&w.o, w.post_attn_norm.as_ref(), scratch, x, exec);
        true
    }

    /// Attention of the heads from `first` on that `out` has room for; false if a score is not
    /// finite.
    fn attend_heads(
        &self,
        first: usize,
        q: &[f32],
        kv: &LayerCache,
        span: Span,
        weights: &mut Vec<f32>,
        out: &mut [f32],
    ) -> bool {
        let config = &self.config;
        let (dim, group) = (config.head_dim, config.heads / config.kv_heads);
        let view = kv.view(config);
        let mut rest = out;
        let mut head = first;
        while !rest.is_empty() {
            // Heads of one key head go together.
            let count = (group - head % group).min(rest.len() / dim);
            let q = &q[head * dim..(head + count) * dim];
            let weights = sized(weights, count * Span::scratch(span.last));
            let out = take_front(&mut rest, count * dim);
            if attend(self.kernel, &view, head / group, span, q, weights, out).is_err() {
                return false;
            }
            head += count;
        }
        true
    }

    /// Product by rows, post norm, residual.
    fn step_residual(
        &self,
        linear: &Linear,
        norm: Option<&Norm>,
        scratch: &mut Scratch,
        x: &mut [f32],
        exec: &dyn Executor,
    ) {
        let acts = &scratch.acts;
        let result = sized(&mut scratch.norm, x.len());
        let threads = exec.threads();
        let parts = row_parts(x.len(), result, threads).zip(row_parts(x.len(), x, threads));
        run_parts(exec, parts, |(o, x)| {
            linear.rows(self.kernel, o.rows, acts, o.out);
            if norm.is_none() {
                residual(self.kernel, x.out, o.out);
            }
        });
        // A norm reads the whole result, so it waits for all parts.
        if norm.is_some() {
            self.add_result(norm, result, &mut scratch.result, x);
        }
    }

    /// Norm, gate and up, activation, down, residual.
    fn step_ffn(&self, place: &Place<'_>, scratch: &mut Scratch, x: &mut [f32]) -> bool {
        let (w, exec, site) = (place.weights, place.exec, place.site);
        let readers = w.ffn_readers();
        if !self.load_normed(scratch, x, &w.ffn_norm, &readers, site) {
            return false;
        }
        let (acts, ffn, threads) = (&scratch.acts, self.config.ffn, exec.threads());
        let (hidden, up) = (sized(&mut scratch.gate, ffn), sized(&mut scratch.up, ffn));
        match &w.gate {
            Some(gate) => {
                let parts = row_parts(ffn, hidden, threads).zip(row_parts(ffn, up, threads));
                run_parts(exec, parts, |(g, u)| {
                    gate.rows(self.kernel, g.rows, acts, g.out);
                    w.up.rows(self.kernel, u.rows, acts, u.out);
                    self.gate(g.out, u.out);
                });
            }
            None => run_parts(exec, row_parts(ffn, hidden, threads), |h| {
                w.up.rows(self.kernel, h.rows, acts, h.out);
                self.gate(h.out, &[]);
            }),
        }
        let forms = Forms::of([w.down.matrix.tensor_type()]);
        let loaded = scratch.acts.load(self.kernel, forms, hidden, ffn);
        if !site.matrix_input(loaded) {
            return false;
        }
        self.step_residual(&w.down, w.post_ffn_norm.as_ref(), scratch, x, exec);
        true
    }
}
