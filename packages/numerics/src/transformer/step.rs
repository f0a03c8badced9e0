//! One token of each of some sequences: rows of each matrix and heads are split over threads, five
//! barriers a layer. The weights are read once for all sequences.

use super::layer::deal;
use super::{Faults, RowPart, Site, Transformer, gather, row_parts};
use crate::attention::{Pages, Span, attend_pages, store_keys};
use crate::cache::{LayerCache, PAGE, Scratch, Work, sized};
use crate::executor::{lengths, run_parts, take_front};
use crate::quantise::Forms;
use crate::{Cache, Executor, LayerWeights, Linear, Norm, NumericError, Point, Projections, Stage};

/// What the parts of one layer share.
struct Place<'a> {
    weights: &'a LayerWeights,
    site: Site<'a>,
    exec: &'a dyn Executor,
    /// Sequences.
    count: usize,
}

/// Products of some matrices with the same vectors: where the rows of each go.
struct Products<'a, const N: usize> {
    linears: [&'a Linear; N],
    /// `[vector][row]` of each.
    out: [&'a mut [f32]; N],
}

impl Transformer {
    /// Feeds one token to each sequence. On an error no sequence has a position more; with several
    /// sequences it does not tell whose it is.
    pub(super) fn step(
        &self,
        caches: &mut [&mut Cache],
        tokens: &[u32],
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        let Some(first) = caches.first_mut() else {
            return Ok(());
        };
        let mut work = std::mem::take(&mut first.work);
        let done = self.step_with(&mut work, caches, tokens, exec);
        if let Some(first) = caches.first_mut() {
            first.work = work;
        }
        done
    }

    fn step_with(
        &self,
        work: &mut Work,
        caches: &mut [&mut Cache],
        tokens: &[u32],
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        let (width, count) = (self.config.width, caches.len());
        let faults = Faults::default();
        let mut x = std::mem::take(&mut work.x);
        let x_all = sized(&mut x, count * width);
        work.with_scratch(|work, scratch| {
            let places = x_all.chunks_exact_mut(width).zip(caches.iter_mut());
            for ((x, cache), &token) in places.zip(tokens) {
                let position = cache.reserve(1).start;
                self.embed(token, position, scratch, x);
            }
            for (layer, weights) in self.weights.layers.iter().enumerate() {
                let site = Site {
                    layer,
                    position: caches.first().map_or(0, |cache| cache.len),
                    faults: &faults,
                };
                let place = Place {
                    weights,
                    site,
                    exec,
                    count,
                };
                let done = self.step_queries(&place, work, scratch, x_all, caches)
                    && self.step_attention(&place, work, scratch, x_all, caches)
                    && self.step_ffn(&place, work, scratch, x_all);
                if !done {
                    return;
                }
            }
        });
        for (x, cache) in x_all.chunks_exact(width).zip(caches.iter_mut()) {
            cache.last.copy_from_slice(x);
        }
        work.x = x;
        faults.into_result()?;
        caches.iter_mut().for_each(|cache| cache.len += 1);
        Ok(())
    }

    /// Norm, queries, keys and values, rotation, storage.
    fn step_queries(
        &self,
        place: &Place<'_>,
        work: &mut Work,
        scratch: &mut Scratch,
        x: &[f32],
        caches: &mut [&mut Cache],
    ) -> bool {
        let (w, layer) = (place.weights, place.site.layer);
        let (query, width) = (self.config.query_width(), self.config.kv_width());
        let readers = w.attention_readers();
        place.exec.begin(Stage::Norms);
        if !self.load_normed(scratch, x, &w.attn_norm, &readers, place.site) {
            return false;
        }
        place.exec.begin(Stage::Qkv);
        let q = sized(&mut work.q, place.count * query);
        let k = sized(&mut scratch.keys, place.count * width);
        let v = sized(&mut work.v, place.count * width);
        match &w.qkv {
            Projections::Split {
                q: wq,
                k: wk,
                v: wv,
            } => {
                let parts = place.exec.threads().min(width.div_ceil(super::ROW_UNIT));
                let products = Products {
                    linears: [wq, wk, wv],
                    out: [&mut *q, &mut *k, &mut *v],
                };
                self.step_products(place, &scratch.acts, products, parts, &mut work.parts);
            }
            Projections::Fused(qkv) => {
                let fused = sized(&mut scratch.gate, place.count * (query + 2 * width));
                let products = Products {
                    linears: [qkv],
                    out: [&mut *fused],
                };
                let parts = place.exec.threads();
                self.step_products(place, &scratch.acts, products, parts, &mut work.parts);
                deal(fused, q, k, v, place.count);
            }
        }
        let heads = q.chunks_exact_mut(query).zip(k.chunks_exact_mut(width));
        let rows = heads.zip(v.chunks_exact(width)).zip(caches);
        for (((q, k), v), cache) in rows {
            let position = cache.len;
            self.turn_heads(layer, position, q, k, &mut scratch.head);
            if let Some(page) = cache.layers[layer].pages_mut(position).next() {
                let at = position % PAGE;
                store_keys(&mut page.keys, at, k);
                page.values[at * width..(at + 1) * width].copy_from_slice(v);
            }
        }
        true
    }

    /// Products of `N` matrices behind one barrier. One vector's rows go where they belong at once.
    fn step_products<const N: usize>(
        &self,
        place: &Place<'_>,
        acts: &crate::quantise::Activations,
        products: Products<'_, N>,
        parts: usize,
        buffer: &mut Vec<f32>,
    ) {
        let (count, kernel) = (place.count, self.kernel);
        let Products { linears, out } = products;
        let rows = linears.map(|linear| linear.matrix.shape().0);
        if count == 1 {
            let cuts = zip_parts(rows, 1, out, parts);
            run_parts(place.exec, cuts, |cut| {
                for (linear, part) in linears.iter().zip(cut) {
                    linear.rows(kernel, part.rows, acts, part.out);
                }
            });
            return;
        }
        let total: usize = rows.iter().map(|rows| rows * count).sum();
        let mut rest = sized(buffer, total);
        let mut made = rows.map(|rows| take_front(&mut rest, rows * count));
        let cuts = zip_parts(rows, count, made.each_mut().map(|made| &mut **made), parts);
        run_parts(place.exec, cuts, |cut| {
            for (linear, part) in linears.iter().zip(cut) {
                linear.rows(kernel, part.rows, acts, part.out);
            }
        });
        for ((made, out), rows) in made.iter().zip(out).zip(rows) {
            for (i, out) in out.chunks_exact_mut(rows).enumerate() {
                gather(rows, parts, count, made, i, out);
            }
        }
    }

    /// Attention, output product, residual.
    fn step_attention(
        &self,
        place: &Place<'_>,
        work: &mut Work,
        scratch: &mut Scratch,
        x: &mut [f32],
        caches: &[&mut Cache],
    ) -> bool {
        let (w, exec, site) = (place.weights, place.exec, place.site);
        let (config, query) = (&self.config, self.config.query_width());
        exec.begin(Stage::Attention);
        let q = &work.q[..place.count * query];
        let heads = sized(&mut scratch.heads, q.len());
        let mut rest = &mut *heads;
        let mut start = 0;
        let parts = lengths(place.count * config.heads, exec.threads()).map(|count| {
            let first = start;
            start += count;
            (first, take_front(&mut rest, count * config.head_dim))
        });
        run_parts(exec, parts, |(first, out)| {
            work.pool.with(|scratch| {
                if !self.attend_heads(first, site.layer, q, caches, &mut scratch.weights, out) {
                    site.report(Point::Score, 0);
                }
            });
        });
        if site.faults.any() {
            return false;
        }
        let forms = Forms::of([w.o.matrix.tensor_type()]);
        if !site.matrix_input(scratch.acts.load(self.kernel, forms, heads, query)) {
            return false;
        }
        exec.begin(Stage::Output);
        self.step_residual(place, &w.o, w.post_attn_norm.as_ref(), work, scratch, x);
        true
    }

    /// Attention of the heads from `first` on that `out` has room for, counted over all sequences;
    /// false if a score is not finite.
    fn attend_heads(
        &self,
        first: usize,
        layer: usize,
        q: &[f32],
        caches: &[&mut Cache],
        weights: &mut Vec<f32>,
        out: &mut [f32],
    ) -> bool {
        let config = &self.config;
        let (dim, group) = (config.head_dim, config.heads / config.kv_heads);
        let mut rest = out;
        let mut at = first;
        while !rest.is_empty() {
            let (sequence, head) = (at / config.heads, at % config.heads);
            // Heads of one key head go together.
            let count = (group - head % group).min(rest.len() / dim);
            let cache = &caches[sequence];
            let span = self.span(layer, cache.len);
            let kv: &LayerCache = &cache.layers[layer];
            let pages = Pages {
                len: PAGE,
                cached: false,
                page: &|i| kv.view(i, config),
            };
            let q = &q[at * dim..(at + count) * dim];
            let weights = sized(weights, count * Span::scratch(span.last));
            let out = take_front(&mut rest, count * dim);
            if attend_pages(self.kernel, &pages, head / group, span, q, weights, out).is_err() {
                return false;
            }
            at += count;
        }
        true
    }

    /// Product, post norm, residual.
    fn step_residual(
        &self,
        place: &Place<'_>,
        linear: &Linear,
        norm: Option<&Norm>,
        work: &mut Work,
        scratch: &mut Scratch,
        x: &mut [f32],
    ) {
        let result = sized(&mut scratch.norm, x.len());
        let products = Products {
            linears: [linear],
            out: [&mut *result],
        };
        let parts = place.exec.threads();
        self.step_products(place, &scratch.acts, products, parts, &mut work.parts);
        self.add_result(norm, result, &mut scratch.result, x);
    }

    /// Norm, gate and up, activation, down, residual.
    fn step_ffn(
        &self,
        place: &Place<'_>,
        work: &mut Work,
        scratch: &mut Scratch,
        x: &mut [f32],
    ) -> bool {
        let (w, site) = (place.weights, place.site);
        let readers = w.ffn_readers();
        place.exec.begin(Stage::Norms);
        if !self.load_normed(scratch, x, &w.ffn_norm, &readers, site) {
            return false;
        }
        place.exec.begin(Stage::GateUp);
        self.step_hidden(place, work, scratch);
        let ffn = self.config.ffn;
        let hidden = &scratch.gate[..place.count * ffn];
        let forms = Forms::of([w.down.matrix.tensor_type()]);
        if !site.matrix_input(scratch.acts.load(self.kernel, forms, hidden, ffn)) {
            return false;
        }
        place.exec.begin(Stage::Down);
        self.step_residual(place, &w.down, w.post_ffn_norm.as_ref(), work, scratch, x);
        true
    }

    /// Gate and up behind one barrier; each task activates what it has.
    fn step_hidden(&self, place: &Place<'_>, work: &mut Work, scratch: &mut Scratch) {
        let (w, exec, count) = (place.weights, place.exec, place.count);
        let (kernel, threads, ffn) = (self.kernel, exec.threads(), self.config.ffn);
        let hidden = sized(&mut scratch.gate, count * ffn);
        let up = sized(&mut scratch.up, count * ffn);
        let acts = &scratch.acts;
        let made = match count {
            1 => &mut *hidden,
            _ => sized(&mut work.parts, count * ffn),
        };
        match &w.gate {
            Some(gate) => {
                let cuts = zip_parts([ffn; 2], count, [&mut *made, up], threads);
                run_parts(exec, cuts, |[g, u]| {
                    gate.rows(kernel, g.rows, acts, g.out);
                    w.up.rows(kernel, u.rows, acts, u.out);
                    self.gate(g.out, u.out);
                });
            }
            None => run_parts(exec, row_parts(ffn, count, made, threads), |h| {
                w.up.rows(kernel, h.rows, acts, h.out);
                self.gate(h.out, &[]);
            }),
        }
        if count > 1 {
            let made = &work.parts;
            for (i, hidden) in hidden.chunks_exact_mut(ffn).enumerate() {
                gather(ffn, threads, count, made, i, hidden);
            }
        }
    }
}

/// The parts of several matrices side by side: part `i` of each goes to the same task.
fn zip_parts<'a, const N: usize>(
    rows: [usize; N],
    vectors: usize,
    out: [&'a mut [f32]; N],
    parts: usize,
) -> impl Iterator<Item = [RowPart<'a>; N]> {
    let mut rows = rows.into_iter();
    let mut each = out.map(|out| row_parts(rows.next().unwrap_or(0), vectors, out, parts));
    std::iter::from_fn(move || {
        let mut cut = each.each_mut().map(Iterator::next);
        if cut.iter().any(Option::is_none) {
            return None;
        }
        Some(std::array::from_fn(|i| {
            cut[i].take().unwrap_or(RowPart {
                rows: 0..0,
                out: &mut [],
            })
        }))
    })
}
