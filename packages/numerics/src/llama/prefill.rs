//! Several tokens: positions are split over threads, with one barrier a layer.
//!
//! Pass `l` of a part finishes layer `l - 1` (attention needs the keys and values of all parts,
//! hence the barrier before it) and begins layer `l` up to its keys and values.

use super::{Faults, Llama};
use crate::attention::{BLOCK, KeysValues, Span, attend, store_keys};
use crate::cache::{LayerCache, Scratch, sized};
use crate::elementary::{residual, swiglu};
use crate::executor::{run_parts, take_front};
use crate::rope::{Pairing, rotate};
use crate::{Cache, Config, Executor, Matrix, NumericError, Point};

/// Most blocks of positions in one part: enough to use weights several times out of the cache.
const PART_BLOCKS: usize = 4;

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

/// Ends of the parts as counts of tokens, at positions that are multiples of [`BLOCK`]: a block of
/// keys has one owner.
fn part_lengths(start: usize, tokens: usize, threads: usize) -> impl Iterator<Item = usize> {
    let blocks = (tokens / (BLOCK * threads * 2)).clamp(1, PART_BLOCKS);
    let unit = blocks * BLOCK;
    let mut at = start;
    std::iter::from_fn(move || {
        let end = ((at / BLOCK * BLOCK) + unit).min(start + tokens);
        let len = end - at;
        at = end;
        (len > 0).then_some(len)
    })
}

impl Llama {
    /// Feeds at most [`crate::cache::CHUNK`] tokens.
    pub(super) fn prefill(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        exec: &dyn Executor,
    ) -> Result<(), NumericError> {
        let (config, start) = (&self.config, cache.len);
        let Cache {
            layers,
            x,
            q,
            pool,
            last,
            ..
        } = cache;
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
                pool.with(|scratch| {
                    let going = match done.last() {
                        None => self.embed(&mut part),
                        Some(kv) => self.finish_layer(pass - 1, &mut part, kv, scratch, &faults),
                    };
                    if going && pass < config.layers {
                        self.begin_layer(pass, &mut part, scratch, &faults);
                    }
                });
            });
            faults.into_result()?;
        }
        last.copy_from_slice(&x[(tokens.len() - 1) * config.width..]);
        cache.len += tokens.len();
        Ok(())
    }

    fn embed(&self, part: &mut Part<'_>) -> bool {
        for (x, &token) in part.x.chunks_exact_mut(self.config.width).zip(part.tokens) {
            self.weights.embedding.row_f32(token as usize, x);
        }
        true
    }

    /// Norm, queries, keys and values, rotation, storage.
    fn begin_layer(
        &self,
        layer: usize,
        part: &mut Part<'_>,
        scratch: &mut Scratch,
        faults: &Faults,
    ) {
        let (config, w) = (&self.config, &self.weights.layers[layer]);
        let readers = [&w.q, &w.k, &w.v];
        if !self.load_normed(
            scratch,
            part.x,
            &w.attn_norm,
            &readers,
            layer,
            part.position,
            faults,
        ) {
            return;
        }
        let Some((keys, values)) = &mut part.kv else {
            return;
        };
        let (width, count) = (config.kv_width(), part.tokens.len());
        let k = sized(&mut scratch.keys, count * width);
        w.q.product(&scratch.acts, part.q);
        w.k.product(&scratch.acts, k);
        w.v.product(&scratch.acts, values);
        for (i, k) in k.chunks_exact_mut(width).enumerate() {
            let turn = self.rope.row(part.position + i);
            let q = &mut part.q[i * config.query_width()..(i + 1) * config.query_width()];
            for head in q
                .chunks_exact_mut(config.head_dim)
                .chain(k.chunks_exact_mut(config.head_dim))
            {
                rotate(Pairing::Interleaved, turn, head);
            }
            store_keys(keys, part.position % BLOCK + i, k);
        }
    }

    /// Attention to the residual of the feed-forward layer; false after a fault.
    fn finish_layer(
        &self,
        layer: usize,
        part: &mut Part<'_>,
        kv: &LayerCache,
        scratch: &mut Scratch,
        faults: &Faults,
    ) -> bool {
        let (config, w) = (&self.config, &self.weights.layers[layer]);
        if let Err(at) = self.attend_part(part, &kv.view(config), scratch) {
            faults.report(Point::Score, layer, at);
            return false;
        }
        let query = config.query_width();
        let heads = &scratch.heads[..part.tokens.len() * query];
        let loaded = scratch.acts.load(self.kernel, w.forms_o(), heads, query);
        if !faults.matrix_input(loaded, layer, part.position) {
            return false;
        }
        self.add_product(&w.o, scratch, part.x);
        self.feed_forward(layer, part, scratch, faults)
    }

    /// Norm, gate and up, SwiGLU, down, residual; false after a fault.
    fn feed_forward(
        &self,
        layer: usize,
        part: &mut Part<'_>,
        scratch: &mut Scratch,
        faults: &Faults,
    ) -> bool {
        let (w, ffn) = (&self.weights.layers[layer], self.config.ffn);
        let (readers, position) = ([&w.gate, &w.up], part.position);
        if !self.load_normed(
            scratch,
            part.x,
            &w.ffn_norm,
            &readers,
            layer,
            position,
            faults,
        ) {
            return false;
        }
        let gate = sized(&mut scratch.gate, part.tokens.len() * ffn);
        let up = sized(&mut scratch.up, part.tokens.len() * ffn);
        w.gate.product(&scratch.acts, gate);
        w.up.product(&scratch.acts, up);
        swiglu(self.kernel, gate, up);
        let loaded = scratch.acts.load(self.kernel, w.forms_down(), gate, ffn);
        if !faults.matrix_input(loaded, layer, position) {
            return false;
        }
        self.add_product(&w.down, scratch, part.x);
        true
    }

    /// `x += matrix * acts`.
    fn add_product(&self, matrix: &Matrix, scratch: &mut Scratch, x: &mut [f32]) {
        let products = sized(&mut scratch.norm, x.len());
        matrix.product(&scratch.acts, products);
        residual(self.kernel, x, products);
    }

    /// Attention of all heads for each position; fails with the position of a score that is not
    /// finite.
    fn attend_part(
        &self,
        part: &Part<'_>,
        view: &KeysValues<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), usize> {
        let config = &self.config;
        let (query, group) = (
            config.query_width(),
            config.heads / config.kv_heads * config.head_dim,
        );
        let out = sized(&mut scratch.heads, part.tokens.len() * query);
        for kv_head in 0..config.kv_heads {
            for i in 0..part.tokens.len() {
                let last = part.position + i;
                let at = i * query + kv_head * group;
                let weights = sized(
                    &mut scratch.weights,
                    group / config.head_dim * Span::scratch(last),
                );
                let (q, out) = (&part.q[at..at + group], &mut out[at..at + group]);
                let span = Span { first: 0, last };
                attend(self.kernel, view, kv_head, span, q, weights, out).map_err(|_| last)?;
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
    let mut kv = kv.map(|kv| {
        let keys = &mut kv.keys[start / BLOCK * BLOCK * kv_width..];
        (keys, &mut kv.values[start * kv_width..])
    });
    let mut at = start;
    part_lengths(start, tokens.len(), threads).map(move |len| {
        let position = at;
        at += len;
        let blocks = at.div_ceil(BLOCK) - position / BLOCK;
        Part {
            position,
            tokens: &tokens[position - start..at - start],
            x: take_front(&mut x, len * width),
            q: take_front(&mut q, len * query),
            kv: kv.as_mut().map(|(keys, values)| {
                (
                    take_front(keys, blocks * BLOCK * kv_width),
                    take_front(values, len * kv_width),
                )
            }),
        }
    })
}
