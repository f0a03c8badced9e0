//! One token: rows of each matrix and heads are split over threads, five barriers a layer.

use super::{Faults, Llama, row_parts};
use crate::attention::{Span, attend, store_keys};
use crate::cache::{LayerCache, Scratch, sized};
use crate::elementary::{residual, swiglu};
use crate::executor::{lengths, run_parts, take_front};
use crate::rope::{Pairing, rotate};
use crate::{Cache, Executor, LayerWeights, NumericError, Point};

/// What the parts of one layer share.
struct Place<'a> {
    weights: &'a LayerWeights,
    layer: usize,
    position: usize,
    exec: &'a dyn Executor,
    faults: &'a Faults,
}

impl Llama {
    /// Feeds one token.
    pub(super) fn step(
        &self,
        cache: &mut Cache,
        token: u32,
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        let config = &self.config;
        let position = cache.len;
        let faults = Faults::default();
        let Cache {
            layers,
            last: x,
            q,
            pool,
            ..
        } = cache;
        let q = sized(q, config.query_width());
        self.weights.embedding.row_f32(token as usize, x);
        pool.with(|scratch| {
            for (layer, (weights, kv)) in self.weights.layers.iter().zip(layers).enumerate() {
                let place = Place {
                    weights,
                    layer,
                    position,
                    exec,
                    faults: &faults,
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
        let Place {
            weights: w,
            layer,
            position,
            exec,
            faults,
        } = *place;
        let (query, width) = (self.config.query_width(), self.config.kv_width());
        if !self.load_normed(
            scratch,
            x,
            &w.attn_norm,
            &[&w.q, &w.k, &w.v],
            layer,
            position,
            faults,
        ) {
            return false;
        }
        let acts = &scratch.acts;
        let k = sized(&mut scratch.keys, width);
        let v = &mut kv.values[position * width..(position + 1) * width];
        let parts = exec.threads().min(width.div_ceil(super::ROW_UNIT));
        let parts = row_parts(query, q, parts)
            .zip(row_parts(width, k, parts))
            .zip(row_parts(width, v, parts));
        run_parts(exec, parts, |((q, k), v)| {
            w.q.product_part(q.rows, acts, q.out, 0);
            w.k.product_part(k.rows, acts, k.out, 0);
            w.v.product_part(v.rows, acts, v.out, 0);
        });
        let turn = self.rope.row(position);
        for head in q
            .chunks_exact_mut(self.config.head_dim)
            .chain(k.chunks_exact_mut(self.config.head_dim))
        {
            rotate(Pairing::Interleaved, turn, head);
        }
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
        pool: &crate::cache::Pool,
    ) -> bool {
        let Place {
            weights: w,
            layer,
            position,
            exec,
            faults,
        } = *place;
        let config = &self.config;
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
                if !self.attend_heads(first, q, kv, position, &mut scratch.weights, out) {
                    faults.report(Point::Score, layer, position);
                }
            });
        });
        if faults.any() {
            return false;
        }
        let loaded = scratch
            .acts
            .load(self.kernel, w.forms_o(), heads, config.query_width());
        if !faults.matrix_input(loaded, layer, position) {
            return false;
        }
        self.step_residual(&w.o, scratch, x, exec);
        true
    }

    /// Attention of the heads from `first` on that `out` has room for; false if a score is not
    /// finite.
    fn attend_heads(
        &self,
        first: usize,
        q: &[f32],
        kv: &LayerCache,
        position: usize,
        weights: &mut Vec<f32>,
        out: &mut [f32],
    ) -> bool {
        let config = &self.config;
        let (dim, group) = (config.head_dim, config.heads / config.kv_heads);
        let span = Span {
            first: 0,
            last: position,
        };
        let view = kv.view(config);
        let mut rest = out;
        let mut head = first;
        while !rest.is_empty() {
            // Heads of one key head go together.
            let count = (group - head % group).min(rest.len() / dim);
            let q = &q[head * dim..(head + count) * dim];
            let weights = sized(weights, count * Span::scratch(position));
            let out = take_front(&mut rest, count * dim);
            if attend(self.kernel, &view, head / group, span, q, weights, out).is_err() {
                return false;
            }
            head += count;
        }
        true
    }

    /// `x += matrix * acts`, by rows.
    fn step_residual(
        &self,
        matrix: &crate::Matrix,
        scratch: &mut Scratch,
        x: &mut [f32],
        exec: &dyn Executor,
    ) {
        let acts = &scratch.acts;
        let width = self.config.width;
        let products = sized(&mut scratch.norm, width);
        let parts =
            row_parts(width, products, exec.threads()).zip(row_parts(width, x, exec.threads()));
        run_parts(exec, parts, |(o, x)| {
            matrix.product_part(o.rows, acts, o.out, 0);
            residual(self.kernel, x.out, o.out);
        });
    }

    /// Norm, gate and up, SwiGLU, down, residual.
    fn step_ffn(&self, place: &Place<'_>, scratch: &mut Scratch, x: &mut [f32]) -> bool {
        let Place {
            weights: w,
            layer,
            position,
            exec,
            faults,
        } = *place;
        if !self.load_normed(
            scratch,
            x,
            &w.ffn_norm,
            &[&w.gate, &w.up],
            layer,
            position,
            faults,
        ) {
            return false;
        }
        let (acts, ffn) = (&scratch.acts, self.config.ffn);
        let (gate, up) = (sized(&mut scratch.gate, ffn), sized(&mut scratch.up, ffn));
        let parts = row_parts(ffn, gate, exec.threads()).zip(row_parts(ffn, up, exec.threads()));
        run_parts(exec, parts, |(g, u)| {
            w.gate.product_part(g.rows, acts, g.out, 0);
            w.up.product_part(u.rows, acts, u.out, 0);
            swiglu(self.kernel, g.out, u.out);
        });
        let loaded = scratch.acts.load(self.kernel, w.forms_down(), gate, ffn);
        if !faults.matrix_input(loaded, layer, position) {
            return false;
        }
        self.step_residual(&w.down, scratch, x, exec);
        true
    }
}
