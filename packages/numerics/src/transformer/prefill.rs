//! Several tokens: positions are split over threads, with one barrier a layer.
//!
//! Pass `l` of a part finishes layer `l - 1` (attention needs the keys and values of all parts,
//! hence the barrier before it) and begins layer `l` up to its keys and values.

use super::layer::deal;
use super::{Faults, Site, Transformer};
use crate::attention::{BLOCK, Pages, Span, attend_pages, store_keys};
use crate::cache::{LayerCache, PAGE, Scratch, Work, sized};
use crate::executor::{run_parts, take_front};
use crate::quantise::Forms;
use crate::{Cache, Config, Executor, Linear, Norm, NumericError, Point, Projections};

/// Most blocks of positions in one part: enough to use weights several times out of the cache, and
/// at most a page.
const PART_BLOCKS: usize = PAGE / BLOCK;

/// Consecutive positions and all that one task writes for them in a pass.
struct Part<'a> {
    /// Position of the first token.
    position: usize,
    tokens: &'a [u32],
    x: &'a mut [f32],
    q: &'a mut [f32],
    /// Keys and values of the layer that begins; none in the last pass. Keys are whole blocks.
    kv: Option<(&'a mut [f32], &'a mut [f32])>,
}

/// Ends of the parts as counts of tokens, at positions that are multiples of [`BLOCK`], so that a
/// block of keys has one owner, and of 1, 2 or 4 of them, so that no part crosses a page.
fn part_lengths(start: usize, tokens: usize, threads: usize) -> impl Iterator<Item = usize> {
    let blocks = (tokens / (BLOCK * threads * 2)).clamp(1, PART_BLOCKS);
    let unit = (1 << blocks.ilog2()) * BLOCK;
    let mut at = start;
    std::iter::from_fn(move || {
        let end = ((at / unit * unit) + unit).min(start + tokens);
        let len = end - at;
        at = end;
        (len > 0).then_some(len)
    })
}

impl Transformer {
    /// Feeds at most [`crate::cache::CHUNK`] tokens.
    pub(super) fn prefill(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        let config = &self.config;
        let start = cache.reserve(tokens.len()).start;
        let Cache {
            layers, work, last, ..
        } = cache;
        let Work { x, q, pool, .. } = work;
        let x = sized(x, tokens.len() * config.width);
        let q = sized(q, tokens.len() * config.query_width());
        for pass in 0..=config.layers {
            let faults = Faults::default();
            let (done, begin) = layers.split_at_mut(pass);
            let parts = parts(
                config,
                start,
                tokens,
                x,
                q,
                begin.first_mut(),
                exec.threads(),
            );
            run_parts(exec, parts, |mut part| {
                let position = part.position;
                let at = |layer| Site {
                    layer,
                    position,
                    faults: &faults,
                };
                pool.with(|scratch| {
                    let going = match done.last() {
                        None => self.embed_part(&mut part, scratch),
                        Some(kv) => self.finish_layer(at(pass - 1), &mut part, kv, scratch),
                    };
                    if going && pass < config.layers {
                        self.begin_layer(at(pass), &mut part, scratch);
                    }
                });
            });
            faults.into_result()?;
        }
        last.copy_from_slice(&x[(tokens.len() - 1) * config.width..]);
        cache.len += tokens.len();
        Ok(())
    }

    fn embed_part(&self, part: &mut Part<'_>, scratch: &mut Scratch) -> bool {
        let tokens = part.tokens.iter().zip(part.position..);
        for (x, (&token, position)) in part.x.chunks_exact_mut(self.config.width).zip(tokens) {
            self.embed(token, position, scratch, x);
        }
        true
    }

    /// Norm, queries, keys and values, rotation, storage.
    fn begin_layer(&self, site: Site<'_>, part: &mut Part<'_>, scratch: &mut Scratch) {
        let (config, w) = (&self.config, &self.weights.layers[site.layer]);
        let readers = w.attention_readers();
        if !self.load_normed(scratch, part.x, &w.attn_norm, &readers, site) {
            return;
        }
        let Some((keys, values)) = &mut part.kv else {
            return;
        };
        let (width, count) = (config.kv_width(), part.tokens.len());
        let k = sized(&mut scratch.keys, count * width);
        match &w.qkv {
            Projections::Split {
                q: wq,
                k: wk,
                v: wv,
            } => {
                wq.product(self.kernel, &scratch.acts, part.q);
                wk.product(self.kernel, &scratch.acts, k);
                wv.product(self.kernel, &scratch.acts, values);
            }
            Projections::Fused(qkv) => {
                let outputs = config.query_width() + 2 * width;
                let fused = sized(&mut scratch.gate, count * outputs);
                qkv.product(self.kernel, &scratch.acts, fused);
                deal(fused, part.q, k, values, count);
            }
        }
        let q = part.q.chunks_exact_mut(config.query_width());
        for (i, (q, k)) in q.zip(k.chunks_exact_mut(width)).enumerate() {
            self.turn_heads(site.layer, part.position + i, q, k, &mut scratch.head);
            store_keys(keys, part.position % BLOCK + i, k);
        }
    }

    /// Attention to the residual of the feed-forward layer; false after a fault.
    fn finish_layer(
        &self,
        site: Site<'_>,
        part: &mut Part<'_>,
        kv: &LayerCache,
        scratch: &mut Scratch,
    ) -> bool {
        let (config, w) = (&self.config, &self.weights.layers[site.layer]);
        if let Err(after) = self.attend_part(site.layer, part, kv, scratch) {
            site.report(Point::Score, after);
            return false;
        }
        let query = config.query_width();
        let heads = &scratch.heads[..part.tokens.len() * query];
        let forms = Forms::of([w.o.matrix.tensor_type()]);
        let loaded = scratch.acts.load(self.kernel, forms, heads, query);
        if !site.matrix_input(loaded) {
            return false;
        }
        self.add_product(&w.o, w.post_attn_norm.as_ref(), scratch, part.x);
        self.feed_forward(site, part, scratch)
    }

    /// Norm, gate and up, activation, down, residual; false after a fault.
    fn feed_forward(&self, site: Site<'_>, part: &mut Part<'_>, scratch: &mut Scratch) -> bool {
        let (w, ffn) = (&self.weights.layers[site.layer], self.config.ffn);
        let readers = w.ffn_readers();
        if !self.load_normed(scratch, part.x, &w.ffn_norm, &readers, site) {
            return false;
        }
        let hidden = sized(&mut scratch.gate, part.tokens.len() * ffn);
        let up = sized(&mut scratch.up, part.tokens.len() * ffn);
        match &w.gate {
            Some(gate) => {
                gate.product(self.kernel, &scratch.acts, hidden);
                w.up.product(self.kernel, &scratch.acts, up);
            }
            None => w.up.product(self.kernel, &scratch.acts, hidden),
        }
        self.gate(hidden, up);
        let forms = Forms::of([w.down.matrix.tensor_type()]);
        let loaded = scratch.acts.load(self.kernel, forms, hidden, ffn);
        if !site.matrix_input(loaded) {
            return false;
        }
        self.add_product(&w.down, w.post_ffn_norm.as_ref(), scratch, part.x);
        true
    }

    /// Product, post norm, residual.
    fn add_product(
        &self,
        linear: &Linear,
        norm: Option<&Norm>,
        scratch: &mut Scratch,
        x: &mut [f32],
    ) {
        let result = sized(&mut scratch.norm, x.len());
        linear.product(self.kernel, &scratch.acts, result);
        self.add_result(norm, result, &mut scratch.result, x);
    }

    /// Attention of all heads for each position; fails with the index of a token with a score that
    /// is not finite.
    fn attend_part(
        &self,
        layer: usize,
        part: &Part<'_>,
        kv: &LayerCache,
        scratch: &mut Scratch,
    ) -> Result<(), usize> {
        let config = &self.config;
        let pages = Pages {
            len: PAGE,
            cached: true,
            page: &|i| kv.view(i, config),
        };
        let (query, group) = (
            config.query_width(),
            config.heads / config.kv_heads * config.head_dim,
        );
        let out = sized(&mut scratch.heads, part.tokens.len() * query);
        for kv_head in 0..config.kv_heads {
            for i in 0..part.tokens.len() {
                let span = self.span(layer, part.position + i);
                let at = i * query + kv_head * group;
                let weights = sized(
                    &mut scratch.weights,
                    group / config.head_dim * Span::scratch(span.last),
                );
                let (q, out) = (&part.q[at..at + group], &mut out[at..at + group]);
                attend_pages(self.kernel, &pages, kv_head, span, q, weights, out).map_err(|_| i)?;
            }
        }
        Ok(())
    }
}

/// Cuts the buffers of a chunk into parts.
fn parts<'a>(
    config: &Config,
    start: usize,
    tokens: &'a [u32],
    mut x: &'a mut [f32],
    mut q: &'a mut [f32],
    kv: Option<&'a mut LayerCache>,
    threads: usize,
) -> impl Iterator<Item = Part<'a>> {
    let (width, query, kv_width) = (config.width, config.query_width(), config.kv_width());
    let mut pages = kv.map(|kv| kv.pages_mut(start));
    // What is left of a page's keys and values.
    let mut rest: (&mut [f32], &mut [f32]) = Default::default();
    let mut at = start;
    part_lengths(start, tokens.len(), threads).map(move |len| {
        let position = at;
        at += len;
        let offset = position % PAGE;
        if (offset == 0 || position == start)
            && let Some(page) = pages.as_mut().and_then(Iterator::next)
        {
            let keys = offset / BLOCK * BLOCK * kv_width;
            rest = (
                &mut page.keys[keys..],
                &mut page.values[offset * kv_width..],
            );
        }
        let blocks = at.div_ceil(BLOCK) - position / BLOCK;
        Part {
            position,
            tokens: &tokens[position - start..at - start],
            x: take_front(&mut x, len * width),
            q: take_front(&mut q, len * query),
            kv: pages.is_some().then(|| {
                (
                    take_front(&mut rest.0, blocks * BLOCK * kv_width),
                    take_front(&mut rest.1, len * kv_width),
                )
            }),
        }
    })
}
